# shellcheck shell=bash
# Linux's WireGuard in an emulated machine as a stock peer of a Culvert gateway, embedded and tun: both call, PSK, IPv6, rekey.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/guest.sh
. "$LIB/guest.sh"

# visitor ── 203.0.113.0/24 ── gateway ── 10.98.3.0/24, 2001:db8:3::/64 ── outside ── 10.99.0.0/24 ── guest
GATEWAY_UPLINK=10.98.3.2
UPLINK6=2001:db8:3::2
NETWORK6=fd77:77:77::/64
INSIDE6=${NETWORK6%/*}1
PEER=10.77.0.66
PEER6=${NETWORK6%/*}66
GUEST_MEMORY=512
BIG=${BIG:-100}

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
  guest_kernel
  guest_image
  guest_start
  guest 'mkdir -p /www; echo hello >/www/index.html; httpd -p 8085 -h /www'
  guest "dd if=/dev/urandom of=/www/big bs=1M count=$BIG 2>/dev/null"
  guest 'sha256sum /www/big' | cut -d' ' -f1 >"$RUN/files/sha"
  guest_file /state/key <"$RUN/files/peer.key"
  guest_file /state/psk <"$RUN/psk"
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

peer_of() { # PSK [ENDPOINT]
  guest "ip link del wg0 2>/dev/null; ip link add wg0 type wireguard &&
    wg set wg0 listen-port 51820 private-key /state/key peer $(cat "$RUN/files/gateway.pub") ${1:+preshared-key $1} \
      allowed-ips 10.77.0.0/24,$NETWORK6 ${2:+endpoint $2 persistent-keepalive 5} &&
    ip addr add $PEER/32 dev wg0 && ip addr add $PEER6/128 dev wg0 nodad && ip link set wg0 up &&
    ip route add 10.77.0.0/24 dev wg0 && ip route add $NETWORK6 dev wg0"
}

shaken() { guest 'wg show wg0 latest-handshakes' | grep -qE '[1-9][0-9]*$'; }

both_ways() {
  until_ok 20 shaken
  until_ok 20 answers peer4.lab.test
  until_ok 20 answers peer6.lab.test
  guest 'ping -c 2 -W 5 10.77.0.1 >/dev/null'
  guest "ping6 -c 2 -W 5 $INSIDE6 >/dev/null"
}

transfer() { # HOST
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(cat "$RUN/files/sha")" "$(MAX_TIME=900 visit -f "http://$1.lab.test:8080/big" | sha)"
  measured "$(awk -v n="$BIG" -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", n * 8.388608 / s }')"
}

# In each cell one calls the other first.
cell() { # DRIVER PSK FAMILY CALLER HOST
  local psk=${2:+$RUN/psk} guest_psk=${2:+/state/psk} called calling
  if [ "$3" = 4 ]; then called=$GATEWAY_UPLINK:51820 calling=$GUEST:51820; else
    called=[$UPLINK6]:51820 calling=[$GUEST6]:51820
  fi
  if [ "$4" = linux ]; then
    gateway_of "$1" "$psk" ''
    peer_of "$guest_psk" "$called"
  else
    guest 'ip link del wg0 2>/dev/null || true'
    gateway_of "$1" "$psk" "$calling"
    peer_of "$guest_psk"
  fi
  both_ways
  transfer "$5"
}

# REKEY_AFTER_TIME is 120 s; whoever called first begins again. The peer's port changes under it as well.
rekey() {
  local before
  before=$(guest 'wg show wg0 latest-handshakes')
  in_ns visitor curl -sS --noproxy '*' --max-time 400 --limit-rate "$((BIG * 1024 / 150))k" --resolve "*:8080:$GATEWAY4" -f \
    -o "$RUN/files/got" http://peer4.lab.test:8080/big &
  until_ok 145 another_handshake "$before"
  guest 'wg set wg0 listen-port 51999'
  wait $!
  expect_equal SHA-256 "$(cat "$RUN/files/sha")" "$(sha "$RUN/files/got")"
  expect_line 'where the peer is' 'peer +plain.*:51999' "$(culvert gateway status)"
}

another_handshake() { [ "$(guest 'wg show wg0 latest-handshakes')" != "$1" ]; }

scenario() {
  step "packages of an emulated machine" guest_packages
  step "networks, and Debian's kernel with a web server" prepare
  step "embedded, IPv4 outside, PSK, Linux calls; $BIG MiB by IPv4 inside" cell embedded psk 4 linux peer4
  step "a transfer of 150 s: a session is renewed, the peer's port changes, equal SHA-256" rekey
  step "embedded, IPv6 outside, Culvert calls; $BIG MiB by IPv6 inside" cell embedded '' 6 culvert peer6
  step "tun, IPv6 outside, PSK, Linux calls; $BIG MiB by IPv6 inside" cell tun psk 6 linux peer6
  step "tun, IPv4 outside, Culvert calls; $BIG MiB by IPv4 inside" cell tun '' 4 culvert peer4
}
