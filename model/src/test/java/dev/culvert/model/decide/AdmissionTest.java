package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class AdmissionTest {
    /// A monotonic clock may begin anywhere, and wrap under us.
    private static final long NOW = nearWrap();
    private static final long SECOND = 1_000_000_000L;
    private static final InetAddress VISITOR = InetAddress.ofLiteral("203.0.113.9");

    private static final Model MODEL = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                                    services:
                                      ssh:
                                        listen: 2222/tcp
                                        site: home
                                        target: tcp://127.0.0.1:22
                                        max-connections: 2
                                        access: {allow: [203.0.113.0/24], deny: [203.0.113.66]}
                                      web:
                                        host: web.example.com
                                        site: home
                                        target: http://127.0.0.1:80
                                        max-body: "100"
                                        access:
                                          rate: 3/s
                                          basic: {users-file: users}
                                          forward-auth: {url: "http://127.0.0.1:9091", site: home}
                                      mail:
                                        listen: 25/tcp
                                        site: home
                                        target: tcp://127.0.0.1:25
                                        access: {connections: 1, total-rate: 2/s, total-burst: 3}
                                    sites:
                                      home:
                                        public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                                        address: 10.77.0.2
                                    """)))
            .orThrow();

    private final BanTable bans = new BanTable();

    @Test
    void accept_overPerAddressLimit_isTooMany_untilReleased() {
        Admission admission = admission(new Limits(100, 2, 0, 1));
        Admitted first = accepted(admission, VISITOR);
        accepted(admission, VISITOR);

        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));
        accepted(admission, InetAddress.ofLiteral("203.0.113.10"));

        admission.release(first);
        admission.release(first);
        accepted(admission, VISITOR);
        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));
        assertThat(admission.connections()).isEqualTo(3);
        assertThat(admission.denied(DenyReason.TOO_MANY)).isEqualTo(2);
    }

    @Test
    void accept_ipv6OfOneSlash64_countsAsOne() {
        Admission admission = admission(new Limits(100, 1, 0, 1));
        accepted(admission, InetAddress.ofLiteral("2001:db8::1"));

        assertThat(admission.accept(InetAddress.ofLiteral("2001:db8::ffff:2"), NOW))
                .isEqualTo(new Deny(DenyReason.TOO_MANY));
        accepted(admission, InetAddress.ofLiteral("2001:db8:0:1::1"));
    }

    @Test
    void accept_overTotal_isTooMany_andLeavesNoTrace() {
        Admission admission = admission(new Limits(1, 10, 0, 1));
        Admitted first = accepted(admission, VISITOR);
        for (int i = 0; i < 20; i++) {
            assertThat(admission.accept(InetAddress.ofLiteral("203.0.113.10"), NOW))
                    .isEqualTo(new Deny(DenyReason.TOO_MANY));
        }

        admission.release(first);

        accepted(admission, InetAddress.ofLiteral("203.0.113.10"));
        assertThat(admission.connections()).isEqualTo(1);
    }

    @Test
    void accept_fasterThanRate_isRate_andRecoversWithTime() {
        Admission admission = admission(new Limits(100, 100, 2, 3));
        for (int i = 0; i < 3; i++) {
            accepted(admission, VISITOR);
        }

        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.RATE));
        assertThat(admission.accept(VISITOR, NOW + SECOND / 2 - 1)).isEqualTo(new Deny(DenyReason.RATE));
        assertThat(admission.accept(VISITOR, NOW + SECOND / 2)).isInstanceOf(Admitted.class);
        assertThat(admission.accept(VISITOR, NOW + SECOND / 2)).isEqualTo(new Deny(DenyReason.RATE));
        accepted(admission, InetAddress.ofLiteral("203.0.113.10"));
    }

    @Test
    void accept_banned_isBanned() {
        Admission admission = admission(Limits.DEFAULT);
        bans.ban(List.of(new Ban(IpPrefix.host(VISITOR), new BanScope.All(), NOW + SECOND, "test")), NOW);

        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.BANNED));
        assertThat(admission.accept(VISITOR, NOW + SECOND)).isInstanceOf(Admitted.class);
    }

    @Test
    void permit_outsideAccessPolicy_isAcl() {
        Admission admission = admission(Limits.DEFAULT);

        assertThat(admission.permit(accepted(admission, InetAddress.ofLiteral("192.0.2.1")), ssh(), NOW))
                .isEqualTo(new Deny(DenyReason.ACL));
        assertThat(admission.permit(accepted(admission, InetAddress.ofLiteral("203.0.113.66")), ssh(), NOW))
                .isEqualTo(new Deny(DenyReason.ACL));
    }

    @Test
    void permit_bannedForThatSiteOnly_isBanned() {
        Admission admission = admission(Limits.DEFAULT);
        IpPrefix prefix = IpPrefix.host(VISITOR);
        bans.ban(List.of(new Ban(prefix, new BanScope.Sites(Set.of("office")), Ban.FOREVER, "test")), NOW);
        assertThat(admission.permit(accepted(admission, VISITOR), ssh(), NOW)).isInstanceOf(Permit.class);

        bans.ban(List.of(new Ban(prefix, new BanScope.Sites(Set.of("home")), Ban.FOREVER, "test")), NOW);

        assertThat(admission.permit(accepted(admission, VISITOR), ssh(), NOW)).isEqualTo(new Deny(DenyReason.BANNED));
    }

    @Test
    void permit_overConnectionsOfAVisitor_isVisitorFull_untilReleased() {
        Admission admission = admission(Limits.DEFAULT);
        Admitted visitor = accepted(admission, VISITOR);
        Permit first = (Permit) admission.permit(visitor, tcp("mail"), NOW);

        assertThat(admission.refusal(VISITOR, tcp("mail"), NOW)).isEqualTo(new Deny(DenyReason.VISITOR_FULL));
        assertThat(admission.permit(visitor, tcp("mail"), NOW)).isEqualTo(new Deny(DenyReason.VISITOR_FULL));
        assertThat(admission.connections("mail")).isEqualTo(1);

        admission.release(first);
        admission.release(first);
        assertThat(admission.permit(visitor, tcp("mail"), NOW)).isInstanceOf(Permit.class);
    }

    @Test
    void permit_fasterThanTheServiceTakesOfAll_isServiceRate() {
        Admission admission = admission(Limits.DEFAULT);
        for (int i = 1; i <= 3; i++) {
            Admitted each = accepted(admission, InetAddress.ofLiteral("203.0.113." + i));
            assertThat(admission.permit(each, tcp("mail"), NOW)).isInstanceOf(Permit.class);
        }
        Admitted fourth = accepted(admission, VISITOR);

        assertThat(admission.refusal(VISITOR, tcp("mail"), NOW)).isEqualTo(new Deny(DenyReason.SERVICE_RATE));
        assertThat(admission.permit(fourth, tcp("mail"), NOW)).isEqualTo(new Deny(DenyReason.SERVICE_RATE));
        assertThat(admission.permit(fourth, tcp("mail"), NOW + SECOND / 2)).isInstanceOf(Permit.class);
    }

    @Test
    void acceptProxy_countsAsOneOfAllAndAsNoVisitors() {
        Admission admission = admission(new Limits(3, 1, 0, 1));
        Admitted one = (Admitted) admission.acceptProxy(VISITOR, NOW);
        assertThat(admission.acceptProxy(VISITOR, NOW)).isInstanceOf(Admitted.class);
        accepted(admission, VISITOR);

        assertThat(admission.acceptProxy(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));

        admission.release(one);
        assertThat(admission.connections()).isEqualTo(2);
        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));
    }

    @Test
    void limits_changed_holdForWhoComesNow() {
        Admission admission = admission(new Limits(10, 10, 0, 1));
        accepted(admission, VISITOR);

        admission.limits(new Limits(10, 1, 0, 1));

        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));
    }

    @Test
    void permit_overServiceLimit_isTooMany_untilReleased() {
        Admission admission = admission(Limits.DEFAULT);
        Admitted visitor = accepted(admission, VISITOR);
        Permit first = (Permit) admission.permit(visitor, ssh(), NOW);
        admission.permit(visitor, ssh(), NOW);

        assertThat(admission.permit(visitor, ssh(), NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));
        assertThat(admission.connections("ssh")).isEqualTo(2);

        admission.release(first);
        assertThat(admission.permit(visitor, ssh(), NOW)).isInstanceOf(Permit.class);
    }

    @Test
    void permit_carriesServiceSiteAndClient() {
        Admission admission = admission(Limits.DEFAULT);

        Permit permit = (Permit) admission.permit(accepted(admission, VISITOR), ssh(), NOW);

        assertThat(permit.service()).isEqualTo(MODEL.services().get("ssh"));
        assertThat(permit.site(permit.service().targets().getFirst()))
                .isEqualTo(MODEL.sites().get("home"));
        assertThat(permit.client()).isEqualTo(VISITOR);
    }

    @Test
    void permit_httpService_asksInItsOrder() {
        Admission admission = admission(Limits.DEFAULT);
        Admitted visitor = accepted(admission, VISITOR);
        Evidence odd = Evidence.of(101, true);
        Evidence large = Evidence.of(101, false);
        Evidence right = Evidence.of(100, false);

        assertThat(admission.permit(visitor, web(), odd, NOW)).isEqualTo(new Deny(DenyReason.AMBIGUOUS));
        assertThat(admission.permit(visitor, web(), large, NOW)).isEqualTo(new Deny(DenyReason.BODY_SIZE));
        assertThat(admission.permit(visitor, web(), right, NOW)).isEqualTo(Demand.PASSWORD);
        assertThat(admission.permit(visitor, web(), right.withPassword(), NOW)).isEqualTo(Demand.APPROVAL);
        assertThat(admission.permit(visitor, web(), right.withPassword().withApproval(), NOW))
                .isInstanceOf(Permit.class);
    }

    @Test
    void permit_oftenerThanTheServiceAllows_isRate_forOneVisitorAlone() {
        Admission admission = admission(Limits.DEFAULT);
        Admitted visitor = accepted(admission, VISITOR);
        for (int i = 0; i < 3; i++) {
            assertThat(admission.permit(visitor, web(), NOW)).isEqualTo(Demand.PASSWORD);
            // What is shown for the same request is no further one.
            admission.permit(visitor, web(), Evidence.NONE.withPassword(), NOW);
        }

        assertThat(admission.permit(visitor, web(), NOW)).isEqualTo(new Deny(DenyReason.RATE));
        assertThat(admission.refusal(VISITOR, web(), NOW)).isEqualTo(new Deny(DenyReason.RATE));
        assertThat(admission.permit(visitor, web(), Evidence.NONE.withPassword(), NOW))
                .isEqualTo(Demand.APPROVAL);
        assertThat(admission.permit(visitor, ssh(), NOW)).isInstanceOf(Permit.class);
        assertThat(admission.permit(accepted(admission, InetAddress.ofLiteral("203.0.113.10")), web(), NOW))
                .isEqualTo(Demand.PASSWORD);
        assertThat(admission.permit(visitor, web(), NOW + SECOND)).isEqualTo(Demand.PASSWORD);
    }

    @Test
    void permit_ipv6OfOneSlash64_sharesTheRate() {
        Admission admission = admission(Limits.DEFAULT);
        for (int i = 1; i <= 3; i++) {
            admission.permit(accepted(admission, InetAddress.ofLiteral("2001:db8::" + i)), web(), NOW);
        }

        assertThat(admission.permit(accepted(admission, InetAddress.ofLiteral("2001:db8::9")), web(), NOW))
                .isEqualTo(new Deny(DenyReason.RATE));
        assertThat(admission.permit(accepted(admission, InetAddress.ofLiteral("2001:db8:0:1::9")), web(), NOW))
                .isEqualTo(Demand.PASSWORD);
    }

    @Test
    void mayTryPassword_afterManyTries_isFalse_untilTimeHasPassed() {
        Admission admission = admission(Limits.DEFAULT);
        for (int i = 0; i < 20; i++) {
            assertThat(admission.mayTryPassword(VISITOR, web().service(), NOW)).isTrue();
        }

        assertThat(admission.mayTryPassword(VISITOR, web().service(), NOW)).isFalse();
        assertThat(admission.mayTryPassword(VISITOR, ssh().service(), NOW)).isTrue();
        assertThat(admission.mayTryPassword(VISITOR, web().service(), NOW + 3 * SECOND))
                .isTrue();
    }

    @Test
    void stillAllows_serviceThatBeginsToAskForAPassword_isFalse() {
        Admission admission = admission(Limits.DEFAULT);
        Permit permit = (Permit) admission.permit(accepted(admission, VISITOR), ssh(), NOW);

        assertThat(admission.stillAllows(permit, web(), NOW)).isFalse();
    }

    @Test
    void stillAllows_afterBan_isFalse() {
        Admission admission = admission(Limits.DEFAULT);
        Permit permit = (Permit) admission.permit(accepted(admission, VISITOR), ssh(), NOW);
        assertThat(admission.stillAllows(permit, ssh(), NOW)).isTrue();

        bans.ban(List.of(new Ban(IpPrefix.host(VISITOR), new BanScope.All(), Ban.FOREVER, "test")), NOW);

        assertThat(admission.stillAllows(permit, ssh(), NOW)).isFalse();
    }

    @Test
    void accept_fromManyThreads_neverExceedsLimits() throws InterruptedException {
        Admission admission = admission(new Limits(50, 10, 0, 1));
        CountDownLatch done = new CountDownLatch(4);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 5000; i++) {
                    if (admission.accept(VISITOR, NOW) instanceof Admitted admitted) {
                        if (admission.connections() > 50) {
                            return;
                        }
                        admission.release(admitted);
                    }
                }
                done.countDown();
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(done.getCount()).isZero();
        assertThat(admission.connections()).isZero();
        for (int i = 0; i < 10; i++) {
            accepted(admission, VISITOR);
        }
        assertThat(admission.accept(VISITOR, NOW)).isEqualTo(new Deny(DenyReason.TOO_MANY));
    }

    private static long nearWrap() {
        return Long.MAX_VALUE - 5;
    }

    private Admission admission(Limits limits) {
        return new Admission(limits, bans, 42, NOW);
    }

    private static Admitted accepted(Admission admission, InetAddress address) {
        Admittance admittance = admission.accept(address, NOW);
        assertThat(admittance).isInstanceOf(Admitted.class);
        return (Admitted) admittance;
    }

    private static Routed web() {
        Router router = new Router(MODEL);
        return (Routed) MODEL.listeners().stream()
                .map(listener -> router.route(listener, "web.example.com"))
                .filter(Routed.class::isInstance)
                .filter(routed -> ((Routed) routed).service().name().equals("web"))
                .findFirst()
                .orElseThrow();
    }

    private static Routed ssh() {
        return tcp("ssh");
    }

    private static Routed tcp(String service) {
        return (Routed) new Router(MODEL)
                .route(MODEL.listeners().stream()
                        .filter(listener -> service.equals(listener.service()))
                        .findFirst()
                        .orElseThrow());
    }
}
