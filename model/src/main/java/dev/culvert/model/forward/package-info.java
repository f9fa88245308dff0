/// What the kernel of a gateway is told of services with `forward: kernel`, as values: a [ForwardPlan] is compiled from
/// a model and the bans that hold, and the data plane writes it into a table of nftables.
///
/// Entry type: [ForwardPlan]. See docs/decisions/0022-kernel-forward.md.
@NullMarked
package dev.culvert.model.forward;

import org.jspecify.annotations.NullMarked;
