package dev.culvert.control.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.doctor.Finding.Level;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class ExaminationTest {
    private record Asked(String name, Question question) implements Check {
        @Override
        public Finding run() throws IOException {
            return question.answer();
        }
    }

    private interface Question {
        Finding answer() throws IOException;
    }

    @Test
    void of_checksThatWaitForEachOther_runSideBySideAndAreToldInOrder() {
        CountDownLatch second = new CountDownLatch(1);
        List<Check> checks = List.of(
                new Asked("first", () -> {
                    await(second);
                    return Finding.ok("first", "after the second");
                }),
                new Asked("second", () -> {
                    second.countDown();
                    return Finding.broken("second", "broken", "mend it");
                }));
        List<String> told = new ArrayList<>();

        List<Finding> findings = Examination.of(checks, finding -> told.add(finding.check()));

        assertThat(told).containsExactly("first", "second");
        assertThat(findings).extracting(Finding::isBroken).containsExactly(false, true);
    }

    @Test
    void of_checkThatHangsOrFails_isUnknownAndKeepsNobodyWaiting() {
        List<Check> checks = List.of(
                new Asked("hangs", () -> {
                    await(new CountDownLatch(1));
                    return Finding.ok("hangs", "never");
                }),
                new Asked("fails", () -> {
                    throw new IOException("no route");
                }),
                new Asked("bug", () -> {
                    throw new IllegalStateException("ours");
                }));

        List<Finding> findings = Examination.of(checks, Duration.ofMillis(200), _ -> {});

        assertThat(findings).extracting(Finding::level).containsOnly(Level.UNKNOWN);
        assertThat(findings).extracting(Finding::what).anyMatch(text -> text.contains("no route"));
        assertThat(findings.getLast().what())
                .contains("this check itself failed")
                .contains("ours");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
