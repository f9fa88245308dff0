package dev.culvert.control.link;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// All that a site asks a gateway to publish: what is not in it any more is withdrawn.
///
/// @param documents by service name, each a document of site.yaml's schema with that one service
record Offer(Map<String, String> documents) {
    static final String PATH = "/services";

    Offer {
        documents = Map.copyOf(documents);
    }

    String encode() {
        try {
            return JSON.std.asString(Map.of("services", documents));
        } catch (IOException e) {
            throw new IllegalStateException("an offer cannot be written", e);
        }
    }

    /// @throws IOException if the text, which comes from a peer, is no offer
    static Offer decode(String text) throws IOException {
        if (!(JSON.std.mapFrom(text).get("services") instanceof Map<?, ?> services)) {
            throw new IOException("no services in the offer");
        }
        Map<String, String> documents = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : services.entrySet()) {
            if (!(entry.getKey() instanceof String name) || !(entry.getValue() instanceof String document)) {
                throw new IOException("a service of the offer is no document");
            }
            documents.put(name, document);
        }
        return new Offer(documents);
    }
}
