/// How a home becomes a site (design, section 6, "Enrolment and control").
///
/// `site add` at the gateway makes a [Token] with a one-time peer key; `join` at home connects with that key, through
/// the
/// tunnel, and hands over the public half of a key that it made and stored before. The WireGuard key is the identity.
@NullMarked
package dev.culvert.control.enrol;

import org.jspecify.annotations.NullMarked;
