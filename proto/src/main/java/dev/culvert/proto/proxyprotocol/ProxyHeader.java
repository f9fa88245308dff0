package dev.culvert.proto.proxyprotocol;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a PROXY header says, independent of its version.
///
/// @param command LOCAL goes with UNSPEC only
/// @param transport which of the addresses are there
/// @param source the client that the sender speaks for, with TCP and UDP, else null; port 0 is valid; an IPv4-mapped
///     IPv6 address has become IPv4
/// @param destination where that client connected to; there exactly when `source` is
/// @param paths with UNIX, else null
/// @param tlvs in their order; without those that belong to the encoding (CRC32C, NOOP)
public record ProxyHeader(
        Command command,
        Transport transport,
        @Nullable InetSocketAddress source,
        @Nullable InetSocketAddress destination,
        @Nullable UnixPaths paths,
        List<Tlv> tlvs) {
    private static final ProxyHeader LOCAL =
            new ProxyHeader(Command.LOCAL, Transport.UNSPEC, null, null, null, List.of());

    public ProxyHeader {
        boolean internet = transport == Transport.TCP || transport == Transport.UDP;
        if ((command == Command.LOCAL && transport != Transport.UNSPEC)
                || internet != (source != null)
                || internet != (destination != null)
                || (transport == Transport.UNIX) != (paths != null)) {
            throw new IllegalArgumentException("addresses do not fit " + command + " " + transport);
        }
        checkResolved(source);
        checkResolved(destination);
        tlvs = List.copyOf(tlvs);
        for (Tlv tlv : tlvs) {
            if (tlv.type() == Tlv.CRC32C || tlv.type() == Tlv.NOOP) {
                throw new IllegalArgumentException("TLV " + tlv.type() + " belongs to the encoding");
            }
        }
    }

    /// The sender speaks for itself, as health checks do.
    public static ProxyHeader local() {
        return LOCAL;
    }

    /// A relayed connection between two internet addresses.
    ///
    /// @param transport TCP or UDP
    public static ProxyHeader of(
            Transport transport, InetSocketAddress source, InetSocketAddress destination, List<Tlv> tlvs) {
        return new ProxyHeader(Command.PROXY, transport, source, destination, null, tlvs);
    }

    /// A relayed connection whose addresses the sender does not know or does not tell.
    public static ProxyHeader unspecified(List<Tlv> tlvs) {
        return new ProxyHeader(Command.PROXY, Transport.UNSPEC, null, null, null, tlvs);
    }

    /// A relayed connection that came over a unix socket.
    public static ProxyHeader unix(UnixPaths paths, List<Tlv> tlvs) {
        return new ProxyHeader(Command.PROXY, Transport.UNIX, null, null, paths, tlvs);
    }

    /// The client behind a connection of kind `carrier`, or null if the real endpoints of the connection stand: for
    /// LOCAL, UNSPEC and UNIX, and where the header describes another kind than the one it arrived on.
    public @Nullable InetSocketAddress clientOn(Transport carrier) {
        return transport == carrier ? source : null;
    }

    /// The first TLV of this type, or null.
    public @Nullable Tlv first(int type) {
        for (Tlv tlv : tlvs) {
            if (tlv.type() == type) {
                return tlv;
            }
        }
        return null;
    }

    private static void checkResolved(@Nullable InetSocketAddress address) {
        if (address != null && address.isUnresolved()) {
            throw new IllegalArgumentException("address: " + address + " (expected: a resolved one)");
        }
    }
}
