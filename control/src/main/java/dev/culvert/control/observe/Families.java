package dev.culvert.control.observe;

import dev.culvert.dataplane.ServiceMeter.Durations;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What one scrape found, by metric. Values come in any order; a label's value is given in the order of the metric's
/// labels.
final class Families {
    private static final double NANOS = 1e9;

    private final Map<Metric, List<DataPointSnapshot>> points = new EnumMap<>(Metric.class);

    /// The formats know doubles only: beyond 2^53 the last digits are lost, which no rate shows.
    void add(Metric metric, long value, String... labels) {
        add(metric, (double) value, labels);
    }

    void add(Metric metric, double value, String... labels) {
        Labels named = labels(metric, labels);
        points(metric)
                .add(
                        switch (metric.type()) {
                            case COUNTER ->
                                CounterDataPointSnapshot.builder()
                                        .value(value)
                                        .labels(named)
                                        .build();
                            case GAUGE ->
                                GaugeDataPointSnapshot.builder()
                                        .value(value)
                                        .labels(named)
                                        .build();
                            case INFO ->
                                InfoDataPointSnapshot.builder().labels(named).build();
                            case HISTOGRAM ->
                                throw new IllegalArgumentException(metric + " is a histogram: it takes durations");
                        });
    }

    void add(Metric metric, Durations durations, String... labels) {
        List<Double> bounds = new ArrayList<>();
        durations.bounds().forEach(nanos -> bounds.add(nanos / NANOS));
        bounds.add(Double.POSITIVE_INFINITY);
        points(metric)
                .add(new HistogramDataPointSnapshot(
                        ClassicHistogramBuckets.of(bounds, durations.counts()),
                        durations.sumNanos() / NANOS,
                        labels(metric, labels),
                        Exemplars.EMPTY,
                        0));
    }

    private List<DataPointSnapshot> points(Metric metric) {
        return points.computeIfAbsent(metric, _ -> new ArrayList<>());
    }

    private static Labels labels(Metric metric, String... values) {
        return Labels.of(metric.labels(), List.of(values));
    }

    MetricSnapshots done() {
        List<MetricSnapshot> all = new ArrayList<>();
        points.forEach((metric, values) -> all.add(snapshot(metric, values)));
        return new MetricSnapshots(all);
    }

    private static MetricSnapshot snapshot(Metric metric, List<DataPointSnapshot> values) {
        MetricMetadata metadata = new MetricMetadata(metric.base(), metric.help());
        return switch (metric.type()) {
            case COUNTER -> new CounterSnapshot(metadata, of(values, CounterDataPointSnapshot.class));
            case GAUGE -> new GaugeSnapshot(metadata, of(values, GaugeDataPointSnapshot.class));
            case HISTOGRAM -> new HistogramSnapshot(metadata, of(values, HistogramDataPointSnapshot.class));
            case INFO -> new InfoSnapshot(metadata, of(values, InfoDataPointSnapshot.class));
        };
    }

    private static <T> List<T> of(List<DataPointSnapshot> values, Class<T> type) {
        return values.stream().map(type::cast).toList();
    }
}
