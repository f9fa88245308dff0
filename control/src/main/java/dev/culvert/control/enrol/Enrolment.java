package dev.culvert.control.enrol;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Change;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Grants;
import dev.culvert.model.Model;
import dev.culvert.model.Origin;
import dev.culvert.model.PeerType;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.model.config.ConfigWriter;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gateway's side of enrolment: hands out tokens and redeems each once.
///
/// The same (token, key) pair may come again, as when the reply was lost; a token that was used with another key, or is
/// too
/// old, answers 410 and says when and by whom it was used. State lies in the store, one document for each token.
public final class Enrolment implements InternalService {
    /// attacks.md EN-01.
    public static final Duration LIFETIME = Duration.ofMinutes(15);

    private static final Duration TOMBSTONE = Duration.ofDays(30);
    private static final int MAX_TOMBSTONES = 256;
    private static final int KEEPALIVE_SECONDS = 25;
    private static final String KIND = "enrolments";
    private static final Logger LOG = LoggerFactory.getLogger(Enrolment.class);

    private final Node node;
    private final Store store;
    private final PublicKey gatewayKey;
    private final SecureRandom random = new SecureRandom();
    private final Runnable onChange;

    /// @param onChange called after the store has got a new site
    public Enrolment(Node node, Store store, PublicKey gatewayKey, Runnable onChange) {
        this.node = node;
        this.store = store;
        this.gatewayKey = gatewayKey;
        this.onChange = onChange;
    }

    /// Lets the guests of earlier runs in again, and forgets the oldest of those that are spent.
    public synchronized void resume() throws IOException {
        Instant now = Instant.now();
        List<IssuedToken> oldestFirst = entries().stream()
                .sorted(Comparator.comparing(IssuedToken::expires))
                .toList();
        int surplus = oldestFirst.size() - MAX_TOMBSTONES;
        for (IssuedToken entry : oldestFirst) {
            boolean old = entry.expires().plus(TOMBSTONE).isBefore(now);
            if (entry.isSpent(now) && (old || surplus > 0)) {
                store.delete(key(entry.oneTime()));
                surplus--;
            } else {
                letIn(entry);
            }
        }
    }

    /// Makes a token for a site that is new, or whose key shall be replaced.
    ///
    /// @param endpoint where sites dial this gateway
    /// @param grants what the site may publish; of a site that is replaced, what it may publish besides
    /// @throws IllegalArgumentException if the site exists and `replace` is false
    public synchronized Token issue(String site, Endpoint endpoint, boolean replace, Grants grants) throws IOException {
        Model model = node.model();
        if (model.sites().containsKey(site) && !replace) {
            throw new IllegalArgumentException("site " + site
                    + " exists: remove it first (culvert site remove " + site
                    + "), or give it a new key with --replace");
        }
        PrivateKey once = PrivateKey.generate(random);
        InetAddress guest = TunnelAddresses.highest(network(model), taken(model));
        IssuedToken entry = new IssuedToken(
                site,
                once.publicKey(CryptoProvider.functions()),
                guest,
                Instant.now().plus(LIFETIME),
                siteKey(model, site),
                grants,
                null,
                null,
                null);
        write(entry, 0);
        letIn(entry);
        Token.Gateway gateway = new Token.Gateway(
                model.name(),
                gatewayKey,
                endpoint.host(),
                endpoint.port(),
                model.tunnel().addresses().getFirst());
        LOG.info("site {}: token made, good until {}", site, entry.expires());
        return new Token(
                site,
                List.of(gateway),
                guest,
                once,
                entry.expires(),
                model.tunnel().mtu());
    }

    /// Adds a stock WireGuard peer as a site: nothing to enrol, its key is made here or given.
    ///
    /// @return its addresses inside the tunnel, one of each network
    public synchronized List<InetAddress> addPlain(String site, PublicKey key) throws IOException {
        Model model = node.model();
        if (model.sites().containsKey(site)) {
            throw new IllegalArgumentException(
                    "site " + site + " exists: remove it first (culvert site remove " + site + ")");
        }
        Set<InetAddress> taken = taken(model);
        List<InetAddress> addresses = model.tunnel().networks().stream()
                .map(network -> TunnelAddresses.lowest(network, taken))
                .toList();
        writeSite(site, key, addresses, PeerType.PLAIN, Grants.NONE);
        onChange.run();
        return addresses;
    }

