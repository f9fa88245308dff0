/// What a node tells about itself: metrics for Prometheus and the access log. [Observatory] is where it begins.
///
/// Formats: Prometheus text format 0.0.4 and OpenMetrics 1.0, the combined log format of Apache's mod_log_config.
@NullMarked
package dev.culvert.control.observe;

import org.jspecify.annotations.NullMarked;
