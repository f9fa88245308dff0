package dev.culvert.model.decide;

import dev.culvert.model.Destination;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The targets of all services of one model. What is known of a target goes on into the next model that has it.
public final class Targets {
    public static final Targets NONE = new Targets(Map.of(), Map.of());

    private static final TargetGroup NO_GROUP = TargetGroup.empty();

    private final Map<Key, TargetState> states;
    private final Map<String, TargetGroup> groups;

    private record Key(String service, Destination destination) {}

    private Targets(Map<Key, TargetState> states, Map<String, TargetGroup> groups) {
        this.states = states;
        this.groups = groups;
    }

    /// @param secretly a keyed hash: the same text for the same one, which tells nothing about it
    public Targets next(Model model, UnaryOperator<String> secretly) {
        Map<Key, TargetState> nextStates = new HashMap<>();
        Map<String, TargetGroup> nextGroups = new HashMap<>();
        for (Service service : model.services().values()) {
            List<TargetState> group = new ArrayList<>();
            for (Destination destination : service.targets()) {
                Key key = new Key(service.name(), destination);
                TargetState known = states.get(key);
                TargetState state = known == null
                        ? new TargetState(
                                service.name(), destination, secretly.apply(service.name() + " " + destination))
                        : known;
                if (service.balancing().check() == null) {
                    state.unchecked();
                }
                nextStates.put(key, state);
                group.add(state);
            }
            nextGroups.put(
                    service.name(), new TargetGroup(group, service.balancing().method()));
        }
        return new Targets(nextStates, nextGroups);
    }

    /// The targets of a service; none where it is not in the model.
    public TargetGroup of(Service service) {
        return groups.getOrDefault(service.name(), NO_GROUP);
    }

    /// What is known of one target; null where the model does not have it.
    public @Nullable TargetState find(String service, Destination destination) {
        return states.get(new Key(service, destination));
    }
}
