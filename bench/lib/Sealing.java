import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.OpenJob;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.SealJob;
import dev.culvert.proto.wireguard.Transmit;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;

/// How much one tunnel loop seals and opens, alone and with a helper: java -cp 'JARS' Sealing.java SECONDS
///
/// Batches of 128 packets of 1420 bytes of one session, through the device and the crew that the tunnel uses; no sockets
/// and no interface. Printed are Gbit/s of inner packets: sealed and opened by one core, sealed and opened by two.
final class Sealing {
    private static final int BATCH = 128;
    private static final int PACKET = 1420;
    private static final int SLOT = 16 + PACKET + 64;

    private final WireGuardDevice sender;
    private final WireGuardDevice receiver;
    private final InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), 51820);
    private final byte[] packets = new byte[BATCH * SLOT];
    private final ByteBuffer view = ByteBuffer.wrap(packets);
    private final SealJob[] seals = new SealJob[BATCH];
    private final OpenJob[] opens = new OpenJob[BATCH];
    private long sealing;
    private long opening;
    private long rounds;

    private Sealing(CryptoFunctions crypto) {
        SecureRandom random = new SecureRandom();
        PrivateKey one = PrivateKey.generate(random);
        PrivateKey two = PrivateKey.generate(random);
        sender = new WireGuardDevice(one, crypto, random, 1_800_000_000_000_000_000L);
        receiver = new WireGuardDevice(two, crypto, random, 1_800_000_000_000_000_000L);
        List<IpPrefix> all = List.of(IpPrefix.parse("0.0.0.0/0"));
        sender.addPeer(new PeerConfig(two.publicKey(), null, at, 0, all), 1);
        receiver.addPeer(new PeerConfig(one.publicKey(), null, at, 0, all), 1);
        sender.initiate(sender.peers().iterator().next(), true, 1);
        Transmit out = new Transmit(2048);
        WireGuardDevice from = sender;
        while (from.pollTransmit(out, 1)) {
            WireGuardDevice to = from == sender ? receiver : sender;
            OpenJob job = to.handleDatagram(out.buffer(), at, 1);
            if (job != null) {
                job.run();
                to.complete(job, 1);
            }
            from = to;
        }
    }

    private void round(Object crew, Method run) throws Exception {
        for (int i = 0; i < BATCH; i++) {
            int packet = i * SLOT + 16;
            packets[packet] = 0x45;
            packets[packet + 2] = (byte) (PACKET >>> 8);
            packets[packet + 3] = (byte) PACKET;
            view.limit(packet + PACKET).position(packet);
            seals[i] = sender.encapsulate(view, 1);
        }
        long began = System.nanoTime();
        run.invoke(crew, seals, BATCH);
        sealing += System.nanoTime() - began;
        for (int i = 0; i < BATCH; i++) {
            sender.complete(seals[i], 1);
            view.limit(seals[i].offset() + seals[i].length()).position(seals[i].offset());
            opens[i] = receiver.handleDatagram(view, at, 1);
        }
        began = System.nanoTime();
        run.invoke(crew, opens, BATCH);
        opening += System.nanoTime() - began;
        for (int i = 0; i < BATCH; i++) {
            if (!receiver.complete(opens[i], 1)) {
                throw new IllegalStateException("not opened: " + receiver.lastDrop());
            }
        }
        rounds++;
    }

    private void forSeconds(int seconds, Object crew, Method run) throws Exception {
        sealing = 0;
        opening = 0;
        rounds = 0;
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < end) {
            round(crew, run);
        }
    }

    private double gigabits(long nanos) {
        return rounds * BATCH * PACKET * 8.0 / nanos;
    }

    public static void main(String... args) throws Exception {
        int seconds = Integer.parseInt(args[0]);
        Sealing all = new Sealing(CryptoProvider.functions());
        // Of the tunnel's own package, where nobody else has a use for it.
        Class<?> type = Class.forName("dev.culvert.dataplane.tunnel.CipherCrew");
        Constructor<?> crew = type.getDeclaredConstructor(int.class);
        crew.setAccessible(true);
        Method run = type.getDeclaredMethod("run", Runnable[].class, int.class);
        run.setAccessible(true);
        System.out.print(CryptoProvider.name());
        for (int helpers = 0; helpers <= 1; helpers++) {
            Object some = crew.newInstance(helpers);
            all.forSeconds(seconds, some, run);
            all.forSeconds(seconds, some, run);
            System.out.printf(" %.2f %.2f", all.gigabits(all.sealing), all.gigabits(all.opening));
        }
        System.out.println();
        System.exit(0);
    }
}
