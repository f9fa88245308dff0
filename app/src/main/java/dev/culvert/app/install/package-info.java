/// Makes a node of this machine a service of systemd: [ServiceUnit] is what the unit file says, [Installation] what has
/// to be done, as [Step]s that can be printed instead.
///
/// Sources: systemd.service(5), systemd.exec(5), docs/decisions/0010-package-and-service.md.
@NullMarked
package dev.culvert.app.install;

import org.jspecify.annotations.NullMarked;
