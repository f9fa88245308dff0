package dev.culvert.model.wgquick;

import dev.culvert.model.Role;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Problem;
import dev.culvert.model.wgquick.WgQuickText.Block;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a file of wg-quick and proposes what takes its place: a `gateway.yaml` for a hub, a `site.yaml` for a peer
/// that dials one, and files for the keys.
///
/// @param role a site if every peer has an endpoint, else a gateway
/// @param yaml the proposal; it names the files of keys and holds none
/// @param secrets name of a file → the key that belongs there, as base64
public record WgQuickImport(Role role, String yaml, Map<String, String> secrets) {
    public WgQuickImport {
        secrets = Map.copyOf(secrets);
    }

    /// What to read, and how to write it.
    ///
    /// @param file the file's name, for messages
    /// @param name what files of keys begin with, and a site is called: a-z, 0-9 and hyphens
    /// @param keyFolder what the proposal puts before names of key files; empty, or ends with a slash
    /// @param role which proposal is wanted; null for what the file looks like
    public record Request(
            String file,
            String name,
            String keyFolder,
            @Nullable Role role) {}

    /// The proposal, with a note for each thing that was left out and why; or every mistake of the text at once.
    public static Parsed<WgQuickImport> read(Request request, String text) {
        List<Problem> problems = new ArrayList<>();
        List<Problem> notes = new ArrayList<>();
        WgQuickSettings own = null;
        List<WgQuickSettings> peers = new ArrayList<>();
        for (Block block : WgQuickText.blocks(request.file(), text, problems)) {
            WgQuickSettings settings = new WgQuickSettings(request.file(), block, problems, notes);
            if (!block.isInterface()) {
                peers.add(settings);
            } else if (own != null) {
                problems.add(new Problem(request.file(), block.line(), 1, "Interface", "stands twice"));
            } else {
                own = settings;
            }
        }
        if (own == null) {
            problems.add(new Problem(request.file(), 0, 0, "Interface", "is missing"));
        }
        judge(request.file(), peers, problems);
        WgQuickProposal proposal = own == null ? null : new WgQuickProposal(request, own, peers, problems, notes);
        problems.sort(null);
        notes.sort(null);
        if (proposal == null || !problems.isEmpty()) {
            return Parsed.problems(problems);
        }
        return new Parsed.Ok<>(proposal.done(), notes);
    }

    private static void judge(String file, List<WgQuickSettings> peers, List<Problem> problems) {
        Set<Object> keys = new HashSet<>();
        for (WgQuickSettings peer : peers) {
            int line = peer.block().line();
            if (peer.publicKey == null && !peer.has("PublicKey")) {
                problems.add(new Problem(file, line, 1, "PublicKey", "is missing"));
            } else if (peer.publicKey != null && !keys.add(peer.publicKey)) {
                problems.add(new Problem(file, line, 1, "PublicKey", "is another peer's as well"));
            }
        }
        if (peers.isEmpty()) {
            problems.add(new Problem(file, 0, 0, "Peer", "is missing (expected: at least one)"));
        }
    }

    /// Says nothing of keys.
    @Override
    public String toString() {
        return role + ", " + secrets.size() + " keys";
    }
}
