package dev.culvert.proto.http;

import dev.culvert.proto.text.AddressLiteral;
import java.net.InetAddress;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Finds the client in a chain of X-Forwarded-For addresses: from right to left, the first that is no trusted proxy.
///
/// Each proxy appends the peer it saw, so the right-most addresses are our own proxies' words and everything left of
/// the first untrusted one is that stranger's. To be asked only when the peer of the socket is trusted itself.
public final class ForwardedChain {
    private static final int MAX_LOOKED_AT = 32;

    private ForwardedChain() {}

    /// The client of the message, or null if the chain tells none: there is none, or its right end is no address.
    /// If all are trusted, or what stands left of the trusted ones is no address, it is the left-most trusted one.
    ///
    /// @param trusted whether an address is one of our proxies'
    public static @Nullable InetAddress client(Fields fields, Predicate<InetAddress> trusted) {
        InetAddress client = null;
        int left = MAX_LOOKED_AT;
        for (int i = fields.count() - 1; i >= 0; i--) {
            if (!Ascii.equalsLower(fields.name(i), "x-forwarded-for")) {
                continue;
            }
            CharSequence value = fields.value(i);
            for (int end = value.length(); end >= 0; ) {
                int begin = end;
                while (begin > 0 && value.charAt(begin - 1) != ',') {
                    begin--;
                }
                InetAddress address = read(value, begin, end);
                if (address == null || left-- == 0) {
                    return client;
                }
                client = address;
                if (!trusted.test(address)) {
                    return client;
                }
                end = begin - 1;
            }
        }
        return client;
    }

    private static @Nullable InetAddress read(CharSequence value, int begin, int end) {
        int from = ListElement.trimStart(value, begin, end);
        int to = ListElement.trimEnd(value, from, end);
        return AddressLiteral.read(value, from, to);
    }
}
