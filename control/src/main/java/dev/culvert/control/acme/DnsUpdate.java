package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import dev.culvert.control.store.KeyFiles;
import dev.culvert.model.AcmeSettings.Dns;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Update;

/// Records by updates to a DNS server (RFC 2136), signed with a key that both know (RFC 8945).
final class DnsUpdate implements DnsRecords.Writer {
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final int TTL = 60;

    private final Dns.Update settings;

    DnsUpdate(Dns.Update settings) {
        this.settings = settings;
    }

    @Override
    public DnsPlace add(String record, String value) throws OrderException, InterruptedException {
        try {
            DnsPlace place = place(record);
            Update update = new Update(place.zone());
            update.add(new TXTRecord(place.record(), DClass.IN, TTL, value));
            send(update);
            return place;
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void remove(String record, String value) throws OrderException, InterruptedException {
        try {
            DnsPlace place = place(record);
            Update update = new Update(place.zone());
            // This value only: another order of the same name may have set one beside it.
            update.delete(new TXTRecord(place.record(), DClass.IN, TTL, value));
            send(update);
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()));
        }
    }

    private DnsPlace place(String record) throws OrderException, IOException, InterruptedException {
        DnsPlace found = DnsPlace.find(record, plain());
        String zone = settings.zone();
        return zone == null ? found : found.in(Name.fromString(zone + "."));
    }

    private Resolver plain() throws IOException {
        SimpleResolver resolver = new SimpleResolver(new InetSocketAddress(
                settings.server().host(), settings.server().port()));
        resolver.setTimeout(ANSWER);
        return resolver;
    }

    private void send(Update update) throws IOException, OrderException {
        SimpleResolver resolver = (SimpleResolver) plain();
        resolver.setTCP(true);
        resolver.setTSIGKey(key());
        Message answer = resolver.send(update);
        if (answer.getRcode() != Rcode.NOERROR) {
            throw failed("answers " + Rcode.string(answer.getRcode()) + " to an update");
        }
    }

    private TSIG key() throws IOException, OrderException {
        String secret = KeyFiles.readSecret(Path.of(settings.secretFile()));
        try {
            byte[] bytes = Base64.getDecoder().decode(secret);
            Name name = Name.fromString(settings.keyName() + ".");
            return new TSIG(Name.fromString(settings.algorithm() + "."), name, bytes);
        } catch (IllegalArgumentException e) {
            // The decoder's message has a part of what it read.
            throw new OrderException(
                    OrderFault.LOCAL, settings.secretFile() + " holds no key (expected: base64)", "acme.dns.rfc2136");
        }
    }

    private OrderException failed(String how) {
        return new OrderException(
                OrderFault.DNS,
                "the DNS server " + settings.server() + ": " + Faults.line(how),
                "look at acme.dns.rfc2136 and at that server's log: may the key change TXT records of this zone?");
    }
}
