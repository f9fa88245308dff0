package dev.culvert.model.config;

import dev.culvert.model.ByteSize;
import dev.culvert.model.HeaderEdit;
import dev.culvert.model.HeaderField;
import dev.culvert.model.HeaderMatch;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Literals;
import dev.culvert.model.Redirect;
import dev.culvert.model.RequestMatch;
import dev.culvert.proto.http.HeaderNames;
import dev.culvert.proto.http.NormalTarget;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The keys of a service that choose among requests and change them.
final class HttpSchema {
    private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
    private static final String VALUE = "[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?";

    static final Scalar<String> PATH_TEXT =
            Scalar.of("a path such as /api, without a slash at its end", HttpSchema::readPath);
    private static final Scalar<String> HEADER_NAME =
            Scalar.of("the name of a header field such as X-Powered-By", HttpSchema::readName);
    private static final Scalar<HeaderField> HEADER_FIELD =
            Scalar.of("\"Name: value\" such as \"X-Robots-Tag: noindex\"", HttpSchema::readField);

    static final Field<List<String>> PATH = Field.optional(
            "path",
            new ListOf<>(PATH_TEXT),
            "/",
            "with host: the beginning of the path, by whole segments: `/api` takes `/api/x` and not `/apis`");
    static final Field<List<String>> METHOD = Field.optional(
            "method",
            new ListOf<>(Scalar.of("a method such as GET", HttpSchema::readMethod)),
            "any",
            "with host: the methods");
    static final Field<List<HeaderMatch>> HEADER = Field.optional(
            "header",
            new ListOf<>(Scalar.of("a name, or \"Name: value\"", HttpSchema::readMatch)),
            "any",
            "with host: header fields that the request must have, all of them");
    static final Field<Boolean> STRIP_PREFIX = Field.optional(
            "strip-prefix", Scalars.BOOLEAN, false, "whether the target gets the path without the `path` that matched");
    static final Field<String> REWRITE_PREFIX = Field.optional(
            "rewrite-prefix", PATH_TEXT, "the path as it came", "what takes the place of the `path` that matched");
    static final Field<String> REDIRECT = Field.optional(
            "redirect",
            Scalar.of("a URL such as https://www.example.com", HttpSchema::readRedirect),
            "in the place of target: where visitors are sent; a URL without a path keeps the request's own");
    static final Field<Integer> REDIRECT_STATUS = Field.optional(
            "redirect-status",
            Scalar.of("301, 302, 303, 307 or 308", HttpSchema::readStatus),
            Redirect.DEFAULT_STATUS,
            "301 and 308 are remembered by browsers; 307 and 308 keep the method");
    static final Field<String> MAINTENANCE = Field.optional(
            "maintenance",
            Scalar.of("true, false, or a path to a page", HttpSchema::readMaintenance),
            false,
            "answers every request with a page and status 503, and asks no target");
    static final Field<Long> MAX_BODY = Field.optional(
            "max-body",
            Scalar.of("a size such as 100 MiB", HttpSchema::readSize),
            "any size",
            "the largest body of a request, else 413");

    static final Field<Integer> RESPONSE_TIMEOUT = Field.optional(
            "response-timeout",
            Scalars.PATIENCE,
            HttpSettings.DEFAULT_RESPONSE_SECONDS,
            "seconds that a target which has the whole request may say nothing, else 504");

    private static final Field<List<HeaderField>> SET = Field.optional(
            "set", new ListOf<>(HEADER_FIELD), "nothing", "fields that stand in the place of any of that name");
    private static final Field<List<HeaderField>> ADD =
            Field.optional("add", new ListOf<>(HEADER_FIELD), "nothing", "fields beside those that are there");
    private static final Field<List<String>> REMOVE =
            Field.optional("remove", new ListOf<>(HEADER_NAME), "nothing", "fields that go");
    private static final Field<Section> REQUEST =
            Field.optional("request", Shape.of(SET, ADD, REMOVE), "on the way to the target");
    private static final Field<Section> RESPONSE =
            Field.optional("response", Shape.of(SET, ADD, REMOVE), "on the way to the visitor");
    static final Field<Section> HEADERS =
            Field.optional("headers", Shape.of(REQUEST, RESPONSE), "header fields to change");

