package dev.culvert.proto.wireguard.uapi;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.text.Decimal;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import dev.culvert.proto.wireguard.uapi.UapiRequest.Assignment;
import dev.culvert.proto.wireguard.uapi.UapiRequest.PeerChange;
import dev.culvert.proto.wireguard.uapi.UapiRequest.PrefixChange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gathers the lines of one `set=1`.
final class SetBuilder {
    private final List<PeerChange> peers = new ArrayList<>();
    private @Nullable Assignment<PrivateKey> privateKey;
    private @Nullable Integer listenPort;
    private @Nullable Integer fwmark;
    private boolean replacePeers;
    private @Nullable PublicKey peer;
    private boolean remove;
    private boolean updateOnly;
    private @Nullable Assignment<PresharedKey> presharedKey;
    private @Nullable InetSocketAddress endpoint;
    private @Nullable Integer keepalive;
    private boolean replaceAllowedIps;
    private List<PrefixChange> allowedIps = new ArrayList<>();

    /// @return false if that line means nothing here
    boolean accept(String key, String value) {
        if (key.equals("public_key")) {
            endPeer();
            byte[] bytes = key(value);
            peer = bytes == null ? null : new PublicKey(bytes);
            return peer != null;
        }
        return peer == null ? acceptOfInterface(key, value) : acceptOfPeer(key, value);
    }

    UapiRequest.Set build() {
        endPeer();
        return new UapiRequest.Set(privateKey, listenPort, fwmark, replacePeers, peers);
    }

    private boolean acceptOfInterface(String key, String value) {
        return switch (key) {
            case "private_key" -> {
                byte[] bytes = key(value);
                privateKey = new Assignment<>(bytes == null || isZero(bytes) ? null : new PrivateKey(bytes));
                yield bytes != null;
            }
            case "listen_port" -> {
                listenPort = number(value, 65535);
                yield listenPort != null;
            }
            case "fwmark" -> {
                long mark = Decimal.read(value, 0, value.length(), 0xffff_ffffL);
                fwmark = (int) mark;
                yield mark >= 0;
            }
            case "replace_peers" -> {
                replacePeers = true;
                yield value.equals("true");
            }
            default -> {
                yield false;
            }
        };
    }

    private boolean acceptOfPeer(String key, String value) {
        switch (key) {
            case "remove" -> remove = true;
            case "update_only" -> updateOnly = true;
            case "replace_allowed_ips" -> replaceAllowedIps = true;
            default -> {
                return acceptValue(key, value);
            }
        }
        return value.equals("true");
    }

    private boolean acceptValue(String key, String value) {
        return switch (key) {
            case "preshared_key" -> {
                byte[] bytes = key(value);
                presharedKey = new Assignment<>(bytes == null || isZero(bytes) ? null : new PresharedKey(bytes));
                yield bytes != null;
            }
            case "endpoint" -> {
                endpoint = endpoint(value);
                yield endpoint != null;
            }
            case "persistent_keepalive_interval" -> {
                keepalive = number(value, 65535);
                yield keepalive != null;
            }
            case "allowed_ip" -> {
                boolean removes = value.startsWith("-");
                IpPrefix prefix = prefix(removes ? value.substring(1) : value);
                if (prefix != null) {
                    allowedIps.add(new PrefixChange(prefix, removes));
                }
                yield prefix != null;
            }
            default -> {
                yield key.equals("protocol_version") && value.equals("1");
            }
        };
    }

    private void endPeer() {
        if (peer != null) {
            peers.add(new PeerChange(
                    peer, remove, updateOnly, presharedKey, endpoint, keepalive, replaceAllowedIps, allowedIps));
        }
        peer = null;
        remove = false;
        updateOnly = false;
        presharedKey = null;
        endpoint = null;
        keepalive = null;
        replaceAllowedIps = false;
        allowedIps = new ArrayList<>();
    }

    private static @Nullable Integer number(String text, int most) {
        long number = Decimal.read(text, 0, text.length(), most);
        return number < 0 ? null : (int) number;
    }

    /// `192.0.2.1:51820` or `[2001:db8::1]:51820`; names are resolved by who asks.
    private static @Nullable InetSocketAddress endpoint(String text) {
        int colon = text.lastIndexOf(':');
        Integer port = colon < 1 ? null : number(text.substring(colon + 1), 65535);
        if (port == null || port == 0) {
            return null;
        }
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String literal = bracketed ? host.substring(1, host.length() - 1) : host;
        if (bracketed != literal.contains(":")) {
            return null;
        }
        try {
            return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    private static @Nullable IpPrefix prefix(String text) {
        try {
            return IpPrefix.parse(text);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /// 32 bytes of 64 hexadecimal digits, or null.
    private static byte @Nullable [] key(String digits) {
        if (digits.length() != 64) {
            return null;
        }
        byte[] key = new byte[32];
        for (int i = 0; i < 64; i++) {
            char digit = digits.charAt(i);
            int value = digit < 0x80 ? Character.digit(digit, 16) : -1;
            if (value < 0) {
                return null;
            }
            key[i / 2] |= (byte) (value << (i % 2 == 0 ? 4 : 0));
        }
        return key;
    }

    private static boolean isZero(byte[] key) {
        int bits = 0;
        for (byte b : key) {
            bits |= b;
        }
        return bits == 0;
    }
}
