# shellcheck shell=bash
# `forward: kernel` with the driver `kernel`, in an emulated machine: TCP, UDP, IPv4 and IPv6, counted; a stop leaves nothing.
# lab: long

BIG=${BIG:-20}
# shellcheck source-path=SCRIPTDIR source=kernel.sh
. "$LIB/../scenarios/kernel.sh"

GUEST_MODULES='nft_ct nft_nat nft_chain_nat nft_fib_inet nft_fib_ipv4 nft_fib_ipv6 nft_limit nft_connlimit nft_reject_inet nft_objref'

forwarding() { # [SETTINGS OF web]
  guest_file /state/gateway.yaml <<YAML
gateway:
  name: vps
  endpoint: $GUEST:51820
tunnel:
  type: kernel
  listen: 51820
  network6: $NETWORK6
sites:
  rogue:
    type: plain
    public-key: $(wg pubkey <"$RUN/files/rogue.key")
    address: [$ROGUE, "$ROGUE6"]
    preshared-key-file: $ROGUE_PSK
services:
  web: {listen: 7085/tcp, site: rogue, target: ["tcp://$ROGUE:8085", "tcp://[$ROGUE6]:8085"], forward: kernel${1:-}}
  who: {listen: 7001/tcp, site: rogue, target: ["tcp://$ROGUE:7001", "tcp://[$ROGUE6]:7001"], forward: kernel}
  who-udp: {listen: 7001/udp, site: rogue, target: ["udp://$ROGUE:7001", "udp://[$ROGUE6]:7001"], forward: kernel}
YAML
}

begin() {
  guest_file /state/psk <"$RUN/files/psk"
  forwarding
  gateway_up
  guest 'wg show culvert0 public-key' >"$RUN/files/gateway.pub"
}

peer() {
  rogue_up "$GUEST:51820"
  spawn rogue-http rogue "$PYTHON" -m http.server 8085 --bind :: --directory "$RUN/files/www"
  spawn seen rogue "$PYTHON" "$LIB/seen.py" "$ROGUE" 7001
  spawn seen6 rogue "$PYTHON" "$LIB/seen.py" "$ROGUE6" 7001
  until_ok 120 reached "$GUEST"
}

get() { in_ns outside curl -sSf --noproxy '*' --max-time "${MAX_TIME:-30}" "$@"; }
reached() { get -o /dev/null "http://$1:7085/" 2>/dev/null; } # HOST
not_reached() { ! MAX_TIME=3 reached "$1"; }

passes() {
  local host
  for host in "$GUEST" "[$GUEST6]"; do
    expect_equal "SHA-256 by $host" "$(sha "$RUN/files/www/big")" "$(MAX_TIME=600 get "http://$host:7085/big" | sha)"
  done
}

who() { # tcp|udp ADDRESS
  in_ns outside "$PYTHON" - "$@" <<'PY'
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
made = socket.socket(family, socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM)
made.settimeout(10)
made.connect((sys.argv[2], 7001))
made.send(b"?" * 50)
print(made.recv(100).split()[0].decode())
PY
}

sources() {
  expect_equal 'TCP, IPv4' 10.77.0.1 "$(who tcp "$GUEST")"
  expect_equal 'UDP, IPv4' 10.77.0.1 "$(who udp "$GUEST")"
  expect_equal 'TCP, IPv6' "$GATEWAY6_INSIDE" "$(who tcp "$GUEST6")"
  expect_equal 'UDP, IPv6' "$GATEWAY6_INSIDE" "$(who udp "$GUEST6")"
}

known() {
  expect_match status 'who-udp +7001/udp +rogue +udp://.* +- +2 ' "$(culvert gateway status)"
  expect_match 'doctor' 'web: forward: +7085/tcp by the kernel: [1-9]' "$(culvert gateway doctor 2>&1 || true)"
}

denied() {
  forwarding ", access: {deny: [$OUTSIDE/32]}"
  guest_kill gateway HUP
  until_ok 60 not_reached "$GUEST"
  reached "[$GUEST6]"
}

ended() {
  guest_kill gateway TERM
  until_ok 30 not_alive
  refuse 'the interface' guest 'ip link show culvert0'
  expect_equal tables '' "$(guest 'nft list tables')"
  expect_equal forwarding '0 0 ' "$(guest 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding' | tr '\n' ' ')"
}

scenario() {
  step "packages of an emulated machine" guest_packages
  step "networks, Debian's kernel, Culvert's runtime in an initramfs" prepare
  step "the machine boots" guest_start
  step "a gateway with three services, all of them the kernel's, an ordinary user with two capabilities" begin
  step "wireguard-go calls; a page by the forward" peer
  step "20 MiB by IPv4 and by IPv6, equal SHA-256" passes
  step "the target sees the gateway's address in the tunnel: TCP, UDP, both versions" sources
  step "status and doctor know of it" known
  step "who is denied is refused, the other version is not" denied
  step "stopped: no interface, no table, no switch" ended
}
