/// What the tests of the data plane stand on: two tunnels on loopback ([TunnelPair]), a whole node ([TestNode]), and
/// blocking ends of connections ([Wire], [RawBackend]) that see every byte as it is.
@NullMarked
package dev.culvert.dataplane.testing;

import org.jspecify.annotations.NullMarked;
