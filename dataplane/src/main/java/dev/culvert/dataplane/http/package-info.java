/// HTTP between visitor and target: parsed, judged, routed, written anew.
///
/// [Http1Connection] sits on a visitor's connection; [HttpIngress] judges each [Request] and begins an [HttpExchange],
/// which
/// borrows an upstream connection from the [UpstreamPool] and knows its visitor as an [HttpVisitor] only. No byte of a
/// request or response head passes that was not parsed; the rules are `dev.culvert.proto.http`'s.
@NullMarked
package dev.culvert.dataplane.http;

import org.jspecify.annotations.NullMarked;
