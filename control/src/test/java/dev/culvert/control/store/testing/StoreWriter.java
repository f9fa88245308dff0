package dev.culvert.control.store.testing;

import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Change;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// A process that writes at random until it is killed, or until the disk is full.
///
/// ```
/// StoreWriter kill FOLDER LEDGER SEED            verifies, then writes for ever; one line for each write
/// StoreWriter fill FOLDER LEDGER SEED ROUNDS     fills the disk of FOLDER at a random moment, ROUNDS times
/// ```
/// It ends with 1 and says why as soon as the store is not as the ledger says.
public final class StoreWriter {
    private static final List<String> KEYS = new ArrayList<>();

    static {
        for (int i = 0; i < 8; i++) {
            KEYS.add("sites/s" + i);
        }
        KEYS.addAll(List.of("services/a", "services/b", "services/c"));
    }

    private final Path folder;
    private final Ledger ledger;
    private final SplittableRandom random;

    private StoreWriter(Path folder, Ledger ledger, long seed) {
        this.folder = folder;
        this.ledger = ledger;
        random = new SplittableRandom(seed);
    }

    public static void main(String[] arguments) throws Exception {
        try (Ledger ledger = new Ledger(Path.of(arguments[2]))) {
            StoreWriter writer = new StoreWriter(Path.of(arguments[1]), ledger, Long.parseLong(arguments[3]));
            if (arguments[0].equals("kill")) {
                writer.writeUntilKilled();
            } else {
                writer.fillDisks(Integer.parseInt(arguments[4]));
            }
        }
    }

    private void writeUntilKilled() throws IOException {
        try (Store store = new SqliteStore(folder)) {
            ledger.verify(store, KEYS);
            System.out.println("verified");
            while (true) {
                write(store);
                System.out.println("written");
            }
        }
    }

    private void fillDisks(int rounds) throws IOException {
        int refused = 0;
        for (int round = 0; round < rounds; round++) {
            Path filler = folder.resolveSibling("filler");
            try (Store store = new SqliteStore(folder)) {
                ledger.verify(store, KEYS);
                for (int writes = random.nextInt(20); writes > 0; writes--) {
                    write(store);
                }
                fill(filler, random.nextInt(65_536));
                int before = refused;
                for (int writes = 0; writes < 400 && refused < before + 3; writes++) {
                    if (!write(store)) {
                        refused++;
                    }
                    ledger.verify(store, KEYS);
                }
            }
            // What a start does, on a disk without a byte of room, and when there is room again. To close the store has
            // set the room of its log free.
            Path last = folder.resolveSibling("last");
            fill(last, 0);
            try (Store store = new SqliteStore(folder)) {
                ledger.verify(store, KEYS);
            }
            Files.delete(filler);
            Files.delete(last);
            try (Store store = new SqliteStore(folder)) {
                ledger.verify(store, KEYS);
                if (!write(store)) {
                    throw new IllegalStateException("refused with room on the disk");
                }
            }
        }
        System.out.println(rounds + " full disks, " + refused + " writes refused");
    }

    private void fill(Path filler, int rest) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        Files.write(filler, new byte[(int) Math.max(0, free - rest)]);
    }

    /// @return false if the disk did not take it
    private boolean write(Store store) throws IOException {
        List<Change> changes = new ArrayList<>();
        if (random.nextInt(4) == 0) {
            for (String key : List.of("services/a", "services/b", "services/c")) {
                changes.add(put(key));
            }
        } else {
            String key = KEYS.get(random.nextInt(8));
            long version = ledger.version(key);
            changes.add(version > 0 && random.nextInt(8) == 0 ? new Change.Remove(key, version) : put(key));
        }
        Map<String, Long> versions = new TreeMap<>();
        for (Change change : changes) {
            versions.put(change.key(), change instanceof Change.Put ? change.expectedVersion() + 1 : 0);
        }
        ledger.willWrite(versions);
        try {
            store.commit(changes);
        } catch (Store.Conflict e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            ledger.wasRefused();
            return false;
        }
        ledger.wasAcknowledged();
        return true;
    }

    private Change put(String key) {
        long version = ledger.version(key);
        return new Change.Put(key, version, Ledger.text(key, version + 1));
    }
}
