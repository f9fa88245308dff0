/// From files and store to the model that runs, and again when they change.
@NullMarked
package dev.culvert.control.config;

import org.jspecify.annotations.NullMarked;
