/// Addresses, prefixes, checked header views and the internet checksum.
///
/// Nothing here does I/O. Sources: RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792, RFC 4443, RFC 1071.
@NullMarked
package dev.culvert.proto.inet;

import org.jspecify.annotations.NullMarked;
