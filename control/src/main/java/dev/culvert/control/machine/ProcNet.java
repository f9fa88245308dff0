package dev.culvert.control.machine;

import dev.culvert.control.machine.BoundSocket.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads /proc/net/tcp, tcp6, udp and udp6: the sockets of this network namespace, for every user to see.
final class ProcNet {
    private static final int ADDRESS = 1;
    private static final int STATE = 3;
    private static final int UID = 7;
    private static final int INODE = 9;

    private ProcNet() {}

    /// Every socket that waits for others; what cannot be read is left out.
    static List<BoundSocket> read(Path proc) {
        List<BoundSocket> all = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            for (String version : new String[] {"", "6"}) {
                try {
                    Files.readAllLines(proc.resolve("net").resolve(transport + version), StandardCharsets.US_ASCII)
                            .forEach(line -> add(all, transport, line));
                } catch (IOException e) {
                    // No /proc, or no IPv6: then there is nothing to tell.
                }
            }
        }
        return all;
    }

    private static void add(List<BoundSocket> all, Transport transport, String line) {
        String[] fields = line.strip().split("\\s+", -1);
        if (fields.length <= INODE || !fields[STATE].equals(transport.state())) {
            return;
        }
        int colon = fields[ADDRESS].indexOf(':');
        InetAddress address = address(fields[ADDRESS].substring(0, colon));
        int port = Integer.parseInt(fields[ADDRESS].substring(colon + 1), 16);
        if (address != null && port > 0) {
            all.add(new BoundSocket(
                    transport, address, port, Integer.parseInt(fields[UID]), Long.parseLong(fields[INODE])));
        }
    }

    /// The kernel prints each 32-bit word of an address in the machine's own byte order.
    private static @Nullable InetAddress address(String hex) {
        ByteBuffer bytes = ByteBuffer.allocate(hex.length() / 2).order(ByteOrder.nativeOrder());
        for (int i = 0; i + 8 <= hex.length(); i += 8) {
            bytes.putInt(Integer.parseUnsignedInt(hex.substring(i, i + 8), 16));
        }
        try {
            return InetAddress.getByAddress(bytes.array());
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
