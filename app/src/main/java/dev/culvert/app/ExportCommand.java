package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Prints all that the running node is configured with, file and store together, as one file.",
        footer = {"", "Keys of this node are not in it.", "", "Example:", "  culvert export > gateway.yaml"})
final class ExportCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Override
    public Integer call() throws Exception {
        AdminClient client = new AdminClient(new StateFolder(state.path()).adminSocket());
        System.out.print(client.call("GET", "/export", Map.of()).get("file"));
        return 0;
    }
}
