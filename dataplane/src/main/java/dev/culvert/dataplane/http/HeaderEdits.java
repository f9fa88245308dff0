package dev.culvert.dataplane.http;

import dev.culvert.model.HeaderEdit;
import dev.culvert.model.HeaderField;
import io.netty.handler.codec.http.HttpHeaders;

/// Does what `headers:` of a service says. Names and values were checked with the configuration.
final class HeaderEdits {
    private HeaderEdits() {}

    static void apply(HeaderEdit edit, HttpHeaders headers) {
        for (String name : edit.remove()) {
            headers.remove(name);
        }
        for (HeaderField field : edit.set()) {
            headers.set(field.name(), field.value());
        }
        for (HeaderField field : edit.add()) {
            headers.add(field.name(), field.value());
        }
    }
}
