package dev.culvert.dataplane.http;

import dev.culvert.proto.http.RequestHead;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.AsciiString;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// What a visitor asked for, whatever version of HTTP carried it: the one form that rules, router, exchange and access
/// log know. Nothing in it has been judged.
final class Request implements RequestHead {
    /// A head that no codec could read.
    static final Request MALFORMED = new Request(HttpMethod.GET, "", 0, 0, 0);

    // RFC 9110, 9.2.2; with no body sent, such a request may go out a second time.
    private static final Set<HttpMethod> IDEMPOTENT =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.PUT, HttpMethod.DELETE);
    // RFC 6455 §4.1.
    private static final int WEBSOCKET_KEY_BYTES = 16;

    private final HttpMethod method;
    private final String target;
    private final int major;
    private final int minor;
    private final boolean framed;
    private final boolean bodyFollows;
    private final @Nullable CharSequence protocol;
    // Names and values in turn.
    private CharSequence[] fields;
    private int length;

    /// What text says.
    ///
    /// @param expected number of fields; more may come
    Request(HttpMethod method, String target, int major, int minor, int expected) {
        this.method = method;
        this.target = target;
        this.major = major;
        this.minor = minor;
        this.framed = false;
        this.bodyFollows = false;
        this.protocol = null;
        this.fields = new CharSequence[2 * expected];
    }

    /// What frames say.
    Request(
            HttpMethod method,
            String target,
            int version,
            boolean bodyFollows,
            @Nullable CharSequence protocol,
            int expected) {
        this.method = method;
        this.target = target;
        this.major = version;
        this.minor = 0;
        this.framed = true;
        this.bodyFollows = bodyFollows;
        this.protocol = protocol;
        this.fields = new CharSequence[2 * expected];
    }

    /// What HTTP/1.x said.
    static Request of(HttpRequest head) {
        HttpHeaders headers = head.headers();
        Request request = new Request(
                head.method(),
                head.uri(),
                head.protocolVersion().majorVersion(),
                head.protocolVersion().minorVersion(),
                headers.size());
        Iterator<Map.Entry<CharSequence, CharSequence>> entries = headers.iteratorCharSequence();
        while (entries.hasNext()) {
            Map.Entry<CharSequence, CharSequence> entry = entries.next();
            request.add(entry.getKey(), entry.getValue());
        }
        return request;
    }

    void add(CharSequence name, CharSequence value) {
        if (length == fields.length) {
            fields = Arrays.copyOf(fields, Math.max(16, 2 * length));
        }
        fields[length++] = name;
        fields[length++] = value;
    }

    HttpMethod verb() {
        return method;
    }

    boolean isHead() {
        return method.equals(HttpMethod.HEAD);
    }

    boolean isIdempotent() {
        return IDEMPOTENT.contains(method);
    }

    /// Whether both sides may be silent for as long as they like: such a call has deadlines of its own.
    boolean isGrpc() {
        CharSequence type = first(HttpHeaderNames.CONTENT_TYPE);
        return type != null && AsciiString.indexOfIgnoreCase(type, "application/grpc", 0) == 0;
    }

    /// RFC 8441 §5 has no key; the handshake in HTTP/1.1 needs one.
    void requireWebSocketKey() {
        if (first(HttpHeaderNames.SEC_WEBSOCKET_KEY) == null) {
            byte[] key = new byte[WEBSOCKET_KEY_BYTES];
            ThreadLocalRandom.current().nextBytes(key);
            add(HttpHeaderNames.SEC_WEBSOCKET_KEY, Base64.getEncoder().encodeToString(key));
        }
    }

    /// Whether the visitor knows neither chunks nor interim responses.
    boolean isHttp10() {
        return major == 1 && minor == 0;
    }

    /// The first value under a name, or null.
    @Nullable
    CharSequence first(AsciiString name) {
        for (int i = 0; i < length; i += 2) {
            if (name.contentEqualsIgnoreCase(fields[i])) {
                return fields[i + 1];
            }
        }
        return null;
    }

    @Override
    public CharSequence method() {
        return method.asciiName();
    }

    @Override
    public String target() {
        return target;
    }

    @Override
    public int majorVersion() {
        return major;
    }

    @Override
    public int minorVersion() {
        return minor;
    }

    @Override
    public boolean isFramed() {
        return framed;
    }

    @Override
    public boolean bodyFollows() {
        return bodyFollows;
    }

    @Override
    public @Nullable CharSequence protocol() {
        return protocol;
    }

    @Override
    public int count() {
        return length / 2;
    }

    @Override
    public CharSequence name(int index) {
        return fields[2 * index];
    }

    @Override
    public CharSequence value(int index) {
        return fields[2 * index + 1];
    }
}
