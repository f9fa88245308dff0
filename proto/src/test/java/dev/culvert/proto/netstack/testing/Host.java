package dev.culvert.proto.netstack.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.PacketPrinter;
import dev.culvert.proto.netstack.Drop;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// A stack that takes packets made by hand: 10.0.0.1 and fd00::1, MTU 1280.
public final class Host {
    public static final InetAddress US = InetAddress.ofLiteral("10.0.0.1");
    public static final InetAddress PEER = InetAddress.ofLiteral("10.0.0.2");
    public static final InetAddress US6 = InetAddress.ofLiteral("fd00::1");
    public static final InetAddress PEER6 = InetAddress.ofLiteral("fd00::2");
    public static final int MTU = 1280;

    public final Stack stack = new Stack(StackConfig.of(List.of(US, US6), MTU), new SplittableRandom(3));
    public long now = 1_000_000_000L;

    public Host receive(byte[] packet) {
        // Not at the beginning of its array, as packets of a batch are.
        ByteBuffer buffer = ByteBuffer.allocate(packet.length + 14).position(7);
        buffer.put(packet).flip().position(7);
        stack.handlePacket(buffer, now);
        return this;
    }

    /// The next packet that is sent.
    public byte[] sent() {
        ByteBuffer out = ByteBuffer.allocate(MTU + 5).position(5);
        assertThat(stack.pollTransmit(out, now)).as("a packet is sent").isTrue();
        return Arrays.copyOfRange(out.array(), 5, out.limit());
    }

    /// The next packet that is sent must print like this.
    public Host sends(String line) {
        byte[] packet = sent();
        assertThat(PacketPrinter.print(packet, 0, packet.length)).isEqualTo(line);
        return this;
    }

    public Host discardsWhatIsSent() {
        boolean more = true;
        while (more) {
            more = stack.pollTransmit(ByteBuffer.allocate(MTU), now);
        }
        return this;
    }

    public Host sendsNothing() {
        assertThat(stack.pollTransmit(ByteBuffer.allocate(MTU), now)).isFalse();
        return this;
    }

    public Host dropped(Drop reason) {
        assertThat(stack.drops(reason)).as(reason.name()).isEqualTo(1);
        return this;
    }
}
