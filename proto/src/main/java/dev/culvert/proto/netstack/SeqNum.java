package dev.culvert.proto.netstack;

/// Comparison of 32-bit sequence numbers modulo 2³² (RFC 9293 §3.4): right while they are less than 2³¹ apart.
final class SeqNum {
    private SeqNum() {}

    static boolean before(int a, int b) {
        return a - b < 0;
    }

    static boolean after(int a, int b) {
        return b - a < 0;
    }

    static boolean atMost(int a, int b) {
        return b - a >= 0;
    }

    static boolean atLeast(int a, int b) {
        return a - b >= 0;
    }

    static int max(int a, int b) {
        return before(a, b) ? b : a;
    }

    static int min(int a, int b) {
        return before(a, b) ? a : b;
    }
}
