package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.InheritedSockets;
import dev.culvert.dataplane.InheritedSockets.Lent;
import dev.culvert.dataplane.os.DescriptorSocket;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.testing.Wire;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// How a node lets go of its visitors, and how another takes them up.
class DrainTest extends HttpRoad {
    private static final long LONG = TimeUnit.SECONDS.toNanos(10);
    private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(400);

    private void answerAll(Wire target, int number) throws Exception {
        while (answer(target, OK)) {
            // The next one.
        }
    }

    @Test
    void await_withoutVisitors_isOverAtOnce() throws Exception {
        serving(this::answerAll).close();
        Drain drain = node().node().drain();
        drain.begin();

        assertThat(drain.await(LONG)).isTrue();
    }

    @Test
    void begin_whileARequestIsUnderWay_itIsAnsweredAsTheLast() throws Exception {
        CompletableFuture<Void> begun = new CompletableFuture<>();
        try (Wire visitor = serving((target, _) -> {
            record(target);
            begun.get(5, TimeUnit.SECONDS);
            target.send(OK);
        })) {
            visitor.send(get("/slow"));
            head();
            Drain drain = node().node().drain();
            drain.begin();
            begun.complete(null);

            String answer = visitor.readAll();

            assertThat(answer)
                    .startsWith("HTTP/1.1 200 ")
                    .containsIgnoringCase("\r\nconnection: close")
                    .endsWith("ok");
            assertThat(drain.await(LONG)).isTrue();
        }
    }

    @Test
    void begin_onAKeptConnection_oneMoreRequestIsAnsweredAndThenItEnds() throws Exception {
        try (Wire visitor = serving(this::answerAll)) {
            visitor.send(get("/1"));
            assertThat(visitor.readUntil("ok")).doesNotContainIgnoringCase("connection: close");
            node().node().drain().begin();

            visitor.send(get("/2"));

            assertThat(visitor.readAll()).startsWith("HTTP/1.1 200 ").containsIgnoringCase("connection: close");
        }
    }

    @Test
    void begin_onAKeptConnectionThatSaysNothing_itEndsWithoutAReset() throws Exception {
        try (Wire visitor = serving(this::answerAll)) {
            visitor.send(get("/1"));
            visitor.readUntil("ok");
            Drain drain = node().node().drain();
            drain.begin();

            assertThat(drain.await(LONG)).isTrue();
            assertThat(visitor.readAll()).isEmpty();
        }
    }

    @Test
    void await_whileARequestIsUnderWay_endsWithItsBound() throws Exception {
        CompletableFuture<Void> never = new CompletableFuture<>();
        try (Wire visitor = serving((target, _) -> {
            record(target);
            never.get(15, TimeUnit.SECONDS);
        })) {
            visitor.send(get("/slow"));
            head();
            Drain drain = node().node().drain();
            drain.begin();

            assertThat(drain.await(SHORT)).isFalse();
            assertThat(drain.cut()).isEqualTo(1);
            assertThat(restOf(visitor)).isEmpty();
        } finally {
            never.complete(null);
        }
    }

    @Test
    void resume_afterBegin_servesWhoHasWaitedAndKeepsConnectionsAgain() throws Exception {
        serving(this::answerAll).close();
        Drain drain = node().node().drain();
        drain.begin();
        drain.suspend();
        try (Wire visitor = visitor()) {
            visitor.send(get("/waiting"));
            assertThat(heads.poll(200, TimeUnit.MILLISECONDS)).isNull();

            drain.resume();

            assertThat(visitor.readUntil("ok")).doesNotContainIgnoringCase("connection: close");
            visitor.send(get("/again"));
            assertThat(visitor.readUntil("ok")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void sockets_takenByAnotherNode_serveWhoHasWaitedAtTheOld(@TempDir Path folder) throws Exception {
        serving(this::answerAll).close();
        TestNode old = node();
        InetSocketAddress address = old.at("127.0.0.1");
        Drain drain = old.node().drain();
        drain.requireLendable();
        drain.begin();
        drain.suspend();
        try (Wire visitor = Wire.connect(address);
                TestNode next =
                        TestNode.start(old.node().model(), new InheritedSockets(copied(drain.sockets(), folder)))) {
            visitor.send(get("/waited"));

            assertThat(visitor.readUntil("ok")).startsWith("HTTP/1.1 200 ");
            assertThat(next.at("127.0.0.1")).isEqualTo(address);
        }
    }

    /// As another process gets them: other descriptors of the same sockets.
    private static List<Lent> copied(List<Lent> sockets, Path folder) throws Exception {
        try (DescriptorSocket listener = DescriptorSocket.listen(folder.resolve("s"));
                DescriptorSocket near = DescriptorSocket.connect(folder.resolve("s"));
                DescriptorSocket far = listener.accept()) {
            near.send("all", sockets.stream().map(Lent::descriptor).toList());
            List<Integer> descriptors = Objects.requireNonNull(far.receive()).descriptors();
            List<Lent> copies = new ArrayList<>();
            for (int i = 0; i < sockets.size(); i++) {
                copies.add(new Lent(sockets.get(i).name(), descriptors.get(i)));
            }
            return copies;
        }
    }

    @Test
    void suspendAndResume_ofAGateway_keepAConnectionThroughItsTunnel() throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road = road(target);
                Wire visitor = Wire.connect(road.gateway().at("127.0.0.2"))) {
            echo(visitor);
            Drain drain = road.gateway().node().drain();
            drain.begin();
            drain.suspend();
            visitor.send("while it was silent");

            drain.resume();

            assertThat(visitor.read("while it was silent".length())).isEqualTo("while it was silent");
            echo(visitor);
        }
    }

    @Test
    void begin_atASite_whoDialsWaitsUntilItResumes() throws Exception {
        try (RawBackend target = RawBackend.echo();
                Road road = road(target)) {
            Drain drain = road.site().node().drain();
            drain.begin();
            assertThat(drain.await(LONG)).isTrue();
            drain.suspend();
            try (Socket socket = new Socket()) {
                socket.connect(road.gateway().at("127.0.0.2"), 2_000);
                Wire visitor = new Wire(socket);
                socket.setSoTimeout(10_000);
                visitor.send("early");

                drain.resume();

                assertThat(visitor.read(5)).isEqualTo("early");
            }
        }
    }

    private static Road road(RawBackend target) throws Exception {
        return Road.open(
                """
                  echo:
                    listen: "127.0.0.2:7000/tcp"
                    site: home
                    target: tcp://127.0.0.1:%d
                """.formatted(target.port()),
                "allow: [\"127.0.0.1:%d\"]\nclients: [127.0.0.0/8]\n".formatted(target.port()));
    }

    private static void echo(Wire visitor) throws Exception {
        visitor.send("hello");
        assertThat(visitor.read(5)).isEqualTo("hello");
    }
}
