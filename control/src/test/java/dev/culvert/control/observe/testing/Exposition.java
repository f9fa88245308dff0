package dev.culvert.control.observe.testing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A strict reader of Prometheus's text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): every line
/// has to be right, every sample belongs to the family above it, no family and no series comes twice.
public final class Exposition {
    private static final Pattern HELP = Pattern.compile("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\\]|\\\\[\\\\n])+)");
    private static final Pattern TYPE = Pattern.compile("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)");
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (NaN|[+-]?Inf|[+-]?[0-9.]+(?:E-?[0-9]+)?)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");

    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, Map<Map<String, String>, Double>> samples = new LinkedHashMap<>();

    private Exposition() {}

    public static Exposition parse(String text) {
        Exposition result = new Exposition();
        if (!text.endsWith("\n")) {
            throw new AssertionError("no line end at the end");
        }
        String family = "";
        String helped = "";
        for (String line : text.lines().toList()) {
            Matcher help = HELP.matcher(line);
            Matcher type = TYPE.matcher(line);
            if (help.matches()) {
                helped = help.group(1);
            } else if (type.matches()) {
                family = type.group(1);
                check(family.equals(helped), "TYPE without HELP", line);
                check(result.types.put(family, type.group(2)) == null, "a family comes twice", line);
            } else {
                result.sample(family, line);
            }
        }
        result.checkHistograms();
        return result;
    }

    private void sample(String family, String line) {
        Matcher sample = SAMPLE.matcher(line);
        check(sample.matches(), "no sample", line);
        String name = sample.group(1);
        boolean histogram = "histogram".equals(types.get(family));
        check(
                histogram ? name.matches(Pattern.quote(family) + "_(bucket|sum|count)") : name.equals(family),
                "belongs to another family than " + family,
                line);
        check(!"counter".equals(types.get(family)) || name.endsWith("_total"), "a counter without _total", line);
        double value = Double.parseDouble(sample.group(3).replace("Inf", "Infinity"));
        check(!"counter".equals(types.get(family)) || value >= 0, "a counter below zero", line);
        Map<Map<String, String>, Double> series = samples.computeIfAbsent(name, _ -> new LinkedHashMap<>());
        check(series.put(labels(sample.group(2), line), value) == null, "a series comes twice", line);
    }

    private static Map<String, String> labels(@Nullable String text, String line) {
        Map<String, String> labels = new TreeMap<>();
        int at = 0;
        while (text != null && at < text.length()) {
            Matcher label = LABEL.matcher(text).region(at, text.length());
            check(label.lookingAt(), "no label at " + at, line);
            String value =
                    label.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
            check(labels.put(label.group(1), value) == null, "a label comes twice", line);
            at = label.end();
        }
        return labels;
    }

    /// Buckets rise, and the last of them, +Inf, is the count.
    private void checkHistograms() {
        types.forEach((family, type) -> {
            if (type.equals("histogram")) {
                samples.getOrDefault(family + "_count", Map.of()).forEach((labels, count) -> {
                    List<Double> buckets = new ArrayList<>();
                    samples.getOrDefault(family + "_bucket", Map.of()).forEach((bucket, value) -> {
                        Map<String, String> rest = new TreeMap<>(bucket);
                        rest.remove("le");
                        if (rest.equals(labels)) {
                            buckets.add(value);
                        }
                    });
                    check(buckets.stream().sorted().toList().equals(buckets), "buckets fall", family);
                    check(buckets.getLast().equals(count), "+Inf is not the count", family);
                });
            }
        });
    }

    private static void check(boolean right, String what, String line) {
        if (!right) {
            throw new AssertionError(what + ": " + line);
        }
    }

    /// The types of all families.
    public Map<String, String> types() {
        return types;
    }

    /// One series' value; labels as name, value, name, value…
    public double value(String name, String... labels) {
        Map<String, String> wanted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        Double value = samples.getOrDefault(name, Map.of()).get(wanted);
        if (value == null) {
            throw new AssertionError("no " + name + wanted + " in " + samples.get(name));
        }
        return value;
    }

    public boolean has(String name) {
        return samples.containsKey(name);
    }
}
