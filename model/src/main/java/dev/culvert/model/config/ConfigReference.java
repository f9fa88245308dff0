package dev.culvert.model.config;

/// The reference of all settings as Markdown, from the same data that the parser reads by.
public final class ConfigReference {
    private ConfigReference() {}

    /// The text of `docs/config.md`.
    public static String markdown() {
        StringBuilder text = new StringBuilder();
        text.append("""
                # Configuration reference

                Generated from the schema by `ConfigReference`; a test holds it against the code. Examples stand in \
                `examples/`.

                Both files are optional and belong to you: Culvert reads and never writes them. `culvert check` reports \
                every mistake at once with file, line and column. Unknown and doubled keys are mistakes; a key that \
                expects a list takes a single value too. A file has at most 1 MiB, 50 levels and 50 aliases; merge keys \
                and tags are not used.

                """);
        file("gateway.yaml", NodeSchema.GATEWAY_FILE, text);
        text.append('\n');
        file("site.yaml", NodeSchema.SITE_FILE, text);
        return text.toString();
    }

    private static void file(String name, Shape shape, StringBuilder text) {
        text.append("## ").append(name).append('\n');
        boolean table = false;
        for (Field<?> field : shape.fields()) {
            if (!isSection(field)) {
                if (!table) {
                    text.append('\n');
                    header(text);
                    table = true;
                }
                row("", field, text);
            }
        }
        for (Field<?> field : shape.fields()) {
            if (isSection(field)) {
                section(field, text);
            }
        }
    }

    private static void section(Field<?> field, StringBuilder text) {
        boolean named = field.kind() instanceof Entries;
        text.append("\n### `").append(field.key()).append(named ? ".NAME`\n\n" : "`\n\n");
        text.append(capitalized(field.doc())).append('.');
        text.append(named ? " NAME is " + Scalars.NAME.expected() + ".\n\n" : "\n\n");
        header(text);
        rows("", shape(field), text);
    }

    private static void rows(String prefix, Shape shape, StringBuilder text) {
        for (Field<?> field : shape.fields()) {
            if (isSection(field)) {
                rows(prefix + field.key() + ".", shape(field), text);
            } else {
                row(prefix, field, text);
            }
        }
    }

    private static void header(StringBuilder text) {
        text.append("| key | value | default | meaning |\n|---|---|---|---|\n");
    }

    private static void row(String prefix, Field<?> field, StringBuilder text) {
        String fallback = field.required() ? "**required**" : field.fallback();
        text.append("| `")
                .append(prefix)
                .append(field.key())
                .append("` | ")
                .append(cell(field.kind().expected()))
                .append(" | ")
                .append(cell(fallback))
                .append(" | ")
                .append(cell(field.doc()))
                .append(" |\n");
    }

    private static boolean isSection(Field<?> field) {
        return field.kind() instanceof Shape || field.kind() instanceof Entries;
    }

    private static Shape shape(Field<?> field) {
        return switch (field.kind()) {
            case Shape shape -> shape;
            case Entries entries -> entries.shape();
            case Scalar<?> scalar -> throw new IllegalArgumentException("a value: " + field.key());
            case ListOf<?> list -> throw new IllegalArgumentException("a list: " + field.key());
        };
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private static String capitalized(String text) {
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
