package dev.culvert.model.wgquick;

import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Source;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Where Jazzer begins for files of wg-quick (`it/lab --long fuzz`): any text has an answer, and what is proposed is a
/// model.
public final class WgQuickFuzz {
    private WgQuickFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        WgQuickImport.Request request = new WgQuickImport.Request("wg0.conf", "wg0", "/etc/culvert/", null);
        if (!(WgQuickImport.read(request, new String(data, StandardCharsets.UTF_8))
                instanceof Parsed.Ok<WgQuickImport> ok)) {
            return;
        }
        WgQuickImport proposal = ok.value();
        Source source = Source.file("proposal.yaml", proposal.yaml());
        if (ModelMerge.merge(proposal.role(), List.of(source)) instanceof Parsed.Problems<?> problems) {
            throw new AssertionError("a proposal that is no model: " + problems.notes() + "\n" + proposal.yaml());
        }
    }
}
