package dev.culvert.proto.netstack.testing;

import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A TCP segment of a trace. Its numbers are relative to the initial sequence numbers of sender and receiver, so
/// that SYN is 0 and the first byte 1. Received, it is built as it stands; expected, only what was said of it
/// must hold.
public final class Seg {
    int flags = TcpHeader.ACK;

    @Nullable
    Integer seq;

    @Nullable
    Integer ack;

    @Nullable
    Integer window;

    byte @Nullable [] data;

    @Nullable
    Integer mss;

    @Nullable
    Integer scale;

    boolean sackOk;

    @Nullable
    Integer timestamp;

    @Nullable
    Integer echo;

    final List<Integer> sack = new ArrayList<>();
    boolean pushMatters;
    /// The two ECN bits of the IP header.
    int ecn;

    private byte[] raw = {};

    private Seg() {}

    public static Seg seg() {
        return new Seg();
    }

    public static Seg syn() {
        Seg seg = new Seg().seq(0);
        seg.flags = TcpHeader.SYN;
        return seg;
    }

    public static Seg synAck() {
        Seg seg = new Seg().seq(0).ack(1);
        seg.flags = TcpHeader.SYN | TcpHeader.ACK;
        return seg;
    }

    public static Seg fin() {
        Seg seg = new Seg();
        seg.flags |= TcpHeader.FIN;
        return seg;
    }

    /// RST without ACK.
    public static Seg rst() {
        Seg seg = new Seg();
        seg.flags = TcpHeader.RST;
        return seg;
    }

    public static Seg rstAck() {
        Seg seg = new Seg();
        seg.flags = TcpHeader.RST | TcpHeader.ACK;
        return seg;
    }

    public Seg seq(int relative) {
        seq = relative;
        return this;
    }

    public Seg ack(int relative) {
        ack = relative;
        return this;
    }

    /// The field, not scaled.
    public Seg window(int field) {
        window = field;
        return this;
    }

    public Seg data(String text) {
        data = text.getBytes(StandardCharsets.ISO_8859_1);
        return this;
    }

    /// So many bytes that do not matter.
    public Seg data(int length) {
        data = new byte[length];
        return this;
    }

    public Seg mss(int value) {
        mss = value;
        return this;
    }

    public Seg scale(int shift) {
        scale = shift;
        return this;
    }

    public Seg sackOk() {
        sackOk = true;
        return this;
    }

    public Seg timestamps(int value, int echoed) {
        timestamp = value;
        echo = echoed;
        return this;
    }

    public Seg timestamp(int value) {
        timestamp = value;
        return this;
    }

    /// One SACK block more.
    public Seg sack(int start, int end) {
        sack.add(start);
        sack.add(end);
        return this;
    }

    /// Options as bytes, before all others; they are padded to whole words at the end.
    public Seg options(int... bytes) {
        raw = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            raw[i] = (byte) bytes[i];
        }
        return this;
    }

    public Seg urgent() {
        flags |= 0x20;
        return this;
    }

    public Seg noAck() {
        flags &= ~TcpHeader.ACK;
        return this;
    }

    public Seg ecn(int bits) {
        ecn = bits;
        return this;
    }

    public Seg push() {
        flags |= TcpHeader.PSH;
        pushMatters = true;
        return this;
    }

    int length() {
        return data == null ? 0 : data.length;
    }

    /// The options as bytes; SACK blocks count from `base`.
    byte[] options(int base) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(raw);
        if (mss != null) {
            out.writeBytes(new byte[] {2, 4, (byte) (mss >>> 8), (byte) (int) mss});
        }
        if (scale != null) {
            out.writeBytes(new byte[] {1, 3, 3, (byte) (int) scale});
        }
        if (sackOk) {
            out.writeBytes(new byte[] {1, 1, 4, 2});
        }
        if (timestamp != null) {
            out.writeBytes(new byte[] {1, 1, 8, 10});
            out.writeBytes(word(timestamp));
            out.writeBytes(word(echo == null ? 0 : echo));
        }
        if (!sack.isEmpty()) {
            out.writeBytes(new byte[] {1, 1, 5, (byte) (2 + 4 * sack.size())});
            sack.forEach(edge -> out.writeBytes(word(base + edge)));
        }
        while (out.size() % 4 != 0) {
            out.write(0);
        }
        return out.toByteArray();
    }

    private static byte[] word(int value) {
        byte[] bytes = new byte[4];
        NetworkOrder.put32(bytes, 0, value);
        return bytes;
    }
}
