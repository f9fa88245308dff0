package dev.culvert.control.labels;

import dev.culvert.control.Reloader;
import dev.culvert.control.UnixHttp;
import dev.culvert.dataplane.Node;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Reads the labels of this machine's containers every two seconds, while site.yaml names a Docker socket; a change is
/// a
/// change of the configuration. It asks for the list of containers and nothing else.
///
/// A Docker that does not answer has not withdrawn anything: what it said last holds on.
public final class DockerLabels {
    private static final long EVERY_SECONDS = 2;
    private static final long ANSWER_SECONDS = 5;

    private final Node node;
    private final Reloader reloader;
    private final ExecutorService workers;
    private volatile List<Source> documents = List.of();

    public DockerLabels(Node node, Reloader reloader, ExecutorService workers) {
        this.node = node;
        this.reloader = reloader;
        this.workers = workers;
    }

    /// What the labels say now.
    public List<Source> documents() {
        return documents;
    }

    public void start(ScheduledExecutorService scheduler) {
        scheduler.scheduleWithFixedDelay(() -> workers.execute(this::look), 0, EVERY_SECONDS, TimeUnit.SECONDS);
    }

    synchronized void look() {
        String socket = node.model().rules().dockerSocket();
        List<Source> now;
        try {
            now = socket == null ? List.of() : ask(Path.of(socket));
        } catch (IOException e) {
            node.events().report("docker", "docker.silent", "labels cannot be read: " + e.getMessage());
            return;
        }
        if (!now.equals(documents)) {
            documents = now;
            reloader.reload();
        }
    }

    private List<Source> ask(Path socket) throws IOException {
        Thread asking = Thread.currentThread();
        var limit = workers.submit(() -> {
            TimeUnit.SECONDS.sleep(ANSWER_SECONDS);
            asking.interrupt();
            return null;
        });
        try {
            UnixHttp.Answer answer = UnixHttp.request(socket, "GET", "/containers/json", "");
            if (answer.status() != 200) {
                throw new IOException(socket + " answers " + answer.status());
            }
            return ContainerLabels.documents(answer.body());
        } catch (IOException e) {
            throw new IOException(
                    socket + ": " + (e.getMessage() == null ? "no answer" : e.getMessage())
                            + " (may this user open it?)",
                    e);
        } finally {
            limit.cancel(true);
            // An interrupt that came too late must not hit the next piece of work of this thread.
            Thread.interrupted();
        }
    }
}
