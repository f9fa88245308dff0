package dev.culvert.dataplane.os;

import dev.culvert.dataplane.os.Nftables.Counted;
import java.util.Map;

/// What the kernel has forwarded for one service since it began to.
///
/// @param connections connections, or flows of datagrams, that were let through
/// @param refused packets of visitors that were not: too often, too many, denied
/// @param receivedBytes from visitors, with the headers of IP
/// @param sentBytes to visitors, with the headers of IP
public record ForwardTraffic(long connections, long refused, long receivedBytes, long sentBytes) {
    /// The counters of a service in the table.
    enum Counter {
        BEGUN("new"),
        REFUSED("refused"),
        RECEIVED("in"),
        SENT("out");

        private final String word;

        Counter(String word) {
            this.word = word;
        }

        String of(String service) {
            return word + "-" + service;
        }
    }

    static ForwardTraffic of(String service, Map<String, Counted> counters) {
        return new ForwardTraffic(
                counted(Counter.BEGUN, service, counters).packets(),
                counted(Counter.REFUSED, service, counters).packets(),
                counted(Counter.RECEIVED, service, counters).bytes(),
                counted(Counter.SENT, service, counters).bytes());
    }

    private static Counted counted(Counter counter, String service, Map<String, Counted> counters) {
        return counters.getOrDefault(counter.of(service), Counted.NOTHING);
    }
}