    private HttpSchema() {}

    static HttpSettings read(Section section) {
        List<String> paths = section.get(PATH, List.of());
        RequestMatch match = new RequestMatch(paths, section.get(METHOD, List.of()), section.get(HEADER, List.of()));
        Section headers = section.get(HEADERS);
        noteRedirect(section);
        String to = section.get(REDIRECT);
        String maintenance = section.get(MAINTENANCE);
        return new HttpSettings(
                match,
                rewrite(section, paths),
                to == null ? null : new Redirect(to, section.get(REDIRECT_STATUS, Redirect.DEFAULT_STATUS)),
                edit(headers == null ? null : headers.get(REQUEST), true),
                edit(headers == null ? null : headers.get(RESPONSE), false),
                "false".equals(maintenance) ? null : maintenance,
                section.get(MAX_BODY, 0L),
                section.get(RESPONSE_TIMEOUT, HttpSettings.DEFAULT_RESPONSE_SECONDS));
    }

    private static @Nullable String rewrite(Section section, List<String> paths) {
        boolean strip = section.get(STRIP_PREFIX, false);
        String to = section.get(REWRITE_PREFIX);
        if (strip && section.mentions(REWRITE_PREFIX)) {
            section.note(REWRITE_PREFIX, "stands beside strip-prefix (expected: one of them)");
        }
        if (strip && paths.isEmpty() && !section.mentions(PATH)) {
            section.note(STRIP_PREFIX, "strips what path names, and there is no path");
        }
        return strip ? "/" : to;
    }

    private static void noteRedirect(Section section) {
        if (!section.mentions(REDIRECT)) {
            if (section.mentions(REDIRECT_STATUS)) {
                section.note(REDIRECT_STATUS, "goes with redirect");
            }
            return;
        }
        for (Field<?> other : List.of(STRIP_PREFIX, REWRITE_PREFIX, HEADERS, MAX_BODY, RESPONSE_TIMEOUT)) {
            if (section.mentions(other)) {
                section.note(other, "means nothing beside redirect, as no target is asked");
            }
        }
    }

    private static HeaderEdit edit(@Nullable Section section, boolean request) {
        if (section == null) {
            return HeaderEdit.NONE;
        }
        List<HeaderField> set = section.get(SET, List.of());
        List<HeaderField> add = section.get(ADD, List.of());
        set.forEach(field -> {
            if (!request && isHost(field)) {
                section.note(SET, "a response has no Host");
            }
        });
        if (add.stream().anyMatch(HttpSchema::isHost)) {
            section.note(ADD, "a second Host would be refused (expected: set)");
        }
        return new HeaderEdit(set, add, section.get(REMOVE, List.of()));
    }

    private static boolean isHost(HeaderField field) {
        return field.name().equalsIgnoreCase("host");
    }

    static String readPath(String text) throws Mismatch {
        NormalTarget normal = text.indexOf('?') >= 0 ? null : NormalTarget.of(text);
        if (normal == null) {
            throw Mismatch.plain().suggest(text.matches("[A-Za-z0-9._~-]+") ? "/" + text : null);
        }
        if (normal.ambiguous()) {
            throw Mismatch.because("servers read this path differently");
        }
        String path = normal.text();
        String bare = path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        if (!bare.equals(text)) {
            throw Mismatch.because("not in its normal form").suggest(bare);
        }
        return text;
    }

