package dev.culvert.proto.tls;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a TLS client says first, as far as it decides where its connection leads.
///
/// @param serverName the name that it wants, lower-case and without a trailing dot; null if it names none
/// @param protocols what it would speak (ALPN), in its order; empty if it does not say
/// @param version the highest version of TLS that it offers: 0x0304 is TLS 1.3
/// @param encrypted whether the name is only the outer one of an encrypted hello
public record ClientHello(@Nullable String serverName, List<String> protocols, int version, boolean encrypted) {
    public static final int TLS_1_2 = 0x0303;
    public static final int TLS_1_3 = 0x0304;

    public ClientHello {
        protocols = List.copyOf(protocols);
    }
}
