package dev.culvert.proto.fuzz;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.netstack.ConnectionFuzz;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.StackFuzz;
import dev.culvert.proto.offload.Coalescer;
import dev.culvert.proto.offload.MssClamp;
import dev.culvert.proto.offload.Segmenter;
import dev.culvert.proto.proxyprotocol.HopRequestParser;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser;
import dev.culvert.proto.quic.DatagramHead;
import dev.culvert.proto.tls.ClientHelloParser;
import dev.culvert.proto.wireguard.DeviceFuzz;
import dev.culvert.proto.wireguard.uapi.UapiParser;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// What takes bytes from strangers: each must take any bytes without an exception, a loop or a broken promise.
enum FuzzTarget {
    DEVICE {
        @Override
        void take(byte[] data) {
            DeviceFuzz.take(data);
        }
    },
    UAPI {
        @Override
        void take(byte[] data) {
            UapiParser parser = new UapiParser();
            parser.handleBytes(data, 0, data.length);
            while (parser.pollRequest() != null) {
                // Until none is left.
            }
        }
    },
    PROXY_HEADER {
        @Override
        void take(byte[] data) {
            ProxyHeaderParser parser = new ProxyHeaderParser();
            for (int length = 0; length <= data.length; length = 2 * length + 1) {
                parser.parse(ByteBuffer.wrap(data, 0, length));
            }
            parser.parse(ByteBuffer.wrap(data));
            parser.parseDatagram(ByteBuffer.wrap(data));
        }
    },
    HOP_REQUEST {
        @Override
        void take(byte[] data) {
            for (int length = 0; length < data.length; length = 2 * length + 1) {
                HopRequestParser.parse(ByteBuffer.wrap(data, 0, length));
            }
            HopRequestParser.parse(ByteBuffer.wrap(data));
            HopRequestParser.parseDatagram(ByteBuffer.wrap(data));
        }
    },
    HTTP {
        @Override
        void take(byte[] data) {
            HttpFuzz.take(data);
        }
    },
    CLIENT_HELLO {
        @Override
        void take(byte[] data) {
            new ClientHelloParser().handleBytes(ByteBuffer.wrap(data));
            ClientHelloParser parser = new ClientHelloParser();
            for (int at = 0; at < data.length; at += 7) {
                parser.handleBytes(ByteBuffer.wrap(data, at, Math.min(7, data.length - at)));
            }
        }
    },
    QUIC {
        @Override
        void take(byte[] data) {
            new DatagramHead().read(ByteBuffer.wrap(data), (id, at) -> at % 2 == 0);
        }
    },
    STACK {
        @Override
        void take(byte[] data) {
            Stack stack = new Stack(StackConfig.of(List.of(HERE, HERE6), 1420), new Random(1));
            stack.listen(80);
            stack.bindUdp(53);
            ByteBuffer out = ByteBuffer.allocate(2048);
            ByteBuffer all = ByteBuffer.wrap(data);
            long now = 0;
            while (all.remaining() > 3) {
                int how = all.get();
                int length = Math.min(all.getShort() & 0x7ff, all.remaining());
                byte[] packet = new byte[16 + Ipv6Header.LENGTH + length];
                all.get(packet, 16 + Ipv6Header.LENGTH, length);
                stack.handlePacket(dress(packet, how, length), now);
                now += 1_000_000L << (how & 15);
                stack.handleTimeout(now);
                for (int i = 0; i < 100 && stack.pollTransmit(out.clear(), now); i++) {
                    if (out.limit() > 1420) {
                        throw new AssertionError("longer than the MTU: " + out.limit());
                    }
                }
            }
            if (stack.sockets() > 1000) {
                throw new AssertionError(stack.sockets() + " sockets");
            }
        }
    },
    HEADERS {
        @Override
        void take(byte[] data) {
            StackFuzz.headers(data);
        }
    },
    OPTIONS {
        @Override
        void take(byte[] data) {
            StackFuzz.options(data);
        }
    },
    FRAGMENTS {
        @Override
        void take(byte[] data) {
            StackFuzz.fragments(data);
        }
    },
    CONNECTION {
        @Override
        void take(byte[] data) {
            ConnectionFuzz.take(data);
        }
    },
    OFFLOAD {
        @Override
        void take(byte[] data) {
            byte[] out = new byte[1 << 17];
            Segmenter segmenter = new Segmenter();
            int sum = 0;
            if (segmenter.begin(data.clone(), 0, data.length) && segmenter.longest() <= 65_535) {
                for (int length = segmenter.next(out, 0); length > 0; length = segmenter.next(out, 0)) {
                    sum += length;
                    if (length > 65_535) {
                        throw new AssertionError("a packet of " + length);
                    }
                    if (MssClamp.isSyn(out, 0, length)) {
                        MssClamp.clamp(out, 0, length, 1280);
                    }
                }
            }
            Coalescer coalescer = new Coalescer();
            for (int at = 0; at + 40 <= data.length; at += 40 + (sum & 63)) {
                byte[] packet = new byte[16 + Math.min(1400, data.length - at)];
                System.arraycopy(data, at, packet, 16, packet.length - 16);
                coalescer.add(packet, 16, packet.length - 16, (bytes, offset, length) -> {});
            }
            coalescer.flush((bytes, offset, length) -> {});
        }
    };

    private static final InetAddress HERE = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress HERE6 = InetAddress.ofLiteral("fd77::1");
    private static final int FROM = 0x0a4d0002;
    private static final int TO = 0x0a4d0001;
    private static final long NET6 = 0xfd77L << 48;

    abstract void take(byte[] data);

    /// A packet for the stack: as it is, or behind an IP header and with the checksum that no fuzzer finds.
    private static ByteBuffer dress(byte[] packet, int how, int length) {
        int at = 16 + Ipv6Header.LENGTH;
        int protocol = new int[] {IpProtocol.TCP, IpProtocol.UDP, IpProtocol.ICMP, length & 0xff}[how >>> 4 & 3];
        if ((how & 0x40) != 0) {
            return ByteBuffer.wrap(packet, at, length);
        }
        long pseudo;
        int header;
        if ((how & 0x80) != 0) {
            header = Ipv6Header.LENGTH;
            protocol = protocol == IpProtocol.ICMP ? IpProtocol.ICMPV6 : protocol;
            pseudo = InternetChecksum.pseudoHeader(NET6, 2, NET6, 1, protocol);
            Ipv6Header.write(packet, at - header, length, protocol, NET6, 2, NET6, 1);
        } else {
            header = Ipv4Header.LENGTH;
            pseudo = protocol == IpProtocol.ICMP
                    ? -length
                    : InternetChecksum.pseudoHeader(
                            0, AddressWords.ipv4Low(FROM), 0, AddressWords.ipv4Low(TO), protocol);
            Ipv4Header.write(packet, at - header, header + length, protocol, FROM, TO);
        }
        int checksum = protocol == IpProtocol.TCP ? 16 : protocol == IpProtocol.UDP ? 6 : 2;
        if (length >= checksum + 2) {
            Arrays.fill(packet, at + checksum, at + checksum + 2, (byte) 0);
            long sum = pseudo + length + InternetChecksum.sum(packet, at, length);
            NetworkOrder.put16(packet, at + checksum, InternetChecksum.finish(sum));
        }
        return ByteBuffer.wrap(packet, at - header, header + length);
    }
}
