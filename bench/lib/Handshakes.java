import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.OpenJob;
import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.Transmit;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/// How many handshakes one core does: java -cp 'JARS' Handshakes.java SECONDS
///
/// 200 devices shake hands with one, all on this thread and in virtual time, six seconds from each time to the next as
/// WireGuard's timers want it. Printed are handshakes per second of the responder alone (initiation in, response out) and of
/// the initiators alone (initiation out, response in). No sockets: what a datagram costs on its way is measured elsewhere.
final class Handshakes {
    private static final int INITIATORS = 200;
    private static final long BETWEEN = 6_000_000_000L;
    private static final long WALL_CLOCK = 1_800_000_000_000_000_000L;

    private final SecureRandom random = new SecureRandom();
    private final InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), 51820);
    private final List<Initiator> initiators = new ArrayList<>();
    private final WireGuardDevice responder;
    private final Transmit out = new Transmit(2048);
    private long now = 1;
    private long responded;
    private long initiated;
    private int done;

    private record Initiator(WireGuardDevice device, Peer peer, InetSocketAddress from) {}

    private Handshakes(CryptoFunctions crypto) throws Exception {
        PrivateKey key = PrivateKey.generate(random);
        responder = new WireGuardDevice(key, crypto, random, WALL_CLOCK);
        responder.handshakeBudget(1_000_000);
        for (int i = 0; i < INITIATORS; i++) {
            byte[] address = {10, 0, 1, (byte) i};
            InetSocketAddress from = new InetSocketAddress(InetAddress.getByAddress(address), 51820);
            PrivateKey own = PrivateKey.generate(random);
            WireGuardDevice device = new WireGuardDevice(own, crypto, random, WALL_CLOCK);
            Peer peer = device.addPeer(
                    new PeerConfig(key.publicKey(), null, at, 0, List.of(IpPrefix.parse("0.0.0.0/0"))), now);
            responder.addPeer(
                    new PeerConfig(own.publicKey(), null, from, 0, List.of(IpPrefix.parse("10.1.0." + i + "/32"))), now);
            initiators.add(new Initiator(device, peer, from));
        }
    }

    private void round() {
        now += BETWEEN;
        for (Initiator initiator : initiators) {
            long begin = System.nanoTime();
            initiator.device.initiate(initiator.peer, true, now);
            ByteBuffer initiation = sent(initiator.device);
            long asked = System.nanoTime();
            responder.handleDatagram(initiation, initiator.from, now);
            ByteBuffer response = sent(responder);
            long answered = System.nanoTime();
            OpenJob none = initiator.device.handleDatagram(response, at, now);
            long end = System.nanoTime();
            if (none != null || initiator.device.lastDrop() != null) {
                throw new IllegalStateException("no handshake: " + initiator.device.lastDrop());
            }
            responded += answered - asked;
            initiated += asked - begin + (end - answered);
            done++;
            while (initiator.device.pollTransmit(out, now)) {
                // The keepalive that confirms the session.
            }
        }
    }

    /// The one datagram that a device sends.
    private ByteBuffer sent(WireGuardDevice device) {
        if (!device.pollTransmit(out, now)) {
            throw new IllegalStateException("nothing is sent: " + device.lastDrop());
        }
        ByteBuffer copy = ByteBuffer.allocate(out.buffer().remaining());
        copy.put(out.buffer().duplicate()).flip();
        return copy;
    }

    private void forSeconds(int seconds) {
        responded = 0;
        initiated = 0;
        done = 0;
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < end) {
            round();
        }
    }

    public static void main(String... args) throws Exception {
        int seconds = Integer.parseInt(args[0]);
        Handshakes all = new Handshakes(CryptoProvider.functions());
        all.forSeconds(seconds);
        all.forSeconds(seconds);
        System.out.printf(
                "%s %.0f %.0f%n",
                CryptoProvider.name(), all.done * 1e9 / all.responded, all.done * 1e9 / all.initiated);
    }
}
