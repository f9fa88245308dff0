package dev.culvert.app;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tells the node where the shell comes from that changes it, so that it can notice when that way is cut.
final class CameFrom {
    private CameFrom() {}

    static Map<String, Object> with(Map<String, Object> arguments) {
        return with(arguments, System.getenv("SSH_CONNECTION"));
    }

    /// @param connection what sshd sets: client address, client port, server address, server port
    static Map<String, Object> with(Map<String, Object> arguments, @Nullable String connection) {
        Map<String, Object> all = new LinkedHashMap<>(arguments);
        if (connection != null) {
            all.put("cameFrom", connection);
        }
        return all;
    }
}
