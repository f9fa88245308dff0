package dev.culvert.proto.fuzz;

/// Where Jazzer begins (`it/lab --long fuzz`): `-Dfuzz.target=NAME` says which one.
public final class Fuzz {
    private static final FuzzTarget TARGET = FuzzTarget.valueOf(System.getProperty("fuzz.target", "DEVICE"));

    private Fuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        TARGET.take(data);
    }
}
