package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "confirm",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Lets a change stay that cut the way by which it was made; else it is undone after 60 s.",
        footer = {"", "Example:", "  culvert confirm"})
final class ConfirmCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Override
    public Integer call() throws Exception {
        AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
        String confirmed =
                String.valueOf(client.call("POST", "/confirm", Map.of()).get("confirmed"));
        System.out.println(confirmed.isEmpty() ? "nothing waits for a confirmation" : confirmed + " stays");
        return confirmed.isEmpty() ? 1 : 0;
    }
}
