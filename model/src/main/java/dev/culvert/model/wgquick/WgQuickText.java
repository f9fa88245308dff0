package dev.culvert.model.wgquick;

import dev.culvert.model.config.Echo;
import dev.culvert.model.config.Problem;
import dev.culvert.model.config.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The text of a wg-quick file, split into blocks and settings. As wg does: the case of words does not count, `#`
/// begins a comment anywhere, and white space around values goes.
final class WgQuickText {
    static final int MAX_CHARACTERS = 1 << 20;

    private static final List<String> INTERFACE_KEYS = List.of(
            "PrivateKey",
            "ListenPort",
            "FwMark",
            "Address",
            "DNS",
            "MTU",
            "Table",
            "PreUp",
            "PostUp",
            "PreDown",
            "PostDown",
            "SaveConfig");
    private static final List<String> PEER_KEYS =
            List.of("PublicKey", "PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive");

    /// One line `Key = value`; both places are 1-based, columns in code points.
    ///
    /// @param key as wg spells it
    record Setting(String key, String value, int line, int column) {}

    /// A section with its settings.
    ///
    /// @param comment the comment line nearest to its head, or null: people write there who the peer is
    record Block(boolean isInterface, int line, @Nullable String comment, List<Setting> settings) {}

    private final String file;
    private final List<Problem> problems;
    private final List<Block> blocks = new ArrayList<>();
    private @Nullable String comment;
    private int line;

    private WgQuickText(String file, List<Problem> problems) {
        this.file = file;
        this.problems = problems;
    }

    /// The blocks in the order of the text; what cannot be read is added to `problems`.
    static List<Block> blocks(String file, String text, List<Problem> problems) {
        WgQuickText reader = new WgQuickText(file, problems);
        if (text.length() > MAX_CHARACTERS) {
            problems.add(new Problem(file, 1, 1, "", "the file is too large (expected: at most 1 MiB)"));
            return List.of();
        }
        text.lines().forEach(reader::line);
        return reader.blocks;
    }

    private void line(String raw) {
        line++;
        int hash = raw.indexOf('#');
        String code = (hash < 0 ? raw : raw.substring(0, hash)).strip();
        int column = raw.codePointCount(0, Math.max(0, raw.indexOf(code))) + 1;
        if (code.isEmpty()) {
            comment(hash < 0 ? null : raw.substring(hash + 1).replace('#', ' ').strip());
        } else if (code.startsWith("[")) {
            head(code, column);
        } else {
            setting(code, column);
        }
    }

    /// A comment belongs to the section that it stands before, or at the top of.
    private void comment(@Nullable String said) {
        if (said == null || said.isEmpty()) {
            comment = said == null ? null : comment;
            return;
        }
        Block last = blocks.isEmpty() ? null : blocks.getLast();
        if (last != null && last.settings().isEmpty() && last.comment() == null) {
            blocks.set(blocks.size() - 1, new Block(last.isInterface(), last.line(), said, last.settings()));
        } else {
            comment = said;
        }
    }

    private void head(String code, int column) {
        String name = code.toLowerCase(Locale.ROOT);
        boolean isInterface = name.equals("[interface]");
        if (!isInterface && !name.equals("[peer]")) {
            add(column, "", Echo.quote(code) + " (expected: [Interface] or [Peer])");
        }
        blocks.add(new Block(isInterface, line, comment, new ArrayList<>()));
        comment = null;
    }

    private void setting(String code, int column) {
        comment = null;
        int equals = code.indexOf('=');
        if (equals < 1) {
            add(column, "", "not a setting (expected: Key = value)");
            return;
        }
        String written = code.substring(0, equals).strip();
        String value = code.substring(equals + 1).strip();
        if (blocks.isEmpty()) {
            add(column, Echo.clean(written), "stands before [Interface] and [Peer]");
            return;
        }
        Block block = blocks.getLast();
        String key = known(written, block, column);
        if (key == null) {
            return;
        }
        int from = code.length() - code.substring(equals + 1).stripLeading().length();
        int at = column + code.codePointCount(0, value.isEmpty() ? equals : from);
        if (value.isEmpty()) {
            add(at, key, "has no value");
        } else {
            block.settings().add(new Setting(key, value, line, at));
        }
    }

    private @Nullable String known(String written, Block block, int column) {
        List<String> keys = block.isInterface() ? INTERFACE_KEYS : PEER_KEYS;
        List<String> others = block.isInterface() ? PEER_KEYS : INTERFACE_KEYS;
        for (String key : keys) {
            if (key.equalsIgnoreCase(written)) {
                return key;
            }
        }
        for (String key : others) {
            if (key.equalsIgnoreCase(written)) {
                add(column, key, "belongs to " + (block.isInterface() ? "[Peer]" : "[Interface]"));
                return null;
            }
        }
        List<String> lower =
                keys.stream().map(key -> key.toLowerCase(Locale.ROOT)).toList();
        String nearest = Suggestion.nearest(written, lower);
        String meant = nearest == null ? null : keys.get(lower.indexOf(nearest));
        add(column, Echo.clean(written), "unknown key" + Suggestion.phrase(meant));
        return null;
    }

    private void add(int column, String path, String message) {
        problems.add(new Problem(file, line, column, path, message));
    }
}
