package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Dialer;
import dev.culvert.model.Destination;
import dev.culvert.model.HealthCheck;
import dev.culvert.model.Literals;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Asks one target over HTTP whether it is well.
public final class HealthQuestion {
    private final HttpClient client;

    public HealthQuestion(Dialer dialer) {
        this.client = new HttpClient(dialer);
    }

    /// @param check with a path
    /// @return an empty text where it is well, else what it answered; fails where there was no answer
    public Future<String> ask(
            Service service,
            HealthCheck check,
            Destination destination,
            @Nullable Site site,
            int millis,
            EventExecutor loop) {
        HttpRequest request =
                new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, Objects.requireNonNull(check.path()));
        boolean named =
                !service.hosts().isEmpty() && !service.hosts().getFirst().startsWith("*");
        String host = named
                ? service.hosts().getFirst()
                : Literals.hostPort(
                        destination.target().host(), destination.target().port());
        request.headers()
                .set(HttpHeaderNames.HOST, host)
                .set(HttpHeaderNames.USER_AGENT, "culvert-health")
                // A connection of its own each time: it is new ones that visitors need.
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        Promise<String> said = loop.newPromise();
        client.ask(destination, site, request, millis, loop).addListener(done -> {
            if (done.isSuccess()) {
                int status = ((HttpClient.Reply) done.getNow()).status();
                said.trySuccess(check.isWell(status) ? "" : "status " + status + " (expected: " + check.expect() + ")");
            } else {
                said.tryFailure(done.cause());
            }
        });
        return said;
    }
}
