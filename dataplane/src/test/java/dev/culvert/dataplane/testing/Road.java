package dev.culvert.dataplane.testing;

import dev.culvert.model.Role;
import dev.culvert.proto.wireguard.PrivateKey;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A gateway and a Culvert site named `home`, each a whole node, with the tunnel between them up.
public final class Road implements AutoCloseable {
    private final TestNode gateway;
    private final TestNode site;
    private final String sites;

    private Road(TestNode gateway, TestNode site, String sites) {
        this.gateway = gateway;
        this.site = site;
        this.sites = sites;
    }

    /// @param services the entries below `services:`, indented by two
    /// @param rules the site's `allow:` and `clients:`
    public static Road open(String services, String rules) throws Exception {
        return open(services, "http: {listen: \"127.0.0.1:80\"}\n", rules);
    }

    /// @param http the gateway's sections beside `sites:` and `services:`
    public static Road open(String services, String http, String rules) throws Exception {
        PrivateKey gatewayKey = PrivateKey.generate(new SecureRandom());
        PrivateKey siteKey = PrivateKey.generate(new SecureRandom());
        String sites = http + """
                sites:
                  home:
                    public-key: "%s"
                    address: 10.77.0.2
                    grant: {host: ["*.home.test"]}
                """.formatted(siteKey.publicKey());
        TestNode gateway = TestNode.start(Role.GATEWAY, gatewayKey, text(sites, services));
        InetSocketAddress endpoint = gateway.tunnel().localAddress();
        TestNode site =
                TestNode.start(Role.SITE, siteKey, """
                tunnel: {address: 10.77.0.2}
                gateways:
                  vps:
                    public-key: "%s"
                    endpoint: "127.0.0.1:%d"
                    address: 10.77.0.1
                    keepalive: 25
                %s""".formatted(gatewayKey.publicKey(), endpoint.getPort(), rules));
        site.peerUp().get(10, TimeUnit.SECONDS);
        return new Road(gateway, site, sites);
    }

    private static String text(String sites, String services) {
        return sites + "services:\n" + services;
    }

    /// Gives the gateway other services.
    public void services(String services) throws Exception {
        gateway.apply(text(sites, services));
    }

    /// The same, with what the site declares beside it.
    public void services(String services, String declared) throws Exception {
        gateway.apply(text(sites, services), "home", declared);
    }

    /// How often something was counted at the gateway.
    public long counter(String kind) {
        return gateway.events().counters().getOrDefault(kind, 0L);
    }

    /// Waits up to ten seconds.
    public static void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within ten seconds");
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    public TestNode gateway() {
        return gateway;
    }

    public TestNode site() {
        return site;
    }

    @Override
    public void close() {
        gateway.close();
        site.close();
    }
}
