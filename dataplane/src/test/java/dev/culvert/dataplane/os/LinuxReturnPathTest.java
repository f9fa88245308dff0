package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// What the kernel is asked for, against what iproute2 6.1 asks for, as strace shows it, with sequence number 1. What
/// the rules of nftables do is shown by the lab's scenario `transparent`.
class LinuxReturnPathTest {
    /// `ip rule add pref 5182 from 127.0.0.0/8 iif lo table main suppress_prefixlength 0`.
    private static final String RULE = "3c00000020000506" + "0100000000000000" + "02000800fe000001" + "00000000"
            + "080006003e140000" + "080002007f000000" + "070003006c6f0000" + "08000e0000000000";

    /// `ip route add local default dev lo table 5182 proto static`.
    private static final String ROUTE = "2c00000018000506" + "0100000000000000" + "020000000004fe02" + "00000000"
            + "08000f003e140000" + "0800040001000000";

    @Test
    void rule_isWhatIproute2Sends() {
        NetlinkMessage rule = LinuxReturnPath.rule(
                        LinuxReturnPath.NEW_RULE, Libc.AF_INET, 5182, 254, new byte[] {127, 0, 0, 0}, 8)
                .text(3, "lo")
                .number(14, 0);

        assertThat(HexFormat.of().formatHex(rule.bytes())).isEqualTo(RULE);
    }

    @Test
    void route_isWhatIproute2Sends() {
        NetlinkMessage route =
                LinuxReturnPath.route(LinuxReturnPath.NEW_ROUTE, Libc.AF_INET).number(4, 1);

        assertThat(HexFormat.of().formatHex(route.bytes())).isEqualTo(ROUTE);
    }
}
