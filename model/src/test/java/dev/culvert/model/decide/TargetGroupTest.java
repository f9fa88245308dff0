package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class TargetGroupTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long NOW = 5;
    private static final InetAddress VISITOR = InetAddress.ofLiteral("203.0.113.9");

    private static String secretly(String text) {
        return Integer.toHexString(text.hashCode());
    }

    private static Model model(String rest) {
        return ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                        sites:
                          home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
                        services:
                          web:
                            host: web.example.com
                            site: home
                        """ + rest)))
                .orThrow();
    }

    private static Model three(String method) {
        return model("    target: [http://10.0.0.1:80, http://10.0.0.2:80, http://10.0.0.3:80]\n    balance: " + method
                + "\n");
    }

    private static TargetGroup group(Model model, Targets before) {
        return before.next(model, TargetGroupTest::secretly).of(web(model));
    }

    private static Service web(Model model) {
        return Objects.requireNonNull(model.services().get("web"));
    }

    private static List<Integer> choices(TargetGroup group, int count, long now) {
        List<Integer> choices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            choices.add(group.choose(VISITOR, -1, 0, now));
        }
        return choices;
    }

    @Test
    void choose_roundRobin_takesEachInTurn() {
        assertThat(choices(group(three("round-robin"), Targets.NONE), 6, NOW)).containsExactly(0, 1, 2, 0, 1, 2);
    }

    @Test
    void choose_leastConnections_takesTheIdlest() {
        TargetGroup group = group(three("least-connections"), Targets.NONE);
        group.targets().get(0).began();
        group.targets().get(2).began();

        assertThat(choices(group, 3, NOW)).containsExactly(1, 1, 1);

        group.targets().get(0).ended();
        assertThat(choices(group, 30, NOW)).contains(0, 1).doesNotContain(2);
    }

    @Test
    void choose_source_keepsAVisitorAndMovesOnlyThoseOfALostTarget() {
        TargetGroup group = group(three("source"), Targets.NONE);
        Map<InetAddress, Integer> before = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            InetAddress visitor = InetAddress.ofLiteral("203.0.113." + i);
            int choice = group.choose(visitor, -1, 0, NOW);
            assertThat(group.choose(visitor, -1, 0, NOW)).isEqualTo(choice);
            before.put(visitor, choice);
        }
        assertThat(before.values()).contains(0, 1, 2);

        group.targets().get(1).connectFailed("refused", NOW);

        before.forEach((visitor, choice) -> {
            int next = group.choose(visitor, -1, 0, NOW);
            assertThat(next).isNotEqualTo(1);
            if (choice != 1) {
                assertThat(next).isEqualTo(choice);
            }
        });
    }

    @Test
    void choose_afterAFailedConnection_leavesItOutForAPauseAndThenOneTriesIt() {
        TargetGroup group = group(three("round-robin"), Targets.NONE);
        TargetState first = group.targets().getFirst();

        first.connectFailed("refused", NOW);
        assertThat(choices(group, 6, NOW + SECOND)).doesNotContain(0);
        assertThat(first.health(NOW + SECOND)).isEqualTo(TargetState.Health.PAUSED);
        assertThat(first.why()).isEqualTo("refused");

        assertThat(choices(group, 6, NOW + 2 * SECOND)).containsOnlyOnce(0);
        first.connectFailed("refused", NOW + 2 * SECOND);
        assertThat(choices(group, 6, NOW + 5 * SECOND)).doesNotContain(0);
        assertThat(choices(group, 6, NOW + 6 * SECOND)).containsOnlyOnce(0);

        first.connected();
        assertThat(choices(group, 6, NOW + 6 * SECOND)).contains(0);
        assertThat(first.health(NOW)).isEqualTo(TargetState.Health.UP);
        assertThat(first.why()).isNull();
    }

    @Test
    void choose_afterTwoFailedChecks_leavesItOutUntilOnePasses() {
        TargetGroup group = group(three("round-robin"), Targets.NONE);
        TargetState first = group.targets().getFirst();

        assertThat(first.checked("status 500")).isFalse();
        assertThat(choices(group, 6, NOW)).contains(0);
        assertThat(first.checked("status 500")).isTrue();
        assertThat(choices(group, 6, NOW + 1000 * SECOND)).doesNotContain(0);
        assertThat(first.health(NOW)).isEqualTo(TargetState.Health.DOWN);

        assertThat(first.checked(null)).isTrue();
        assertThat(choices(group, 6, NOW)).contains(0);
    }

    @Test
    void choose_noneIsWell_anyIsBetterThanNone() {
        TargetGroup group = group(three("round-robin"), Targets.NONE);
        group.targets().forEach(target -> target.connectFailed("refused", NOW));

        assertThat(choices(group, 3, NOW)).doesNotContain(-1);
    }

    @Test
    void choose_whatARequestHasTried_isNotChosenAgain() {
        TargetGroup group = group(three("round-robin"), Targets.NONE);

        assertThat(group.choose(VISITOR, 0, 0b101, NOW)).isEqualTo(1);
        assertThat(group.choose(VISITOR, 1, 0b111, NOW)).isEqualTo(-1);
        assertThat(group(model("    target: http://10.0.0.1:80\n"), Targets.NONE)
                        .choose(VISITOR, -1, 1, NOW))
                .isEqualTo(-1);
    }

    @Test
    void choose_preferred_isTakenWhileItIsWell() {
        TargetGroup group = group(three("round-robin"), Targets.NONE);
        int preferred = group.byId(group.targets().get(2).id());

        assertThat(group.choose(VISITOR, preferred, 0, NOW)).isEqualTo(2);
        assertThat(group.choose(VISITOR, preferred, 0, NOW)).isEqualTo(2);
        group.targets().get(2).connectFailed("refused", NOW);
        assertThat(group.choose(VISITOR, preferred, 0, NOW)).isNotEqualTo(2);
        assertThat(group.byId("forged")).isEqualTo(-1);
    }

    @Test
    void next_model_keepsWhatIsKnownOfATarget() {
        Targets before = Targets.NONE.next(three("round-robin"), TargetGroupTest::secretly);
        TargetState first = before.of(web(three("round-robin"))).targets().getFirst();
        first.connectFailed("refused", NOW);
        Model fewer = model("    target: [http://10.0.0.1:80, http://10.0.0.9:80]\n");

        TargetGroup after = group(fewer, before);

        assertThat(after.targets()).hasSize(2).first().isSameAs(first);
        assertThat(choices(after, 4, NOW)).containsOnly(1);
    }
}
