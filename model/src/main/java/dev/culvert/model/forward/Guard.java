package dev.culvert.model.forward;

import dev.culvert.model.Rate;
import dev.culvert.model.Refusal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who may pass a [Forward], and how often.
///
/// @param allowed who may; null for everyone
/// @param denied who may not, whatever `allowed` says: by the service's own list, or banned
/// @param rate how often one visitor (an IPv4 address or IPv6 /64) may begin; null for any
/// @param totalRate how often all together may; null for any
/// @param perVisitor most connections and flows of one visitor at once; 0 for any
/// @param connections most of them at once; 0 for any
/// @param refusal what becomes of a connection that may not; datagrams are dropped
public record Guard(
        @Nullable List<Interval> allowed,
        List<Interval> denied,
        @Nullable Rate rate,
        @Nullable Rate totalRate,
        int perVisitor,
        int connections,
        Refusal refusal) {}
