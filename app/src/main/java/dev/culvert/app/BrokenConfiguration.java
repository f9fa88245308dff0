package dev.culvert.app;

import dev.culvert.model.config.Problem;
import java.util.List;

/// The configuration has mistakes, and there is no earlier good one.
final class BrokenConfiguration extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    BrokenConfiguration(List<Problem> problems) {
        super(problems.size() + " problems");
        this.problems = problems;
    }

    List<Problem> problems() {
        return problems;
    }
}
