/// Strict YAML text to a checked [dev.culvert.model.Model], or to every mistake at once.
///
/// The way is `Source` (text and where it came from) → [ConfigParser] → [Config] (what one document says) →
/// [ModelMerge] → `Model`. Each step answers [Parsed]: a value, or [Problem]s with file, line, column, path, the
/// offending value and what was expected. The schema stands in the `*Schema` classes as data; [ConfigReference] prints
/// the same data as documentation.
///
/// The text is held at arm's length (attack catalogue CF-01): at most 1 MiB, 50 levels, 50 aliases; no merge keys, no
/// tags, no duplicate or unknown keys, and numbers are digits, not what YAML makes of them. Values that may be secrets
/// are never echoed.
///
/// Sources: YAML 1.2.2, RFC 1123 and RFC 3490 for host names.
@NullMarked
package dev.culvert.model.config;

import org.jspecify.annotations.NullMarked;
