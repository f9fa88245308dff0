package dev.culvert.control.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.upgrade.HandoverMessage.Hello;
import dev.culvert.control.upgrade.HandoverMessage.Prepared;
import dev.culvert.control.upgrade.HandoverMessage.Ready;
import dev.culvert.control.upgrade.HandoverMessage.Refused;
import dev.culvert.control.upgrade.HandoverMessage.Sockets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandoverMessageTest {
    static Stream<HandoverMessage> messages() {
        return Stream.of(
                new Hello(List.of(1, 2), "0.2.0", "gateway"),
                new Prepared(),
                new Sockets(List.of("udp 51820", "tcp [2001:db8::1]:443"), true),
                new Sockets(List.of(), false),
                new Ready(),
                new Refused("the configuration has mistakes: line 1"));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void parse_ofEachMessagesText_isTheMessage(HandoverMessage message) {
        assertThat(HandoverMessage.parse(message.text())).isEqualTo(message);
    }

    @Test
    void hello_isTheSameInEveryVersion() {
        assertThat(new Hello(List.of(1), "0.1.0", "site").text())
                .isEqualTo("culvert-handover\nhello\nspeaks 1\nprogram 0.1.0\nrole site\n");
    }

    @Test
    void parse_ofAHelloOfALaterVersion_leavesOutWhatItDoesNotKnow() {
        String later = "culvert-handover\nhello\nspeaks 2 3\nprogram 9\nrole site\ncapabilities quic\n";

        assertThat(HandoverMessage.parse(later)).isEqualTo(new Hello(List.of(2, 3), "9", "site"));
    }

    @Test
    void text_ofAReasonWithLines_isOneLineOfBoundedLength() {
        String text = new Refused("first\nready\n" + "x".repeat(1_000)).text();

        assertThat(text.lines()).hasSize(3);
        assertThat(HandoverMessage.parse(text))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.reason())
                                .startsWith("first ready x")
                                .hasSize(HandoverMessage.MAX_WORDS));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "culvert-handover\n",
                "culvert-handover\nready",
                "culvert-handoves\nready\n",
                "CULVERT-HANDOVER\nready\n",
                "culvert-handover\nready\nmore\n",
                "culvert-handover\nprepared\nmore\n",
                "culvert-handover\nquiet\n",
                "culvert-handover\nrefused\n",
                "culvert-handover\nhello\n",
                "culvert-handover\nhello\nspeaks\nprogram 1\nrole site\n",
                "culvert-handover\nhello\nspeaks -1\nprogram 1\nrole site\n",
                "culvert-handover\nhello\nspeaks 99999999999\nprogram 1\nrole site\n",
                "culvert-handover\nhello\nspeaks 1\nrole site\nprogram 1\n",
                "culvert-handover\nsockets\n",
                "culvert-handover\nsockets\nmaybe\nudp 1\n",
                "GET / HTTP/1.1\r\n\r\n"
            })
    void parse_ofAnythingElse_isNoMessage(String text) {
        assertThat(HandoverMessage.parse(text)).isNull();
    }

    @Test
    void parse_ofALineWithoutEnd_isNoMessage() {
        assertThat(HandoverMessage.parse("culvert-handover\nrefused\n" + "x".repeat(10_000) + "\n"))
                .isNull();
    }
}
