package dev.culvert.app;

import dev.culvert.control.store.KeyFiles;
import dev.culvert.control.store.StateFolder;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.proto.wireguard.PrivateKey;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "keys",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Prints this node's public key, made with its private key on first use. The private key stays in its"
                        + " file, mode 0600.",
        footer = {"", "Example:", "  culvert keys"})
final class KeysCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Override
    public Integer call() throws Exception {
        StateFolder folder = new StateFolder(state.path());
        if (folder.belongsToAnotherThanRoot(System.getProperty("user.name"))) {
            return Launcher.asOwner(folder, List.of("keys"), "");
        }
        PrivateKey key = KeyFiles.readOrCreate(folder.privateKey());
        System.out.println(key.publicKey(CryptoProvider.functions()));
        return 0;
    }
}
