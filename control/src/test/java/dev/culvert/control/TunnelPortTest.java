package dev.culvert.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store;
import dev.culvert.model.Role;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TunnelPortTest {
    private Store store;
    private DatagramSocket other;
    private int taken;

    @BeforeEach
    void somebodyHoldsAPort(@TempDir Path folder) throws Exception {
        store = new SqliteStore(folder.resolve("store"));
        other = new DatagramSocket();
        taken = other.getLocalPort();
    }

    @AfterEach
    void release() {
        other.close();
    }

    private TunnelSettings settings(boolean named) {
        String text = "tunnel: {listen: " + taken + "}\n";
        TunnelSettings said = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", text)))
                .orThrow()
                .tunnel();
        return new TunnelSettings(
                said.type(),
                said.listen(),
                named,
                said.networks(),
                said.addresses(),
                said.mtu(),
                said.privateKeyFile(),
                said.endpoint());
    }

    private int open(InetSocketAddress address) throws IOException {
        if (address.getPort() == taken) {
            throw new BindException("taken");
        }
        return address.getPort();
    }

    @Test
    void bind_portThatNobodyNamedIsTaken_takesTheNextAndRemembersIt() throws Exception {
        int next = new TunnelPort(settings(false), store).bind(this::open);

        assertThat(next).isEqualTo(taken + 1);
        other.close();
        assertThat(new TunnelPort(settings(false), store).<Integer>bind(InetSocketAddress::getPort))
                .as("tokens that were handed out name it")
                .isEqualTo(next);
    }

    @Test
    void bind_namedPortIsTaken_namesTheHolder() {
        assertThatThrownBy(() -> new TunnelPort(settings(true), store).bind(this::open))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("UDP port " + taken)
                .hasMessageContaining("held by ")
                .hasMessageContaining("process " + ProcessHandle.current().pid());
    }

    @Test
    void bind_namedPortBeatsTheRememberedOne() throws Exception {
        new TunnelPort(settings(false), store).bind(this::open);

        assertThat(new TunnelPort(settings(true), store).<Integer>bind(InetSocketAddress::getPort))
                .isEqualTo(taken);
    }
}
