package dev.culvert.control.doctor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/// Whether the state folder takes writes: keys, sites and what is remembered of peers go there.
final class StateCheck implements Check {
    // A document and its folder's entry; file systems keep a reserve that only a real write meets.
    private static final int BYTES = 8192;
    private static final long LITTLE = 50L * 1024 * 1024;

    private final Path folder;

    StateCheck(Path folder) {
        this.folder = folder;
    }

    @Override
    public String name() {
        return "state folder";
    }

    @Override
    public Finding run() throws IOException {
        if (!Files.isDirectory(folder)) {
            return Finding.unknown(name(), folder + " is not there: no node has run with it yet");
        }
        String room = room();
        Path probe = folder.resolve(".doctor-" + ProcessHandle.current().pid() + "-"
                + Thread.currentThread().threadId());
        try (FileChannel out =
                FileChannel.open(probe, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            ByteBuffer bytes = ByteBuffer.allocate(BYTES);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        } catch (IOException e) {
            return Finding.broken(
                    name(),
                    folder + " cannot be written (" + e.getMessage() + "), " + room
                            + ": what runs goes on, but no site can join and nothing new is remembered",
                    "disk full? make room (`df -h " + folder + "`); else give the folder to the user who runs culvert");
        } finally {
            Files.deleteIfExists(probe);
        }
        return Files.getFileStore(folder).getUsableSpace() < LITTLE
                ? Finding.warn(name(), folder + " is nearly full: " + room, "make room (`df -h " + folder + "`)")
                : Finding.ok(name(), folder + ", " + room);
    }

    private String room() throws IOException {
        return Files.getFileStore(folder).getUsableSpace() / (1024 * 1024) + " MiB free";
    }
}
