package dev.culvert.dataplane;

import dev.culvert.dataplane.os.ForwardTraffic;
import dev.culvert.dataplane.os.LinuxKernelForward;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.model.Model;
import dev.culvert.model.decide.Ban;
import dev.culvert.model.forward.Forward;
import dev.culvert.model.forward.ForwardPlan;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the kernel forwards for the services of the model that ask for it, as long as they do.
final class KernelForwarding {
    private static final Logger LOG = LoggerFactory.getLogger(KernelForwarding.class);

    private final boolean linux;
    private final TunnelDriver tunnel;
    private final List<InetAddress> own;
    private final Supplier<List<Ban>> bans;
    private @Nullable LinuxKernelForward kernel;
    private @Nullable Model model;
    private ForwardPlan plan = ForwardPlan.NOTHING;
    private String complaint = "";
    private boolean looked;

    /// @throws IOException if a port is not to be had
    @FunctionalInterface
    interface PortCheck {
        void requireFree(Forward forward) throws IOException;
    }

    /// @param linux whether this process has the kernel's own sockets
    /// @param own this node's addresses inside the tunnel
    /// @param bans those that hold now
    KernelForwarding(boolean linux, TunnelDriver tunnel, List<InetAddress> own, Supplier<List<Ban>> bans) {
        this.linux = linux;
        this.tunnel = tunnel;
        this.own = List.copyOf(own);
        this.bans = bans;
    }

    /// Before `next` holds: from then on visitors are led as it says.
    ///
    /// @param ports asked about each port that is new
    /// @throws IOException with the remedy; what was before holds on
    synchronized void acquire(Model next, PortCheck ports) throws IOException {
        // Without an interface there is no right to take anything back either, as a rule; and a start waits for it.
        if (!looked && linux && tunnel.interfaceName() != null) {
            looked = true;
            LinuxKernelForward.clear();
        }
        ForwardPlan wanted = plan(next);
        if (wanted.isEmpty()) {
            return;
        }
        for (Forward forward : wanted.forwards()) {
            if (!has(forward)) {
                ports.requireFree(forward);
            }
        }
        apply(wanted);
    }

    private ForwardPlan plan(Model of) {
        List<Ban> now = bans.get();
        return ForwardPlan.of(of, site -> Ban.prefixes(now, site));
    }

    private boolean has(Forward wanted) {
        return plan.forwards().stream()
                .anyMatch(forward -> forward.transport() == wanted.transport()
                        && forward.from().equals(wanted.from()));
    }

    private void apply(ForwardPlan wanted) throws IOException {
        String name = tunnel.interfaceName();
        if (name == null) {
            throw new IOException(
                    "forward: kernel needs an interface of the kernel's, and the tunnel of this process is "
                            + tunnel.type() + ": tunnel: type: tun or kernel holds from the next start on");
        }
        LinuxKernelForward open = kernel;
        if (open == null) {
            open = LinuxKernelForward.open(name, own);
            kernel = open;
            tunnel.forwards(true).awaitUninterruptibly();
        }
        if (!wanted.equals(plan)) {
            try {
                open.apply(wanted);
            } catch (IOException e) {
                if (plan.isEmpty()) {
                    close();
                }
                throw e;
            }
            plan = wanted;
        }
    }

    /// Once `now` holds, or another has been refused and `now` is the one before.
    synchronized void release(Model now) {
        model = now;
        keep();
    }

    /// Brings what the kernel has to what it should have: bans come and go, and others change the machine's rules. To
    /// be called now and then.
    synchronized void keep() {
        Model holding = model;
        if (holding == null || kernel == null) {
            return;
        }
        ForwardPlan wanted = plan(holding);
        if (wanted.isEmpty()) {
            close();
            return;
        }
        try {
            apply(wanted);
            LinuxKernelForward open = kernel;
            if (open != null) {
                open.keep(wanted);
            }
            complaint = "";
        } catch (IOException e) {
            complain(String.valueOf(e.getMessage()));
        }
    }

    private void complain(String now) {
        if (!now.equals(complaint)) {
            complaint = now;
            LOG.warn("{}", now);
        }
    }

    /// What the kernel has carried for each service that it forwards now.
    synchronized Map<String, ForwardTraffic> traffic() {
        LinuxKernelForward open = kernel;
        if (open == null) {
            return Map.of();
        }
        try {
            return open.traffic(plan);
        } catch (IOException e) {
            complain(String.valueOf(e.getMessage()));
            return Map.of();
        }
    }

    synchronized void close() {
        LinuxKernelForward open = kernel;
        kernel = null;
        plan = ForwardPlan.NOTHING;
        if (open != null) {
            tunnel.forwards(false);
            open.close();
        }
    }
}
