package dev.culvert.model.config;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Text to YAML nodes within bounds, and what the schema asks of nodes.
///
/// The bounds are checked on the event stream, which needs no recursion, before the recursive composer runs.
final class YamlText {
    static final int MAX_BYTES = 1 << 20;
    static final int MAX_DEPTH = 50;
    static final int MAX_ALIASES = 50;

    private YamlText() {}

    interface KeyReader {
        /// Takes one key; `path` is its own.
        void read(ScalarNode key, String path, Node value);
    }

    /// The document in `text`; null if it is empty or, after noting why, cannot be used.
    static @Nullable Node compose(String text, Notes notes) {
        if (text.length() > MAX_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            notes.add(new Places.Place(1, 1), "", "the document is too large (expected: at most 1 MiB)");
            return null;
        }
        LoadSettings settings = LoadSettings.builder()
                .setCodePointLimit(MAX_BYTES)
                .setAllowDuplicateKeys(true)
                .setAllowNonScalarKeys(true)
                .build();
        StreamReader checking = new StreamReader(settings, text);
        try {
            if (!withinBounds(new ParserImpl(settings, checking), notes)) {
                return null;
            }
            // The engine's Compose would do this, but its module does not export that package.
            Composer composer = new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)));
            return composer.getSingleNode().orElse(null);
        } catch (MarkedYamlEngineException e) {
            notes.add(place(e.getProblemMark().or(e::getContextMark)), "", syntax(e));
        } catch (ReaderException e) {
            notes.add(placeOf(text, e.getPosition()), "", "not YAML: a control character");
        } catch (NumberFormatException e) {
            // Engine 3.2 lets this out for "\x at the end of the text and for "\UFFFFFFFF".
            Places.Place place = new Places.Place(checking.getLine() + 1, checking.getColumn() + 1);
            notes.add(place, "", "not YAML: a backslash escape without its digits");
        } catch (YamlEngineException e) {
            notes.add(new Places.Place(1, 1), "", "not YAML 1.2");
        }
        return null;
    }

    /// Calls `reader` for every usable key of a mapping, noting those that are none; an absent value is an empty one.
    ///
    /// @return whether `node` is a mapping
    static boolean forEachKey(Node node, String path, String expected, Notes notes, KeyReader reader) {
        if (isNull(node)) {
            return true;
        }
        if (!(node instanceof MappingNode mapping)) {
            notes.add(place(node), path, "a " + what(node) + " (expected: " + expected + ")");
            return false;
        }
        Map<String, Integer> firstLines = new HashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Places.Place place = place(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                notes.add(place, path, "a " + what(tuple.getKeyNode()) + " as key (expected: a word)");
                continue;
            }
            String clean = Echo.clean(key.getValue());
            String at = path.isEmpty() ? clean : path + "." + clean;
            Integer first = firstLines.putIfAbsent(key.getValue(), place.line());
            if (key.isPlain() && key.getValue().equals("<<")) {
                notes.add(place, at, "merge keys are not supported: write the values out");
            } else if (first != null) {
                notes.add(place, at, "stands twice (first in line " + first + ")");
            } else {
                notes.places().put(at, place);
                reader.read(key, at, tuple.getValueNode());
            }
        }
        return true;
    }

    static boolean isNull(Node node) {
        return node instanceof ScalarNode scalar
                && scalar.isPlain()
                && scalar.getTag().equals(Tag.NULL);
    }

    static Places.Place place(Node node) {
        return place(node.getStartMark());
    }

    /// The node in the user's words.
    static String what(Node node) {
        return switch (node) {
            case MappingNode mapping -> "section";
            case SequenceNode sequence -> "list";
            default -> "single value";
        };
    }

    private static boolean withinBounds(Parser events, Notes notes) {
        int depth = 0;
        int aliases = 0;
        while (events.hasNext()) {
            Event event = events.next();
            if (event instanceof CollectionStartEvent && ++depth > MAX_DEPTH) {
                notes.add(place(event.getStartMark()), "", "nested too deeply (expected: at most 50 levels)");
                return false;
            }
            if (event instanceof AliasEvent && ++aliases > MAX_ALIASES) {
                notes.add(place(event.getStartMark()), "", "too many aliases (expected: at most 50)");
                return false;
            }
            if (event instanceof CollectionEndEvent) {
                depth--;
            }
            if (isTagged(event)) {
                notes.add(
                        place(event.getStartMark()),
                        "",
                        "tags (!) are not used here; quote a value that begins with !");
                return false;
            }
        }
        return true;
    }

    private static boolean isTagged(Event event) {
        return (event instanceof ScalarEvent scalar && scalar.getTag().isPresent())
                || (event instanceof CollectionStartEvent collection
                        && collection.getTag().isPresent());
    }

    /// The parser's own words, but for those that repeat the text.
    private static String syntax(MarkedYamlEngineException e) {
        String problem = e.getProblem();
        if (problem == null) {
            return "not YAML";
        }
        if (problem.startsWith("found undefined alias")) {
            return "not YAML: an alias (*) without its anchor (&); put quotes around a value that begins with *";
        }
        if (problem.contains("another document")) {
            return "a second document begins (expected: one document in a file)";
        }
        if (problem.contains("(TAB)")) {
            return "not YAML: a tab (indent with spaces)";
        }
        return "not YAML: " + Echo.clean(problem);
    }

    private static Places.Place place(Optional<Mark> mark) {
        return mark.map(at -> new Places.Place(at.getLine() + 1, at.getColumn() + 1))
                .orElse(Places.Place.NOWHERE);
    }

    private static Places.Place placeOf(String text, int position) {
        int end = Math.clamp(position, 0, text.length());
        int lineStart = text.lastIndexOf('\n', end - 1) + 1;
        int line = 1
                + (int) text.substring(0, lineStart)
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
        return new Places.Place(line, text.codePointCount(lineStart, end) + 1);
    }
}
