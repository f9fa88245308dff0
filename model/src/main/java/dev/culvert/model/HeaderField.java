package dev.culvert.model;

/// A header field to write.
///
/// @param name a token, in the case in which it is sent
/// @param value visible ASCII and inner spaces
public record HeaderField(String name, String value) {
    @Override
    public String toString() {
        return name + ": " + value;
    }
}
