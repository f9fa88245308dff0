package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.tcp.TcpInfo;
import dev.culvert.model.Limits;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReadingTest {
    private static final InetAddress STRANGER = InetAddress.ofLiteral("203.0.113.66");
    private static final InetAddress OTHER = InetAddress.ofLiteral("203.0.113.67");
    private static final int MANY = 65;

    private final Admission admission = new Admission(Limits.DEFAULT, new BanTable(), 1, 0);
    private final List<Watched> readers = new ArrayList<>();

    private final class Watched {
        private final Visitor visitor;
        private final Reading reading;

        Watched(InetAddress client, Reading.Wait wait) {
            this.visitor = new Visitor(wait);
            this.reading = new Reading(visitor, admission, client);
        }

        boolean isStalled() {
            return reading.isStalled(0);
        }
    }

    private void many(Reading.Wait wait) {
        for (int i = 0; i < MANY; i++) {
            readers.add(new Watched(STRANGER, wait));
        }
    }

    /// How many seconds until the one behind the others is stalled; nothing moves.
    private static int patience(List<Watched> all) {
        int looks = 0;
        boolean stalled = false;
        while (!stalled) {
            looks++;
            for (Watched reader : all) {
                stalled = reader.isStalled();
            }
        }
        return looks * Pace.WATCH_SECONDS;
    }

    @Test
    void isStalled_oneThatTakesNothing_afterFiveMinutes() {
        assertThat(patience(List.of(new Watched(STRANGER, Reading.Wait.NETWORK))))
                .isBetween(300, 303);
        assertThat(patience(List.of(new Watched(STRANGER, Reading.Wait.WINDOW))))
                .isBetween(300, 303);
    }

    @Test
    void isStalled_manyOfOneAddressByWindow_withinTenSeconds() {
        many(Reading.Wait.WINDOW);
        assertThat(patience(readers)).isLessThan(10);
    }

    @Test
    void isStalled_manyOfOneAddressByNetwork_after30Seconds() {
        many(Reading.Wait.NETWORK);
        assertThat(patience(readers)).isBetween(30, 33);
    }

    @Test
    void isStalled_manyThatKeepTheirSocketsShut_withinTenSeconds() {
        many(Reading.Wait.NETWORK);
        int seconds = 0;
        boolean stalled = false;
        while (!stalled) {
            seconds += Pace.WATCH_SECONDS;
            for (Watched reader : readers) {
                reader.visitor.progress = new TcpInfo(false, 4_000_000, seconds * 1_000_000L);
                stalled = reader.isStalled();
            }
        }
        assertThat(seconds).isLessThan(10);
    }

    /// Nothing gets through, and no window is shut: it is not the visitors' doing.
    @Test
    void isStalled_manyBehindANetworkThatIsDown_after30Seconds() {
        many(Reading.Wait.NETWORK);
        for (Watched reader : readers) {
            reader.visitor.progress = new TcpInfo(false, 4_000_000, 1_000_000);
        }
        // The first look sees the four million come.
        assertThat(patience(readers)).isBetween(30, 36);
    }

    @Test
    void isStalled_manyWhoseSocketsMoveByWhatIsLeast_never() {
        many(Reading.Wait.NETWORK);
        for (int look = 1; look < 200; look++) {
            for (Watched reader : readers) {
                reader.visitor.progress = new TcpInfo(false, look * 1000L, look * 3_000_000L);
                assertThat(reader.isStalled()).isFalse();
            }
        }
    }

    @Test
    void isStalled_amongManyOfAnotherAddress_afterFiveMinutes() {
        many(Reading.Wait.WINDOW);
        readers.add(new Watched(OTHER, Reading.Wait.WINDOW));
        assertThat(patience(readers)).isBetween(300, 303);
    }

    @Test
    void isStalled_aByteNowAndThen_isNoProgressByWindow() {
        many(Reading.Wait.WINDOW);
        boolean stalled = false;
        for (int look = 0; look < 4; look++) {
            for (Watched reader : readers) {
                reader.visitor.taken += Pace.WATCH_SECONDS;
                stalled = reader.isStalled();
            }
        }
        assertThat(stalled).isTrue();
    }

    @Test
    void isStalled_manyThatTakeWhatTheyCan_never() {
        many(Reading.Wait.WINDOW);
        for (int look = 0; look < 200; look++) {
            for (Watched reader : readers) {
                reader.visitor.taken += 1000;
                assertThat(reader.isStalled()).isFalse();
            }
        }
    }

    @Test
    void end_givesBackWhatWasCounted() {
        many(Reading.Wait.WINDOW);
        for (Watched reader : readers) {
            reader.isStalled();
            reader.isStalled();
        }
        assertThat(admission.leavesTooMuch(STRANGER)).isTrue();
        for (Watched reader : readers) {
            reader.reading.end();
            reader.reading.end();
        }
        assertThat(admission.leavesTooMuch(STRANGER)).isFalse();
    }

    /// A visitor of whom only the progress matters.
    private static final class Visitor implements Reading.Reader {
        private final Reading.Wait wait;
        private long taken;
        private @Nullable TcpInfo progress;

        Visitor(Reading.Wait wait) {
            this.wait = wait;
        }

        @Override
        public Reading.Wait waits() {
            return wait;
        }

        @Override
        public long unsent() {
            return 7;
        }

        @Override
        public long taken() {
            return taken;
        }

        @Override
        public @Nullable TcpInfo progress() {
            return progress;
        }
    }
}
