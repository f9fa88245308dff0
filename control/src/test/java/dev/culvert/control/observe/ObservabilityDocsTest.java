package dev.culvert.control.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The board, the alerts and the page about metrics speak of metrics that there are. With `-Dgolden.update=true` the
/// page's table is written anew.
class ObservabilityDocsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern NAME = Pattern.compile("\\b(?:culvert|process|jvm)_[a-z_]+");
    private static final String BEGIN = "<!-- generated from Metric.java, see ObservabilityDocsTest -->\n";
    private static final String END = "<!-- end -->\n";

    @ParameterizedTest
    @ValueSource(strings = {"examples/grafana/culvert.json", "examples/culvert-alerts.yml", "docs/observability.md"})
    void metricNames_inExamplesAndDocs_exist(String file) throws IOException {
        Set<String> used = used(file);

        assertThat(used).isNotEmpty();
        assertThat(exposed()).containsAll(used);
    }

    @Test
    void board_showsEveryMetric() throws IOException {
        Set<String> used = used("examples/grafana/culvert.json");

        for (Metric metric : Metric.values()) {
            assertThat(used).anyMatch(name -> name.startsWith(metric.exposed()));
        }
    }

    @Test
    void board_isJsonWithPanelsThatDoNotOverlap() throws IOException {
        Object panels = JSON.std
                .mapFrom(Files.readString(ROOT.resolve("examples/grafana/culvert.json")))
                .get("panels");

        assertThat(panels)
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSizeGreaterThan(15)
                .extracting("gridPos")
                .doesNotHaveDuplicates();
    }

    @Test
    void table_inDocs_isUpToDate() throws IOException {
        Path page = ROOT.resolve("docs/observability.md");
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        String current = text.substring(0, begin) + Metric.table() + text.substring(end);
        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(page, current);
            text = current;
        }

        assertThat(text).isEqualTo(current);
    }

    @ParameterizedTest
    @EnumSource
    void metric_name_followsTheConventions(Metric metric) {
        assertThat(metric.base()).matches("(culvert|process|jvm)(_[a-z]+)+").doesNotEndWith("_total");
        assertThat(metric.help()).endsWith(".");
        assertThat(metric.labels()).allMatch(label -> label.matches("[a-z]+")).doesNotContain("le", "instance", "job");
    }

    private static Set<String> exposed() {
        return Arrays.stream(Metric.values())
                .flatMap(metric -> metric.type() == Metric.Type.HISTOGRAM
                        ? Stream.of(
                                metric.base(),
                                metric.base() + "_bucket",
                                metric.base() + "_sum",
                                metric.base() + "_count")
                        : Stream.of(metric.exposed()))
                .collect(Collectors.toSet());
    }

    private static Set<String> used(String file) throws IOException {
        Set<String> names = new TreeSet<>();
        Matcher name = NAME.matcher(Files.readString(ROOT.resolve(file)));
        while (name.find()) {
            names.add(name.group());
        }
        return names;
    }
}
