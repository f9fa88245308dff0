package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.dataplane.tunnel.ArrivalRules;
import dev.culvert.proto.wireguard.IndexForm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A classic packet filter (linux/filter.h) that the kernel runs on each datagram before it is queued at a socket, and
/// which lets pass what may be a message of WireGuard to us: of a known type, not shorter than that type is, and
/// to a receiver index that may be ours. Needs no privilege.
/// Of a flood of initiations it lets a part pass, by chance, and those from the addresses of peers.
///
/// What it refuses wakes nobody, takes no room from what is genuine, and counts among the drops of the socket. It sees
/// datagrams that the kernel has joined as one, by the first one's type, which is why longer ones pass.
final class SocketFilter {
    // Offsets are from the UDP header, as the kernel shows a datagram to the filter of its socket.
    private static final int HEADER = 8;
    private static final int TYPE = HEADER;
    private static final int RECEIVER = HEADER + 4;
    private static final int RESPONSE_RECEIVER = HEADER + 8;
    private static final int MAC2 = HEADER + 132;

    // SKF_NET_OFF: from the IP header. SKF_AD_OFF + SKF_AD_RANDOM: no byte of the datagram, but a random word.
    private static final int IP_VERSION = -0x100000;
    private static final int IPV4_SOURCE = IP_VERSION + 12;
    private static final int IPV6_SOURCE = IP_VERSION + 8;
    private static final int RANDOM = -0x1000 + 56;

    // The type and the three reserved bytes, read as a big-endian word; and the least length of each (paper §5.4).
    private static final int INITIATION = 1 << 24;
    private static final int RESPONSE = 2 << 24;
    private static final int COOKIE_REPLY = 3 << 24;
    private static final int TRANSPORT = 4 << 24;
    private static final int INITIATION_BYTES = HEADER + 148;
    private static final int RESPONSE_BYTES = HEADER + 92;
    private static final int COOKIE_REPLY_BYTES = HEADER + 64;
    private static final int TRANSPORT_BYTES = HEADER + 32;

    // BPF_LD | BPF_W | BPF_ABS, and so on.
    private static final int LOAD = 0x20;
    private static final int LOAD_BYTE = 0x30;
    private static final int LOAD_LENGTH = 0x80;
    private static final int LOAD_MEMORY = 0x60;
    private static final int STORE = 0x02;
    private static final int TO_X = 0x07;
    private static final int ADD = 0x04;
    private static final int MULTIPLY = 0x24;
    private static final int AND = 0x54;
    private static final int OR_X = 0x4c;
    private static final int SHIFT_RIGHT = 0x74;
    private static final int JUMP = 0x05;
    private static final int IF_EQUAL = 0x15;
    private static final int IF_EQUAL_X = 0x1d;
    private static final int IF_AT_LEAST = 0x35;
    private static final int RETURN = 0x06;

    private static final int ALL = -1;
    private static final int HASH_BITS = IndexForm.HASH_BITS;

    // struct sock_filter: code, two jumps, operand.
    private static final int INSTRUCTION = 8;

    private record Instruction(int code, int ifTrue, int ifFalse, int operand) {}

    private final List<Instruction> program = new ArrayList<>();

    private SocketFilter() {}

    /// The filter for these rules, as a `struct sock_fprog`.
    static MemorySegment of(ArrivalRules rules, Arena arena) {
        SocketFilter filter = new SocketFilter();
        IndexForm form = rules.indices();
        filter.initiation(rules);
        filter.receiver(TRANSPORT, TRANSPORT_BYTES, RECEIVER, form);
        filter.receiver(RESPONSE, RESPONSE_BYTES, RESPONSE_RECEIVER, form);
        filter.receiver(COOKIE_REPLY, COOKIE_REPLY_BYTES, RECEIVER, form);
        filter.add(RETURN, 0);
        return filter.assemble(arena);
    }

    private void initiation(ArrivalRules rules) {
        SocketFilter passes = new SocketFilter();
        passes.add(LOAD_LENGTH, 0);
        passes.jump(IF_AT_LEAST, INITIATION_BYTES, 1, 0);
        passes.add(RETURN, 0);
        if (rules.isSampling()) {
            passes.exempt(rules.exempt());
            passes.sample(rules);
        } else {
            passes.add(RETURN, ALL);
        }
        // The type of all that follows; what is shorter than a word ends here, refused.
        add(LOAD, TYPE);
        jump(IF_EQUAL, INITIATION, 1, 0);
        append(passes);
    }

