package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.model.Target;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The same gateway and target, with a door at which HTTP/2 is spoken without TLS.
class Http2Road extends HttpRoad {
    private @Nullable Http2Door door;

    /// Opens the door; the target does what the script says.
    void serving2(RawBackend.Script script) throws IOException {
        serving(script).close();
        door = new Http2Door(node());
    }

    void serving2(Target target) throws IOException {
        servingFrom(target).close();
        door = new Http2Door(node());
    }

    FrameWire visitor2() throws IOException {
        return door().visitor();
    }

    Http2Door door() {
        return Objects.requireNonNull(door);
    }

    long count(String kind) {
        return node().events().counters().getOrDefault(kind, 0L);
    }

    void tellVisitors(Drain.Notice notice) {
        door().tellVisitors(notice);
    }
}
