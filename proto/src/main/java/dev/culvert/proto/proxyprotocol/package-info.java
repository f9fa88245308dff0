/// The PROXY protocol, versions 1 and 2, and the hop: the exchange between gateway and site that is built upon it.
///
/// [dev.culvert.proto.proxyprotocol.ProxyHeaderParser] reads a header from the bytes that a connection (or a datagram)
/// has brought so far and answers *need more*, *accepted* or *malformed*; it keeps nothing between calls, so any
/// fragmentation is fine and memory is bounded by the caller's buffer, whose size it bounds in turn.
/// [dev.culvert.proto.proxyprotocol.ProxyHeaderWriter] is its inverse.
/// [dev.culvert.proto.proxyprotocol.HopRequest] and [dev.culvert.proto.proxyprotocol.HopReply] are what the two ends
/// of a tunnel say before they relay.
///
/// What is not here: whom to believe. A header says what its sender wants us to think; trust is decided by the caller
/// on the peer of the socket, never on an address from the header. The deadline for a header is the caller's, too.
///
/// Every malformed input is a constant of an enum, to be counted; nothing here throws for what arrived.
///
/// Source: HAProxy's `doc/proxy-protocol.txt` of 2026-04-27 (versions 1 and 2, TLVs, UDP rule); RFC 3720 Appendix B.4
/// and RFC 9260 Appendix A for CRC32C. Where reference receivers differ from the document, this one follows the
/// document and refuses what it forbids.
@NullMarked
package dev.culvert.proto.proxyprotocol;

import org.jspecify.annotations.NullMarked;
