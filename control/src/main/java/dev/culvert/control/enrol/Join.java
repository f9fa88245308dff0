package dev.culvert.control.enrol;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.machine.SaneClock;
import dev.culvert.control.machine.UdpProbe;
import dev.culvert.control.store.KeyFiles;
import dev.culvert.control.store.StateFolder;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Endpoint;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// The home's side of enrolment: makes the site's key, hands its public half over through the tunnel, stores what it
/// learns. May be done again with the same token: the key stays, and the gateway gives the same answer.
public final class Join {
    private static final long ANSWER_MILLIS = 15_000;

    private final StateFolder state;
    private final Consumer<String> progress;

    /// What has been agreed.
    ///
    /// @param fingerprint the same that the gateway logs
    public record Joined(String site, String gateway, String address, String fingerprint) {}

    /// @param progress told each step, for people
    public Join(StateFolder state, Consumer<String> progress) {
        this.state = state;
        this.progress = progress;
    }

    /// @throws IOException with what to do about it
    public Joined join(Token token) throws IOException {
        Token.Gateway gateway = token.gateways().getFirst();
        refuseAnother(gateway);
        warnOfClock(token, Instant.now());
        // The key is on the disk before anybody hears of it: a lost answer can be asked for again.
        PrivateKey key = KeyFiles.readOrCreate(state.privateKey());
        InetSocketAddress endpoint = resolve(gateway);
        progress.accept("calling " + gateway.host() + " port " + gateway.port() + "/udp");
        Map<String, Object> answer = ask(token, gateway, endpoint, key.publicKey(CryptoProvider.functions()));
        store(token, gateway, answer);
        return new Joined(
                token.site(),
                gateway.name(),
                String.valueOf(answer.get("address")),
                Fingerprint.of(gateway.key(), key.publicKey()));
    }

    /// A site has one gateway so far, and its address inside the tunnel comes from there.
    private void refuseAnother(Token.Gateway gateway) throws IOException {
        for (Document document : state.store().list("gateways")) {
            if (!document.text().contains(gateway.key().toString())) {
                String name = document.key().substring(document.key().indexOf('/') + 1);
                throw new IOException("this machine has already joined gateway " + name + endpoint(document)
                        + ", and the token is from " + gateway.name() + " at " + gateway.host()
                        + ", which has another key. To leave " + name + ", remove "
                        + state.path().resolve("store").resolve(document.key() + ".doc")
                        + " and join again; to be a site of both, give the second its own folder with --state");
            }
        }
    }

    private static String endpoint(Document document) {
        return document.text()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("endpoint: "))
                .map(line -> " at " + line.substring("endpoint: ".length()).replace("\"", ""))
                .findFirst()
                .orElse("");
    }

    private void warnOfClock(Token token, Instant now) {
        String wrong = SaneClock.wrong(now);
        if (wrong != null) {
            progress.accept(wrong + "; " + SaneClock.FIX);
        } else if (now.isAfter(token.expires().plusSeconds(300))) {
            progress.accept("this token expired at " + token.expires() + ", and this machine's clock says " + now
                    + "; if the clock is right, make a new one at the gateway, else " + SaneClock.FIX);
        } else if (now.plus(Duration.ofDays(1)).isBefore(token.expires())) {
            // Tokens live for minutes.
            progress.accept("this machine's clock is behind: the token is good until " + token.expires()
                    + ", and it says " + now + "; " + SaneClock.FIX);
        }
    }

    private static InetSocketAddress resolve(Token.Gateway gateway) throws IOException {
        try {
            return new InetSocketAddress(InetAddress.getByName(gateway.host()), gateway.port());
        } catch (UnknownHostException e) {
            throw new IOException(
                    "the gateway's name " + gateway.host() + " does not resolve: check this machine's DNS", e);
        }
    }

    private Map<String, Object> ask(Token token, Token.Gateway gateway, InetSocketAddress endpoint, PublicKey own)
            throws IOException {
        try (Loops loops = Loops.forThisMachine();
                WireGuardTunnel tunnel = WireGuardTunnel.open(
                        loops.tunnel(),
                        new WireGuardTunnel.Settings(token.oneTimeKey(), List.of(token.guestAddress()), token.mtu()),
                        loops.bindUdp(new InetSocketAddress(0)),
                        CryptoProvider.functions())) {
            tunnel.put(new PeerConfig(gateway.key(), null, endpoint, 0, List.of(IpPrefix.host(gateway.address()))));
            InetSocketAddress control = new InetSocketAddress(gateway.address(), Ports.CONTROL);
            Response response = new TunnelClient(tunnel)
                    .request(control, "POST", "/enrol", own.toString(), ANSWER_MILLIS)
                    .get(ANSWER_MILLIS + 1_000, TimeUnit.MILLISECONDS);
            if (response.status() != 200) {
                throw new IOException("the gateway refused: " + response.body().strip());
            }
            return JSON.std.mapFrom(response.body());
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException(silence(gateway, endpoint), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /// WireGuard answers nobody whom it does not know, so several faults look alike from here.
    private static String silence(Token.Gateway gateway, InetSocketAddress endpoint) {
        String where = endpoint.getAddress().getHostAddress() + " port " + endpoint.getPort() + "/udp";
        return switch (UdpProbe.of(new Endpoint(gateway.host(), gateway.port()))) {
            case CLOSED -> "nobody listens at " + where + ": that machine says so. Start culvert gateway there";
            case NO_WAY, UNRESOLVED -> "there is no way to " + where + ": is this network online?";
            case SILENT ->
                "no answer of the gateway at " + where
                        + ". Is `culvert gateway` running there, is that UDP port open in"
                        + " its firewall and its provider's, and is the token from this very gateway (" + gateway.name()
                        + ", key " + gateway.key() + ", as culvert status there shows it), unused and not yet expired?"
                        + " A gateway does not answer tokens that it does not know: culvert site add makes a new one";
        };
    }

    private void store(Token token, Token.Gateway gateway, Map<String, Object> answer) throws IOException {
        String host = gateway.host().indexOf(':') >= 0 ? "[" + gateway.host() + "]" : gateway.host();
        String text = """
                site:
                  name: %s
                tunnel:
                  address: %s
                  mtu: %d
                gateways:
                  %s:
                    public-key: "%s"
                    endpoint: "%s:%d"
                    address: %s
                    keepalive: %s
                """.formatted(
                        token.site(),
                        answer.get("address"),
                        token.mtu(),
                        gateway.name(),
                        gateway.key(),
                        host,
                        gateway.port(),
                        gateway.address().getHostAddress(),
                        answer.get("keepalive"));
        Store store = state.store();
        String document = "gateways/" + gateway.name();
        Document before = store.read(document);
        store.put(document, before == null ? 0 : before.version(), text);
    }
}
