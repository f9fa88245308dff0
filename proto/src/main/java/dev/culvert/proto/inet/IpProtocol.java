package dev.culvert.proto.inet;

/// Protocol numbers that this program speaks or steps over (IANA, RFC 8200 §4.1).
public final class IpProtocol {
    public static final int HOP_BY_HOP = 0;
    public static final int ICMP = 1;
    public static final int TCP = 6;
    public static final int UDP = 17;
    public static final int ROUTING = 43;
    public static final int FRAGMENT = 44;
    public static final int ICMPV6 = 58;
    public static final int DESTINATION_OPTIONS = 60;

    private IpProtocol() {}
}
