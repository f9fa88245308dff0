/// Segmentation and coalescing of packets for an interface of the kernel's, as a network card would do them: the
/// kernel hands over TCP segments of up to 64 KiB, and takes such.
///
/// [Segmenter] cuts what the kernel gives, [Coalescer] joins what comes from peers; [VirtioNetHeader] is what stands
/// before each packet on the way. Sources: virtio 1.2 §5.1.6, RFC 9293, RFC 3168 §6.1.2; which packets may be joined is
/// what Linux itself asks of them.
@NullMarked
package dev.culvert.proto.offload;

import org.jspecify.annotations.NullMarked;
