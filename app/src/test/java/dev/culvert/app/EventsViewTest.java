package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventsViewTest {
    private static final Map<String, Object> MOVED = Map.of(
            "at", "2026-11-21T12:00:07.5Z",
            "subject", "vps",
            "cause", "moved",
            "text", "the name of the endpoint leads elsewhere now",
            "repair", "went to 198.51.100.3:51820",
            "over", true,
            "seconds", 6.95);
    private static final Map<String, Object> LASTING = Map.of(
            "at", "2026-11-21T12:10:00.25Z",
            "subject", "vps",
            "cause", "local-network",
            "text", "this machine cannot send: no route, or not permitted",
            "repair", "",
            "over", false,
            "seconds", 300.0);
    private static final Map<String, Object> REFUSED =
            Map.of("at", "2026-11-21T12:05:00.25Z", "subject", "web", "kind", "hop.denied", "text", "not allowed");

    @Test
    void text_outagesAndReports_areOneTableByTime() {
        String text = EventsView.text(Map.of("outages", List.of(MOVED, LASTING), "events", List.of(REFUSED)));

        assertThat(text.lines())
                .extracting(line -> line.replaceAll(" {2,}", "  "))
                .containsExactly(
                        "TIME  SUBJECT  WHAT  CAUSE  DURATION",
                        "2026-11-21T12:00:07Z  vps  outage, repair: went to 198.51.100.3:51820"
                                + "  moved: the name of the endpoint leads elsewhere now  7.0 s",
                        "2026-11-21T12:05:00Z  web  hop.denied  not allowed  -",
                        "2026-11-21T12:10:00Z  vps  outage, lasting"
                                + "  local-network: this machine cannot send: no route, or not permitted  5 min");
    }

    @Test
    void text_ofAQuietNode_saysSo() {
        assertThat(EventsView.text(Map.of("outages", List.of(), "events", List.of())))
                .isEqualTo("nothing has happened\n");
    }

    @Test
    void list_ofAnOutage_hasCauseAndSeconds() {
        assertThat(EventsView.list(Map.of("outages", List.of(MOVED))).get("events"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.get("over")).isEqualTo(true);
                    assertThat(event.get("seconds")).isEqualTo(6.95);
                    assertThat(event.get("cause")).asString().startsWith("moved: ");
                });
    }
}
