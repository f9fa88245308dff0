package dev.culvert.model.wgquick;

import dev.culvert.model.Endpoint;
import dev.culvert.model.Literals;
import dev.culvert.model.PublicKey;
import dev.culvert.model.config.Echo;
import dev.culvert.model.config.NetworkScalars;
import dev.culvert.model.config.Problem;
import dev.culvert.model.wgquick.WgQuickText.Block;
import dev.culvert.model.wgquick.WgQuickText.Setting;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The settings of one block, each judged by itself. Mistakes go to `problems`; what is understood and has no place
/// in Culvert's files goes to `leftOut`, with its reason. A value that is a secret is never repeated.
final class WgQuickSettings {
    private static final String HOOK = "left out: commands are never run, neither now nor later. Forwarding and address"
            + " translation are what services are for; peers are kept apart without rules";

    /// Our address with the length of the network that it was given.
    record Address(InetAddress address, int length, Setting at) {}

    private final String file;
    private final Block block;
    private final List<Problem> problems;
    private final List<Problem> leftOut;
    private final Set<String> seen = new LinkedHashSet<>();

    @Nullable
    String secretKey;

    @Nullable
    PublicKey publicKey;

    @Nullable
    Endpoint endpoint;

    @Nullable
    Integer listenPort;

    @Nullable
    Integer mtu;

    int keepalive;
    final List<Address> addresses = new ArrayList<>();
    final Set<IpPrefix> allowedIps = new LinkedHashSet<>();

    WgQuickSettings(String file, Block block, List<Problem> problems, List<Problem> leftOut) {
        this.file = file;
        this.block = block;
        this.problems = problems;
        this.leftOut = leftOut;
        block.settings().forEach(this::read);
    }

    Block block() {
        return block;
    }

    boolean has(String key) {
        return seen.contains(key);
    }

    private void read(Setting setting) {
        boolean again = !seen.add(setting.key());
        boolean manyTimes = switch (setting.key()) {
            case "Address", "DNS", "AllowedIPs", "PreUp", "PostUp", "PreDown", "PostDown" -> true;
            default -> false;
        };
        if (again && !manyTimes) {
            problem(setting, "stands twice");
            return;
        }
        switch (setting.key()) {
            case "PrivateKey", "PresharedKey" -> secretKey = secret(setting);
            case "PublicKey" -> publicKey = value(setting, PublicKey::parse, "base64 of 32 bytes", false);
            case "ListenPort" -> listenPort = number(setting, 0, 65535);
            case "MTU" -> mtu = mtu(setting);
            case "Address" -> each(setting, this::address);
            case "AllowedIPs" -> each(setting, this::allowed);
            case "Endpoint" ->
                endpoint = value(setting, NetworkScalars::endpoint, "host:port such as vps.example.com:51820", true);
            case "PersistentKeepalive" -> keepalive = keepalive(setting);
            case "PreUp", "PostUp", "PreDown", "PostDown" -> leaveOut(setting, HOOK);
            case "DNS" -> leaveOut(setting, "left out: Culvert does not change how this machine resolves names");
            case "Table" -> table(setting);
            case "FwMark" -> fwMark(setting);
            default -> saveConfig(setting);
        }
    }

    private void address(Setting setting, String text) {
        IpPrefix prefix = Literals.prefix(text);
        int slash = text.indexOf('/');
        InetAddress address = Literals.address(slash < 0 ? text : text.substring(0, slash));
        if (prefix == null || address == null) {
            problem(setting, Echo.quote(text) + " (expected: an address such as 10.8.0.1/24)");
        } else {
            addresses.add(new Address(address, prefix.length(), setting));
        }
    }

    private void allowed(Setting setting, String text) {
        char sign = text.charAt(0);
        String bare = sign == '+' || sign == '-' ? text.substring(1) : text;
        IpPrefix prefix = Literals.prefix(bare);
        if (prefix == null) {
            problem(setting, Echo.quote(text) + " (expected: a prefix such as 10.8.0.2/32)");
        } else if (sign == '-') {
            allowedIps.remove(prefix);
        } else {
            int slash = bare.indexOf('/');
            if (!prefix.address().equals(Literals.address(slash < 0 ? bare : bare.substring(0, slash)))) {
                leaveOut(setting, "bits behind the prefix left out: " + text + " is " + Literals.format(prefix));
            }
            allowedIps.add(prefix);
        }
    }