    /// Sets what a site of the store may publish by its own word.
    ///
    /// @param replace whether that is all; else it comes on top
    /// @return all that it may publish now
    /// @throws IllegalArgumentException if the store has no such site
    public synchronized Grants grant(String name, Grants grants, boolean replace) throws IOException {
        Site site = node.model().sites().get(name);
        if (site == null || store.read("sites/" + name) == null) {
            throw new IllegalArgumentException(
                    site == null ? "no site " + name : "site " + name + " is declared in the file: grant it there");
        }
        Grants now = replace ? grants : site.grants().plus(grants);
        write(new Site(name, site.origin(), site.type(), site.peer(), now));
        onChange.run();
        return now;
    }

    /// Forgets a site of the store and what it declared; every token that was made for it is spent.
    ///
    /// @throws IllegalArgumentException if the store has no such site, or a service still needs it
    public synchronized void remove(String site) throws IOException {
        Document known = store.read("sites/" + site);
        if (known == null) {
            boolean inFile = node.model().sites().containsKey(site);
            throw new IllegalArgumentException(
                    inFile ? "site " + site + " is declared in the file: remove it there" : "no site " + site);
        }
        List<String> needed = node.model().services().values().stream()
                .filter(service -> site.equals(service.site()))
                .filter(service -> service.origin().kind() != Origin.Kind.SITE)
                .map(Service::name)
                .toList();
        if (!needed.isEmpty()) {
            throw new IllegalArgumentException("site " + site + " still serves " + String.join(", ", needed)
                    + ": take that out of the configuration first");
        }
        // Who has one of its tokens could come back: they stay as tombstones, which say so to whoever tries.
        List<Change> changes = new ArrayList<>();
        for (Document document : store.list(KIND)) {
            IssuedToken token = IssuedToken.decode(document);
            if (token.site().equals(site) && token.removedAt() == null) {
                String text = token.removed(Instant.now()).encode();
                changes.add(new Change.Put(document.key(), document.version(), text));
            }
        }
        for (Document document : store.list("services")) {
            if (document.key().startsWith(Configuration.declared(site, ""))) {
                changes.add(new Change.Remove(document.key(), document.version()));
            }
        }
        changes.add(new Change.Remove(known.key(), known.version()));
        store.commit(changes);
        onChange.run();
    }

    /// `POST /enrol` with the site's public key, by the holder of the one-time key.
    @Override
    public Response handle(Request request) {
        if (!(request.caller() instanceof PeerCaller(String _, PublicKey caller))
                || !request.method().equals("POST")
                || !request.path().equals("/enrol")) {
            return Response.error(404, "only POST /enrol is served here");
        }
        PublicKey key;
        try {
            key = PublicKey.parse(request.body().strip());
        } catch (IllegalArgumentException e) {
            return Response.error(400, "the body is no public key");
        }
        try {
            return redeem(caller, key);
        } catch (IOException e) {
            LOG.error("enrolment could not be stored: {}", e.getMessage());
            return Response.error(503, "the gateway cannot store the enrolment now (disk full?); try again");
        }
    }

