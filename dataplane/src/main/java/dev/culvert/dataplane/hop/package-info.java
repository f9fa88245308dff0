/// The way from gateway to site inside the tunnel (design, section 6).
///
/// The gateway's half is [HopHandshake]: it sends a request with target and visitor and waits for the site's word. The
/// site's half is [HopServer]: it holds the target against its own list, dials, answers, and only then relays.
@NullMarked
package dev.culvert.dataplane.hop;

import org.jspecify.annotations.NullMarked;