    private @Nullable String secret(Setting setting) {
        try {
            byte[] bytes = Base64.getDecoder().decode(setting.value());
            if (bytes.length == 32 && Base64.getEncoder().encodeToString(bytes).equals(setting.value())) {
                return setting.value();
            }
        } catch (IllegalArgumentException _) {
            // Said below, without the text.
        }
        problem(setting, "not a key (expected: base64 of 32 bytes)");
        return null;
    }

    private @Nullable Integer mtu(Setting setting) {
        Integer bytes = number(setting, 576, 65535);
        if (bytes != null && bytes < 1280) {
            leaveOut(
                    setting,
                    "left out: " + bytes + " is below 1280, which is the least here; the size of each peer's"
                            + " path is measured");
            return null;
        }
        return bytes;
    }

    private int keepalive(Setting setting) {
        if (setting.value().equalsIgnoreCase("off")) {
            return 0;
        }
        Integer seconds = number(setting, 0, 65535);
        return seconds == null ? 0 : seconds;
    }

    private void table(Setting setting) {
        String value = setting.value().toLowerCase(Locale.ROOT);
        if (!value.matches("off|auto|main|local|default|0x[0-9a-f]{1,8}|[0-9]{1,10}")) {
            problem(setting, Echo.quote(setting.value()) + " (expected: off, auto or a number)");
        } else if (!value.equals("auto")) {
            leaveOut(setting, "left out: Culvert changes no routes of this machine");
        }
    }

    private void fwMark(Setting setting) {
        String value = setting.value().toLowerCase(Locale.ROOT);
        if (!value.matches("off|0x[0-9a-f]{1,8}|[0-9]{1,10}")) {
            problem(setting, Echo.quote(setting.value()) + " (expected: off or a number such as 0xca6c)");
        } else if (!value.matches("off|0x0+|0+")) {
            leaveOut(setting, "left out: Culvert marks no packets, for it changes no routes");
        }
    }

    private void saveConfig(Setting setting) {
        String value = setting.value().toLowerCase(Locale.ROOT);
        if (!value.equals("true") && !value.equals("false")) {
            problem(setting, Echo.quote(setting.value()) + " (expected: true or false)");
        } else if (value.equals("true")) {
            leaveOut(
                    setting,
                    "left out: files belong to people and are never rewritten; sites that are added later"
                            + " are kept in the store");
        }
    }

    private @Nullable Integer number(Setting setting, int least, int most) {
        int number = Literals.number(setting.value(), most);
        if (number < least) {
            problem(setting, Echo.quote(setting.value()) + " (expected: " + least + ".." + most + ")");
            return null;
        }
        return number;
    }

    private <T> @Nullable T value(
            Setting setting, Function<String, @Nullable T> reader, String expected, boolean repeat) {
        T value = reader.apply(setting.value());
        if (value == null) {
            String what = repeat ? Echo.quote(setting.value()) : "not a key";
            problem(setting, what + " (expected: " + expected + ")");
        }
        return value;
    }

    private interface Item {
        void read(Setting setting, String text);
    }

    private static void each(Setting setting, Item item) {
        int at = 0;
        for (String part : setting.value().split(",", -1)) {
            String text = part.strip();
            int lead = part.length() - part.stripLeading().length();
            int column = setting.column() + setting.value().codePointCount(0, at + lead);
            if (!text.isEmpty()) {
                item.read(new Setting(setting.key(), text, setting.line(), column), text);
            }
            at += part.length() + 1;
        }
    }

    void problem(Setting setting, String message) {
        problems.add(new Problem(file, setting.line(), setting.column(), setting.key(), message));
    }

    private void leaveOut(Setting setting, String message) {
        leftOut.add(new Problem(file, setting.line(), setting.column(), setting.key(), message));
    }
}
