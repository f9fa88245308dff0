package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.model.Listener;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.ProxyTrust.Expectation;
import dev.culvert.proto.netstack.UdpEndpoint;
import dev.culvert.proto.proxyprotocol.ProxyFault;
import dev.culvert.proto.proxyprotocol.ProxyHeader;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser;
import dev.culvert.proto.proxyprotocol.Tlv;
import dev.culvert.proto.proxyprotocol.Transport;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Whom a datagram is from: its sender, or whom a PROXY header names that a trusted sender has put in front of it.
/// Every datagram has its own (proxy-protocol.md §2). From everybody else a header is refused, and so is a second one:
/// a target could believe it. Owned by one loop; what has been read holds until the next call.
final class DatagramHeaders {
    private static final ProxyHeaderParser PARSER = new ProxyHeaderParser();

    private final Doorway doorway;
    private UdpEndpoint ends = new UdpEndpoint();
    private Dialer.@Nullable Visitor named;

    DatagramHeaders(Doorway doorway) {
        this.doorway = doorway;
    }

    /// Reads what is in front of the payload, and moves its position behind it.
    ///
    /// @param trust of this listener
    /// @return false if the datagram is to be dropped, which was counted
    boolean read(Listener listener, ProxyTrust trust, ByteBuffer payload, UdpEndpoint from) {
        named = null;
        ends = from;
        Expectation expected =
                trust.isNobody() ? Expectation.REJECT : trust.of(from.remote().getAddress());
        boolean header = ProxyHeaderParser.beginsDatagram(payload);
        if (expected == Expectation.REJECT) {
            return !header || untrusted();
        }
        if (!header) {
            return expected == Expectation.OPTIONAL || malformed(ProxyFault.NO_SIGNATURE);
        }
        return switch (PARSER.parseDatagram(payload)) {
            case ProxyHeaderParser.NeedMore _ -> malformed(ProxyFault.TRUNCATED);
            case ProxyHeaderParser.Malformed(ProxyFault fault) -> malformed(fault);
            case ProxyHeaderParser.Accepted(ProxyHeader told, int consumed) -> {
                payload.position(payload.position() + consumed);
                yield ProxyHeaderParser.beginsDatagram(payload) ? untrusted() : judge(listener, trust, told, from);
            }
        };
    }

    /// Whoever speaks for itself, or of an address that is none of UDP's, is the visitor.
    private boolean judge(Listener listener, ProxyTrust trust, ProxyHeader header, UdpEndpoint from) {
        InetSocketAddress client = header.clientOn(Transport.UDP);
        InetSocketAddress local = header.destination();
        if (client == null || local == null) {
            return true;
        }
        if (!doorway.mayClaim(listener, trust, from.remote().getAddress(), client.getAddress())) {
            return false;
        }
        named = new Dialer.Visitor(client, local, Tlv.ofVisitor(header.tlvs()));
        ends = new UdpEndpoint(local.getAddress(), client);
        return true;
    }

    /// Whom the header named; null where the sender is the visitor.
    Dialer.@Nullable Visitor named() {
        return named;
    }

    /// The visitor, and where it sent to.
    UdpEndpoint ends() {
        return ends;
    }

    private boolean untrusted() {
        doorway.events().count("proxy.untrusted");
        return false;
    }

    private boolean malformed(ProxyFault fault) {
        doorway.events().count("proxy.malformed." + fault);
        return false;
    }
}
