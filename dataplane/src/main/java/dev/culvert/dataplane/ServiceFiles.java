package dev.culvert.dataplane;

import dev.culvert.dataplane.access.BasicAuth;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What files that a model names say, read when it is applied.
///
/// @param pages maintenance pages, by file
/// @param passwords knows the users files
public record ServiceFiles(Map<String, byte[]> pages, BasicAuth passwords) {
    private static final int MAX_PAGE = 256 * 1024;

    public ServiceFiles {
        pages = Map.copyOf(pages);
    }

    /// Blocks.
    ///
    /// @throws IOException with the remedy
    static ServiceFiles read(Model model, BasicAuth passwords) throws IOException {
        Map<String, byte[]> pages = new HashMap<>();
        for (Service service : model.services().values()) {
            var basic = service.access().basic();
            if (basic != null) {
                passwords.load(basic.usersFile());
            }
            String file = service.http().maintenance();
            if (file != null && !file.equals(HttpSettings.MAINTENANCE) && !pages.containsKey(file)) {
                pages.put(file, page(service.name(), file));
            }
        }
        return new ServiceFiles(pages, passwords);
    }

    /// The page of a service in maintenance; null where there is none of its own.
    public byte @Nullable [] page(Service service) {
        String file = service.http().maintenance();
        return file == null ? null : pages.get(file);
    }

    private static byte[] page(String service, String file) throws IOException {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(MAX_PAGE + 1);
            if (bytes.length > MAX_PAGE) {
                throw new IOException("it has more than " + MAX_PAGE + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw new IOException("the maintenance page of service " + service + " cannot be read: " + e, e);
        }
    }
}
