package dev.culvert.dataplane.hop;

import dev.culvert.model.ClientAddress;
import dev.culvert.proto.proxyprotocol.ProxyHeader;
import dev.culvert.proto.proxyprotocol.ProxyHeaderWriter;
import dev.culvert.proto.proxyprotocol.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

/// Tells a target who its visitor is, by a PROXY header in front of everything else.
public final class ProxyAnnouncement {
    private static final int MAX_LENGTH = 256;

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
    public static void write(Channel target, ClientAddress how, InetSocketAddress client, InetSocketAddress local) {
        if (how != ClientAddress.PROXY_V1 && how != ClientAddress.PROXY_V2) {
            return;
        }
        ProxyHeader header = ProxyHeader.of(Transport.TCP, client, local, List.of());
        ByteBuf out = target.alloc().buffer(MAX_LENGTH);
        ByteBuffer view = out.nioBuffer(0, MAX_LENGTH);
        int length = how == ClientAddress.PROXY_V1
                ? ProxyHeaderWriter.writeV1(view, header)
                : ProxyHeaderWriter.writeV2(view, header, false);
        out.writerIndex(length);
        target.writeAndFlush(out);
    }
}
