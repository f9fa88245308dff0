package dev.culvert.model.config;

import java.util.ArrayList;
import java.util.List;

/// Collects what is wrong with one document; reading goes on after each.
final class Notes {
    /// A file that is not ours at all would otherwise fill the terminal.
    private static final int MOST = 100;

    private final String file;
    private final Places places = new Places();
    private final List<Problem> problems = new ArrayList<>();

    Notes(String file) {
        this.file = file;
    }

    Places places() {
        return places;
    }

    /// Notes a problem where `path` stands.
    void add(String path, String message) {
        add(places.of(path), path, message);
    }

    void add(Places.Place place, String path, String message) {
        if (problems.size() < MOST) {
            problems.add(new Problem(file, place.line(), place.column(), path, message));
        } else if (problems.size() == MOST) {
            problems.add(new Problem(
                    file, Integer.MAX_VALUE, 1, "", "more than " + MOST + " problems; the others are not shown"));
        }
    }

    boolean isEmpty() {
        return problems.isEmpty();
    }

    /// Whether something at `path` or within it is wrong.
    boolean hasProblemAt(String path) {
        for (Problem problem : problems) {
            String at = problem.path();
            boolean within = at.startsWith(path)
                    && (at.length() == path.length()
                            || at.charAt(path.length()) == '.'
                            || at.charAt(path.length()) == '[');
            if (within) {
                return true;
            }
        }
        return false;
    }

    /// In the order of the text.
    List<Problem> sorted() {
        return problems.stream().sorted().toList();
    }
}
