/// What strangers could reach or learn although nobody meant it: [MachineAudit] looks at this machine's open ports,
/// [ModelAudit] at what the configuration publishes and what names tell.
@NullMarked
package dev.culvert.control.audit;

import org.jspecify.annotations.NullMarked;
