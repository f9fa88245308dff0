package dev.culvert.dataplane.testing;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.UnaryOperator;

/// A UDP socket on loopback: a visitor, or a target that answers what it gets.
public final class Udp implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 5_000;

    private final DatagramSocket socket;
    private final BlockingQueue<InetSocketAddress> sources = new LinkedBlockingQueue<>();

    private Udp(DatagramSocket socket) {
        this.socket = socket;
    }

    public static Udp visitor() throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.setSoTimeout(PATIENCE_MILLIS);
        return new Udp(socket);
    }

    /// A target at a port of the kernel's choice.
    public static Udp target(UnaryOperator<byte[]> answer) throws IOException {
        return target(0, answer);
    }

    /// @param answer an empty answer is none
    public static Udp target(int port, UnaryOperator<byte[]> answer) throws IOException {
        DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        Udp target = new Udp(socket);
        Thread.ofVirtual().start(() -> target.serve(answer));
        return target;
    }

    private void serve(UnaryOperator<byte[]> answer) {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        try {
            while (true) {
                socket.receive(packet);
                sources.add((InetSocketAddress) packet.getSocketAddress());
                byte[] back = answer.apply(Arrays.copyOf(packet.getData(), packet.getLength()));
                if (back.length > 0) {
                    socket.send(new DatagramPacket(back, back.length, packet.getSocketAddress()));
                }
                packet.setLength(65_536);
            }
        } catch (SocketException closed) {
            return;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public int port() {
        return socket.getLocalPort();
    }

    /// From where datagrams have come, in their order.
    public BlockingQueue<InetSocketAddress> sources() {
        return sources;
    }

    public Udp send(InetSocketAddress to, String text) throws IOException {
        return send(to, text.getBytes(StandardCharsets.US_ASCII));
    }

    public Udp send(InetSocketAddress to, byte[] bytes) throws IOException {
        socket.send(new DatagramPacket(bytes, bytes.length, to));
        return this;
    }

    public byte[] receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    public String text() throws IOException {
        return new String(receive(), StandardCharsets.US_ASCII);
    }

    /// Asks until there is an answer: a datagram may be lost.
    public String ask(InetSocketAddress to, String text) throws IOException {
        socket.setSoTimeout(500);
        SocketTimeoutException last = new SocketTimeoutException("no answer to " + text);
        for (int i = 0; i < 20; i++) {
            try {
                return send(to, text).text();
            } catch (SocketTimeoutException again) {
                last = again;
            }
        }
        throw last;
    }

    @Override
    public void close() {
        socket.close();
    }
}
