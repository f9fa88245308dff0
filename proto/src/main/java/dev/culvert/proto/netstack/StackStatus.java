package dev.culvert.proto.netstack;

import java.util.List;

/// What a stack holds at a moment, beside what it may hold at most.
///
/// @param sockets connections, of at most `maxSockets`, but for what is left of those in TIME-WAIT
/// @param halfOpen of these, in SYN-RECEIVED; beyond `maxHalfOpen`, SYN cookies
/// @param timeWait in TIME-WAIT; their bound is `maxSockets` too
/// @param bufferMemory bytes of buffers in use, of at most `maxBufferMemory`
/// @param fragments packets still in pieces
/// @param connections some of the connections, if there are very many
public record StackStatus(
        int sockets,
        int maxSockets,
        int halfOpen,
        int maxHalfOpen,
        int timeWait,
        long bufferMemory,
        long maxBufferMemory,
        int fragments,
        List<SocketStatus> connections) {
    public StackStatus {
        connections = List.copyOf(connections);
    }
}
