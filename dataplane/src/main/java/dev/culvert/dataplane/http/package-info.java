/// HTTP/1.1 between visitor and target: parsed, judged, routed, written anew.
///
/// [HttpIngress] sits on a visitor's connection and runs one [HttpExchange] after the other; an exchange borrows an
/// upstream connection from the [UpstreamPool]. No byte of a request or response head passes that was not parsed;
/// the rules are `dev.culvert.proto.http`'s.
@NullMarked
package dev.culvert.dataplane.http;

import org.jspecify.annotations.NullMarked;
