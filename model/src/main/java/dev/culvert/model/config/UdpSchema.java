package dev.culvert.model.config;

import dev.culvert.model.Literals;
import dev.culvert.model.Target;
import dev.culvert.model.UdpSettings;
import org.jspecify.annotations.Nullable;

/// The keys of a service that bound its flows of datagrams.
final class UdpSchema {
    private static final int MOST_FLOWS = 20_000;
    private static final int MOST_TIMES = 100;

    static final Field<Integer> IDLE = Field.optional(
            "idle",
            Scalars.number(5, UdpSettings.MAX_IDLE),
            UdpSettings.DEFAULT.idleSeconds(),
            "seconds without a datagram after which a flow ends, of a visitor that has answered an answer; others: 10");
    static final Field<Integer> FLOWS = Field.optional(
            "flows",
            Scalars.number(1, MOST_FLOWS),
            UdpSettings.DEFAULT.flows(),
            "most flows at once; a new one takes the place of one that has proven nothing");
    static final Field<Integer> FLOWS_PER_VISITOR = Field.optional(
            "flows-per-visitor",
            Scalars.number(1, MOST_FLOWS),
            UdpSettings.DEFAULT.flowsPerVisitor(),
            "most of them from one IPv4 address or IPv6 /64; a new one takes the place of its own oldest");
    static final Field<Integer> REPLY_LIMIT = Field.optional(
            "reply-limit",
            Scalar.of("1.." + MOST_TIMES + " or off", UdpSchema::readLimit),
            UdpSettings.DEFAULT.replyLimit(),
            "how many times the bytes that came may go back to a visitor that has not answered an answer yet");
    static final Field<Section> UDP = Field.optional(
            "udp", Shape.of(IDLE, FLOWS, FLOWS_PER_VISITOR, REPLY_LIMIT), "bounds of flows, with udp:// targets");

    private UdpSchema() {}

    static UdpSettings read(Section service, Target.@Nullable Scheme scheme) {
        Section section = service.get(UDP);
        if (section == null) {
            return UdpSettings.DEFAULT;
        }
        if (scheme != null && scheme != Target.Scheme.UDP) {
            service.note(UDP, "goes with a udp:// target");
            return UdpSettings.DEFAULT;
        }
        UdpSettings usual = UdpSettings.DEFAULT;
        int flows = section.get(FLOWS, usual.flows());
        int each = section.get(FLOWS_PER_VISITOR, Math.min(flows, usual.flowsPerVisitor()));
        if (each > flows) {
            section.note(FLOWS_PER_VISITOR, each + " is more than flows (expected: at most " + flows + ")");
        }
        return new UdpSettings(
                section.get(IDLE, usual.idleSeconds()), flows, each, section.get(REPLY_LIMIT, usual.replyLimit()));
    }

    private static Integer readLimit(String text) throws Mismatch {
        int times = text.equals("off") ? 0 : Literals.number(text, MOST_TIMES);
        if (times < 0 || (times == 0 && !text.equals("off"))) {
            throw Mismatch.plain();
        }
        return times;
    }
}
