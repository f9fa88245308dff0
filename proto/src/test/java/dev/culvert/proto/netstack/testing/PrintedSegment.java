package dev.culvert.proto.netstack.testing;

import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A segment as a [Script] writes it: `P. 1:1001 ack 1 win 500 <sack 2001:3001, ts 5 0> CE`, the numbers relative to
/// the SYNs'.
final class PrintedSegment {
    private static final Pattern FORM = Pattern.compile("([FSRP.UEW]+) (-?\\d+)(?::(-?\\d+))?(?: ack (-?\\d+))?"
            + "(?: win (\\d+))?(?: <([^>]*)>)?(?: (ECT0|ECT1|CE))?(?: by (\\d+))?");
    private static final String LETTERS = "FSRP.UEW";
    private static final List<String> ECN = List.of("", "ECT1", "ECT0", "CE");

    private final String flags;
    private final int start;
    private final int end;
    private final String ack;
    private final String window;
    private final Map<String, String> options;
    private final String ecn;
    private final int by;

    private PrintedSegment(
            String flags,
            int start,
            int end,
            String ack,
            String window,
            Map<String, String> options,
            String ecn,
            int by) {
        this.flags = flags;
        this.start = start;
        this.end = end;
        this.ack = ack;
        this.window = window;
        this.options = options;
        this.ecn = ecn;
        this.by = by;
    }

    PrintedSegment(String text) {
        this(parts(text));
    }

    private PrintedSegment(Matcher parts) {
        this(
                parts.group(1),
                Integer.parseInt(parts.group(2)),
                Integer.parseInt(parts.group(parts.group(3) == null ? 2 : 3)),
                orEmpty(parts.group(4)),
                orEmpty(parts.group(5)),
                options(orEmpty(parts.group(6))),
                orEmpty(parts.group(7)),
                parts.group(8) == null ? 0 : Integer.parseInt(parts.group(8)));
    }

    private static Matcher parts(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no segment: " + text);
        }
        return matcher;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Map<String, String> options(String text) {
        Map<String, String> found = new TreeMap<>();
        for (String option : text.split(", *", -1)) {
            if (!option.isEmpty()) {
                String[] words = option.split(" ", 2);
                found.put(words[0], words.length > 1 ? words[1] : "");
            }
        }
        return found;
    }

    /// Cut into segments of so many bytes as it says; only the last one has PSH.
    List<PrintedSegment> pieces() {
        if (by == 0) {
            return List.of(this);
        }
        List<PrintedSegment> pieces = new ArrayList<>();
        for (int at = start; at < end; at += by) {
            boolean last = at + by >= end;
            String some = last ? flags : flags.replace("P", "").replace("W", "");
            pieces.add(new PrintedSegment(some, at, Math.min(end, at + by), ack, window, options, ecn, 0));
        }
        return pieces;
    }

    /// The window scale that it offers, or -1.
    int scale() {
        return options.containsKey("wscale") ? Integer.parseInt(options.get("wscale")) : -1;
    }

    Seg toSeg(Trace trace) {
        Seg seg = Seg.seg().seq(start).data(end - start).ecn(ECN.indexOf(ecn));
        seg.flags = bits();
        if (!ack.isEmpty()) {
            seg.ack(Integer.parseInt(ack));
        }
        if (!window.isEmpty()) {
            seg.window(Integer.parseInt(window));
        }
        options.forEach((name, value) -> option(seg, name, value, trace));
        return seg;
    }

    private int bits() {
        int bits = 0;
        for (int i = 0; i < flags.length(); i++) {
            bits |= 1 << LETTERS.indexOf(flags.charAt(i));
        }
        return bits;
    }

    private static void option(Seg seg, String name, String value, Trace trace) {
        String[] words = value.split("[ :]", -1);
        switch (name) {
            case "mss" -> seg.mss(Integer.parseInt(value));
            case "wscale" -> seg.scale(Integer.parseInt(value));
            case "sackOK" -> seg.sackOk();
            case "ts" -> seg.timestamps(Integer.parseInt(words[0]), echoed(words[1], trace));
            case "sack" -> {
                for (int i = 0; i < words.length; i += 2) {
                    seg.sack(Integer.parseInt(words[i]), Integer.parseInt(words[i + 1]));
                }
            }
            default -> throw new IllegalArgumentException("no such option: " + name);
        }
    }

