package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.proto.http.ResponseRules;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;

/// All that an exchange knows of who asked: an HTTP/1.1 connection, or one stream of HTTP/2 or HTTP/3.
///
/// In the other direction the visitor calls [HttpExchange#requestContent] for each piece that was asked for, and
/// [HttpExchange#visitorWritable], [HttpExchange#visitorGone], [HttpExchange#requestBroken] and [HttpExchange#watch].
/// Everything happens on [#loop].
interface HttpVisitor extends Reading.Reader {
    /// Where the exchange lives.
    EventLoop loop();

    /// What it asked for is let through as this connection.
    void begins(Connection connection);

    /// Wants one more piece of the body; behind its end, to hear of it if the visitor leaves.
    void read();

    /// Whether more of the response may be written now.
    boolean isWritable();

    /// A 1xx that is not the response; left out where the version knows none.
    void interim(HttpResponse head, Heads.ResponseView view);

    /// The target switched to WebSocket as it was asked to.
    ///
    /// @return whether the two channels are to be joined by [#relay] behind this head; else the stream goes on as
    ///     the bodies of this exchange
    boolean switched(HttpResponse head, Heads.ResponseView view);

    /// From now on the visitor's whole connection belongs to what it asked to switch to.
    void relay(Upstream to, Connection connection);

    /// The head of the response; what follows is [#content] up to [#end].
    void head(HttpResponse head, Heads.ResponseView view, ResponseRules.Final verdict);

    /// The target takes a pause: a head that waits for what follows it goes out.
    void flush();

    /// A piece of the response's body, to be sent at once. Takes it over.
    void content(HttpContent piece);

    /// The last piece of the response's body. Takes it over. The exchange is over.
    void end(LastHttpContent last);

    /// Answers with a status of the gateway's own; no head was sent so far, and the rest of the request is not read.
    /// The exchange is over.
    void refuse(int status);

    /// The same with a whole response of the gateway's own. Takes it over.
    void answer(FullHttpResponse response);

    /// Breaks off in a way in which what was sent does not look complete. The exchange is over.
    void abort();

    /// The same for a visitor that does not do its part.
    void stalled();

    /// What the exchange occupied at its target is free again; once, at its end or later.
    void released();

    /// A bug of ours was met while it was served.
    void failed(Throwable bug);
}
