package dev.culvert.proto.proxyprotocol;

import dev.culvert.proto.text.AddressLiteral;
import dev.culvert.proto.text.HostName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a gateway asks of a site at the head of each connection through the tunnel (design §6, "The hop").
///
/// On the wire it is a PROXY header of version 2 with one custom TLV, E4: version (1 byte, 1), mode (1 byte; low four
/// bits 1: visitor, 2: shared; high four bits the announcement), network (4), protocol (1, the IP protocol number,
/// or 254), port (2), and the host as ASCII text up to the end. Behind it stand TLVs that the target shall be told.
///
/// @param mode for whom the connection is
/// @param network the tunnel network the target belongs to: 0 and above
/// @param target what the site shall connect to, if its own list allows it
/// @param announcement how the site tells the target about the client; NONE with SHARED
/// @param client with VISITOR the real client, else null
/// @param local with VISITOR where that client connected to, else null
/// @param told of the visitor, by who stands in front of the gateway; with [Announcement#PROXY_V2] only, else none
public record HopRequest(
        Mode mode,
        int network,
        Target target,
        Announcement announcement,
        @Nullable InetSocketAddress client,
        @Nullable InetSocketAddress local,
        List<Tlv> told) {
    /// The type of the hop's TLV.
    public static final int TLV_TYPE = 0xe4;

    static final int VERSION = 1;
    /// The bytes of the TLV's value before the host.
    static final int TLV_FIXED = 9;

    /// The most bytes that the hop's TLV takes.
    static final int MAX_TARGET = Tlv.HEADER + TLV_FIXED + HostName.MAX_LENGTH;

    /// The longest request on the wire that tells nothing of the visitor, in bytes.
    public static final int MAX_LENGTH = BinaryParser.FIXED + BinaryParser.IPV6_BYTES + MAX_TARGET;

    public HopRequest {
        boolean visitor = mode == Mode.VISITOR;
        boolean announced = announcement != Announcement.NONE;
        if (network < 0 || visitor != (client != null) || visitor != (local != null) || (announced && !visitor)) {
            throw new IllegalArgumentException(
                    mode + " in network " + network + " (expected: 0 and above, addresses with VISITOR only)");
        }
        told = announcement == Announcement.PROXY_V2 ? Tlv.ofVisitor(told) : List.of();
    }

    /// A connection that serves one visitor.
    public static HopRequest visitor(
            int network, Target target, Announcement announcement, InetSocketAddress client, InetSocketAddress local) {
        return new HopRequest(Mode.VISITOR, network, target, announcement, client, local, List.of());
    }

    /// The same, and what else the target shall be told of the visitor.
    ///
    /// @param all TLVs of which those of the visitor are taken, where the announcement has room for them
    public HopRequest telling(List<Tlv> all) {
        return new HopRequest(mode, network, target, announcement, client, local, all);
    }

    /// A connection that serves many visitors in turn, or none.
    public static HopRequest shared(int network, Target target) {
        return new HopRequest(Mode.SHARED, network, target, Announcement.NONE, null, null, List.of());
    }

    /// The length in bytes of what [#write] writes.
    public int length() {
        return ProxyHeaderWriter.lengthV2(header(), false);
    }

    /// Writes the request.
    ///
    /// @param out with [#length] bytes remaining
    /// @return the number of bytes written
    public int write(ByteBuffer out) {
        return ProxyHeaderWriter.writeV2(out, header(), false);
    }

    private ProxyHeader header() {
        List<Tlv> tlvs = new ArrayList<>(told.size() + 1);
        tlvs.add(Tlv.of(TLV_TYPE, tlvValue()));
        tlvs.addAll(told);
        return client != null && local != null
                ? ProxyHeader.of(target.protocol.transport, client, local, tlvs)
                : ProxyHeader.unspecified(tlvs);
    }

    private byte[] tlvValue() {
        byte[] host = target.host.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(TLV_FIXED + host.length)
                .put((byte) VERSION)
                .put((byte) (announcement.code << 4 | mode.code))
                .putInt(network)
                .put((byte) target.protocol.number)
                .putShort((short) target.port)
                .put(host)
                .array();
    }

    /// For whom a hop's connection is.
    public enum Mode {
        /// For one visitor, whose address the header carries.
        VISITOR(1),
        /// For whatever the gateway sends: pooled HTTP, health checks. Clients travel in HTTP headers.
        SHARED(2);

        final int code;

        Mode(int code) {
            this.code = code;
        }

        static @Nullable Mode of(int code) {
            return switch (code) {
                case 1 -> VISITOR;
                case 2 -> SHARED;
                default -> null;
            };
        }
    }

    /// How a target learns who its visitor is. The site writes it, from the address that it has judged itself.
    public enum Announcement {
        NONE(0),
        PROXY_V1(1),
        PROXY_V2(2),
        /// The connection comes from the client's own address.
        TRANSPARENT(3);

        final int code;

        Announcement(int code) {
            this.code = code;
        }

        static @Nullable Announcement of(int code) {
            return switch (code) {
                case 0 -> NONE;
                case 1 -> PROXY_V1;
                case 2 -> PROXY_V2;
                case 3 -> TRANSPARENT;
                default -> null;
            };
        }
    }

    /// How the site reaches the target.
    public enum Protocol {
        TCP(6, Transport.TCP),
        UDP(17, Transport.UDP),
        /// TLS over TCP that the site itself ends; the target is what it then speaks HTTP to. The number is none of an
        /// IP protocol: RFC 3692 keeps it for experiments.
        TLS(254, Transport.TCP);

        final int number;
        final Transport transport;

        Protocol(int number, Transport transport) {
            this.number = number;
            this.transport = transport;
        }

        static @Nullable Protocol of(int number) {
            return switch (number) {
                case 6 -> TCP;
                case 17 -> UDP;
                case 254 -> TLS;
                default -> null;
            };
        }
    }

    /// What a site connects to.
    ///
    /// @param host a name in lower case, or an address literal in canonical spelling without brackets; any
    ///     spelling is taken
    /// @param port 1..65535
    public record Target(Protocol protocol, String host, int port) {
        public Target {
            String canonical = canonicalHost(host);
            if (canonical == null || port < 1 || port > 65_535) {
                throw new IllegalArgumentException(
                        "target: " + host + ":" + port + " (expected: a name or address, and 1..65535)");
            }
            host = canonical;
        }

        static @Nullable String canonicalHost(String host) {
            InetAddress address = AddressLiteral.read(host, 0, host.length());
            if (address != null) {
                return AddressLiteral.format(address);
            }
            return HostName.isName(host, 0, host.length()) ? host.toLowerCase(Locale.ROOT) : null;
        }
    }
}
