package dev.culvert.app;

import java.io.IOException;

/// A site that knows no gateway: starting it again does not help, `culvert join` does.
final class NotJoined extends IOException {
    private static final long serialVersionUID = 1;

    NotJoined(String message) {
        super(message);
    }
}
