package dev.culvert.proto.http;

/// The header fields of one message, in the order of arrival, one entry per line.
///
/// Names and values are chars 0..255, one per byte, without the whitespace around them; the rules refuse others.
public interface Fields {
    /// The number of field lines.
    int count();

    /// The name in line `index`, of 0 to [#count] - 1.
    CharSequence name(int index);

    /// The value in line `index`.
    CharSequence value(int index);
}
