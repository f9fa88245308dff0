package dev.culvert.control.admin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The calls as an OpenAPI 3.1 document, made from the same table that answers them.
final class OpenApi {
    private OpenApi() {}

    static Map<String, Object> document(List<Call> calls) {
        Map<String, Object> paths = new LinkedHashMap<>();
        for (Call call : calls) {
            @SuppressWarnings("unchecked")
            Map<String, Object> path =
                    (Map<String, Object>) paths.computeIfAbsent(call.path(), _ -> new LinkedHashMap<String, Object>());
            path.put(call.method().equals("GET") ? "get" : "post", operation(call));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.1.0");
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("title", "Culvert admin interface");
        info.put("version", "1");
        info.put(
                "description",
                "HTTP/1.1 on the unix socket admin.sock of the state folder; who may open it is the operator.");
        document.put("info", info);
        document.put("paths", paths);
        return document;
    }

    private static Map<String, Object> operation(Call call) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("summary", call.summary());
        if (!call.arguments().isEmpty()) {
            operation.put("requestBody", content("required", true, schema(call.arguments())));
        }
        Map<String, Object> responses = new LinkedHashMap<>();
        responses.put("200", content("description", "done", Map.of("type", "object")));
        responses.put("400", Map.of("description", "the request is wrong; the text says how"));
        responses.put("503", Map.of("description", "something stands in the way; the text says what"));
        operation.put("responses", responses);
        return operation;
    }

    private static Map<String, Object> schema(List<Call.Argument> arguments) {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (Call.Argument argument : arguments) {
            Map<String, Object> property = new LinkedHashMap<>();
            property.put("type", argument.type());
            if (argument.type().equals("array")) {
                property.put("items", Map.of("type", "string"));
            }
            property.put("description", argument.meaning());
            properties.put(argument.name(), property);
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put(
                "required",
                arguments.stream()
                        .filter(Call.Argument::required)
                        .map(Call.Argument::name)
                        .toList());
        return schema;
    }

    /// Not `Map.of`, whose order is another one in each process.
    private static Map<String, Object> content(String key, Object value, Map<String, Object> schema) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(key, value);
        map.put("content", Map.of("application/json", Map.of("schema", schema)));
        return map;
    }
}
