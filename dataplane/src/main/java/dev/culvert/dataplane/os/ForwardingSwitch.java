package dev.culvert.dataplane.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether this machine forwards packets of one IP version at all: ip_forward (Documentation/networking/ip-sysctl).
///
/// That it was off before stands in the kernel, as the name of an empty table of nftables: as that, the switch lives
/// until the machine stops, and the next start finds it after a kill. Owned by one thread.
final class ForwardingSwitch {
    private static final byte[] ON = {'1', '\n'};
    private static final byte[] OFF = {'0', '\n'};

    private final Path file;
    private final String memory;
    private final boolean ipv4;

    private ForwardingSwitch(Path file, String memory, boolean ipv4) {
        this.file = file;
        this.memory = memory;
        this.ipv4 = ipv4;
    }

    static ForwardingSwitch ipv4() {
        return new ForwardingSwitch(Path.of("/proc/sys/net/ipv4/ip_forward"), "culvert-ip-forward-was-off", true);
    }

    static ForwardingSwitch ipv6() {
        return new ForwardingSwitch(
                Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "culvert-ipv6-forwarding-was-off", false);
    }

    boolean isIpv4() {
        return ipv4;
    }

    /// @throws IOException with the remedy
    void on() throws IOException {
        if (isOn()) {
            return;
        }
        Nftables.put(memory);
        try {
            Files.write(file, ON);
        } catch (IOException e) {
            forget();
            String key = file.subpath(2, file.getNameCount()).toString().replace('/', '.');
            throw new IOException(
                    "forward: kernel needs " + key + " = 1, and this process may not write it: sysctl -w " + key + "=1",
                    e);
        }
    }

    private boolean isOn() throws IOException {
        return Files.isReadable(file) && Files.readString(file).strip().equals("1");
    }

    /// Switches off what was switched on here, by this process or one that was killed.
    void restore() {
        try {
            if (!Nftables.exists(memory)) {
                return;
            }
            Files.write(file, OFF);
            forget();
        } catch (IOException e) {
            // The next start tries again: the memory stays.
        }
    }

    private void forget() throws IOException {
        Nftables.staying(memory).close();
    }
}
