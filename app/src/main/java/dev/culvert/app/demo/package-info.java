/// The demo: a gateway, a site and two sample services in one process, on loopback.
@NullMarked
package dev.culvert.app.demo;

import org.jspecify.annotations.NullMarked;
