package dev.culvert.control.enrol;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.store.StateFolder;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What join says before it calls anybody; the call itself is the lab's.
final class JoinTest {
    private static PublicKey key() {
        return PrivateKey.generate(new SecureRandom()).publicKey();
    }

    @Test
    void join_whenAlreadyAtAnotherGateway_namesItAndTheWayOut(@TempDir Path folder) throws Exception {
        StateFolder state = new StateFolder(folder.resolve("state"));
        state.store().put("gateways/old", 0, """
                gateways:
                  old:
                    public-key: "%s"
                    endpoint: "old.example.com:51820"
                """.formatted(key()));
        Token token = new Token(
                "home",
                List.of(new Token.Gateway("new", key(), "192.0.2.1", 51820, InetAddress.ofLiteral("10.77.0.1"))),
                InetAddress.ofLiteral("10.77.0.254"),
                PrivateKey.generate(new SecureRandom()),
                Instant.now(),
                1420);

        assertThatThrownBy(() -> new Join(state, _ -> {}).join(token))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("already joined gateway old at old.example.com:51820")
                .hasMessageContaining("the token is from new")
                .hasMessageContaining("gateways/old.doc");
    }
}
