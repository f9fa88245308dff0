package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Packets;
import dev.culvert.proto.wireguard.testing.Pair;
import org.junit.jupiter.api.Test;

final class HandshakeTraceTest {
    @Test
    void encapsulate_withoutSession_handshakesThenSendsThePacket() {
        Pair pair = Pair.of(1);
        pair.a.send(Packets.packet("10.0.0.1", "10.0.0.2", 100, 1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b initiation", "b>a response", "a>b data");
        assertThat(pair.b.numbers()).containsExactly(1);
        pair.b.send(Packets.packet("10.0.0.2", "10.0.0.1", 100, 2));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data");
        assertThat(pair.a.numbers()).containsExactly(2);
    }
}
