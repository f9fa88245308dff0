package dev.culvert.model;

/// Where an entry was declared: which document, and whether a person or the program wrote it.
///
/// It carries no line number on purpose: moving a line in a file is not a change of the model.
///
/// @param kind a file beats the store where both claim one name
/// @param document the file's name as the user gave it, or the document's key in the store
public record Origin(Kind kind, String document) {
    public enum Kind {
        FILE,
        STORE
    }

    public static Origin file(String name) {
        return new Origin(Kind.FILE, name);
    }

    public static Origin store(String key) {
        return new Origin(Kind.STORE, key);
    }

    public boolean isFile() {
        return kind == Kind.FILE;
    }

    /// The name that stands before `:line:column` in a Problem.
    @Override
    public String toString() {
        return isFile() ? document : "store/" + document;
    }
}