    /// What we have said counts from our first timestamp.
    private static int echoed(String text, Trace trace) {
        return text.equals("-") ? 0 : trace.firstTimestamp() + Integer.parseInt(text);
    }

    static PrintedSegment of(byte[] packet, Trace trace) {
        TcpHeader header = new TcpHeader();
        header.check(packet, 20, packet.length - 20);
        StringBuilder flags = new StringBuilder();
        for (int bit = 0; bit < 8; bit++) {
            if ((header.flags() >>> bit & 1) != 0) {
                flags.append(LETTERS.charAt(bit));
            }
        }
        boolean acks = (header.flags() & TcpHeader.ACK) != 0;
        int from = header.sequence() - trace.iss();
        return new PrintedSegment(
                flags.toString(),
                from,
                from + header.payloadLength(),
                acks ? String.valueOf(header.acknowledgment() - Trace.PEER_ISS) : "",
                String.valueOf(header.window()),
                sentOptions(packet, trace),
                ECN.get(packet[1] & 3),
                0);
    }

    private static Map<String, String> sentOptions(byte[] packet, Trace trace) {
        Map<String, String> found = new TreeMap<>();
        int end = 20 + (packet[32] >>> 4 & 0xf) * 4;
        for (int at = 40; at < end && packet[at] != 0; at += packet[at] == 1 ? 1 : packet[at + 1]) {
            switch (packet[at]) {
                case 2 -> found.put("mss", String.valueOf(NetworkOrder.u16(packet, at + 2)));
                case 3 -> found.put("wscale", String.valueOf(packet[at + 2]));
                case 4 -> found.put("sackOK", "");
                case 5 -> found.put("sack", blocks(packet, at));
                case 8 -> {
                    int stamp = NetworkOrder.i32(packet, at + 2) - trace.firstTimestamp();
                    found.put("ts", stamp + " " + NetworkOrder.i32(packet, at + 6));
                }
                default -> {}
            }
        }
        return found;
    }

    private static String blocks(byte[] packet, int at) {
        List<String> blocks = new ArrayList<>();
        for (int block = at + 2; block < at + packet[at + 1]; block += 8) {
            int first = NetworkOrder.i32(packet, block) - Trace.PEER_ISS;
            int behind = NetworkOrder.i32(packet, block + 4) - Trace.PEER_ISS;
            blocks.add(first + ":" + behind);
        }
        return String.join(" ", blocks);
    }

    /// Whether this is what was sent. Window and acknowledgment may be left out, and timestamps; flags, numbers, SACK
    /// blocks, the ECN field, and all options of a SYN may not.
    boolean describes(PrintedSegment sent) {
        boolean sameNumbers =
                start == sent.start && end == sent.end && flags.equals(sent.flags) && ecn.equals(sent.ecn);
        boolean sameSaid = (ack.isEmpty() || ack.equals(sent.ack)) && (window.isEmpty() || window.equals(sent.window));
        if (!sameNumbers || !sameSaid) {
            return false;
        }
        Map<String, String> compared = new TreeMap<>(sent.options);
        if (!options.containsKey("ts")) {
            compared.remove("ts");
        }
        return options.equals(compared);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(flags).append(' ').append(start);
        if (end != start) {
            text.append(':').append(end);
        }
        text.append(ack.isEmpty() ? "" : " ack " + ack).append(window.isEmpty() ? "" : " win " + window);
        if (!options.isEmpty()) {
            List<String> all = new ArrayList<>();
            options.forEach((name, value) -> all.add(value.isEmpty() ? name : name + " " + value));
            text.append(" <").append(String.join(", ", all)).append('>');
        }
        return text.append(ecn.isEmpty() ? "" : " " + ecn).toString();
    }
}
