package dev.culvert.control.store;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// What SQLite's result codes mean to a person, and what to do about them (sqlite.org/rescode.html).
final class Faults {
    private Faults() {}

    /// The remedy for what happened to `file`.
    static IOException of(Path file, SQLException e) {
        return new IOException(
                switch (primary(e)) {
                    case SQLITE_FULL -> "no room to write " + file + ": free some disk space";
                    case SQLITE_BUSY, SQLITE_LOCKED ->
                        "another process has held " + file + " for too long: see who has it open (fuser -v " + file
                                + ")";
                    case SQLITE_CORRUPT, SQLITE_NOTADB -> damaged(file, String.valueOf(e.getMessage()));
                    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH ->
                        file + " cannot be written: it must belong to the user that runs culvert, on a file system"
                                + " that is mounted for writing";
                    case SQLITE_CANTOPEN ->
                        file + " cannot be opened: check that its folder belongs to the user that runs culvert, and"
                                + " that the disk has room";
                    case SQLITE_IOERR ->
                        "the disk did not read or write " + file + " (" + e.getMessage()
                                + "): check that it has room (df), and the kernel's log for its faults (dmesg)";
                    default -> file + ": " + e.getMessage();
                },
                e);
    }

    /// Whether it may come from a disk without room: then a database can still be read in another way.
    static boolean mayBeFullDisk(SQLException e) {
        return switch (primary(e)) {
            case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PROTOCOL -> true;
            default -> false;
        };
    }

    static String damaged(Path file, String why) {
        Path folder = file.toAbsolutePath().getParent();
        return file + " is damaged (" + why.strip() + "), and culvert does not guess at what it held. Either put a"
                + " backup in its place, or begin without it: mv " + folder + " " + folder + ".damaged. Sites that were"
                + " added by command must then be added again with --replace; what is in the configuration file and"
                + " the node's key are not affected";
    }

    private static SQLiteErrorCode primary(SQLException e) {
        return e instanceof SQLiteException sqlite
                // Extended codes carry the primary one in their low byte.
                ? SQLiteErrorCode.getErrorCode(sqlite.getResultCode().code & 0xff)
                : SQLiteErrorCode.UNKNOWN_ERROR;
    }
}
