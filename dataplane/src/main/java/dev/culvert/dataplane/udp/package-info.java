/// Datagrams and the flows they belong to: [dev.culvert.dataplane.udp.FlowTable] is the state,
/// [dev.culvert.dataplane.udp.DatagramPort] the socket, whoever carries it.
///
/// Sources: RFC 768, RFC 4787 (how long a mapping of UDP lives), RFC 9000 §8 (three times the bytes that came).
@NullMarked
package dev.culvert.dataplane.udp;

import org.jspecify.annotations.NullMarked;
