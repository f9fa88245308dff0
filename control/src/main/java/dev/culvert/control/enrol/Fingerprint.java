package dev.culvert.control.enrol;

import dev.culvert.proto.wireguard.PublicKey;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What both ends print after an enrolment, so that people can see that they mean the same two keys.
public final class Fingerprint {
    private static final int GROUPS = 5;

    private Fingerprint() {}

    /// Five groups of four hexadecimal digits over both public keys.
    public static String of(PublicKey gateway, PublicKey site) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((gateway + "\n" + site).getBytes(StandardCharsets.US_ASCII));
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < GROUPS; i++) {
                text.append(i == 0 ? "" : "-").append(HexFormat.of().formatHex(hash, i * 2, i * 2 + 2));
            }
            return text.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
