package dev.culvert.app.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.model.LogFormat;
import dev.culvert.model.LogLevel;
import dev.culvert.proto.wireguard.PrivateKey;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LogLineTest {
    private static final Instant NOW = Instant.parse("2026-11-21T13:24:24.005Z");
    private static final String HOSTILE =
            "x\r\n2026-11-21T13:24:24Z ERROR forged\u001b[2J\u009b\u0000\u2028\u202e\ud800\" \\";

    @Test
    void slf4j_findsThisBackend() {
        assertThat(LoggerFactory.getLogger("culvert")).isInstanceOf(NamedLogger.class);
    }

    @Test
    void plain_message_hasTimeAndLevel() {
        assertThat(line(Level.WARN, "home: no answer").plain(NOW))
                .isEqualTo("2026-11-21T13:24:24Z WARN  home: no answer\n");
    }

    @Test
    void plain_hostileMessage_staysOnItsLine() {
        assertThat(line(Level.INFO, HOSTILE).plain(NOW))
                .isEqualTo("2026-11-21T13:24:24Z INFO  x\\r\\n2026-11-21T13:24:24Z ERROR forged"
                        + "\\u001b[2J\\u009b\\u0000\\u2028\\u202e\ud800\" \\\n");
    }

    @Test
    void plain_exception_takesLinesThatNoneCanTakeForItsOwn() {
        LogLine line =
                new LogLine(Level.ERROR, "culvert", "bug", List.of(), new IllegalStateException("a\n2026 forged"));

        assertThat(line.plain(NOW).lines().skip(1)).isNotEmpty().allMatch(text -> text.startsWith("    "));
    }

    @Test
    void journal_message_hasPriorityAndNoTime() {
        assertThat(line(Level.ERROR, "x").journal()).isEqualTo("<3>x\n");
        assertThat(line(Level.WARN, "x\n<0>y").journal()).isEqualTo("<4>x\\n<0>y\n");
        assertThat(line(Level.INFO, "x").journal()).isEqualTo("<6>x\n");
        assertThat(line(Level.DEBUG, "x").journal()).isEqualTo("<7>x\n");
    }

    @Test
    void json_hostileMessage_isOneObjectWithTheMessageAsItWas() throws Exception {
        List<LogLine.Pair> pairs =
                List.of(new LogLine.Pair("subject", HOSTILE), new LogLine.Pair("kind", "dial.failed"));
        String text = new LogLine(Level.WARN, "culvert", HOSTILE, pairs, new IllegalStateException(HOSTILE)).json(NOW);

        assertThat(text.lines()).hasSize(1);
        assertThat(text).endsWith("}\n");
        assertThat(JSON.std.mapFrom(text))
                .containsEntry("time", "2026-11-21T13:24:24.005Z")
                .containsEntry("level", "warn")
                .containsEntry("logger", "culvert")
                .containsEntry("message", HOSTILE)
                .containsEntry("subject", HOSTILE)
                .containsEntry("kind", "dial.failed")
                .containsKey("exception");
    }

    @Test
    void message_withAKey_doesNotShowIt() {
        PrivateKey key = PrivateKey.generate(new SecureRandom());

        assertThat(line(Level.INFO, "key " + key).json(NOW)).doesNotContain(key.base64());
    }

    @Test
    void forced_words_countMoreThanTheFile() {
        LogOutput.Forced both = LogOutput.Forced.from("Debug,json nonsense");

        assertThat(both.format(LogFormat.PLAIN)).isEqualTo(LogFormat.JSON);
        assertThat(both.level(LogLevel.ERROR)).isEqualTo(Level.DEBUG);
        assertThat(LogOutput.Forced.from(null).format(LogFormat.JSON)).isEqualTo(LogFormat.JSON);
        assertThat(LogOutput.Forced.from("").level(LogLevel.WARN)).isEqualTo(Level.WARN);
    }

    @Test
    void isOn_forLibraries_beginsAtWarnings() {
        assertThat(LogOutput.isOn("culvert", Level.INFO)).isTrue();
        assertThat(LogOutput.isOn("io.netty.util", Level.INFO)).isFalse();
        assertThat(LogOutput.isOn("io.netty.util", Level.WARN)).isTrue();
    }

    private static LogLine line(Level level, String message) {
        return new LogLine(level, "culvert", message, List.of(), null);
    }
}
