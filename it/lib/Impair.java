import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;

/// A bad path for the lab: IP packets that are routed into a tun device come out of it again later, fewer, and in
/// another order. Each device is one direction, with a bottleneck, its queue, a delay line and seeded accidents.
///
/// usage: java Impair.java DEVICE… ; then lines on standard input, each of which begins anew:
///   `rate=MBIT queue=BYTES delay=MICROS loss=PERCENT reorder=PERCENT hold=MICROS mark=BYTES seed=N`
/// It answers each with a line of what the setting before it has done. What happens to the n-th packet of a direction
/// follows from the seed; a packet that is `reordered` is held for up to `hold` longer, so that later ones overtake it.
/// With `mark`, packets that find as much in the queue are marked (ECN) where they may be.
public final class Impair {
    private static final int LARGEST = 2048;
    private static final int PACKETS = 32768;
    /// Between two looks at the devices: less than a packet takes at 100 Mbit/s.
    private static final long TICK = 100_000;

    private static final int O_RDWR_NONBLOCK = 0x802;
    private static final long TUNSETIFF = 0x400454caL;
    private static final short IFF_TUN_NO_PI = 0x1001;
    private static final int PR_SET_TIMERSLACK = 29;
    private static final short POLLIN = 1;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle READ = call("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle WRITE = call("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle POLL = call("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle NANOSLEEP = call("nanosleep", JAVA_INT, ADDRESS, ADDRESS);

    private record Settings(
            double bytesPerNano, long queue, long delay, double loss, double reorder, long hold, long mark, long seed) {
        static Settings of(String line) {
            double rate = 1000;
            double loss = 0;
            double reorder = 0;
            long queue = 1 << 20;
            long delay = 0;
            long hold = 0;
            long mark = Long.MAX_VALUE;
            long seed = 1;
            for (String word : line.trim().split(" +")) {
                String value = word.substring(word.indexOf('=') + 1);
                switch (word.substring(0, word.indexOf('='))) {
                    case "rate" -> rate = Double.parseDouble(value);
                    case "queue" -> queue = Long.parseLong(value);
                    case "delay" -> delay = Long.parseLong(value) * 1000;
                    case "loss" -> loss = Double.parseDouble(value) / 100;
                    case "reorder" -> reorder = Double.parseDouble(value) / 100;
                    case "hold" -> hold = Long.parseLong(value) * 1000;
                    case "mark" -> mark = Long.parseLong(value);
                    case "seed" -> seed = Long.parseLong(value);
                    default -> throw new IllegalArgumentException(word);
                }
            }
            return new Settings(rate / 8000, queue, delay, loss, reorder, hold, mark, seed);
        }
    }

    private static final class Packet implements Comparable<Packet> {
        final MemorySegment bytes;
        Line line;
        int length;
        long at;
        long order;

        Packet(MemorySegment bytes) {
            this.bytes = bytes;
        }

        @Override
        public int compareTo(Packet other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    /// One direction.
    private final class Line {
        final String name;
        final int fd;
        SplittableRandom random = new SplittableRandom();
        long freeAt;
        long carried;
        long bytes;
        long lost;
        long dropped;
        long held;
        long marked;

        Line(String name) throws Throwable {
            this.name = name;
            this.fd = open(name);
        }

        void begin(long seed) {
            random = new SplittableRandom(seed);
            freeAt = 0;
            carried = bytes = lost = dropped = held = marked = 0;
        }

        void arrived(Packet packet, long now) {
            boolean isLost = random.nextDouble() < settings.loss;
            boolean isHeld = random.nextDouble() < settings.reorder;
            long extra = (long) (random.nextDouble() * settings.hold);
            double waiting = Math.max(0, freeAt - now) * settings.bytesPerNano;
            if (isLost || waiting > settings.queue) {
                lost += isLost ? 1 : 0;
                dropped += isLost ? 0 : 1;
                idle.push(packet);
                return;
            }
            if (waiting > settings.mark && mark(packet.bytes)) {
                marked++;
            }
            freeAt = Math.max(now, freeAt) + (long) (packet.length / settings.bytesPerNano);
            packet.line = this;
            packet.at = freeAt + settings.delay + (isHeld ? extra : 0);
            packet.order = order++;
            held += isHeld ? 1 : 0;
            carried++;
            bytes += packet.length;
            inFlight.add(packet);
        }

        @Override
        public String toString() {
            return name + " carried=" + carried + " bytes=" + bytes + " lost=" + lost + " dropped=" + dropped
                    + " held=" + held + " marked=" + marked;
        }
    }

    private final ArrayDeque<Packet> idle = new ArrayDeque<>();
    private final PriorityQueue<Packet> inFlight = new PriorityQueue<>();
    private final ConcurrentLinkedQueue<Settings> next = new ConcurrentLinkedQueue<>();
    private final Line[] lines;
    private Settings settings = Settings.of("seed=1");
    private long order;

    private Impair(String... devices) throws Throwable {
        MemorySegment memory = Arena.global().allocate((long) LARGEST * PACKETS, 64);
        for (int i = 0; i < PACKETS; i++) {
            idle.add(new Packet(memory.asSlice((long) LARGEST * i, LARGEST)));
        }
        lines = new Line[devices.length];
        for (int i = 0; i < devices.length; i++) {
            lines[i] = new Line(devices[i]);
        }
    }

    public static void main(String... devices) throws Throwable {
        Impair path = new Impair(devices);
        Thread.ofPlatform().daemon().start(path::listen);
        path.run();
    }

    private void listen() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                next.add(Settings.of(line));
            }
        } catch (Exception e) {
            e.printStackTrace();
        }
        System.exit(0);
    }

    private void run() throws Throwable {
        call("prctl", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG)
                .invoke(PR_SET_TIMERSLACK, 1L, 0L, 0L, 0L);
        MemorySegment polled = Arena.global().allocate(8L * lines.length, 8);
        for (int i = 0; i < lines.length; i++) {
            polled.set(JAVA_INT, 8L * i, lines[i].fd);
            polled.set(JAVA_SHORT, 8L * i + 4, POLLIN);
        }
        MemorySegment tick = Arena.global().allocate(16, 8);
        tick.set(JAVA_LONG, 8, TICK);
        while (true) {
            Settings change = next.poll();
            if (change != null) {
                begin(change);
            }
            boolean quiet = true;
            for (Line line : lines) {
                quiet &= !take(line);
            }
            deliver(System.nanoTime());
            if (quiet && inFlight.isEmpty()) {
                int ready = (int) POLL.invokeExact(polled, (long) lines.length, 100);
            } else {
                int slept = (int) NANOSLEEP.invokeExact(tick, MemorySegment.NULL);
            }
        }
    }

    private void begin(Settings change) {
        System.out.println(String.join(" ", java.util.Arrays.stream(lines).map(Line::toString).toList()));
        settings = change;
        for (int i = 0; i < lines.length; i++) {
            lines[i].begin(change.seed * 1000 + i);
        }
    }

    private boolean take(Line line) throws Throwable {
        boolean any = false;
        while (!idle.isEmpty()) {
            Packet packet = idle.pop();
            long length = (long) READ.invokeExact(line.fd, packet.bytes, (long) LARGEST);
            if (length <= 0) {
                idle.push(packet);
                return any;
            }
            any = true;
            packet.length = (int) length;
            line.arrived(packet, System.nanoTime());
        }
        return any;
    }

    private void deliver(long now) throws Throwable {
        for (Packet first = inFlight.peek(); first != null && first.at <= now; first = inFlight.peek()) {
            inFlight.remove();
            long written = (long) WRITE.invokeExact(first.line.fd, first.bytes, (long) first.length);
            idle.push(first);
        }
    }

    /// As a congested router marks it (RFC 3168 §5), if it may be: the checksum of IPv4 falls by what the word grew.
    private static boolean mark(MemorySegment packet) {
        boolean four = (packet.get(JAVA_BYTE, 0) >> 4 & 0xf) == 4;
        int shift = four ? 0 : 4;
        int before = packet.get(JAVA_BYTE, 1);
        int bits = before >> shift & 3;
        if (bits == 0) {
            return false;
        }
        packet.set(JAVA_BYTE, 1, (byte) (before | 3 << shift));
        if (four) {
            int sum = (packet.get(JAVA_BYTE, 10) & 0xff) << 8 | packet.get(JAVA_BYTE, 11) & 0xff;
            int next = (~sum & 0xffff) + (3 - bits);
            next = ~((next & 0xffff) + (next >>> 16)) & 0xffff;
            packet.set(JAVA_BYTE, 10, (byte) (next >> 8));
            packet.set(JAVA_BYTE, 11, (byte) next);
        }
        return true;
    }

    private static int open(String device) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            int fd = (int) call("open", JAVA_INT, ADDRESS, JAVA_INT)
                    .invoke(arena.allocateFrom("/dev/net/tun"), O_RDWR_NONBLOCK);
            MemorySegment request = arena.allocate(40);
            request.setString(0, device);
            request.set(JAVA_SHORT, 16, IFF_TUN_NO_PI);
            int result = (int)
                    call("ioctl", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS).invoke(fd, TUNSETIFF, request);
            if (fd < 0 || result < 0) {
                throw new IllegalStateException("cannot open " + device);
            }
            return fd;
        }
    }

    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }
}
