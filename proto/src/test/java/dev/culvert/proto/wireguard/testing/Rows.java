package dev.culvert.proto.wireguard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/// Rows of test vectors, one case a line: number, verdict, then hexadecimal fields, `-` for an empty one.
public final class Rows {
    private Rows() {}

    /// The cases of that name, from `-Dwycheproof.rows=FOLDER` or from those kept beside the tests.
    public static List<String[]> of(String name) {
        String folder = System.getProperty("wycheproof.rows", "src/test/resources/wycheproof");
        try {
            return Files.readAllLines(Path.of(folder, name + ".txt")).stream()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" ", -1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static byte[] bytes(String hex) {
        return hex.equals("-") ? new byte[0] : HexFormat.of().parseHex(hex);
    }
}
