package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.xbill.DNS.ExtendedResolver;

/// Records by a program of the operator's: `PROGRAM present RECORD VALUE`, later `PROGRAM cleanup RECORD VALUE`, the
/// record with a dot at its end. No shell in between, nothing of this process's environment but the path and the home,
/// and nothing secret: record and value are public.
final class DnsHook implements DnsRecords.Writer {
    private static final int MOST_OUTPUT = 4_096;

    private final String program;
    private final Duration limit;

    /// @param limit the longest that the program may take
    DnsHook(String program, Duration limit) {
        this.program = program;
        this.limit = limit;
    }

    @Override
    public DnsPlace add(String record, String value) throws OrderException, InterruptedException {
        run("present", record, value);
        return DnsPlace.find(record, new ExtendedResolver());
    }

    @Override
    public void remove(String record, String value) throws OrderException, InterruptedException {
        run("cleanup", record, value);
    }

    private void run(String what, String record, String value) throws OrderException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(List.of(program, what, record + ".", value))
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        Map<String, String> environment = builder.environment();
        environment.keySet().retainAll(List.of("PATH", "HOME"));
        environment.put("CULVERT_RECORD", record);
        environment.put("CULVERT_VALUE", value);
        Process process = start(builder, what);
        // Read beside it: a full pipe would make it wait for us, and us for it.
        StringBuilder output = new StringBuilder();
        Thread reader = Thread.startVirtualThread(() -> output.append(read(process)));
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed(what, "did not end within " + limit.toSeconds() + " s");
            }
            reader.join(Duration.ofSeconds(1));
            if (process.exitValue() != 0) {
                String said = reader.isAlive() ? "" : Faults.line(output.toString());
                throw failed(what, "ended with " + process.exitValue() + (said.isEmpty() ? "" : ": " + said));
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Process start(ProcessBuilder builder, String what) throws OrderException {
        try {
            return builder.start();
        } catch (IOException e) {
            throw failed(what, "cannot be started: " + e.getMessage());
        }
    }

    private OrderException failed(String what, String how) {
        return new OrderException(
                OrderFault.DNS, program + " " + what + " " + how, "run it by hand, as the user that Culvert runs as");
    }

    /// The beginning of what it says; the rest is read and forgotten.
    private static String read(Process process) {
        StringBuilder text = new StringBuilder();
        byte[] buffer = new byte[1_024];
        try (InputStream in = process.getInputStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                int room = Math.min(read, MOST_OUTPUT - text.length());
                text.append(new String(buffer, 0, Math.max(0, room), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            return text.toString();
        }
        return text.toString();
    }
}
