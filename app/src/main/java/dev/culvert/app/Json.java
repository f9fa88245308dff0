package dev.culvert.app;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.Map;

/// Answers of a node as JSON text for scripts.
final class Json {
    private static final JSON PRETTY = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

    private Json() {}

    static String text(Map<String, Object> answer) throws IOException {
        return PRETTY.asString(answer);
    }
}
