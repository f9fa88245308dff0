package dev.culvert.control.enrol;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.store.Store.Document;
import dev.culvert.model.Grants;
import dev.culvert.model.config.GrantsText;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the gateway remembers of a token: enough to redeem it once, and to say for a month why it is void.
///
/// @param oneTime the public half of the key in the token
/// @param guest the address inside the tunnel at which its holder enrols
/// @param replaces the key of the site that it may take the place of, or null: then of none
/// @param grants what the site may publish
/// @param usedBy the site key it was redeemed with, or null
/// @param removedAt when the site that it was made for was removed, or null
record IssuedToken(
        String site,
        PublicKey oneTime,
        InetAddress guest,
        Instant expires,
        @Nullable PublicKey replaces,
        Grants grants,
        @Nullable PublicKey usedBy,
        @Nullable Instant usedAt,
        @Nullable Instant removedAt) {
    /// Whether nobody can become a site with it any more.
    boolean isSpent(Instant now) {
        return usedBy != null || removedAt != null || now.isAfter(expires);
    }

    IssuedToken used(PublicKey by, Instant at) {
        return new IssuedToken(site, oneTime, guest, expires, replaces, grants, by, at, removedAt);
    }

    IssuedToken removed(Instant at) {
        return new IssuedToken(site, oneTime, guest, expires, replaces, grants, usedBy, usedAt, at);
    }

    /// Its document's name. Keys contain `/` and `+`, names do not.
    static String name(PublicKey oneTime) {
        return oneTime.toString().replace('/', '_').replace('+', '-').replace("=", "");
    }

    String encode() throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("site", site);
        map.put("oneTime", oneTime.toString());
        map.put("guest", guest.getHostAddress());
        map.put("expires", expires.toString());
        map.put("host", texts(grants.hosts()));
        map.put("port", texts(grants.ports()));
        if (replaces != null) {
            map.put("replaces", replaces.toString());
        }
        if (usedBy != null) {
            map.put("usedBy", usedBy.toString());
            map.put("usedAt", String.valueOf(usedAt));
        }
        if (removedAt != null) {
            map.put("removedAt", removedAt.toString());
        }
        return JSON.std.asString(map);
    }

    private static List<String> texts(List<?> values) {
        return values.stream().map(Object::toString).toList();
    }

    /// @throws IllegalStateException if the document is damaged
    static IssuedToken decode(Document document) {
        try {
            Fields fields = new Fields(JSON.std.mapFrom(document.text()));
            String replaces = fields.optional("replaces");
            String usedBy = fields.optional("usedBy");
            String removedAt = fields.optional("removedAt");
            return new IssuedToken(
                    fields.text("site"),
                    PublicKey.parse(fields.text("oneTime")),
                    InetAddress.ofLiteral(fields.text("guest")),
                    Instant.parse(fields.text("expires")),
                    replaces == null ? null : PublicKey.parse(replaces),
                    GrantsText.parse(fields.texts("host"), fields.texts("port")),
                    usedBy == null ? null : PublicKey.parse(usedBy),
                    usedBy == null ? null : Instant.parse(fields.text("usedAt")),
                    removedAt == null ? null : Instant.parse(removedAt));
        } catch (IOException e) {
            throw new IllegalStateException("the store's " + document.key() + " does not parse", e);
        }
    }
}
