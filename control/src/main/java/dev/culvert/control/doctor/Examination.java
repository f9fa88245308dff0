package dev.culvert.control.doctor;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// Runs questions side by side on virtual threads, and tells the answers in the order of the list.
public final class Examination {
    /// For each check, and so for all of them: an operator waits five seconds at most (issue 3, point 5).
    public static final Duration LIMIT = Duration.ofMillis(3_200);

    private Examination() {}

    /// Answers every check; one that fails or takes too long is an answer too.
    ///
    /// @param inOrder told each finding as soon as all before it are known
    public static List<Finding> of(List<? extends Check> checks, Consumer<Finding> inOrder) {
        return of(checks, LIMIT, inOrder);
    }

    static List<Finding> of(List<? extends Check> checks, Duration limit, Consumer<Finding> inOrder) {
        List<Callable<Finding>> questions = new ArrayList<>();
        checks.forEach(check -> questions.add(() -> ask(check)));
        List<Finding> findings = new ArrayList<>();
        long end = System.nanoTime() + limit.toNanos();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            List<Future<Finding>> answers =
                    questions.stream().map(threads::submit).toList();
            for (int i = 0; i < answers.size(); i++) {
                Finding finding = wait(answers.get(i), checks.get(i), end - System.nanoTime());
                findings.add(finding);
                inOrder.accept(finding);
            }
        } finally {
            // Not close(): it would wait for a check that hangs.
            threads.shutdownNow();
        }
        return findings;
    }

    private static Finding ask(Check check) {
        try {
            return check.run();
        } catch (IOException e) {
            return Finding.unknown(check.name(), String.valueOf(e.getMessage()));
        }
    }

    private static Finding wait(Future<Finding> answer, Check check, long nanos) {
        try {
            return answer.get(Math.max(nanos, 1), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return Finding.unknown(check.name(), "no answer within the time of one check");
        } catch (ExecutionException e) {
            return Finding.unknown(check.name(), "this check itself failed: " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Finding.unknown(check.name(), "interrupted");
        }
    }
}
