package dev.culvert.dataplane.hop;

import dev.culvert.model.ClientAddress;
import dev.culvert.proto.proxyprotocol.ProxyHeader;
import dev.culvert.proto.proxyprotocol.ProxyHeaderWriter;
import dev.culvert.proto.proxyprotocol.Tlv;
import dev.culvert.proto.proxyprotocol.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

/// Tells a target who its visitor is, by a PROXY header in front of everything else.
public final class ProxyAnnouncement {
    // The longest line of version 1, and the longest header of version 2 without TLVs.
    private static final int MAX_LENGTH = 107;

    private ProxyAnnouncement() {}

    /// The header of version 2 that stands in front of every datagram of a visitor.
    public static byte[] ofDatagrams(InetSocketAddress client, InetSocketAddress local) {
        ByteBuffer out = ByteBuffer.allocate(MAX_LENGTH);
        byte[] header = new byte
                [ProxyHeaderWriter.writeV2(out, ProxyHeader.of(Transport.UDP, client, local, List.of()), false)];
        out.flip().get(header);
        return header;
    }

    /// Writes the header that `how` asks for, if any, and flushes it with the first data.
    ///
    /// @param told of the visitor, for version 2
    public static void write(
            Channel target, ClientAddress how, InetSocketAddress client, InetSocketAddress local, List<Tlv> told) {
        if (how != ClientAddress.PROXY_V1 && how != ClientAddress.PROXY_V2) {
            return;
        }
        ProxyHeader header = ProxyHeader.of(Transport.TCP, client, local, told);
        int most = how == ClientAddress.PROXY_V1 ? MAX_LENGTH : ProxyHeaderWriter.lengthV2(header, false);
        ByteBuf out = target.alloc().buffer(most);
        ByteBuffer view = out.nioBuffer(0, most);
        int length = how == ClientAddress.PROXY_V1
                ? ProxyHeaderWriter.writeV1(view, header)
                : ProxyHeaderWriter.writeV2(view, header, false);
        out.writerIndex(length);
        target.writeAndFlush(out);
    }
}
