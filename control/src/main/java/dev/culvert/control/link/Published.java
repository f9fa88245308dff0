package dev.culvert.control.link;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What became of one offered service at one gateway.
///
/// @param at where visitors reach it; empty if it was refused
/// @param why it was refused, for the people at both ends; empty if it was not
public record Published(List<String> at, String why) {
    public Published {
        at = List.copyOf(at);
    }

    static Published at(List<String> places) {
        return new Published(places, "");
    }

    static Published refused(String why) {
        return new Published(List.of(), why);
    }

    public boolean isRefused() {
        return at.isEmpty();
    }

    /// As the JSON of the control channel and of the admin socket.
    public Map<String, Object> map() {
        return isRefused() ? Map.of("refused", why) : Map.of("at", at);
    }

    static Published of(Object value) throws IOException {
        if (!(value instanceof Map<?, ?> map)) {
            throw new IOException("no answer for a service");
        }
        if (map.get("at") instanceof List<?> places) {
            List<String> at = new ArrayList<>();
            places.forEach(place -> at.add(String.valueOf(place)));
            return at(at);
        }
        return refused(String.valueOf(map.get("refused")));
    }

    static Map<String, Object> maps(Map<String, Published> all) {
        Map<String, Object> maps = new LinkedHashMap<>();
        all.forEach((name, published) -> maps.put(name, published.map()));
        return maps;
    }
}
