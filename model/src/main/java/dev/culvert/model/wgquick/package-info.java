/// wg-quick's files to proposals for `gateway.yaml` or `site.yaml`.
///
/// Entry type: [WgQuickImport]. `WgQuickText` splits the text into blocks and settings with their places,
/// `WgQuickSettings` judges each value; nothing in the text is ever executed. Sources: wg(8), wg-quick(8).
@NullMarked
package dev.culvert.model.wgquick;

import org.jspecify.annotations.NullMarked;
