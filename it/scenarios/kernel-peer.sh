# shellcheck shell=bash
# Linux's WireGuard in an emulated machine as a stock peer of embedded and tun: both call, PSK, IPv6, rekey, roaming, NAT.
# lab: long
# Takes half an hour on a machine that is busy: LAB_BOUND=3600.

# shellcheck source-path=SCRIPTDIR source=../lib/guest.sh
. "$LIB/guest.sh"

# visitor ── 203.0.113.0/24 ── gateway ── 10.98.3.0/24, 2001:db8:3::/64 ── outside ── 10.99.0.0/24 ── guest
# `outside` is a router, and for some steps a NAT with the kernel's own timers.
GATEWAY_UPLINK=10.98.3.2
UPLINK6=2001:db8:3::2
NETWORK6=fd77:77:77::/64
INSIDE6=${NETWORK6%/*}1
PEER=10.77.0.66
PEER6=${NETWORK6%/*}66
GUEST_MEMORY=512
BIG=${BIG:-100}
# Drivers to go through.
DRIVERS=${DRIVERS:-embedded tun}
# The peer's own names for its interface, its folder of secrets and what it serves.
WG=wg0
STATE=/state
WWW=/www

# What the peer is; wireguard-peer.sh has another.
machine() {
  guest_packages
  guest_kernel
  guest_image
  guest_start
  guest "mkdir -p $WWW; httpd -p 8085 -h $WWW"
}
make_interface() { guest "ip link del $WG 2>/dev/null; ip link add $WG type wireguard"; }
no_interface() { guest "ip link del $WG 2>/dev/null || true"; }

prepare() {
  public_net
  make_ns outside
  in_ns outside sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  link outside to3 10.98.3.1/24 gateway internet "$GATEWAY_UPLINK/24"
  address outside to3 2001:db8:3::1/64
  address gateway internet "$UPLINK6/64"
  default_route gateway 10.98.3.1
  ip -n "$LAB_ID-gateway" route add default via 2001:db8:3::1
  wg genkey | install -m 600 /dev/stdin "$RUN/files/peer.key"
  wg genpsk | install -m 600 -o "$NOBODY" /dev/stdin "$RUN/psk"
  machine
  guest "echo hello >$WWW/index.html; dd if=/dev/urandom of=$WWW/big bs=1M count=$BIG 2>/dev/null"
  guest "sha256sum $WWW/big" | cut -d' ' -f1 >"$RUN/files/sha"
  guest_file "$STATE/key" <"$RUN/files/peer.key"
  guest_file "$STATE/psk" <"$RUN/psk"
}

# A gateway whose file names the peer, with and without a preshared key and a place to call it at.
gateway_of() { # DRIVER PSK ENDPOINT
  if [ -e "$RUN/pids/gateway" ]; then stop gateway; fi
  TUN_ENDS=
  if [ "$1" = tun ]; then TUN_ENDS=gateway; fi
  state_for gateway
  gateway_config <<YAML
  peer4:
    host: peer4.lab.test
    site: peer
    target: http://$PEER:8085
  peer6:
    host: peer6.lab.test
    site: peer
    target: http://[$PEER6]:8085
sites:
  peer:
    type: plain
    public-key: $(wg pubkey <"$RUN/files/peer.key")
    address: [$PEER, "$PEER6"]${2:+
    preshared-key-file: $2}${3:+
    endpoint: '$3'}
YAML
  : >"$LOGS/gateway.log"
  gateway_launch
  culvert gateway status --json | sed -n 's/.*"publicKey" *: *"\([^"]*=\)".*/\1/p' | head -n 1 >"$RUN/files/gateway.pub"
  expect_match driver "\"type\" *: *\"$1\"" "$(culvert gateway status --json)"
}

peer_of() { # PSK [ENDPOINT [KEEPALIVE]]
  make_interface
  guest "wg set $WG listen-port 51820 private-key $STATE/key peer $(cat "$RUN/files/gateway.pub") ${1:+preshared-key $1} \
      allowed-ips 10.77.0.0/24,$NETWORK6 ${2:+endpoint $2 persistent-keepalive ${3:-5}} &&
    ip addr add $PEER/32 dev $WG && ip addr add $PEER6/128 dev $WG nodad && ip link set $WG up &&
    ip route add 10.77.0.0/24 dev $WG && ip route add $NETWORK6 dev $WG"
}

handshakes() { guest "wg show $WG latest-handshakes"; }
shaken() { handshakes | grep -qE '[1-9][0-9]*$'; }

