# shellcheck shell=bash
# Datagrams: DNS, 1,000 flows over a range, a site killed in the middle of a flow, a forged flood, a plain peer.
# lab: short

PEER="$LIB/udp-peer.py"

prepare() {
  command -v dig >/dev/null || {
    # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
    . "$LIB/packages.sh"
    LAB_PACKAGES=(bind9-dnsutils)
    install_packages
  }
  topology
  behind_nat plain 78
  spawn dns home "$PYTHON" "$LIB/dns.py" 127.0.0.53 www.lab.test 192.0.2.80
  spawn echo home "$PYTHON" "$PEER" echo 127.0.0.1 27000 27099
  wait_log echo ready 10
  wait_log dns ready 10
}

services() {
  cat <<YAML
  dns:
    listen: 5353/udp
    site: home
    target: udp://127.0.0.53:53
  game:
    listen: 27000-27099/udp
    site: home
    target: udp://127.0.0.1:27000-27099
    udp: {flows-per-visitor: 1000}
  flooded:
    listen: 28000/udp
    site: home
    target: udp://127.0.0.1:27000
    udp: {flows: 500}
  plain:
    listen: 29000/udp
    site: plain
    target: udp://$(address_of plain):7000
YAML
}

ends() {
  pair 127.0.0.53:53/udp 127.0.0.1:27000-27099/udp
  plain_peer_start plain plain
  spawn plain-echo plain "$PYTHON" "$PEER" echo "$(address_of plain)" 7000 7000
  wait_log plain-echo ready 10
  services | gateway_services
  until_ok 15 asked "$GATEWAY4" 27000 8 8
}

from_visitor() { in_ns visitor "$PYTHON" "$PEER" "$@"; }
asked() { [ "$(from_visitor once "$1" "$2" "$3")" = "$4" ]; } # ADDRESS PORT SIZE EXPECTED

dig_it() { in_ns visitor dig +short +tries=3 +time=2 -p 5353 "@$1" www.lab.test; }

names() {
  expect_equal 'over IPv4' 192.0.2.80 "$(dig_it "$GATEWAY4")"
  expect_equal 'over IPv6' 192.0.2.80 "$(dig_it "$GATEWAY6")"
}

range() {
  expect_equal flows 'answered 1000' "$(from_visitor flows "$GATEWAY4" 27000 100 1000)"
  expect_equal 'restarts' 1 "$(grep -c 'gateway ready' "$LOGS/gateway.log")"
  measured "$(live game) flows live"
}

live() {
  culvert gateway status --json | "$PYTHON" -c '
import json, sys
print(sum(s.get("live", 0) for s in json.load(sys.stdin)["services"] if s["name"] == sys.argv[1]))' "$1"
}

begun() {
  culvert gateway status --json | "$PYTHON" -c '
import json, sys
print(sum(s.get("connections", 0) for s in json.load(sys.stdin)["services"] if s["name"] == sys.argv[1]))' "$1"
}

killed() {
  local end=$RUN/files/steady.end visitor
  in_ns visitor "$PYTHON" "$PEER" steady "$GATEWAY4" 27001 "$end" >"$RUN/files/steady" &
  visitor=$!
  until_ok 5 test -s "$RUN/files/steady"
  stop home KILL
  site_launch home
  until_ok 10 resumed
  touch "$end"
  wait $visitor
  tail -n 1 "$RUN/files/steady"
  expect_match 'answers again, in the same flow' 'silent [0-1]\.' "$(tail -n 1 "$RUN/files/steady")"
  measured "$(grep -o 'longest.*' "$RUN/files/steady" | cut -d' ' -f2) s of silence"
}

# The flow that went on tells the site what it is.
resumed() { [ "$(counter udp.dropped.UNKNOWN_FLOW)" -ge 1 ] && asked "$GATEWAY4" 27001 8 8; }

flood() {
  local before after
  asked "$GATEWAY4" 28000 8 8
  before=$(awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of gateway)/status")
  from_visitor flood "$GATEWAY4" 28000 20000
  expect_at_most 'flows of the flooded service' 500 "$(live flooded)"
  expect_match 'flows that had begun' '^[1-9][0-9]{2,}' "$(begun flooded)"
  until_ok 10 asked "$GATEWAY4" 28000 8 8
  until_ok 10 asked "$GATEWAY4" 27002 8 8
  after=$(awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of gateway)/status")
  expect_at_most 'growth in KiB' 163840 $((after - before))
  measured "$(begun flooded) flows begun, +$(((after - before) / 1024)) MiB"
}

sizes() {
  asked "$GATEWAY4" 27003 1200 1200
  asked "$GATEWAY4" 27003 1392 1392
  expect_equal 'more than a packet of the tunnel' none "$(from_visitor once "$GATEWAY4" 27003 1450)"
  expect_match 'dropped and counted' '^[1-9]' "$(counter udp.dropped.NOT_SENT)"
  asked "$GATEWAY4" 27003 1200 1200
}

plain_peer() {
  until_ok 15 asked "$GATEWAY4" 29000 64 64
  asked "$GATEWAY4" 29000 1200 1200
}

scenario() {
  step "DNS and echoes at home, a plain peer, nothing of Culvert at the targets" prepare
  step "gateway, site and plain peer" ends
  step "dig asks over IPv4 and IPv6" names
  step "1,000 flows over a range of ports" range
  step "site killed and started again in the middle of a flow" killed
  step "20,000 datagrams from forged addresses" flood
  step "1,200 and 1,392 bytes pass, more is dropped and counted" sizes
  step "a plain peer" plain_peer
}
