package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Shows what the node that runs with this state is doing: tunnel, peers, services, events.",
        footer = {
            "",
            "Examples:",
            "  culvert status",
            "  culvert status --watch",
            "  culvert status --events",
            "  culvert status --sockets",
            "  culvert status --json"
        })
final class StatusCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Option(names = "--json", description = "Print everything as JSON.")
    private boolean json;

    @Option(names = "--watch", description = "Show it again every second, with rates, until Ctrl-C.")
    private boolean watch;

    @Option(
            names = "--events",
            description =
                    "Print what happened instead, oldest first: outages with cause and duration, and what else the"
                            + " operator should know.")
    private boolean events;

    @Option(
            names = "--sockets",
            description = "Print the TCP connections inside the tunnel instead, as ss -ti would: windows, round-trip"
                    + " times, retransmissions.")
    private boolean sockets;

    @Override
    public Integer call() throws Exception {
        AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
        if (sockets) {
            Map<String, Object> answer = client.call("GET", "/sockets", Map.of());
            System.out.print(json ? Json.text(answer) + "\n" : SocketsView.text(answer));
            return 0;
        }
        Map<String, Object> now = client.call("GET", "/status", Map.of());
        if (json) {
            System.out.println(Json.text(events ? EventsView.list(now) : now));
            return 0;
        }
        if (events) {
            System.out.print(EventsView.text(now));
            return 0;
        }
        StatusView view = new StatusView();
        System.out.print(view.text(now));
        while (watch) {
            Thread.sleep(1_000);
            // Home, text, and clear what is left below: no flicker.
            System.out.print("\u001b[H\u001b[2J" + view.text(client.call("GET", "/status", Map.of())));
            System.out.flush();
        }
        return 0;
    }
}