    private void exempt(List<InetAddress> addresses) {
        SocketFilter four = new SocketFilter();
        SocketFilter six = new SocketFilter();
        four.add(LOAD, IPV4_SOURCE);
        for (InetAddress address : addresses) {
            ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
            if (address instanceof Inet4Address) {
                four.jump(IF_EQUAL, bytes.getInt(), 0, 1);
                four.add(RETURN, ALL);
            } else {
                // The /64, which one household or machine has.
                six.add(LOAD, IPV6_SOURCE);
                six.jump(IF_EQUAL, bytes.getInt(), 0, 3);
                six.add(LOAD, IPV6_SOURCE + 4);
                six.jump(IF_EQUAL, bytes.getInt(), 0, 1);
                six.add(RETURN, ALL);
            }
        }
        add(LOAD_BYTE, IP_VERSION);
        add(SHIFT_RIGHT, 4);
        jump(IF_EQUAL, 4, 1, 0);
        append(four);
        add(LOAD_BYTE, IP_VERSION);
        add(SHIFT_RIGHT, 4);
        jump(IF_EQUAL, 6, 1, 0);
        append(six);
    }

    private void sample(ArrivalRules rules) {
        SocketFilter bare = new SocketFilter();
        bare.chance(rules.bare());
        add(LOAD, MAC2);
        for (int word = 1; word < 4; word++) {
            add(TO_X, 0);
            add(LOAD, MAC2 + 4 * word);
            add(OR_X, 0);
        }
        jump(IF_EQUAL, 0, 1, 0);
        append(bare);
        chance(rules.proven());
    }

    private void chance(double share) {
        if (share < 1) {
            add(LOAD, RANDOM);
            jump(IF_AT_LEAST, (int) (long) (share * (1L << Integer.SIZE)), 0, 1);
            add(RETURN, 0);
        }
        add(RETURN, ALL);
    }

    /// The condition before, if it holds, leads into the part, else behind it.
    private void append(SocketFilter part) {
        add(JUMP, part.program.size());
        program.addAll(part.program);
    }

    /// A message of that type passes if its receiver's index has the form; another one goes on with its type loaded.
    private void receiver(int type, int least, int at, IndexForm form) {
        jump(IF_EQUAL, type, 0, 15);
        add(LOAD_LENGTH, 0);
        jump(IF_AT_LEAST, least, 1, 0);
        add(RETURN, 0);
        add(LOAD, at);
        add(STORE, 0);
        add(SHIFT_RIGHT, HASH_BITS);
        add(MULTIPLY, form.multiplier());
        add(ADD, form.addend());
        add(SHIFT_RIGHT, Integer.SIZE - HASH_BITS);
        add(TO_X, 0);
        add(LOAD_MEMORY, 0);
        add(AND, (1 << HASH_BITS) - 1);
        jump(IF_EQUAL_X, 0, 0, 1);
        add(RETURN, ALL);
        add(RETURN, 0);
    }

    private void add(int code, int operand) {
        program.add(new Instruction(code, 0, 0, operand));
    }

    private void jump(int code, int operand, int ifTrue, int ifFalse) {
        program.add(new Instruction(code, ifTrue, ifFalse, operand));
    }

    private MemorySegment assemble(Arena arena) {
        MemorySegment instructions = arena.allocate((long) INSTRUCTION * program.size(), 8);
        for (int i = 0; i < program.size(); i++) {
            Instruction one = program.get(i);
            long at = (long) INSTRUCTION * i;
            instructions.set(JAVA_SHORT, at, (short) one.code());
            instructions.set(JAVA_BYTE, at + 2, (byte) one.ifTrue());
            instructions.set(JAVA_BYTE, at + 3, (byte) one.ifFalse());
            instructions.set(JAVA_INT, at + 4, one.operand());
        }
        // struct sock_fprog: the number of instructions, and where they are.
        MemorySegment whole = arena.allocate(16, 8);
        whole.set(JAVA_SHORT, 0, (short) program.size());
        whole.set(JAVA_LONG, 8, instructions.address());
        return whole;
    }
}