    private static String readMethod(String text) throws Mismatch {
        String upper = text.toUpperCase(Locale.ROOT);
        if (upper.equals("CONNECT") || upper.equals("TRACE")) {
            throw Mismatch.because("no target gets this method");
        }
        if (!text.matches(TOKEN) || text.length() > 32) {
            throw Mismatch.plain();
        }
        if (!upper.equals(text)) {
            throw Mismatch.because("methods are case-sensitive").suggest(upper);
        }
        return text;
    }

    private static HeaderMatch readMatch(String text) throws Mismatch {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String value = colon < 0 ? null : text.substring(colon + 1).strip();
        if (!name.matches(TOKEN) || (value != null && !value.matches(VALUE))) {
            throw Mismatch.plain();
        }
        if (HeaderNames.isManaged(name) || HeaderNames.isHopByHop(name)) {
            throw Mismatch.because("visitors' fields of this name are deleted before");
        }
        return new HeaderMatch(name.toLowerCase(Locale.ROOT), value);
    }

    private static HeaderField readField(String text) throws Mismatch {
        int colon = text.indexOf(':');
        String value = colon < 0 ? "" : text.substring(colon + 1).strip();
        if (!value.matches(VALUE) || value.length() > 4096) {
            throw Mismatch.plain();
        }
        return new HeaderField(own(text.substring(0, colon).strip()), value);
    }

    private static String readName(String text) throws Mismatch {
        String name = own(text).toLowerCase(Locale.ROOT);
        if (name.equals("host")) {
            throw Mismatch.because("without it there is no request");
        }
        return name;
    }

    /// A field of one connection, or one by which targets believe us, is not for the configuration to write.
    static String own(String name) throws Mismatch {
        if (!name.matches(TOKEN)) {
            throw Mismatch.plain();
        }
        String lower = name.toLowerCase(Locale.ROOT);
        if (HeaderNames.isHopByHop(name) || lower.equals("content-length") || HeaderNames.isWebSocket(name)) {
            throw Mismatch.because("this field belongs to the connection");
        }
        if (HeaderNames.isManaged(name)) {
            throw Mismatch.because("this field is Culvert's own: client-address decides");
        }
        return name;
    }

    private static String readRedirect(String text) throws Mismatch {
        boolean url = text.matches("https?://[A-Za-z0-9.\\[\\]:-]+(/[\\x21\\x23-\\x5b\\x5d-\\x7e]*)?");
        int from = text.indexOf("://") + 3;
        int slash = text.indexOf('/', from);
        String authority = url ? text.substring(from, slash < 0 ? text.length() : slash) : "";
        int colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(':');
        String host = colon < 0 ? authority : authority.substring(0, colon);
        boolean port = colon < 0 || Literals.port(authority.substring(colon + 1)) > 0;
        if (!url || !port || Hosts.nameOrAddress(host) == null) {
            throw Mismatch.plain().suggest(Hosts.name(text) == null ? null : "https://" + Hosts.name(text));
        }
        return text;
    }

    private static Integer readStatus(String text) throws Mismatch {
        if (!List.of("301", "302", "303", "307", "308").contains(text)) {
            throw Mismatch.plain();
        }
        return Integer.valueOf(text);
    }

    private static String readMaintenance(String text) throws Mismatch {
        boolean word = text.equals(HttpSettings.MAINTENANCE) || text.equals("false");
        if (!word && (!text.matches("[^\\x00-\\x1f]*[./][^\\x00-\\x1f]*") || text.length() > 1024)) {
            throw Mismatch.plain();
        }
        return text;
    }

    private static Long readSize(String text) throws Mismatch {
        long size = ByteSize.parse(text);
        if (size < 1) {
            throw Mismatch.plain().suggest(text.matches("[0-9]+ ?[kKmMgG][bB]?") ? larger(text) : null);
        }
        return size;
    }

    /// `100MB` is what people write.
    private static String larger(String text) {
        String digits = text.replaceFirst("[^0-9].*", "");
        String unit = text.substring(digits.length()).strip().substring(0, 1).toUpperCase(Locale.ROOT);
        return digits + " " + unit + "iB";
    }
}
