/// The socket by which `wg` and wg-quick configure an interface of this process.
///
/// Entry type: [dev.culvert.control.wg.UapiServer]. The protocol is `proto.wireguard.uapi`'s.
@NullMarked
package dev.culvert.control.wg;

import org.jspecify.annotations.NullMarked;
