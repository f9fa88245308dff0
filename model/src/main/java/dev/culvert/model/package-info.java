/// What a node is meant to be, as values: [Model] and its parts, and [ModelDiff] between two of them.
///
/// One shape serves both roles. A gateway has `sites` and listeners of scope public; a site has `gateways`, listeners
/// of scope tunnel and the [SiteRules] that say what it agrees to be reached at. Everything is a record, an enum or a
/// sealed interface, immutable, so `equals` is the comparison that reloading needs and rolling back is applying the
/// previous value again. Names are never resolved here: a [Target] keeps its host as written.
///
/// Entry types: [Model] (made by `config.ModelMerge`), [ModelDiff]. This package knows neither YAML nor the
/// packages beside it; `config` writes these records and `decide` reads them.
///
/// Address classes follow RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6598 and RFC 6890; text forms of IPv6 follow
/// RFC 5952.
@NullMarked
package dev.culvert.model;

import org.jspecify.annotations.NullMarked;
