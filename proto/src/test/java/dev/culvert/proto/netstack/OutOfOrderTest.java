package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Trace;
import org.junit.jupiter.api.Test;

/// What has arrived out of order when the connection ends can never be read, and must not be kept.
final class OutOfOrderTest {
    @Test
    void rst_afterDataOutOfOrder_leavesNoMemory() {
        Trace trace = Trace.established();
        trace.receive(seg().seq(30_001).ack(1).data(100));
        assertThat(trace.stack.bufferMemory()).isPositive();
        trace.receive(rst().seq(1));
        assertThat(trace.stack.bufferMemory()).isZero();
    }

    @Test
    void rst_afterDataInAndOutOfOrder_whatIsInOrderIsStillRead() {
        Trace trace = Trace.established();
        trace.receive(seg().seq(1).ack(1).data("abc"));
        trace.receive(seg().seq(30_001).ack(1).data(100));
        trace.receive(rst().seq(4));
        trace.reads("abc").readsEnd();
        assertThat(trace.stack.bufferMemory()).isZero();
    }
}
