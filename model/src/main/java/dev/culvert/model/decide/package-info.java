/// The decisions that stand between a visitor and a target: admission, routing, access.
///
/// A connection passes typed stages, and each stage needs the one before:
/// [Admission#accept] → [Admitted]; [Router#route] → [Routed]; [Admission#permit] of both → [Permit]. Each may
/// answer [Deny] with a [DenyReason] instead. Only this package can make an `Admitted`, a `Routed` or a `Permit`, so
/// a relay that asks for a `Permit` cannot exist for someone who was not let in.
///
/// `Router` is immutable and made anew for every `Model`. `Admission` and `BanTable` outlive models; they are shared by
/// all visitor loops and hold no lock: counters are atomic and the bans are one immutable snapshot behind one volatile
/// reference. Time is an argument (`now`, monotonic nanoseconds), the hash seed too.
@NullMarked
package dev.culvert.model.decide;

import org.jspecify.annotations.NullMarked;
