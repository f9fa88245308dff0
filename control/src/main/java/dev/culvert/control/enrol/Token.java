package dev.culvert.control.enrol;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// What `site add` hands to `join`: where the gateways are, and a key that is good for one enrolment.
///
/// A secret: whoever holds it may become the site until it expires. Its text is `cvt1.` and base64url of a checksum and
/// JSON.
///
/// @param site the name that the site will have
/// @param guestAddress the one-time peer's address inside the tunnel
/// @param oneTimeKey the one-time peer's private key
/// @param mtu of the tunnel, bytes
public record Token(
        String site,
        List<Gateway> gateways,
        InetAddress guestAddress,
        PrivateKey oneTimeKey,
        Instant expires,
        int mtu) {
    private static final String PREFIX = "cvt1.";
    private static final int CHECKSUM = 4;
    private static final int MAX_LENGTH = 8192;

    /// @param host where it is dialled: a name or an address
    /// @param address its own address inside the tunnel
    public record Gateway(String name, PublicKey key, String host, int port, InetAddress address) {}

    public Token {
        gateways = List.copyOf(gateways);
    }

    /// The text to hand over.
    public String encode() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Gateway gateway : gateways) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", gateway.name());
            entry.put("key", gateway.key().toString());
            entry.put("host", gateway.host());
            entry.put("port", gateway.port());
            entry.put("address", gateway.address().getHostAddress());
            list.add(entry);
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("site", site);
        map.put("gateways", list);
        map.put("guest", guestAddress.getHostAddress());
        map.put("once", oneTimeKey.base64());
        map.put("expires", expires.getEpochSecond());
        map.put("mtu", mtu);
        byte[] json;
        try {
            json = JSON.std.asBytes(map);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        ByteBuffer bytes = ByteBuffer.allocate(CHECKSUM + json.length);
        bytes.putInt(checksum(json)).put(json);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    /// Reads the text; white space around it and line breaks within do not matter.
    ///
    /// @throws IllegalArgumentException saying what is wrong, without a part of the token
    public static Token decode(String text) {
        String compact = text.replaceAll("\\s", "");
        if (!compact.startsWith(PREFIX) || compact.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("this is no token: it begins with " + PREFIX
                    + " and is printed by `culvert site add` at the gateway");
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(compact.substring(PREFIX.length()));
        } catch (IllegalArgumentException e) {
            throw damaged();
        }
        if (bytes.length <= CHECKSUM) {
            throw damaged();
        }
        byte[] json = new byte[bytes.length - CHECKSUM];
        System.arraycopy(bytes, CHECKSUM, json, 0, json.length);
        if (ByteBuffer.wrap(bytes).getInt() != checksum(json)) {
            throw damaged();
        }
        try {
            return from(new Fields(JSON.std.mapFrom(new String(json, StandardCharsets.UTF_8))));
        } catch (IOException | IllegalArgumentException e) {
            throw damaged();
        }
    }

    private static Token from(Fields fields) {
        List<Gateway> gateways = new ArrayList<>();
        for (Fields gateway : fields.objects("gateways")) {
            gateways.add(new Gateway(
                    gateway.text("name"),
                    PublicKey.parse(gateway.text("key")),
                    gateway.text("host"),
                    (int) gateway.number("port"),
                    InetAddress.ofLiteral(gateway.text("address"))));
        }
        return new Token(
                fields.text("site"),
                gateways,
                InetAddress.ofLiteral(fields.text("guest")),
                PrivateKey.parse(fields.text("once")),
                Instant.ofEpochSecond(fields.number("expires")),
                (int) fields.number("mtu"));
    }

    private static IllegalArgumentException damaged() {
        return new IllegalArgumentException("the token is not complete: copy the whole line again");
    }

    private static int checksum(byte[] json) {
        CRC32C crc = new CRC32C();
        crc.update(json);
        return (int) crc.getValue();
    }

    /// Without the key.
    @Override
    public String toString() {
        return "Token[" + site + "]";
    }
}
