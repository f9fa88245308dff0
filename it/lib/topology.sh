# visitor ── 203.0.113.0/24, 2001:db8:1::/64 ── gateway ── 198.51.100.0/24 ── nat ── 192.168.77.0/24 ── home
#                                                                              └── 192.168.N.0/24 ── more peers
# The nat lets nothing in that was not asked for from inside; the gateway forwards nothing.
# shellcheck shell=bash disable=SC2034

VISITOR4=203.0.113.10
VISITOR6=2001:db8:1::10
GATEWAY4=203.0.113.1
GATEWAY6=2001:db8:1::1
# Where sites reach the gateway's WireGuard port.
GATEWAY_UPLINK=198.51.100.1
HOME_LAN=192.168.77.2

make_ns() { # NAME
  ip netns add "$LAB_ID-$1"
  ip -n "$LAB_ID-$1" link set lo up
  # No detection of duplicate addresses: an IPv6 address is usable at once.
  in_ns "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=0 \
    net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
}

link() { # NS_A IF_A ADDRESS_A NS_B IF_B ADDRESS_B
  ip link add "$2" netns "$LAB_ID-$1" type veth peer name "$5" netns "$LAB_ID-$4"
  address "$1" "$2" "$3"
  address "$4" "$5" "$6"
}

address() { # NS IF ADDRESS/LEN: with cubic, since BBR halves the throughput of a veth and makes it noisy
  local flags=()
  # The kernel finds out by a task of its own that it need not look for duplicates; until then no route may name it.
  if [[ $3 == *:* ]]; then flags=(nodad); fi
  ip -n "$LAB_ID-$1" addr add "$3" dev "$2" noprefixroute "${flags[@]}"
  ip -n "$LAB_ID-$1" link set "$2" up
  ip -n "$LAB_ID-$1" route add "$(network "$3")" dev "$2" src "${3%/*}" congctl cubic
}

network() { # ADDRESS/24 or ADDRESS::x/64
  case $1 in
    *:*) echo "${1%::*}::/${1#*/}" ;;
    *) echo "${1%.*}.0/${1#*/}" ;;
  esac
}

default_route() { ip -n "$LAB_ID-$1" route replace default via "$2" congctl cubic; } # NS VIA

public_net() {
  make_ns visitor
  make_ns gateway
  link visitor public "$VISITOR4/24" gateway public "$GATEWAY4/24"
  address visitor public "$VISITOR6/64"
  address gateway public "$GATEWAY6/64"
}

topology() {
  public_net
  make_ns nat
  link gateway internet "$GATEWAY_UPLINK/24" nat uplink 198.51.100.2/24
  default_route nat "$GATEWAY_UPLINK"
  in_ns nat sysctl -qw net.ipv4.ip_forward=1
  in_ns nat nft -f - <<'NFT'
table ip nat {
  chain postrouting { type nat hook postrouting priority 100; oifname "uplink" masquerade; }
}
table inet filter {
  chain input { type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname "lo" accept
    icmp type echo-request accept
  }
  chain lossy { type filter hook forward priority -10; }
  chain forward { type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname != "uplink" accept
  }
}
NFT
  behind_nat home 77
}

behind_nat() { # NS N: a network 192.168.N.0/24 of its own
  make_ns "$1"
  link nat "lan$2" "192.168.$2.1/24" "$1" lan "192.168.$2.2/24"
  default_route "$1" "192.168.$2.1"
}

# What NAME leads to in namespace NS, from before its processes start; written in place, since they see this very file.
names_in() { # NS ADDRESS NAME
  mkdir -p "/etc/netns/$LAB_ID-$1"
  printf '127.0.0.1 localhost\n%s %s\n' "$2" "$3" >"/etc/netns/$LAB_ID-$1/hosts"
}

# For benchmarks: home is the gateway's neighbour, without a NAT.
direct_topology() {
  public_net
  make_ns home
  link gateway internet "$GATEWAY_UPLINK/24" home lan 198.51.100.2/24
  default_route home "$GATEWAY_UPLINK"
}

# What the nat's link to the internet does to packets in both directions.
drop_everything() { in_ns nat nft add rule inet filter lossy drop; }
lose_percent() { in_ns nat nft add rule inet filter lossy numgen random mod 100 '<' "$1" counter drop; }
carry_again() { in_ns nat nft flush chain inet filter lossy; }

# A new address from the provider, a restarted router: flows that the nat knew are gone, new ones get other ports.
change_home_address() { # ADDRESS PORTS
  in_ns nat nft -f - <<NFT
flush chain ip nat postrouting
add rule ip nat postrouting oifname "uplink" meta l4proto { tcp, udp } masquerade to :$2
add rule ip nat postrouting oifname "uplink" masquerade
NFT
  ip -n "$LAB_ID-nat" addr flush dev uplink
  address nat uplink "$1/24"
  default_route nat "$GATEWAY_UPLINK"
}