    private synchronized Response redeem(PublicKey caller, PublicKey key) throws IOException {
        Document document = store.read(key(caller));
        if (document == null) {
            return Response.error(404, "no such token");
        }
        IssuedToken entry = IssuedToken.decode(document);
        if (entry.usedBy() != null && !entry.usedBy().equals(key)) {
            LOG.warn(
                    "site {}: a token used at {} was shown again with another key: refused",
                    entry.site(),
                    entry.usedAt());
            return Response.error(
                    410,
                    "this token was used at " + entry.usedAt() + "; make a new one: culvert site add " + entry.site()
                            + " --replace, and find out who used it if it was not you");
        }
        if (entry.removedAt() != null) {
            LOG.warn("site {}: a token of before it was removed was shown again: refused", entry.site());
            return Response.error(
                    410,
                    "site " + entry.site() + " was removed at " + entry.removedAt() + ", and its tokens with it; make a"
                            + " new one: culvert site add " + entry.site());
        }
        Model model = node.model();
        PublicKey present = siteKey(model, entry.site());
        if (present != null && !present.equals(key) && !present.equals(entry.replaces())) {
            LOG.warn("site {}: a token that does not replace it was shown with another key: refused", entry.site());
            return Response.error(
                    410,
                    "site " + entry.site() + " has got another key since this token was made; make a new one:"
                            + " culvert site add " + entry.site() + " --replace");
        }
        if (entry.usedBy() == null && Instant.now().isAfter(entry.expires())) {
            LOG.warn("site {}: a token that expired at {} was shown: refused", entry.site(), entry.expires());
            return Response.error(
                    410,
                    "this token expired at " + entry.expires() + "; make a new one: culvert site add " + entry.site());
        }
        Site existing = model.sites().get(entry.site());
        InetAddress address = existing == null
                ? TunnelAddresses.lowest(network(model), taken(model))
                : existing.peer().addresses().getFirst();
        if (entry.usedBy() == null) {
            // Used comes first: after a crash in between, the same key may ask again and nobody else.
            write(entry.used(key, Instant.now()), document.version());
        }
        if (!key.equals(present)) {
            Grants grants =
                    existing == null ? entry.grants() : existing.grants().plus(entry.grants());
            writeSite(entry.site(), key, List.of(address), PeerType.CULVERT, grants);
            onChange.run();
            LOG.info("site {}: joined, fingerprint {}", entry.site(), Fingerprint.of(gatewayKey, key));
        }
        return Response.json(JSON.std.asString(reply(model, entry.site(), address)));
    }

    private static @Nullable PublicKey siteKey(Model model, String name) {
        Site site = model.sites().get(name);
        return site == null || site.peer().publicKey() == null
                ? null
                : PublicKey.parse(site.peer().publicKey().base64());
    }

    private static Map<String, Object> reply(Model model, String site, InetAddress address) {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("site", site);
        reply.put("address", address.getHostAddress());
        reply.put("network", network(model).toString());
        reply.put("gateway", model.name());
        reply.put("keepalive", KEEPALIVE_SECONDS);
        return reply;
    }

    private void writeSite(String name, PublicKey key, List<InetAddress> addresses, PeerType type, Grants grants)
            throws IOException {
        var text = dev.culvert.model.PublicKey.parse(key.toString());
        WireGuardPeer peer = new WireGuardPeer(text, addresses, List.of(), null, 0, null);
        write(new Site(name, Origin.store("sites/" + name), type, peer, grants));
    }

    private void write(Site site) throws IOException {
        String document = "sites/" + site.name();
        Document before = store.read(document);
        store.put(document, before == null ? 0 : before.version(), ConfigWriter.document("sites", site.name(), site));
    }

    private static IpPrefix network(Model model) {
        return model.tunnel().networks().getFirst();
    }

    private Set<InetAddress> taken(Model model) {
        Set<InetAddress> taken = new HashSet<>(model.tunnel().addresses());
        for (Site site : model.sites().values()) {
            taken.addAll(site.peer().addresses());
        }
        for (IssuedToken entry : entries()) {
            taken.add(entry.guest());
        }
        return taken;
    }

    private void letIn(IssuedToken entry) {
        node.putGuest(
                new PeerConfig(entry.oneTime(), null, null, 0, List.of(IpPrefix.host(entry.guest()))), entry.guest());
    }

    private List<IssuedToken> entries() {
        List<IssuedToken> entries = new ArrayList<>();
        for (Document document : store.list(KIND)) {
            entries.add(IssuedToken.decode(document));
        }
        return entries;
    }

    private void write(IssuedToken token, long version) throws IOException {
        store.put(key(token.oneTime()), version, token.encode());
    }

    private static String key(PublicKey oneTime) {
        return KIND + "/" + IssuedToken.name(oneTime);
    }
}
