package dev.culvert.app;

import dev.culvert.app.demo.Demo;
import dev.culvert.app.demo.DemoCheck;
import dev.culvert.app.demo.DemoLoad;
import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.enrol.Join;
import dev.culvert.control.enrol.Token;
import dev.culvert.control.store.StateFolder;
import dev.culvert.dataplane.tunnel.PeerWatch;
import dev.culvert.model.Role;
import java.io.Console;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A gateway, a site and their sample services in this process, looked at by people or used by visitors of its own.
///
/// @param check whether to use it as a visitor would and say what was verified
/// @param load seconds of visits by many, 0 for none
record DemoRun(int port, boolean check, int load) implements Callable<Integer> {
    /// More only where all is slow, as under an emulator.
    private static final int TUNNEL_SECONDS = Integer.getInteger("culvert.demo.seconds", 15);

    /// The hook waits until everything is closed, so that no folder with keys stays behind.
    @Override
    public Integer call() throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        RunningNode.onExit(stop, closed);
        try {
            return run(stop);
        } finally {
            closed.countDown();
        }
    }

    private int run(CountDownLatch stop) throws Exception {
        CountDownLatch up = new CountDownLatch(1);
        Consumer<PeerWatch.State> onState = state -> {
            if (state.up()) {
                up.countDown();
            }
        };
        try (Demo demo = new Demo(port);
                Wiring gateway = NodeStart.start(
                        new Wiring.Options(Role.GATEWAY, demo.gatewayFile(false), false, demo.gatewayState(), null),
                        _ -> {})) {
            AdminClient admin = new AdminClient(new StateFolder(demo.gatewayState()).adminSocket());
            Map<String, Object> answer = admin.call("POST", "/sites", Map.of("name", "home"));
            try (StateFolder siteState = new StateFolder(demo.siteState())) {
                new Join(siteState, _ -> {}).join(Token.decode(String.valueOf(answer.get("token"))));
            }
            try (Wiring site = NodeStart.start(
                    new Wiring.Options(Role.SITE, demo.siteFile(), false, demo.siteState(), null), onState)) {
                demo.gatewayFile(true);
                gateway.reload();
                if (!up.await(TUNNEL_SECONDS, TimeUnit.SECONDS)) {
                    throw new IOException("the tunnel did not come up within " + TUNNEL_SECONDS + " s");
                }
                return check || load > 0 ? use(demo, site) : show(demo, admin, stop);
            }
        }
    }

    private int use(Demo demo, Wiring site) throws InterruptedException {
        System.out.println("gateway, tunnel (" + site.node().tunnel().type() + ") and site are up");
        boolean well = !check || new DemoCheck(demo, System.out).run();
        if (load > 0) {
            well &= new DemoLoad(demo, System.out).run(load);
        }
        return well ? 0 : 1;
    }

    private static int show(Demo demo, AdminClient admin, CountDownLatch stop) throws Exception {
        String urls = """
                Open in a browser on this machine:
                  %s   a page at home, its clock fed by a WebSocket
                  %s   a folder at home
                Or: nc 127.0.0.1 %d   a TCP service at home that echoes

                Ctrl-C ends everything.

                """.formatted(demo.clockUrl(), demo.filesUrl(), demo.echoPort());
        StatusView view = new StatusView();
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal();
        System.out.print(urls + view.text(admin.call("GET", "/status", Map.of())));
        while (!stop.await(1, TimeUnit.SECONDS)) {
            if (terminal) {
                System.out.print("\u001b[H\u001b[2J" + urls + view.text(admin.call("GET", "/status", Map.of())));
                System.out.flush();
            }
        }
        return 0;
    }
}
