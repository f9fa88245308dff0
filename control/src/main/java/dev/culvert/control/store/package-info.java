/// What must outlive the process: small versioned documents behind [Store], and key files.
///
/// [FileStore] keeps each document in a file of its own, replaced atomically and synced before it counts. See
/// docs/decisions/0003-file-store.md.
@NullMarked
package dev.culvert.control.store;

import org.jspecify.annotations.NullMarked;
