package dev.culvert.dataplane.tcp;

import dev.culvert.dataplane.os.SocketCalls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.unix.IovArray;
import io.netty.channel.unix.Limits;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.nio.ByteBuffer;

/// How a loop gives its sockets what waits to be written: many pieces in one call.
final class SocketWrites {
    private static final FastThreadLocal<SocketWrites> OF_LOOP = new FastThreadLocal<>() {
        @Override
        protected SocketWrites initialValue() {
            return new SocketWrites();
        }

        @Override
        protected void onRemoval(SocketWrites ended) {
            ended.vectors.release();
        }
    };

    private final IovArray vectors = new IovArray(Limits.IOV_MAX);
    private boolean tookAll;

    private SocketWrites() {}

    static SocketWrites ofThisLoop() {
        return OF_LOOP.get();
    }

    /// What a socket can be given as it is: a buffer outside of the heap, in one piece.
    static ByteBuf direct(ByteBuf bytes, ByteBufAllocator allocator) {
        if (bytes.isDirect() && bytes.nioBufferCount() == 1) {
            return bytes;
        }
        ByteBuf direct = allocator.directBuffer(bytes.readableBytes());
        direct.writeBytes(bytes);
        bytes.release();
        return direct;
    }

    /// Whether the socket took all that the last call gave it, and may have room for more.
    boolean tookAll() {
        return tookAll;
    }

    /// @param in has something to write, direct buffers alone
    /// @param last whether nothing comes behind it but a FIN
    /// @return how many bytes the socket took
    long write(Socket to, ChannelOutboundBuffer in, boolean last) throws IOException {
        return in.size() == 1 && in.current() instanceof ByteBuf only ? writeOne(to, only, last) : writeMany(to, in);
    }

    private int writeOne(Socket to, ByteBuf bytes, boolean last) throws IOException {
        int length = bytes.readableBytes();
        int from = bytes.readerIndex();
        int sent = 0;
        if (length > 0 && bytes.hasMemoryAddress()) {
            long address = bytes.memoryAddress();
            sent = last ? SocketCalls.sendLast(to.intValue(), address + from, length) : -1;
            if (sent < 0) {
                // Which tells what is wrong, too.
                sent = to.sendAddress(address, from, from + length);
            }
        } else if (length > 0) {
            ByteBuffer part = bytes.internalNioBuffer(from, length);
            sent = to.send(part, part.position(), part.limit());
        }
        tookAll = sent == length;
        return sent;
    }

    private long writeMany(Socket to, ChannelOutboundBuffer in) throws IOException {
        vectors.clear();
        try {
            in.forEachFlushedMessage(vectors);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
        long sent = vectors.count() == 0 ? 0 : to.writevAddresses(vectors.memoryAddress(0), vectors.count());
        tookAll = sent == vectors.size();
        return sent;
    }
}
