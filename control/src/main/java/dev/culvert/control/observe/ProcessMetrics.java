package dev.culvert.control.observe;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// The process as the kernel and the JVM see it, under the names that every Prometheus client uses. What this system
/// does not tell is left out.
final class ProcessMetrics {
    private static final Path SELF = Path.of("/proc/self");
    private static final String HEAP = "heap";

    private ProcessMetrics() {}

    static void collect(Families into) {
        ProcessHandle.Info info = ProcessHandle.current().info();
        info.startInstant().ifPresent(start -> into.add(Metric.START, start.toEpochMilli() / 1e3));
        info.totalCpuDuration().ifPresent(cpu -> into.add(Metric.CPU, cpu.toNanos() / 1e9));
        kernel(into);
        Runtime runtime = Runtime.getRuntime();
        into.add(Metric.MEMORY_USED, runtime.totalMemory() - runtime.freeMemory(), HEAP);
        into.add(Metric.MEMORY_MAX, runtime.maxMemory(), HEAP);
        into.add(Metric.THREADS, ManagementFactory.getThreadMXBean().getThreadCount());
        for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
            into.add(Metric.GC_COUNT, Math.max(0, gc.getCollectionCount()), gc.getName());
            into.add(Metric.GC_SECONDS, Math.max(0, gc.getCollectionTime()) / 1e3, gc.getName());
        }
    }

    private static void kernel(Families into) {
        try (Stream<Path> open = Files.list(SELF.resolve("fd"))) {
            // One of them is this folder's own.
            into.add(Metric.OPEN_FDS, open.count() - 1);
            into.add(Metric.RESIDENT, number("status", "VmRSS:") * 1024);
            into.add(Metric.MAX_FDS, number("limits", "Max open files"));
        } catch (IOException e) {
            // No /proc here.
        }
    }

    /// The first number behind `key` at the start of a line of a file below /proc/self.
    private static double number(String file, String key) throws IOException {
        for (String line : Files.readAllLines(SELF.resolve(file))) {
            if (line.startsWith(key)) {
                String word = line.substring(key.length()).strip().split("\\s+", 2)[0];
                return word.equals("unlimited") ? Double.POSITIVE_INFINITY : Double.parseDouble(word);
            }
        }
        throw new IOException(file + " has no " + key);
    }
}
