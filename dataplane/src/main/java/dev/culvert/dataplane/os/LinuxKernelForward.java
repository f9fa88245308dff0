package dev.culvert.dataplane.os;

import dev.culvert.dataplane.os.Nftables.Counted;
import dev.culvert.model.forward.Forward;
import dev.culvert.model.forward.ForwardPlan;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the kernel forwards into the tunnel: a table of nftables, which is replaced as a whole; rules that let what it
/// has marked pass the firewalls beside it; and the switches that let the machine forward at all.
///
/// The table ends with the process. What else a killed process leaves (rules that match nothing any more, and the
/// switches) the next start takes back: [#clear]. See docs/decisions/0022-kernel-forward.md. Owned by one thread.
public final class LinuxKernelForward implements AutoCloseable {
    /// The mark of packets that a forward lets through.
    static final int MARK = 5187;

    private static final String TABLE = "culvert-forward";

    private final String tunnel;
    private final List<InetAddress> own;
    private final Nftables table;
    private final FirewallPasses passes;
    private final List<ForwardingSwitch> switches;

    private LinuxKernelForward(String tunnel, List<InetAddress> own) throws IOException {
        this.tunnel = tunnel;
        this.own = List.copyOf(own);
        table = Nftables.owned(TABLE);
        passes = new FirewallPasses();
        switches = List.of(ForwardingSwitch.ipv4(), ForwardingSwitch.ipv6());
    }

    /// @param tunnel the interface that leads into it
    /// @param own this machine's addresses inside the tunnel
    /// @throws IOException if the kernel has no nftables
    public static LinuxKernelForward open(String tunnel, List<InetAddress> own) throws IOException {
        return new LinuxKernelForward(tunnel, own);
    }

    /// Takes back what a process left that was killed.
    public static void clear() {
        try {
            ForwardingSwitch.ipv4().restore();
            ForwardingSwitch.ipv6().restore();
            try (FirewallPasses left = new FirewallPasses()) {
                left.remove();
            }
        } catch (IOException e) {
            // Without nftables nothing was left.
        }
    }

    /// Replaces what is forwarded, at once; connections that the new plan has as well live on.
    ///
    /// @throws IOException with the remedy; then the old plan holds, or this is to be closed
    public void apply(ForwardPlan plan) throws IOException {
        Map<String, Counted> before = table.counters();
        int error = table.replace(rules -> new ForwardRules(plan, tunnel, own, before).write(rules));
        if (error != 0) {
            throw new IOException("forward: kernel is refused by the kernel's nftables: "
                    + (error == Libc.EPERM || error == Libc.EACCES
                            ? "this process needs CAP_NET_ADMIN"
                            : "errno " + error + "; it needs NAT and connection tracking (nft_nat, nft_ct, nft_fib,"
                                    + " nft_limit, nft_connlimit, nft_reject)"));
        }
        passes.keep();
        for (ForwardingSwitch each : switches) {
            if (plan.has(each.isIpv4())) {
                each.on();
            } else {
                each.restore();
            }
        }
    }

    /// What was forwarded so far for each service of the plan that holds.
    ///
    /// @throws IOException if the kernel does not tell
    public Map<String, ForwardTraffic> traffic(ForwardPlan plan) throws IOException {
        Map<String, Counted> counters = table.counters();
        Map<String, ForwardTraffic> traffic = new HashMap<>();
        for (Forward forward : plan.forwards()) {
            traffic.computeIfAbsent(forward.service(), name -> ForwardTraffic.of(name, counters));
        }
        return traffic;
    }

    /// Puts back what somebody has taken away: another firewall was loaded anew, or forwarding switched off.
    public void keep(ForwardPlan plan) throws IOException {
        if (passes.isOutdated()) {
            if (table.isGone()) {
                apply(plan);
            }
            passes.keep();
        }
        for (ForwardingSwitch each : switches) {
            if (plan.has(each.isIpv4())) {
                each.on();
            }
        }
    }

    @Override
    public void close() {
        table.close();
        passes.remove();
        passes.close();
        switches.forEach(ForwardingSwitch::restore);
    }
}
