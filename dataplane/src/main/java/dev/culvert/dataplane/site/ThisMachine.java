package dev.culvert.dataplane.site;

import dev.culvert.model.Surroundings;
import dev.culvert.proto.inet.IpPrefix;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What the kernel says of this machine's interfaces.
public final class ThisMachine {
    // Documentation/ABI/testing/sysfs-class-net
    private static final Path INTERFACES = Path.of("/sys/class/net");

    private ThisMachine() {}

    /// Its addresses, and the networks of its containers; of the moment.
    public static Surroundings surroundings() {
        Set<InetAddress> own = new HashSet<>();
        List<IpPrefix> containers = new ArrayList<>();
        try {
            for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
                each.inetAddresses().forEach(own::add);
                if (isOfContainers(each.getName())) {
                    networks(each, containers);
                }
            }
        } catch (IOException e) {
            // An interface that goes while it is looked at is not there.
        }
        return new Surroundings(own, containers);
    }

    private static void networks(NetworkInterface bridge, List<IpPrefix> into) {
        for (InterfaceAddress each : bridge.getInterfaceAddresses()) {
            // Every interface has the link-local network.
            if (!each.getAddress().isLinkLocalAddress()) {
                into.add(new IpPrefix(each.getAddress(), each.getNetworkPrefixLength()));
            }
        }
    }

    /// A bridge whose ports are all ends of containers and virtual machines. Where one is a network card, or stands on
    /// one, the bridge is a part of the home's network, which has another router.
    private static boolean isOfContainers(String bridge) throws IOException {
        Path folder = INTERFACES.resolve(bridge);
        if (!Files.isDirectory(folder.resolve("bridge"))) {
            return false;
        }
        try (DirectoryStream<Path> ports = Files.newDirectoryStream(folder.resolve("brif"))) {
            for (Path port : ports) {
                if (leadsOut(INTERFACES.resolve(port.getFileName()))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean leadsOut(Path port) throws IOException {
        if (Files.exists(port.resolve("device"))) {
            return true;
        }
        try (DirectoryStream<Path> below = Files.newDirectoryStream(port, "lower_*")) {
            return below.iterator().hasNext();
        }
    }
}
