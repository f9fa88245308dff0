package dev.culvert.app;

import picocli.CommandLine.IVersionProvider;

/// The version of the program and of what it runs on.
final class Version implements IVersionProvider {
    static final String TEXT = "0.1.0";

    @Override
    public String[] getVersion() {
        return new String[] {
            "culvert " + TEXT,
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }
}
