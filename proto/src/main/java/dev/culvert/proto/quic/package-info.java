/// What stands in the clear at the head of a QUIC datagram. Entry type: [dev.culvert.proto.quic.DatagramHead].
/// Sources: RFC 8999 (what all versions share), RFC 9000 §17 (version 1).
@NullMarked
package dev.culvert.proto.quic;

import org.jspecify.annotations.NullMarked;
