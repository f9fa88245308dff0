package dev.culvert.app.demo;

import java.util.Map;

/// The sample services' pages.
final class Pages {
    private Pages() {}

    static String clock(Map<String, String> headers, String socketPeer) {
        return """
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8"><title>A clock at home</title>
                <style>body{font:1.1rem/1.5 system-ui;margin:4rem auto;max-width:38rem;padding:0 1rem}
                #t{font-size:4rem;font-variant-numeric:tabular-nums}code{background:#eee;padding:.1em .3em}
                td{padding:.2em 1em .2em 0}</style></head>
                <body><h1>A clock at home</h1><p id="t">…</p>
                <table>
                <tr><td>you, as the service sees you</td><td><code>%s</code></td></tr>
                <tr><td>the host you asked for</td><td><code>%s</code></td></tr>
                <tr><td>the socket's other end</td><td><code>%s</code></td></tr>
                </table>
                <p>This page came through a gateway, a WireGuard tunnel and a site; the time comes by WebSocket.</p>
                <script>
                const s = new WebSocket("ws://" + location.host + "/clock");
                s.onmessage = e => document.getElementById("t").textContent = e.data;
                s.onclose = () => document.getElementById("t").textContent = "closed";
                </script></body></html>
                """.formatted(
                        escape(headers.getOrDefault("x-forwarded-for", "unknown")),
                        escape(headers.getOrDefault("x-forwarded-host", "unknown")),
                        escape(socketPeer));
    }

    static String file() {
        return """
                This file lies at home. It came to you through a WireGuard tunnel that runs without root,
                and the home opened no port for it.
                """;
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
