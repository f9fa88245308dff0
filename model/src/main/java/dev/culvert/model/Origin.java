package dev.culvert.model;

/// Where an entry was declared: which document, and whether a person or the program wrote it.
///
/// It carries no line number on purpose: moving a line in a file is not a change of the model.
///
/// @param kind a file beats the store where both claim one name
/// @param document the file's name as the user gave it, the document's key in the store, the name of the site that
///     declared it, or the container whose labels did
public record Origin(Kind kind, String document) {
    public enum Kind {
        FILE,
        STORE,
        SITE,
        LABELS
    }

    public static Origin file(String name) {
        return new Origin(Kind.FILE, name);
    }

    public static Origin store(String key) {
        return new Origin(Kind.STORE, key);
    }

    /// What a site declares about itself, through the tunnel: it holds only within what the site was granted.
    public static Origin site(String name) {
        return new Origin(Kind.SITE, name);
    }

    public static Origin labels(String container) {
        return new Origin(Kind.LABELS, container);
    }

    public boolean isFile() {
        return kind == Kind.FILE;
    }

    /// The name that stands before `:line:column` in a Problem.
    @Override
    public String toString() {
        return switch (kind) {
            case FILE -> document;
            case STORE -> "store/" + document;
            case SITE -> "site " + document;
            case LABELS -> "labels of " + document;
        };
    }
}
