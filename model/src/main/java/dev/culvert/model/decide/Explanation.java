package dev.culvert.model.decide;

import java.util.List;

/// What would happen to one visitor and why: the stages in the order in which the data plane asks them. The walk ends
/// at the first stage that refuses.
///
/// @param steps never empty
public record Explanation(List<Step> steps) {
    public Explanation {
        steps = List.copyOf(steps);
    }

    /// Who decides.
    public enum Stage {
        LISTENER("listener"),
        ADMISSION("admission"),
        ROUTER("router"),
        ACCESS("access"),
        SERVICE("service"),
        SITE("site"),
        TARGET("target");

        private final String word;

        Stage(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// @param passed whether the visitor gets past it
    /// @param text one line: what was found, and where it refuses, what would change that
    public record Step(Stage stage, boolean passed, String text) {
        /// `yes  listener   public 80, http`
        @Override
        public String toString() {
            return "%-3s  %-9s  %s".formatted(passed ? "yes" : "no", stage, text);
        }
    }

    /// Whether the visitor is let through. Whether the target answers, only a try can tell.
    public boolean permitted() {
        return steps.getLast().passed();
    }

    /// One line for each stage.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        steps.forEach(step -> text.append(step).append('\n'));
        return text.toString();
    }
}
