package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/// The tunnel's UDP socket: datagrams in and out in batches. Owned by the tunnel loop.
///
/// An error on a datagram (port unreachable, no route, no permission) never ends the port: it is counted and the next
/// datagram is taken.
public interface UdpPort extends AutoCloseable {
    /// What takes the received datagrams.
    interface Receiver {
        /// @param datagram a heap buffer, position to limit; the receiver may overwrite its bytes, and may keep them,
        /// but
        ///     not the buffer, until [#end]
        /// @param ecn the two ECN bits of its IP header; 0 where the port does not know them
        void datagram(ByteBuffer datagram, InetSocketAddress from, int ecn);

        /// The bytes of all datagrams since the last call are the port's again.
        default void end() {}
    }

    /// Lets the kernel drop what these rules do not let in, before it wakes or costs this process anything. A wish:
    /// where the kernel has no such filter, everything arrives.
    default void filter(ArrivalRules rules) {}

    /// Begins to report readiness: `readable` runs on the loop whenever datagrams wait, `writable` once after a
    /// `send` that found the kernel's buffer full.
    void register(IoEventLoop loop, Runnable readable, Runnable writable) throws IOException;

    /// Takes at most about `max` waiting datagrams; returns how many it took, 0 where none waits.
    int receive(Receiver receiver, int max);

    /// Copies the datagram into the batch to be sent.
    ///
    /// @param trafficClass DSCP and ECN of its IP header, as the byte of IP_TOS; a port that cannot set it for each
    ///     datagram sends all with 0, which every receiver understands (RFC 6040 §4.3)
    /// @return false if the kernel's buffer is full: nothing was taken, `writable` will be called
    boolean send(ByteBuffer datagram, InetSocketAddress to, int trafficClass);

    /// Hands what [#send] has gathered to the kernel.
    void flush();

    InetSocketAddress localAddress();

    /// The kernel's descriptor, which another process can be given; -1 where it is not ours to give.
    default int descriptor() {
        return -1;
    }

    /// Takes back [#register], on the loop: what arrives waits in the kernel, for another process or the next call
    /// of `register`.
    default void unregister() {
        throw new UnsupportedOperationException("this port cannot be lent");
    }

    /// Datagrams that came and that the kernel dropped since the socket was made: what [#filter] refuses, and what
    /// found
    /// the buffer full. It does not tell them apart. 0 where it is not known.
    default long kernelDrops() {
        return 0;
    }

    /// Datagrams that the kernel refused to send, since the start.
    long sendErrors();

    /// Of these, what this machine would not send at all, by where to.
    Unsendable unsendable();

    @Override
    void close();
}
