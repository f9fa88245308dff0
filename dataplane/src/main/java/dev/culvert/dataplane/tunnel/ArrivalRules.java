package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.IndexForm;
import java.net.InetAddress;
import java.util.List;

/// What may come in at the tunnel's UDP socket.
///
/// @param indices what receiver indices look like
/// @param bare which part of the initiations without mac2 passes, up to 1, chosen by chance
/// @param proven the same of those with a mac2, whether it is right or not
/// @param exempt from where all pass: the addresses of peers, at most [#MAX_EXEMPT]
public record ArrivalRules(IndexForm indices, double bare, double proven, List<InetAddress> exempt) {
    /// The kernel's filters are bounded, and look at each address in turn.
    public static final int MAX_EXEMPT = 32;

    /// Copies the list.
    public ArrivalRules {
        exempt = List.copyOf(exempt);
        if (exempt.size() > MAX_EXEMPT) {
            throw new IllegalArgumentException("exempt: " + exempt.size() + " (expected: <= " + MAX_EXEMPT + ")");
        }
    }

    /// All that may be a message to a device whose indices have that form.
    public static ArrivalRules open(IndexForm indices) {
        return new ArrivalRules(indices, 1, 1, List.of());
    }

    /// Whether some initiations are to be dropped.
    public boolean isSampling() {
        return bare < 1 || proven < 1;
    }
}
