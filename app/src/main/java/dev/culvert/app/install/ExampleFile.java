package dev.culvert.app.install;

import dev.culvert.model.Role;
import org.jspecify.annotations.Nullable;

/// The configuration file that an installation begins with: what most people need, as comments.
final class ExampleFile {
    private static final String SITE = """
            # site.yaml: this site. `culvert check /etc/culvert/site.yaml` names every mistake; a change is taken up within
            # a second, and cuts no connection. All keys: docs/config.md.

            # What gateways may reach from here, and nothing else. Empty: nothing.
            allow: []
            #  - 192.168.1.20:2342        # the photo server
            #  - 127.0.0.1:22             # ssh on this machine
            """;

    private ExampleFile() {}

    /// @param endpoint where sites dial a gateway, if it is known
    static String text(Role role, @Nullable String endpoint) {
        return switch (role) {
            case GATEWAY ->
                gateway(
                        endpoint == null
                                ? "# gateway:\n#   endpoint: vps.example.com:51820"
                                : "gateway:\n  endpoint: " + endpoint);
            case SITE -> SITE;
        };
    }

    private static String gateway(String endpoint) {
        return """
                # gateway.yaml: this gateway. `culvert check /etc/culvert/gateway.yaml` names every mistake; a change is
                # taken up within a second, and cuts no connection. All keys: docs/config.md.

                # Where sites find this machine; `culvert site add` needs it.
                %s

                http:
                  listen: 80

                # What the world may reach, once the site has joined (culvert site add home):
                #
                # services:
                #   photos:                              # http://photos.example.com
                #     host: photos.example.com
                #     site: home
                #     target: http://192.168.1.20:2342   # as seen from home
                #   ssh:                                 # ssh -p 2222 vps.example.com
                #     listen: 2222/tcp
                #     site: home
                #     target: tcp://127.0.0.1:22
                """.formatted(endpoint);
    }
}
