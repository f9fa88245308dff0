package dev.culvert.proto.netstack.testing;

/// How one direction of a simulated network treats packets.
///
/// @param latency one way, in nanoseconds
/// @param jitter up to so much more, which reorders
/// @param loss probability that a packet is lost
/// @param duplicate probability that it arrives twice
/// @param corrupt probability that one of its bytes is changed
/// @param mtu larger packets are lost
/// @param bytesPerSecond rate of the bottleneck, 0 for none
/// @param queue bytes that wait at the bottleneck before it drops
/// @param mark probability that a packet which may be is marked (ECN)
/// @param held probability that the jitter falls on a packet at all
public record Link(
        long latency,
        long jitter,
        double loss,
        double duplicate,
        double corrupt,
        int mtu,
        long bytesPerSecond,
        long queue,
        double mark,
        double held) {
    public static final long MS = 1_000_000L;

    /// A link that only takes its time.
    public static Link ofLatency(long millis) {
        return new Link(millis * MS, 0, 0, 0, 0, 65535, 0, 0, 0, 1);
    }

    public Link withLoss(double probability) {
        return new Link(latency, jitter, probability, duplicate, corrupt, mtu, bytesPerSecond, queue, mark, held);
    }

    public Link withJitter(long nanos) {
        return new Link(latency, nanos, loss, duplicate, corrupt, mtu, bytesPerSecond, queue, mark, held);
    }

    public Link withDuplicates(double probability) {
        return new Link(latency, jitter, loss, probability, corrupt, mtu, bytesPerSecond, queue, mark, held);
    }

    public Link withCorruption(double probability) {
        return new Link(latency, jitter, loss, duplicate, probability, mtu, bytesPerSecond, queue, mark, held);
    }

    public Link withMtu(int bytes) {
        return new Link(latency, jitter, loss, duplicate, corrupt, bytes, bytesPerSecond, queue, mark, held);
    }

    public Link withRate(long bytesPerSecond, long queue) {
        return new Link(latency, jitter, loss, duplicate, corrupt, mtu, bytesPerSecond, queue, mark, held);
    }

    public Link withMarks(double probability) {
        return new Link(latency, jitter, loss, duplicate, corrupt, mtu, bytesPerSecond, queue, probability, held);
    }

    /// Some packets are held for up to so long, and overtaken by others meanwhile.
    public Link withHeld(double probability, long nanos) {
        return new Link(latency, nanos, loss, duplicate, corrupt, mtu, bytesPerSecond, queue, mark, probability);
    }
}
