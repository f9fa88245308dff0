package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SocketsViewTest {
    @Test
    void text_ofTheKernelsStack_pointsToSs() {
        assertThat(SocketsView.text(Map.of("stack", "kernel"))).contains("ss -ti");
    }

    @Test
    void text_ofASocket_isWhatSsWouldSay() {
        Map<String, Object> socket = Map.ofEntries(
                Map.entry("local", "10.90.0.1:443"),
                Map.entry("remote", "10.90.0.2:40000"),
                Map.entry("peer", "home"),
                Map.entry("state", "ESTABLISHED"),
                Map.entry("recovery", "RECOVERY"),
                Map.entry("receiveQueue", 0),
                Map.entry("sendQueue", 70000),
                Map.entry("cwnd", 54321),
                Map.entry("srttMicros", 20500),
                Map.entry("minRttMicros", 20000),
                Map.entry("rtoMillis", 220),
                Map.entry("retransmits", 3));
        String text = SocketsView.text(Map.of(
                "stack", "embedded", "connections", 1, "perPeer", Map.of("home", 1), "sockets", List.of(socket)));
        assertThat(text)
                .contains("ESTABLISHED 10.90.0.1:443 > 10.90.0.2:40000 (home) recv-q 0 send-q 70000")
                .contains("RECOVERY cwnd:54kB")
                .contains("rtt:20.5ms/20.0ms rto:220ms")
                .contains("retrans:3");
    }
}
