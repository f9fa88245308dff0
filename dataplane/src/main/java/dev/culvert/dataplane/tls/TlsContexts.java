package dev.culvert.dataplane.tls;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which certificate each name is served with, of all names whose TLS ends at this node.
///
/// The reconciler declares the names, the control plane brings certificates, visitors' loops look names up. What holds
/// is one immutable table behind a volatile reference, replaced whole; a connection that runs keeps what it began with.
/// Nothing of TLS is loaded before the first name is declared.
public final class TlsContexts {
    /// What is offered by ALPN, the preferred first.
    public static final List<String> PROTOCOLS = List.of("h2", "http/1.1");

    private final SecureRandom random = new SecureRandom();
    private final Map<TlsPolicy, TicketKeys> tickets = new HashMap<>();
    private final Map<String, ServerCertificate> standIns = new HashMap<>();
    private Map<String, Declaration> declared = Map.of();
    private List<ServerCertificate> issued = List.of();
    private volatile Table table = Table.EMPTY;

    /// What a name is declared with.
    ///
    /// @param own the certificate that the configuration names for it; null where one is issued
    public record Declaration(TlsPolicy policy, @Nullable ServerCertificate own) {}

    /// Where a certificate comes from.
    public enum Source {
        /// Files that the configuration names.
        FILE("file"),
        /// Brought by [#issued].
        ISSUED("issued"),
        /// Self-signed: browsers warn of it.
        STAND_IN("stand-in");

        private final String word;

        Source(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// What a name is served with.
    public record Presented(String name, String service, Source source, ServerCertificate certificate) {}

    private record Table(Map<String, TlsContext> byName, List<Presented> presented) {
        static final Table EMPTY = new Table(Map.of(), List.of());
    }

    private record ContextKey(TlsPolicy policy, ServerCertificate certificate) {}

    /// Declares all names whose TLS ends here; a name that begins with `*.` stands for one label.
    ///
    /// @param names lower-case A-labels
    /// @throws IOException if a certificate cannot be used; what held before holds on
    public synchronized void declare(Map<String, Declaration> names) throws IOException {
        Map<String, Declaration> next = Map.copyOf(names);
        table = tableOf(next, issued);
        declared = next;
        standIns.keySet().retainAll(next.keySet());
        tickets.keySet()
                .retainAll(next.values().stream().map(Declaration::policy).toList());
    }

    /// Brings all certificates that were issued for declared names, in place of those brought before.
    ///
    /// @throws IOException if one cannot be used; what held before holds on
    public synchronized void issued(List<ServerCertificate> all) throws IOException {
        List<ServerCertificate> next = List.copyOf(all);
        table = tableOf(declared, next);
        issued = next;
    }

    /// Gives every policy a new key for its tickets. Those of the key before last are worth nothing from then on.
    public synchronized void rotateTicketKeys() {
        tickets.values().forEach(TicketKeys::rotate);
        for (TlsContext context : table.byName.values()) {
            context.ticketKeys(keys(context.policy()).all());
        }
    }

    /// What each declared name is served with.
    public List<Presented> presented() {
        return table.presented;
    }

    /// What a handshake for `name` presents; null if its TLS does not end here.
    ///
    /// @param name lower-case, without a trailing dot
    public @Nullable TlsContext find(String name) {
        Map<String, TlsContext> byName = table.byName;
        TlsContext exact = byName.get(name);
        int dot = name.indexOf('.');
        return exact != null || dot < 0 ? exact : byName.get("*" + name.substring(dot));
    }

    private Table tableOf(Map<String, Declaration> names, List<ServerCertificate> available) throws IOException {
        Map<ContextKey, TlsContext> known = new HashMap<>();
        for (TlsContext context : table.byName.values()) {
            known.put(new ContextKey(context.policy(), context.certificate()), context);
        }
        Map<String, TlsContext> byName = new LinkedHashMap<>();
        List<Presented> presented = new ArrayList<>();
        for (String name : names.keySet().stream().sorted().toList()) {
            Declaration declaration = names.get(name);
            if (declaration == null) {
                continue;
            }
            Presented chosen = choose(name, declaration, available);
            ContextKey key = new ContextKey(declaration.policy(), chosen.certificate());
            TlsContext context = known.get(key);
            if (context == null) {
                context = TlsContext.of(key.policy(), key.certificate(), PROTOCOLS);
                context.ticketKeys(keys(key.policy()).all());
                known.put(key, context);
            }
            byName.put(name, context);
            presented.add(chosen);
        }
        return new Table(Map.copyOf(byName), List.copyOf(presented));
    }

    private Presented choose(String name, Declaration declaration, List<ServerCertificate> available) {
        String service = declaration.policy().service();
        ServerCertificate own = declaration.own();
        if (own != null) {
            return new Presented(name, service, Source.FILE, own);
        }
        return available.stream()
                .filter(certificate -> certificate.covers(name))
                .max(Comparator.comparing(ServerCertificate::notAfter))
                .map(certificate -> new Presented(name, service, Source.ISSUED, certificate))
                .orElseGet(() -> new Presented(name, service, Source.STAND_IN, standIn(name)));
    }

    private ServerCertificate standIn(String name) {
        return standIns.computeIfAbsent(name, _ -> StandIn.make(name, Instant.now(), random));
    }

    private TicketKeys keys(TlsPolicy policy) {
        return tickets.computeIfAbsent(policy, _ -> new TicketKeys(random));
    }
}
