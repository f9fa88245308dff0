package dev.culvert.proto.proxyprotocol;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the sender knows of the client's TLS connection: the content of a [Tlv#SSL] field.
///
/// @param client bits: 01 the client used TLS, 02 it gave a certificate on this connection, 04 in this session
/// @param verify 0 if the certificate was verified, else the sender's error number
/// @param fields [Tlv#SSL_VERSION] to [Tlv#SSL_CLIENT_CERT]; kept apart from the fields of the header, for the same
///     number may mean something else there
public record SslInfo(int client, int verify, List<Tlv> fields) {
    private static final int FIXED = 5;

    public SslInfo {
        fields = List.copyOf(fields);
    }

    /// Reads the value of an SSL field, or null if it is malformed (which the parser of a header has refused already).
    public static @Nullable SslInfo of(Tlv ssl) {
        ByteBuffer value = ssl.value();
        if (ssl.type() != Tlv.SSL || !isWellFormed(value, 0, value.limit())) {
            return null;
        }
        int client = value.get(0) & 0xff;
        return new SslInfo(client, value.getInt(1), TlvReader.readAll(value, FIXED, value.limit()));
    }

    static boolean isWellFormed(ByteBuffer in, int from, int to) {
        return to - from >= FIXED && TlvReader.isWellFormed(in, from + FIXED, to);
    }
}
