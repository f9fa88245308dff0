package dev.culvert.proto.netstack.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.netstack.Drop;
import dev.culvert.proto.netstack.SocketStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// An exchange written down as text, played against a stack with virtual time. How it is written stands in
/// `proto/src/test/resources/exchanges/README.md`.
///
/// What is sent must be expected in the line and at the millisecond where it stands: whatever else the stack has to
/// send when time passes, or at the end, is a failure.
public final class Script {
    private final Path file;
    private final Queue<byte[]> sent = new ArrayDeque<>();
    private @Nullable Trace trace;
    private String line = "";
    private int number;

    private Script(Path file) {
        this.file = file;
    }

    public static void play(Path file) {
        Script script = new Script(file);
        try {
            for (String text : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                script.number++;
                script.line = text.replaceFirst("#.*", "").strip();
                if (!script.line.isEmpty()) {
                    script.step(script.line);
                }
            }
            script.line = "(the end)";
            script.nothingMore();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    file.getFileName() + ":" + script.number + ": " + script.line + "\n" + e.getMessage(), e);
        }
    }

    private void step(String text) {
        if (text.startsWith("+")) {
            int space = text.indexOf(' ');
            pass(Double.parseDouble(text.substring(1, space < 0 ? text.length() : space)));
            if (space > 0) {
                step(text.substring(space).strip());
            }
        } else if (text.startsWith("<<")) {
            receive(new PrintedSegment(text.substring(2).strip()), true);
        } else if (text.startsWith("<")) {
            receive(new PrintedSegment(text.substring(1).strip()), false);
        } else if (text.startsWith(">")) {
            expect(new PrintedSegment(text.substring(1).strip()));
        } else {
            command(text.split(" +", -1));
        }
        drain();
    }

    private Trace trace() {
        return Objects.requireNonNull(trace, "the first line says `listening` or `connecting`");
    }

    /// Time passes, and all timers run; nothing may be sent before it is over.
    private void pass(double millis) {
        nothingMore();
        long end = trace().now() + Math.round(millis * 1_000_000);
        while (trace().stack.nextDeadline() < end) {
            trace().until(trace().stack.nextDeadline());
            nothingMore();
        }
        trace().until(end);
        drain();
    }

    private void nothingMore() {
        drain();
        if (!sent.isEmpty()) {
            throw new AssertionError("sent before it: " + PrintedSegment.of(sent.remove(), trace()));
        }
    }

    /// As whoever drives a stack does after every event.
    private void drain() {
        for (byte[] packet = trace().poll(); packet != null; packet = trace().poll()) {
            sent.add(packet);
        }
    }

    private void receive(PrintedSegment segment, boolean together) {
        for (PrintedSegment one : segment.pieces()) {
            trace().receive(one.toSeg(trace()));
            if (!together) {
                drain();
            }
        }
        if (segment.scale() >= 0) {
            trace().peerScale(segment.scale());
        }
    }

    private void expect(PrintedSegment segment) {
        for (PrintedSegment one : segment.pieces()) {
            byte[] packet = sent.poll();
            if (packet == null) {
                throw new AssertionError("sent: nothing (expected: " + one + ")");
            }
            PrintedSegment found = PrintedSegment.of(packet, trace());
            if (!one.describes(found)) {
                throw new AssertionError("sent: " + found + " (expected: " + one + ")");
            }
        }
    }

    private void command(String[] words) {
        switch (words[0]) {
            case "listening" -> trace = Trace.listening();
            case "connecting" -> trace = Trace.connecting();
            case "accept" -> trace().accept();
            case "write" -> trace().write(Integer.parseInt(words[1]));
            case "read" -> read(words[1]);
            case "shutdown" -> trace().shutdown();
            case "close" -> trace().close();
            case "abort" -> trace().abort();
            case "keepalive" -> trace().socket().keepAlive(Long.parseLong(words[1]) * 1_000_000);
            case "user-timeout" -> trace().socket().userTimeout(Long.parseLong(words[1]) * 1_000_000);
            case "icmp" -> icmp(words);
            case "is" -> assertThat(status(words[1])).as(words[1]).isEqualTo(words[2]);
            case "dropped" -> trace().dropped(Drop.valueOf(words[1]));
            default -> throw new IllegalArgumentException("no such step");
        }
    }

    private void read(String what) {
        if (what.equals("end")) {
            trace().readsEnd();
        } else {
            trace().reads(Integer.parseInt(what));
        }
    }

    /// A router's answer to the last packet that we sent, or to one with another sequence number.
    private void icmp(String[] words) {
        byte[] quoted = Arrays.copyOf(trace().lastPacket(), 28);
        int at = Arrays.asList(words).indexOf("seq");
        if (at > 0) {
            NetworkOrder.put32(quoted, 24, trace().iss() + Integer.parseInt(words[at + 1]));
        }
        byte[] packet = switch (words[1]) {
            case "too-big" -> error(4, Integer.parseInt(words[2]), quoted);
            case "port-unreachable" -> error(3, 0, quoted);
            case "host-unreachable" -> error(1, 0, quoted);
            default -> throw new IllegalArgumentException("no such error");
        };
        trace().receivePacket(packet);
    }

    private static byte[] error(int code, int rest, byte[] quoted) {
        return Packets.icmp(Trace.PEER, Trace.US, IcmpHeader.V4_UNREACHABLE, code, rest, quoted);
    }

    /// `state`, `failure`, or a field of [SocketStatus].
    private String status(String name) {
        if (name.equals("state")) {
            return trace().socket().state().name();
        }
        if (name.equals("failure")) {
            return String.valueOf(trace().socket().failure());
        }
        List<SocketStatus> all = trace().stack.status(1, trace().now()).connections();
        for (RecordComponent component : SocketStatus.class.getRecordComponents()) {
            if (component.getName().equals(name)) {
                try {
                    return String.valueOf(component.getAccessor().invoke(all.getFirst()));
                } catch (ReflectiveOperationException e) {
                    throw new LinkageError(name, e);
                }
            }
        }
        throw new IllegalArgumentException("no such field: " + name);
    }

    @Override
    public String toString() {
        return file.getFileName().toString();
    }
}
