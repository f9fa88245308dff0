package dev.culvert.dataplane.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One row of `requests.txt`, which says how it is written: a request, what becomes of it, and what its target gets.
///
/// @param text what HTTP/1.1 answers: a status; null if the request cannot be said in it
/// @param frames what HTTP/2 and HTTP/3 answer: a status, or `reset`; null likewise
/// @param kind `ask`, `text` or `frames`
/// @param parts of the request
/// @param toTarget what the target gets of it, as `ask`s; null if it must get nothing
/// @param framedToTarget the same from HTTP/2 and HTTP/3
record RequestRow(
        String name,
        @Nullable String text,
        @Nullable String frames,
        String kind,
        List<String> parts,
        @Nullable RequestRow toTarget,
        @Nullable RequestRow framedToTarget) {
    private static final String FILE = "requests.txt";

    /// A field of a head, `:path` and its kin included.
    record Field(String name, String value) {}

    static Stream<RequestRow> all() {
        List<RequestRow> rows = new ArrayList<>();
        for (String line : file().lines().toList()) {
            if (line.startsWith("> ")) {
                RequestRow target = read("> | - | ask | " + line.substring(2));
                RequestRow before = rows.removeLast();
                rows.add(before.reaching(target, "200".equals(before.frames) ? target : null));
            } else if (line.startsWith(">2 ")) {
                RequestRow before = rows.removeLast();
                rows.add(before.reaching(before.toTarget, read("> | - | ask | " + line.substring(3))));
            } else if (!line.isBlank() && !line.startsWith("#")) {
                rows.add(read(line));
            }
        }
        return rows.stream();
    }

    private RequestRow reaching(@Nullable RequestRow text, @Nullable RequestRow framed) {
        return new RequestRow(name, this.text, frames, kind, parts, text, framed);
    }

    /// What can be said in HTTP/1.1.
    static Stream<RequestRow> texts() {
        return all().filter(row -> row.text != null);
    }

    /// What can be said in HTTP/2 and HTTP/3.
    static Stream<RequestRow> framed() {
        return all().filter(row -> row.frames != null);
    }

    private static String file() {
        try (InputStream in = Objects.requireNonNull(RequestRow.class.getResourceAsStream(FILE))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RequestRow read(String line) {
        List<String> columns =
                Arrays.stream(line.split(" \\|(?: |$)", -1)).map(String::strip).toList();
        String[] answers = columns.get(1).split("/", -1);
        String kind = columns.get(2);
        return new RequestRow(
                columns.getFirst(),
                kind.equals("frames") || answers[0].equals("-") ? null : answers[0],
                kind.equals("text") ? null : answers[answers.length - 1],
                kind,
                columns.subList(3, columns.size()),
                null,
                null);
    }

    private static String unescaped(String text) {
        return text.replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\t", "\t")
                .replace("\\0", "\0")
                .replace("\\1", "\1")
                .replace("\\s", " ")
                .replace("\\x", "\u00a0")
                .replace("\\b", "\\");
    }

    /// The bytes of HTTP/1.1, one a char.
    String http1() {
        if (kind.equals("text")) {
            return unescaped(String.join(" | ", parts));
        }
        String body = body();
        if (body == null || isFramed()) {
            return head("") + (body == null ? "" : body);
        }
        StringBuilder chunked = new StringBuilder(head("transfer-encoding: chunked\r\n"));
        chunked.append(Integer.toHexString(body.length()))
                .append("\r\n")
                .append(body)
                .append("\r\n0\r\n");
        trailers().forEach(field -> append(chunked, field));
        return chunked.append("\r\n").toString();
    }

    /// The head of HTTP/1.1, with more fields behind its own.
    String head(String more) {
        String[] line = line();
        StringBuilder head = new StringBuilder(line[0] + " " + line[1] + " HTTP/1.1\r\n");
        if (!line[2].equals("-")) {
            append(head, new Field("host", line[2]));
        }
        said().forEach(field -> append(head, field));
        return head.append(more).append("\r\n").toString();
    }

    private static void append(StringBuilder head, Field field) {
        head.append(field.name()).append(": ").append(field.value()).append("\r\n");
    }

    private boolean isFramed() {
        return said().stream()
                .map(field -> field.name().toLowerCase(Locale.ROOT))
                .anyMatch(name -> name.equals("content-length") || name.equals("transfer-encoding"));
    }

    /// The fields of HTTP/2 and HTTP/3, in order.
    List<Field> fields() {
        if (kind.equals("frames")) {
            return said();
        }
        List<Field> fields = new ArrayList<>();
        String[] line = line();
        fields.add(new Field(":method", line[0]));
        fields.add(new Field(":scheme", "http"));
        fields.add(new Field(":path", line[1]));
        if (!line[2].equals("-")) {
            fields.add(new Field(":authority", line[2]));
        }
        for (Field field : said()) {
            fields.add(new Field(field.name().toLowerCase(Locale.ROOT), field.value()));
        }
        return fields;
    }

    /// What stands behind the head; null for a request without.
    @Nullable
    String body() {
        return parts.stream()
                .filter(part -> part.startsWith("= "))
                .map(part -> unescaped(part.substring(2)))
                .findFirst()
                .orElse(null);
    }

    /// The fields behind the body.
    List<Field> trailers() {
        return parts.stream()
                .filter(part -> part.startsWith("+ "))
                .map(part -> field(part.substring(2)))
                .toList();
    }

    /// The name that the request is for.
    String authority() {
        return line()[2];
    }

    /// Method, target, authority.
    private String[] line() {
        return unescaped(parts.getFirst()).split(" ", 3);
    }

    private List<Field> said() {
        return parts.stream()
                .skip(kind.equals("ask") ? 1 : 0)
                .filter(part -> !part.startsWith("= ") && !part.startsWith("+ "))
                .map(RequestRow::field)
                .toList();
    }

    private static Field field(String part) {
        int colon = part.indexOf(':', 1);
        return new Field(
                unescaped(part.substring(0, colon)),
                unescaped(part.substring(colon + 1).strip()));
    }

    @Override
    public String toString() {
        return name;
    }
}
