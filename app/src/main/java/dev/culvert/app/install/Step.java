package dev.culvert.app.install;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// One thing that an installation does to this machine; printed before it is done.
public sealed interface Step {
    /// One line for people.
    String text();

    void run() throws IOException;

    /// Writes a file, in place of one that is there.
    record Write(Path file, String content) implements Step {
        @Override
        public String text() {
            return "write " + file;
        }

        @Override
        public void run() throws IOException {
            Path folder = file.getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            Files.writeString(file, content);
        }
    }

    /// Removes a file, if it is there.
    record Remove(Path file) implements Step {
        @Override
        public String text() {
            return "remove " + file;
        }

        @Override
        public void run() throws IOException {
            Files.deleteIfExists(file);
        }
    }

    /// Runs a program of the system.
    record Run(List<String> command) implements Step {
        static Run of(String... command) {
            return new Run(List.of(command));
        }

        @Override
        public String text() {
            return String.join(" ", command);
        }

        /// @throws IOException with what the program said, if it failed
        @Override
        public void run() throws IOException {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            try {
                int code = process.waitFor();
                if (code != 0) {
                    throw new IOException(text() + " ended with " + code + (said.isEmpty() ? "" : ": " + said));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }
}
