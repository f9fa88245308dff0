package dev.culvert.proto.netstack.testing;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.TcpHeader;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A TCP as plain as RFC 793 permits, written for no other purpose than to talk to ours: it listens, goes back N, keeps
/// nothing that comes out of order, offers windows as it likes, and knows no option.
public final class ModelTcp {
    private static final int FIN = TcpHeader.FIN;
    private static final int SYN = TcpHeader.SYN;
    private static final int RST = TcpHeader.RST;
    private static final int ACK = TcpHeader.ACK;
    private static final long TIMEOUT = 300_000_000L;
    private static final int SEGMENT = 500;

    private final InetAddress us;
    private final InetAddress peer;
    private final Random random;
    private final int toSend;
    private final int salt;
    private final int peerSalt;
    private final ArrayDeque<byte[]> out = new ArrayDeque<>();
    private final TcpHeader header = new TcpHeader();
    private int ourPort;
    private int peerPort;
    private final int iss;
    /// Of the stream: SYN is 0, data from 1 on, FIN behind it. What is acknowledged, sent, and received.
    private int una;

    private int next;
    private int highest;
    private int received;
    private int irs;
    private boolean synSeen;
    private int window = 1;
    private boolean finReceived;
    private boolean reset;
    private long timerAt = Long.MAX_VALUE;
    private int silent;

    public ModelTcp(InetAddress us, InetAddress peer, long seed, int toSend, int salt, int peerSalt) {
        this.us = us;
        this.peer = peer;
        this.random = new Random(seed);
        this.toSend = toSend;
        this.salt = salt;
        this.peerSalt = peerSalt;
        this.iss = random.nextInt();
    }

    /// The next packet to send, or null.
    public byte @Nullable [] poll() {
        return out.poll();
    }

    public long nextDeadline() {
        return timerAt;
    }

    /// Bytes received in order.
    public int received() {
        return Math.max(0, received - 1 - (finReceived ? 1 : 0));
    }

    public boolean wasReset() {
        return reset;
    }

    /// Whether both FINs are acknowledged.
    public boolean isDone() {
        return finReceived && una == toSend + 2;
    }

    public void handlePacket(byte[] packet, long now) {
        if (!header.check(packet, 20, packet.length - 20) || reset) {
            return;
        }
        if (InternetChecksum.fold(pseudo() + packet.length - 20 + InternetChecksum.sum(packet, 20, packet.length - 20))
                != 0xffff) {
            return;
        }
        int flags = header.flags();
        if ((flags & RST) != 0) {
            reset |= synSeen && header.sequence() - irs == received;
            return;
        }
        silent = 0;
        if ((flags & SYN) != 0) {
            acceptSyn(now);
        } else if (synSeen && (flags & ACK) != 0) {
            take(packet, now);
        }
    }

    private void acceptSyn(long now) {
        if (synSeen && header.sequence() != irs) {
            return;
        }
        synSeen = true;
        irs = header.sequence();
        peerPort = header.sourcePort();
        ourPort = header.destinationPort();
        window = header.window();
        received = Math.max(received, 1);
        next = Math.max(next, 1);
        highest = Math.max(highest, 1);
        send(0, SYN | ACK, 0);
        timerAt = now + TIMEOUT;
    }

    private void take(byte[] packet, long now) {
        int ack = header.acknowledgment() - iss;
        if (ack < 0 || ack > highest) {
            send(next, ACK, 0);
            return;
        }
        if (ack > una) {
            una = ack;
            next = Math.max(next, una);
            timerAt = una == toSend + 2 ? Long.MAX_VALUE : now + TIMEOUT;
        }
        window = header.window();
        int start = header.sequence() - irs;
        int length = header.payloadLength();
        boolean fin = (header.flags() & FIN) != 0;
        boolean answer = length > 0 || fin || start != received;
        if (start <= received && start + length > received) {
            for (int at = received; at < start + length; at++) {
                if (packet[header.payloadOffset() + at - start] != Transfer.at(at - 1L, peerSalt)) {
                    throw new AssertionError("byte " + (at - 1) + " is wrong");
                }
            }
            received = start + length;
        }
        if (fin && !finReceived && start + length == received) {
            finReceived = true;
            received++;
        }
        if (!advance(now) && answer) {
            send(next, ACK, 0);
        }
    }

    /// Sends what the window lets it; whether anything.
    private boolean advance(long now) {
        boolean sent = false;
        while (una > 0 && next - una < Math.min(window, 4 * SEGMENT) && next <= toSend) {
            int length = Math.min(Math.min(1 + random.nextInt(SEGMENT), window - (next - una)), toSend + 1 - next);
            send(next, ACK, length);
            next += length;
            sent = true;
        }
        if (una > 0 && next == toSend + 1 && (window > 0 || next == una)) {
            send(next, ACK | FIN, 0);
            next++;
            sent = true;
        }
        if (sent || (window == 0 && next <= toSend + 1)) {
            timerAt = Math.min(timerAt, now + TIMEOUT);
        }
        return sent;
    }

    /// Goes back to what is not acknowledged; into a closed window, one byte.
    public void handleTimeout(long now) {
        if (timerAt > now || reset) {
            return;
        }
        timerAt = Long.MAX_VALUE;
        if (++silent > 200) {
            reset = true;
            return;
        }
        if (una == 0) {
            send(0, SYN | ACK, 0);
            timerAt = now + TIMEOUT;
        } else if (una < toSend + 2) {
            next = Math.max(una, 1);
            window = Math.max(window, 1);
            advance(now);
            timerAt = now + TIMEOUT;
        }
    }

    private long pseudo() {
        return InternetChecksum.pseudoHeader(0, AddressWords.low(us), 0, AddressWords.low(peer), IpProtocol.TCP);
    }

    private void send(int seq, int flags, int length) {
        highest = Math.max(highest, seq + length + (flags & FIN));
        byte[] packet = new byte[40 + length];
        for (int i = 0; i < length; i++) {
            packet[40 + i] = Transfer.at(seq - 1L + i, salt);
        }
        int source = (int) AddressWords.low(us);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, source, (int) AddressWords.low(peer));
        int offered = random.nextInt(8) == 0 ? random.nextInt(2000) : 4000 + random.nextInt(60_000);
        TcpHeader.write(packet, 20, ourPort, peerPort, iss + seq, irs + received, 20, flags, offered);
        TcpHeader.writeChecksum(packet, 20, 20 + length, pseudo());
        out.add(packet);
    }
}
