/// What must outlive the process: small versioned documents behind [Store], and key files.
///
/// [SqliteStore] keeps the documents in one SQLite file; a write that returned survives kill -9 and a power cut. See
/// docs/decisions/0009-sqlite-store.md.
@NullMarked
package dev.culvert.control.store;

import org.jspecify.annotations.NullMarked;
