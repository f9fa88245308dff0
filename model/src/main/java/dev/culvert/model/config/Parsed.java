package dev.culvert.model.config;

import java.util.List;
import java.util.stream.Collectors;

/// A value, or the problems that stand in its way.
public sealed interface Parsed<T> {
    /// The value, with warnings that did not prevent it: what was dropped from the store and why.
    record Ok<T>(T value, List<Problem> warnings) implements Parsed<T> {
        public Ok {
            warnings = List.copyOf(warnings);
        }
    }

    /// Every problem found, in the order of the text; never empty.
    record Problems<T>(List<Problem> problems) implements Parsed<T> {
        public Problems {
            problems = List.copyOf(problems);
            if (problems.isEmpty()) {
                throw new IllegalArgumentException("problems: none (expected: at least one)");
            }
        }

        @Override
        public String toString() {
            return problems.stream().map(Problem::toString).collect(Collectors.joining("\n"));
        }
    }

    static <T> Parsed<T> ok(T value) {
        return new Ok<>(value, List.of());
    }

    static <T> Parsed<T> problems(List<Problem> problems) {
        return new Problems<>(problems);
    }

    /// The problems or the warnings, whichever there are.
    default List<Problem> notes() {
        return switch (this) {
            case Ok<T> ok -> ok.warnings();
            case Problems<T> problems -> problems.problems();
        };
    }

    /// The value, for callers to whom a problem is a bug (tests, documents that the program wrote itself).
    ///
    /// @throws IllegalArgumentException with all problems, one per line
    default T orThrow() {
        return switch (this) {
            case Ok<T> ok -> ok.value();
            case Problems<T> problems -> throw new IllegalArgumentException(problems.toString());
        };
    }
}
