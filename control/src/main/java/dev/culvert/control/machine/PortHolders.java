package dev.culvert.control.machine;

import dev.culvert.control.machine.BoundSocket.Transport;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Who holds which port of this machine, as far as this process may see: root sees every process, others their own.
/// A snapshot; made anew for each question.
public final class PortHolders {
    private static final String SOCKET = "socket:[";

    private final List<BoundSocket> sockets;
    private final Map<Long, Holding> owners;
    private final Set<String> wireGuards;
    private final Map<Integer, String> users;

    private record Holding(long id, String name) {}

    private PortHolders(Path proc, Path net, Path passwd) {
        this.sockets = List.copyOf(ProcNet.read(proc));
        this.owners = owners(proc);
        this.wireGuards = wireGuards(net);
        this.users = users(passwd);
    }

    public static PortHolders now() {
        return new PortHolders(Path.of("/proc"), Path.of("/sys/class/net"), Path.of("/etc/passwd"));
    }

    /// @param root what stands for the machine's `/`
    static PortHolders below(Path root) {
        return new PortHolders(root.resolve("proc"), root.resolve("sys/class/net"), root.resolve("etc/passwd"));
    }

    public List<BoundSocket> sockets() {
        return sockets;
    }

    /// Who holds a port, in words; null if nobody does.
    public @Nullable String holder(Transport transport, int port) {
        for (BoundSocket socket : sockets) {
            if (socket.transport() == transport && socket.port() == port) {
                return describe(socket);
            }
        }
        return null;
    }

    /// `nginx (process 4711)`, or what is known where the process may not be seen.
    public String describe(BoundSocket socket) {
        Holding process = owners.get(socket.inode());
        if (process != null) {
            return process.name() + " (process " + process.id() + ")";
        }
        // The kernel's own sockets belong to root and to no process.
        if (socket.transport() == Transport.UDP && socket.uid() == 0 && !wireGuards.isEmpty()) {
            return "the kernel's WireGuard, it seems (interface " + String.join(", ", wireGuards)
                    + "; `wg show` tells its port)";
        }
        String user = users.getOrDefault(socket.uid(), "number " + socket.uid());
        return "a process of user " + user + " (`ss -lnp` as root names it)";
    }

    /// The process's name; null where it may not be seen.
    public @Nullable String processName(BoundSocket socket) {
        Holding process = owners.get(socket.inode());
        return process == null ? null : process.name();
    }

    /// Whether this very process holds it.
    public boolean isMine(BoundSocket socket) {
        Holding process = owners.get(socket.inode());
        return process != null && process.id() == ProcessHandle.current().pid();
    }

    private static Map<Long, Holding> owners(Path proc) {
        Map<Long, Holding> owners = new HashMap<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                addSockets(owners, process);
            }
        } catch (IOException e) {
            // No /proc: nobody can be named.
        }
        return owners;
    }

    private static void addSockets(Map<Long, Holding> owners, Path process) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            Holding holder = null;
            for (Path file : files) {
                String link = Files.readSymbolicLink(file).toString();
                if (link.startsWith(SOCKET)) {
                    if (holder == null) {
                        String name = Files.readString(process.resolve("comm")).strip();
                        holder =
                                new Holding(Long.parseLong(process.getFileName().toString()), name);
                    }
                    owners.put(Long.parseLong(link.substring(SOCKET.length(), link.length() - 1)), holder);
                }
            }
        } catch (IOException | RuntimeException e) {
            // Another user's process, or one that ended meanwhile.
        }
    }

    private static Set<String> wireGuards(Path net) {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> interfaces = Files.newDirectoryStream(net)) {
            for (Path one : interfaces) {
                Path event = one.resolve("uevent");
                if (Files.isReadable(event) && Files.readString(event).contains("DEVTYPE=wireguard")) {
                    names.add(one.getFileName().toString());
                }
            }
        } catch (IOException e) {
            // No /sys: no interface is known.
        }
        return names;
    }

    private static Map<Integer, String> users(Path passwd) {
        Map<Integer, String> users = new HashMap<>();
        try {
            for (String line : Files.readAllLines(passwd)) {
                String[] fields = line.split(":", -1);
                if (fields.length > 2 && fields[2].matches("[0-9]{1,9}")) {
                    users.putIfAbsent(Integer.parseInt(fields[2]), fields[0]);
                }
            }
        } catch (IOException e) {
            // Numbers will do.
        }
        return users;
    }
}
