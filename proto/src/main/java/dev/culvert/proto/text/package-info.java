/// Strict reading of the small texts that hostile bytes carry: numbers, address literals, host names.
///
/// The parsers of the JDK are made for friends: `Integer.parseInt` takes `+5`, `InetAddress.ofLiteral` takes a zone,
/// and neither says where a name ends. What stands here reads digits by table, checks length and overflow, allocates
/// nothing but its result, and answers -1, null or false instead of throwing. [dev.culvert.proto.text.AddressLiteral]
/// also writes addresses, in the one canonical spelling, so that two texts of one address compare equal.
///
/// Entry types: [dev.culvert.proto.text.Decimal], [dev.culvert.proto.text.AddressLiteral],
/// [dev.culvert.proto.text.HostName]. Every text is a range of a `CharSequence`; the caller keeps it.
///
/// Sources: RFC 3986 §3.2.2 and RFC 4291 §2.2 (address literals), RFC 5952 (canonical IPv6 text), RFC 1123 §2.1 and
/// RFC 1035 §2.3.4 (names and their sizes).
@NullMarked
package dev.culvert.proto.text;

import org.jspecify.annotations.NullMarked;
