/// The node's own log, on standard error: [LogBackend] is found by slf4j, [LogOutput] decides what is written and how,
/// [LogLine] writes one line of it.
///
/// Formats: RFC 3339 times, RFC 8259 JSON, and sd-daemon(3)'s priority prefixes under systemd.
@NullMarked
package dev.culvert.app.log;

import org.jspecify.annotations.NullMarked;
