/// Passwords of visitors: files of users, their hashes, and the check of credentials off the event loops.
///
/// Entry type: [BasicAuth]. Files are in the form of Apache's `htpasswd`; hashes are bcrypt (Provos, Mazières 1999) and
/// argon2id (RFC 9106, in the PHC string format); the header field is that of RFC 7617.
@NullMarked
package dev.culvert.dataplane.access;

import org.jspecify.annotations.NullMarked;
