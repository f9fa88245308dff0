package dev.culvert.control.doctor;

import java.io.IOException;

/// One question about the way from a visitor to a target. Runs on a virtual thread, so it may block; it is given up
/// after [Examination#LIMIT].
public interface Check {
    /// What is looked at; unique within one examination.
    String name();

    /// @throws IOException where the question itself could not be asked
    Finding run() throws IOException;
}