both_ways() {
  until_ok 240 shaken
  until_ok 240 answers peer4.lab.test
  until_ok 240 answers peer6.lab.test
  guest 'ping -c 2 -W 5 10.77.0.1 >/dev/null'
  guest "ping -6 -c 2 -W 5 $INSIDE6 >/dev/null"
}

transfer() { # HOST
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(cat "$RUN/files/sha")" "$(MAX_TIME=900 visit -f "http://$1.lab.test:8080/big" | sha)"
  measured "$(awk -v n="$BIG" -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", n * 8.388608 / s }')"
}

# In each cell one calls the other first.
cell() { # DRIVER PSK FAMILY CALLER HOST
  local psk=${2:+$RUN/psk} guest_psk=${2:+$STATE/psk} called calling
  if [ "$3" = 4 ]; then called=$GATEWAY_UPLINK:51820 calling=$GUEST:51820; else
    called=[$UPLINK6]:51820 calling=[$GUEST6]:51820
  fi
  if [ "$4" = peer ]; then
    gateway_of "$1" "$psk" ''
    peer_of "$guest_psk" "$called"
  else
    no_interface
    gateway_of "$1" "$psk" "$calling"
    peer_of "$guest_psk"
  fi
  both_ways
  transfer "$5"
}

# REKEY_AFTER_TIME is 120 s; whoever called first begins again. The peer's port changes under it as well.
rekey() {
  local before
  before=$(handshakes)
  in_ns visitor curl -sS --noproxy '*' --max-time 900 --limit-rate "$((BIG * 1024 / 150))k" --resolve "*:8080:$GATEWAY4" -f \
    -o "$RUN/files/got" http://peer4.lab.test:8080/big &
  until_ok 200 another_handshake "$before"
  guest "wg set $WG listen-port 51999"
  wait $!
  expect_equal SHA-256 "$(cat "$RUN/files/sha")" "$(sha "$RUN/files/got")"
  expect_line 'where the peer is' 'peer +plain.*:51999' "$(culvert gateway status)"
}

another_handshake() { [ "$(handshakes)" != "$1" ]; }

nat() {
  in_ns outside nft -f - <<'NFT'
table inet nat {
  chain postrouting { type nat hook postrouting priority 100;
    iifname "guest" oifname "to3" meta l4proto udp masquerade to :30000-30999
  }
  chain forward { type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "guest" accept
  }
}
NFT
}
no_nat() { in_ns outside nft delete table inet nat; }

# Longer than any of the NAT's timers the peer is silent but for its keepalive; then it is the gateway that begins.
behind_nat_of() { # DRIVER KEEPALIVE
  local timers=net.netfilter.nf_conntrack_udp_timeout stream
  stream=$(in_ns outside sysctl -n "${timers}_stream")
  gateway_of "$1" '' ''
  peer_of '' "$GATEWAY_UPLINK:51820" "$2"
  guest 'ping -c 1 -W 5 10.77.0.1 >/dev/null || true'
  until_ok 240 shaken
  until_ok 240 answers peer4.lab.test
  expect_line 'where the peer is' 'peer +plain.*10\.98\.3\.1:30[0-9]+' "$(culvert gateway status)"
  sleep $((stream + 30))
  measured "silent for $((stream + 30)) s, the NAT's timers are $(in_ns outside sysctl -n "$timers") and $stream s"
}

kept_open() { # DRIVER
  nat
  behind_nat_of "$1" 25
  visit -f -o /dev/null http://peer4.lab.test:8080/
  no_nat
}

# Without a keepalive the NAT has forgotten the peer, and nobody outside reaches it: so it does forget.
forgotten() { # DRIVER
  nat
  behind_nat_of "$1" off
  refuse 'a request to a peer that the NAT has forgotten' answers peer4.lab.test
  no_nat
}

driver() { # DRIVER OTHER-FAMILY FAMILY
  step "$1, IPv$2 outside, PSK, the peer calls; $BIG MiB by IPv4 inside" cell "$1" psk "$2" peer peer4
  step "$1: a transfer of 150 s: a session is renewed, the peer's port changes, equal SHA-256" rekey
  step "$1, IPv$3 outside, Culvert calls; $BIG MiB by IPv6 inside" cell "$1" '' "$3" culvert peer6
  step "$1: the peer behind a NAT, with a keepalive of 25 s; then the gateway begins" kept_open "$1"
}

scenario() {
  local driver
  step "networks, and the peer with a web server" prepare
  for driver in $DRIVERS; do
    if [ "$driver" = tun ]; then driver tun 6 4; else driver embedded 4 6; fi
  done
  step "without a keepalive the NAT forgets the peer" forgotten "$driver"
}
