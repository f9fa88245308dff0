# shellcheck shell=bash
# The driver `kernel` with Linux's WireGuard as a stock peer, IPv6 outside: both call, PSK, 100 MB by both families, rekey, roaming.
# lab: long

GUEST_MEMORY=1400
GUEST_MODULES=veth
# Machine, gateway, pages and rekey are as there.
# shellcheck source-path=SCRIPTDIR source=kernel-ways.sh
. "$SCENARIOS/kernel-ways.sh"

# outside ── 10.99.0.0/24 ── guest: gateway ── 2001:db8:5::/64 ── a namespace of the guest's: the peer
NEAR6=2001:db8:5::1
FAR6=2001:db8:5::2
MOVED6=2001:db8:5::77

far() { guest "ip netns exec far $*"; }

# What it serves is in memory, as all of this machine.
far_up() {
  spawn files outside "$PYTHON" -m http.server 8099 --bind "$OUTSIDE" --directory "$RUN/files/www"
  wait_port outside 8099
  guest "mkdir -p /var/run/netns /www && ip netns add far && ip link add far0 type veth peer name eth0 netns far &&
    ip addr add $NEAR6/64 dev far0 nodad && ip link set far0 up"
  far "ip addr add $FAR6/64 dev eth0 nodad"
  far 'ip link set eth0 up'
  far 'ip link set lo up'
  guest "wget -q -O /www/big http://$OUTSIDE:8099/big && echo hello >/www/index.html"
  far 'httpd -p 8085 -h /www'
  guest_file /tmp/far.key <"$RUN/files/rogue.key"
}

far_peer() { # PSK [ENDPOINT]
  guest 'ip -n far link del wg0 2>/dev/null; ip -n far link add wg0 type wireguard'
  far "wg set wg0 listen-port 51820 private-key /tmp/far.key peer $(cat "$RUN/files/gateway.pub") ${1:+preshared-key $1} \
    allowed-ips 10.77.0.0/24,$NETWORK6 ${2:+endpoint $2 persistent-keepalive 5}"
  guest "ip -n far addr add $ROGUE/32 dev wg0 && ip -n far addr add $ROGUE6/128 dev wg0 nodad && ip -n far link set wg0 up &&
    ip -n far route add 10.77.0.0/24 dev wg0 && ip -n far route add $NETWORK6 dev wg0"
}

both_ways() {
  until_ok 240 answers rogue4.lab.test
  until_ok 240 answers rogue6.lab.test
  far 'ping -c 2 -W 5 10.77.0.1 >/dev/null'
  far "ping -6 -c 2 -W 5 $GATEWAY6_INSIDE >/dev/null"
}

it_calls() {
  far_peer /state/psk "[$NEAR6]:51820"
  both_ways
  expect_match 'where it is' "^\\[$FAR6\\]:51820$" "$(endpoint_of "$(key_of "$ROGUE")")"
}

far_moves() { guest "ip -n far addr add $MOVED6/64 dev eth0 nodad && ip -n far addr del $FAR6/64 dev eth0"; }

# It knows nobody's place, and asks for no preshared key any more.
culvert_calls() {
  far_peer ''
  ROGUE_PSK='' ROGUE_ENDPOINT="[$MOVED6]:51820" guest_config ''
  guest_kill gateway HUP
  both_ways
  expect_equal 'preshared keys' '(none)' "$(guest 'wg show culvert0 preshared-keys' | awk '{ print $2 }')"
}

scenario() {
  step "packages of an emulated machine" guest_packages
  step "networks, Debian's kernel, Culvert's runtime in an initramfs" prepare
  step "the machine boots" guest_start
  step "a gateway in the machine, an ordinary user with two capabilities" gateway
  step "a namespace beside it, with a web server" far_up
  step "Linux's WireGuard calls by IPv6, with a preshared key" loud it_calls
  step "$BIG MiB to the visitor by IPv4 inside, equal SHA-256" loud page rogue4
  step "a transfer of 150 s: a session is renewed, the peer's address changes" loud rekey rogue6 "$ROGUE" far_moves "^\\[$MOVED6\\]:51820$"
  step "Culvert calls, without a preshared key" loud culvert_calls
  step "$BIG MiB to the visitor by IPv6 inside, equal SHA-256" loud page rogue6
}
