package dev.culvert.app;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The connections inside the tunnel as text, two lines for each, in the words of `ss -ti`.
final class SocketsView {
    private SocketsView() {}

    static String text(Map<String, Object> answer) {
        if (!"embedded".equals(answer.get("stack"))) {
            return "TCP of this tunnel is the kernel's: ss -ti shows it\n";
        }
        StringBuilder text = new StringBuilder();
        text.append("%s of %s connections, %s half open, %s in TIME-WAIT; buffers %s of %s; per peer %s%n"
                .formatted(
                        answer.get("connections"),
                        answer.get("connectionsMax"),
                        answer.get("halfOpen"),
                        answer.get("timeWait"),
                        size(answer.get("bufferBytes")),
                        size(answer.get("bufferBytesMax")),
                        answer.get("perPeer")));
        if (answer.get("sockets") instanceof List<?> sockets) {
            for (Object socket : sockets) {
                if (socket instanceof Map<?, ?> map) {
                    append(text, map);
                }
            }
        }
        return text.toString();
    }

    private static void append(StringBuilder text, Map<?, ?> socket) {
        Object peer = socket.get("peer");
        text.append("%n%s %s > %s%s recv-q %s send-q %s%n"
                .formatted(
                        socket.get("state"),
                        socket.get("local"),
                        socket.get("remote"),
                        peer == null ? "" : " (" + peer + ")",
                        socket.get("receiveQueue"),
                        socket.get("sendQueue")));
        text.append("    %s cwnd:%s flight:%s mss:%s rtt:%s/%s rto:%sms snd_wnd:%s bufs:%s/%s"
                .formatted(
                        socket.get("recovery"),
                        size(socket.get("cwnd")),
                        size(socket.get("inFlight")),
                        socket.get("mss"),
                        millis(socket.get("srttMicros")),
                        millis(socket.get("minRttMicros")),
                        socket.get("rtoMillis"),
                        size(socket.get("sendWindow")),
                        size(socket.get("sendBuffer")),
                        size(socket.get("receiveBuffer"))));
        text.append(" acked:%s received:%s retrans:%s rto_count:%s tlp:%s undone:%s ecn:%s marks:%s%n"
                .formatted(
                        size(socket.get("bytesAcked")),
                        size(socket.get("bytesReceived")),
                        socket.get("retransmits"),
                        socket.get("timeouts"),
                        socket.get("probes"),
                        socket.get("undone"),
                        socket.get("ecn"),
                        socket.get("marks")));
    }

    private static String millis(@Nullable Object micros) {
        return micros instanceof Number number ? "%.1fms".formatted(number.doubleValue() / 1000) : "-";
    }

    private static String size(@Nullable Object bytes) {
        if (!(bytes instanceof Number number)) {
            return "-";
        }
        long exact = number.longValue();
        return exact < 10_000 ? exact + "B" : exact < 10_000_000 ? exact / 1000 + "kB" : exact / 1_000_000 + "MB";
    }
}
