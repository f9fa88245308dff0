/// What tests of the store need; also run by the lab (`it/scenarios/store-crash.sh`), never shipped.
@NullMarked
package dev.culvert.control.store.testing;

import org.jspecify.annotations.NullMarked;
