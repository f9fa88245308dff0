package dev.culvert.control;

import dev.culvert.control.machine.EndpointGuess;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Literals;
import dev.culvert.model.Role;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where sites dial this gateway: what somebody said, or else what this machine's own addresses suggest.
public final class GatewayEndpoint {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final Node node;
    private final @Nullable Endpoint option;

    /// @param option what was said at the start, which beats the file
    public GatewayEndpoint(Node node, @Nullable Endpoint option) {
        this.node = node;
        this.option = option;
    }

    /// Null where nobody said it and no address of this machine will do.
    public @Nullable Endpoint known() {
        Endpoint said = said();
        return said != null ? said : guessed(EndpointGuess.ofThisMachine());
    }

    /// @throws IllegalArgumentException with what to do, where it is not known
    public Endpoint required() {
        Endpoint said = said();
        EndpointGuess guess = EndpointGuess.ofThisMachine();
        Endpoint endpoint = said != null ? said : guessed(guess);
        if (endpoint == null) {
            throw new IllegalArgumentException("where do sites dial this gateway? " + guess.why()
                    + ". Start it with --endpoint HOST:PORT, or write gateway: {endpoint: HOST:PORT} into its file, with"
                    + " the address that the internet knows");
        }
        return endpoint;
    }

    /// Tells the operator what was guessed; a gateway only.
    public void announce() {
        if (node.model().role() != Role.GATEWAY || said() != null) {
            return;
        }
        EndpointGuess guess = EndpointGuess.ofThisMachine();
        Endpoint guessed = guessed(guess);
        if (guessed == null) {
            LOG.warn(
                    "{}: sites can be added once --endpoint HOST:PORT or gateway: {endpoint: …} names it", guess.why());
        } else {
            LOG.info("sites will dial {} ({}); another one: --endpoint HOST:PORT", guessed, guess.why());
        }
    }

    private @Nullable Endpoint said() {
        return option != null ? option : node.model().tunnel().endpoint();
    }

    private @Nullable Endpoint guessed(EndpointGuess guess) {
        InetAddress address = guess.address();
        return address == null
                ? null
                : new Endpoint(
                        Literals.format(address), node.tunnel().localAddress().getPort());
    }
}
