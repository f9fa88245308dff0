package dev.culvert.control.admin;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/// One call of the admin interface: how it is asked for, what it takes, and who does it.
///
/// @param method `GET` where nothing changes, else `POST`
/// @param summary one line for the OpenAPI document
record Call(String method, String path, String summary, List<Argument> arguments, Handler handler) {
    /// Does the work, on a virtual thread.
    ///
    /// An `IllegalArgumentException` says what is wrong with the request (400),
    /// an `IOException` what stands in the way (503).
    interface Handler {
        Map<String, ?> handle(Arguments arguments) throws IOException;
    }

    /// @param type of JSON schema: `string`, `boolean`, or `array` (of strings)
    record Argument(String name, String type, boolean required, String meaning) {
        static Argument text(String name, String meaning) {
            return new Argument(name, "string", true, meaning);
        }

        static Argument optional(String name, String meaning) {
            return new Argument(name, "string", false, meaning);
        }

        static Argument flag(String name, String meaning) {
            return new Argument(name, "boolean", false, meaning);
        }

        static Argument list(String name, String meaning) {
            return new Argument(name, "array", false, meaning);
        }
    }

    static Call get(String path, String summary, Handler handler) {
        return new Call("GET", path, summary, List.of(), handler);
    }

    static Call post(String path, String summary, List<Argument> arguments, Handler handler) {
        return new Call("POST", path, summary, arguments, handler);
    }
}
