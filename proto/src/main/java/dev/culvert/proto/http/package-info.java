/// HTTP/1 judged: verdicts on a head that a codec has split already, and the rules for what may travel on.
///
/// A codec finds where a head ends and cuts it into names and values; whether that head means one thing only, to us
/// and to every server behind us, is decided here. [dev.culvert.proto.http.RequestRules] looks at a request before it
/// is routed and answers with what routing and forwarding need (host, normal form of the target, framing), so that the
/// bytes that were matched are the bytes that are sent. [dev.culvert.proto.http.ResponseRules] does the same for what
/// an upstream server answers. [dev.culvert.proto.http.HeaderNames] and [dev.culvert.proto.http.Nominations] tell which
/// fields end with the connection, which are ours to set and whose aliases must die;
/// [dev.culvert.proto.http.ForwardedElement] writes RFC 7239.
///
/// What cannot be seen in a split head is the codec's and the data plane's to refuse: bare LF, spaces before a colon,
/// chunk syntax, trailers, pipelining, early responses.
///
/// The caller fills [dev.culvert.proto.http.RequestHead] from its own types. Rules objects keep scratch space: one per
/// event loop, never shared. Nothing is allocated for an accepted request but its verdict, as long as its target is in
/// normal form already.
///
/// Sources: RFC 9110, RFC 9112, RFC 3986 §5.2.4 and §6.2.2, RFC 6455, RFC 7239. Where they leave a choice, the
/// stricter one is taken.
@NullMarked
package dev.culvert.proto.http;

import org.jspecify.annotations.NullMarked;
