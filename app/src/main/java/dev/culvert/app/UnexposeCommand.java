package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "unexpose",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "At home: withdraws what was exposed. What runs through it is cut: the home does not agree to it any more.",
        footer = {"", "Examples:", "  culvert unexpose photos.example.com", "  culvert unexpose 2222/tcp"})
final class UnexposeCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Parameters(paramLabel = "NAME|HOST|PORT/tcp|PORTS/udp", description = "The service.")
    private String what = "";

    @Override
    public Integer call() throws Exception {
        AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
        Map<String, Object> answer = client.call("POST", "/services/remove", CameFrom.with(Map.of("name", what)));
        System.out.println(answer.get("removed") + " is withdrawn");
        if (answer.get("undoneIn") instanceof Number seconds && seconds.longValue() > 0) {
            System.out.println("this cuts your own way in: it comes back in " + seconds
                    + " s, unless you get in another way and type: culvert confirm");
        }
        if (answer.get("gateways") instanceof Map<?, ?> gateways) {
            gateways.forEach((gateway, failure) -> {
                if (!String.valueOf(failure).isEmpty()) {
                    System.out.println("  " + gateway + " hears of it later: " + failure);
                }
            });
        }
        return 0;
    }
}
