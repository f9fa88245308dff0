package dev.culvert.control.acme;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How an order failed.
///
/// @param text what happened, in the CA's words where it has said any
/// @param remedy what the operator can do; empty if waiting is all
/// @param retryAfter when the CA said to come again
record OrderFailure(
        OrderFault fault,
        String text,
        String remedy,
        @Nullable Instant retryAfter) {}
