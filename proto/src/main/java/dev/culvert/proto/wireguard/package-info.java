/// WireGuard without I/O: one interface, its key, its peers and their sessions.
///
/// Entry type: [dev.culvert.proto.wireguard.WireGuardDevice]. Its caller owns the UDP socket, the clock and every
/// buffer; it pushes in datagrams and IP packets, and pulls out what is to be sent. Crypto on packets is a job of
/// its own ([dev.culvert.proto.wireguard.OpenJob], [dev.culvert.proto.wireguard.SealJob]) that any thread may run;
/// everything else belongs to one owner, without locks.
///
/// By role: `Handshake` (the Noise state), `Keypair` and `Keypairs` (sessions and their three slots),
/// `ReplayWindow`, `IndexTable`, `AllowedIps`, `CookieChecker` and `CookieGenerator`, `HandshakeLimiter`,
/// `PeerTimers`, `StagedQueue`. What is refused is counted by [dev.culvert.proto.wireguard.Drop], one constant per
/// reason, and answered by silence.
///
/// Sources: Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel" (sections are cited as "paper §"); the
/// Noise Protocol Framework revision 34; RFC 7693 (BLAKE2), RFC 7748 (X25519), RFC 8439 (ChaCha20-Poly1305),
/// draft-irtf-cfrg-xchacha-03, RFC 5869 (HKDF), RFC 6479 (replay window), RFC 6040 (ECN in tunnels).
@NullMarked
package dev.culvert.proto.wireguard;

import org.jspecify.annotations.NullMarked;
