package dev.culvert.control.upgrade;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the two processes of a handover say to each other, one message a datagram:
///
/// ```
/// new                                   old
///  hello  speaks, program, role    ──▶
///  prepared                        ──▶         everything is done that needs neither sockets nor state
///                                              drains, falls silent, gives up the lock of the state
///                                  ◀──  sockets  names and descriptors, more or last
///  ready                           ──▶         ends
/// ```
/// Either may say `refused` with a reason instead. The first line is the same in every version of the protocol, and so
/// is `hello`: whoever reads it can say that it speaks another one.
public sealed interface HandoverMessage {
    /// The version that is spoken here.
    int VERSION = 1;

    /// Characters of a reason or a name at most.
    int MAX_WORDS = 400;

    String MAGIC = "culvert-handover";

    /// @param speaks the versions that the new process knows
    /// @param program its own version, for people
    record Hello(List<Integer> speaks, String program, String role) implements HandoverMessage {}

    /// @param names of the descriptors that come with the message, in their order
    /// @param last whether no more come: sockets and state belong to the new process then
    record Sockets(List<String> names, boolean last) implements HandoverMessage {}

    record Prepared() implements HandoverMessage {}

    record Ready() implements HandoverMessage {}

    record Refused(String reason) implements HandoverMessage {}

    /// The text of a message, in lines.
    default String text() {
        return MAGIC + "\n"
                + switch (this) {
                    case Hello(var speaks, var program, var role) ->
                        "hello\nspeaks "
                                + String.join(
                                        " ",
                                        speaks.stream().map(String::valueOf).toList()) + "\nprogram " + line(program)
                                + "\nrole " + line(role) + "\n";
                    case Sockets(var names, var last) ->
                        "sockets\n" + (last ? "last" : "more") + "\n"
                                + String.join(
                                        "",
                                        names.stream()
                                                .map(name -> line(name) + "\n")
                                                .toList());
                    case Prepared _ -> "prepared\n";
                    case Ready _ -> "ready\n";
                    case Refused(var reason) -> "refused\n" + line(reason) + "\n";
                };
    }

    private static String line(String words) {
        String one = words.replaceAll("[\\p{Cntrl}]+", " ");
        return one.length() <= MAX_WORDS ? one : one.substring(0, MAX_WORDS);
    }

    /// Reads a message; null if it is none of this protocol.
    static @Nullable HandoverMessage parse(String text) {
        if (!text.endsWith("\n")) {
            return null;
        }
        List<String> lines = text.lines().toList();
        if (lines.size() < 2
                || !lines.getFirst().equals(MAGIC)
                || lines.stream().anyMatch(HandoverMessage::isTooLong)) {
            return null;
        }
        List<String> rest = lines.subList(2, lines.size());
        return switch (lines.get(1)) {
            case "hello" -> hello(rest);
            case "sockets" -> sockets(rest);
            case "prepared" -> rest.isEmpty() ? new Prepared() : null;
            case "ready" -> rest.isEmpty() ? new Ready() : null;
            case "refused" -> rest.size() == 1 ? new Refused(rest.getFirst()) : null;
            default -> null;
        };
    }

    private static boolean isTooLong(String line) {
        return line.length() > MAX_WORDS + "program ".length();
    }

    /// Lines behind the three belong to a later version, and are not ours to judge.
    private static @Nullable Hello hello(List<String> lines) {
        if (lines.size() < 3
                || !lines.get(0).matches("speaks( [0-9]{1,4}){1,16}")
                || !lines.get(1).startsWith("program ")
                || !lines.get(2).startsWith("role ")) {
            return null;
        }
        List<Integer> speaks = new ArrayList<>();
        for (String number : lines.getFirst().substring("speaks ".length()).split(" ", -1)) {
            speaks.add(Integer.valueOf(number));
        }
        return new Hello(
                speaks,
                lines.get(1).substring("program ".length()),
                lines.get(2).substring("role ".length()));
    }

    private static @Nullable Sockets sockets(List<String> lines) {
        if (lines.isEmpty() || !lines.getFirst().matches("last|more")) {
            return null;
        }
        return new Sockets(
                List.copyOf(lines.subList(1, lines.size())), lines.getFirst().equals("last"));
    }
}
