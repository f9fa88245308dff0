package dev.culvert.control.admin;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.UnixHttp;
import dev.culvert.control.store.StateFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Asks the node that runs with a state folder. One request a connection; blocks.
public final class AdminClient {
    private final Path socket;

    /// The node answered that it would not, and why.
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    public AdminClient(Path socket) {
        this.socket = socket;
    }

    /// @return the answer's JSON
    /// @throws Refused with the node's words
    /// @throws IOException if no node runs with this state, or it cannot be asked
    public Map<String, Object> call(String method, String path, Map<String, ?> arguments) throws IOException {
        UnixHttp.Answer answer;
        try {
            answer = UnixHttp.request(socket, method, path, JSON.std.asString(arguments));
        } catch (IOException e) {
            throw new IOException(unreachable(), e);
        }
        if (answer.status() != 200) {
            throw new Refused(answer.body().strip());
        }
        return JSON.std.mapFrom(answer.body());
    }

    private String unreachable() {
        Path folder = socket.getParent();
        Path installed = StateFolder.INSTALLED;
        if (Files.exists(socket) && !Files.isWritable(socket)) {
            return "the culvert with the state in " + folder + " does not listen to this user: " + joinGroup();
        }
        String nobody = "no culvert runs with the state in " + folder
                + ": start it (culvert gateway, or culvert site), or name its folder with --state";
        boolean closed = Files.isDirectory(installed) && !Files.isExecutable(installed);
        return closed && !installed.equals(folder)
                ? nobody + ". The installed service's is " + installed + ": to use it, " + joinGroup()
                : nobody;
    }

    private static String joinGroup() {
        String user = System.getProperty("user.name");
        return "join its group (sudo usermod -aG culvert " + user + ", then log in again) or use sudo";
    }
}
