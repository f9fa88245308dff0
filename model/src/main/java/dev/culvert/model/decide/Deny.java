package dev.culvert.model.decide;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// A refusal, at whichever stage; one shared value per reason.
public record Deny(DenyReason reason) implements Verdict, Admittance, Routing {
    private static final Map<DenyReason, Deny> ALL = all();

    static Deny of(DenyReason reason) {
        return Objects.requireNonNull(ALL.get(reason));
    }

    private static Map<DenyReason, Deny> all() {
        Map<DenyReason, Deny> all = new EnumMap<>(DenyReason.class);
        for (DenyReason reason : DenyReason.values()) {
            all.put(reason, new Deny(reason));
        }
        return all;
    }
}
