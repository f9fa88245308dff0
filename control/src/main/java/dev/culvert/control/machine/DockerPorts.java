package dev.culvert.control.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What docker publishes on every address: by the command lines of its docker-proxy processes, which every user may
/// read, and by its rules in the firewall, which only root may. Its socket is not asked.
///
/// @param published the container's address by port, as `tcp 8080`
/// @param firewallSeen whether the rules could be read
public record DockerPorts(Map<String, String> published, boolean firewallSeen) {
    private static final List<String> RULES = List.of("iptables-save", "-t", "nat");
    private static final int RULES_SECONDS = 2;
    // -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
    private static final Pattern RULE = Pattern.compile(
            "-A DOCKER(?<rest>(?!.* -d ).*) -p (?<transport>tcp|udp) .*--dport (?<port>\\d{1,5}) -j DNAT"
                    + " --to-destination (?<to>\\S+)");

    public static DockerPorts now() {
        Map<String, String> published = new LinkedHashMap<>();
        proxies(Path.of("/proc"), published);
        return new DockerPorts(published, rules(published));
    }

    static void proxies(Path proc, Map<String, String> published) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                proxy(process.resolve("cmdline"), published);
            }
        } catch (IOException e) {
            // No /proc: nothing is seen.
        }
    }

    private static void proxy(Path commandLine, Map<String, String> published) {
        try {
            List<String> words = Arrays.asList(
                    Files.readString(commandLine, StandardCharsets.ISO_8859_1).split("\0", -1));
            if (words.getFirst().endsWith("docker-proxy")
                    && List.of("0.0.0.0", "::").contains(after(words, "-host-ip"))) {
                published.put(
                        after(words, "-proto") + " " + after(words, "-host-port"),
                        after(words, "-container-ip") + ":" + after(words, "-container-port"));
            }
        } catch (IOException e) {
            // It ended meanwhile.
        }
    }

    private static String after(List<String> words, String option) {
        int at = words.indexOf(option);
        return at < 0 || at + 1 >= words.size() ? "" : words.get(at + 1);
    }

    /// Whether they could be read; a machine without iptables has no docker rules to hide.
    private static boolean rules(Map<String, String> published) {
        try {
            Process process = new ProcessBuilder(RULES)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            boolean ended = process.waitFor(RULES_SECONDS, TimeUnit.SECONDS);
            parse(text, published);
            return ended && process.exitValue() == 0;
        } catch (IOException e) {
            return System.getProperty("user.name").equals("root");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    static void parse(String rules, Map<String, String> published) {
        rules.lines().forEach(line -> {
            Matcher rule = RULE.matcher(line);
            if (rule.find()) {
                published.put(rule.group("transport") + " " + rule.group("port"), rule.group("to"));
            }
        });
    }
}
