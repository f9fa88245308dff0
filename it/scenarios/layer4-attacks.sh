# shellcheck shell=bash
# Slow hellos, half-open floods, 150,000 connections of one address, resets, forged datagrams: a visitor goes on.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

prepare() {
  attacked_prepare
  in_ns stranger sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
  # Answers to addresses that are nobody's go nowhere.
  ip -n "$LAB_ID-gateway" route add blackhole 198.18.0.0/15
  spawn silent home "$PYTHON" "$LIB/silent.py" 127.0.0.1 7104
  wait_port home 7104
  spawn amplifier home "$PYTHON" "$LIB/udp-peer.py" amplify 127.0.0.1 7105 1300
  wait_log amplifier ready 10
  in_ns gateway nft -f - <<'NFT'
table inet lab {
  counter came { }
  counter went { }
  chain in { type filter hook prerouting priority 0; udp dport 9105 counter name came; }
  chain out { type filter hook output priority 0; udp sport 9105 counter name went; }
}
NFT
}

publish() {
  attacked_publish
  gateway_config <<YAML
  web:
    host: $HOST
    site: home
    target: http://127.0.0.1:8085
    tls: {certificate: $CA/cert.pem, key: $CA/key.pem}
  silent:
    listen: 9104/tcp
    site: home
    target: tcp://127.0.0.1:7104
  answers:
    listen: 9105/udp
    site: home
    target: udp://127.0.0.1:7105
    udp: {flows: 500}
https:
  listen: [8443]
limits: {connections-per-visitor: 256}
YAML
  culvert gateway check "$RUN/gateway.yaml"
  signal gateway HUP
  until_ok 10 get -o /dev/null "https://$HOST/"
}

attack() { stranger "$PYTHON" "$LIB/l4-attack.py" "$1" "$STRANGERS_GATEWAY" "$2" "$3" >"$RUN/files/attack"; } # MODE PORT COUNT

# What will be attacked, too: that the JVM compiles is nobody's attack.
warm_all() {
  warm
  in_ns visitor "$PYTHON" "$LIB/l4-attack.py" reset "$GATEWAY4" 9104 1000
  stranger "$PYTHON" "$LIB/l4-attack.py" flood "$STRANGERS_GATEWAY" 8443 20000
  local i
  for i in 1 2 3; do
    datagrams flood 2000
    sleep 2
  done
}

hello() {
  beside "$RUN/files/under" tls.slow attack hello 8443 200
  cat "$RUN/files/attack"
  bounded
  expect_equal 'still open' 0 "$(of left "$RUN/files/attack")"
  expect_at_most 'the longest, s' 13 "$(of seconds "$RUN/files/attack")"
  recovered
}

# Three times as many as were asked for: beside fewer, the visitor has no 200 requests to take a p99 of.
FLOOD=150000

# The same connections to somebody else on the same machine, who refuses them too: what the generator and the
# kernel take from the visitor.
elsewhere() {
  cat >"$RUN/refuse.cfg" <<CFG
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend refuse
  bind $STRANGERS_GATEWAY:9443
  tcp-request connection reject
CFG
  spawn refuse gateway haproxy -db -f "$RUN/refuse.cfg"
  until_ok 10 haproxy_listens
  beside "$RUN/files/elsewhere" denied.too-many attack flood 9443 $FLOOD
  cat "$RUN/files/attack"
  expect_equal 'counted at the gateway' 0 "$COUNTED"
}
haproxy_listens() { [ -n "$(in_ns gateway ss -Hltn src "$STRANGERS_GATEWAY:9443")" ]; }

flood() {
  beside "$RUN/files/under" denied.too-many attack flood 8443 $FLOOD
  cat "$RUN/files/attack"
  bounded
  expect_equal 'made' $FLOOD "$(of made "$RUN/files/attack")"
  expect_at_most 'seconds' 120 "$(of seconds "$RUN/files/attack")"
  recovered
}

# What is left of each is nothing, at both ends, 10 s after the last.
resets() {
  beside "$RUN/files/under" denied.too-many attack reset 9104 1000
  until_ok 10 no_silent
}
no_silent() {
  [ -z "$(in_ns gateway ss -Htn src "$STRANGERS_GATEWAY:9104" | grep -v TIME-WAIT)" ] &&
    [ -z "$(in_ns home ss -Htn state established dst 127.0.0.1:7104)" ]
}

half_open() {
  beside "$RUN/files/under" denied.too-many attack half-open 8443 50000
  cat "$RUN/files/attack"
  expect_at_most 'growth in KiB' 65536 $((RSS_AFTER - RSS_BEFORE))
}

datagrams() { stranger "$PYTHON" "$LIB/udp-peer.py" "$1" "$STRANGERS_GATEWAY" 9105 "$2"; } # MODE COUNT
bytes_of() { in_ns gateway nft list counter inet lab "$1" | sed -n 's/.*bytes \([0-9]*\).*/\1/p'; } # COUNTER
once() { [ "$(in_ns visitor "$PYTHON" "$LIB/udp-peer.py" once "$GATEWAY4" 9105 "$1")" = "$2" ]; } # SIZE ANSWER

# Each of 100 bytes, to which the target would answer 1,300. With the heads that are counted, 3 x 100 is 2.6 x 128.
forged() {
  beside "$RUN/files/under" udp.dropped.REPLY_LIMIT datagrams flood 1000000
  bounded
  local came went
  came=$(bytes_of came) went=$(bytes_of went)
  measured "$((came >> 10)) KiB came, $((went >> 10)) KiB went"
  expect_at_most 'bytes that went to others' $((3 * came)) "$went"
  until_ok 15 once 600 1300
}

huge() {
  beside "$RUN/files/under" udp.dropped.NOT_SENT datagrams large 20000
  bounded
  until_ok 15 once 600 1300
}

idle() {
  local before busy
  before=$(cpu_ticks)
  sleep 10
  busy=$(awk -v t=$(($(cpu_ticks) - before)) 'BEGIN { print t / 10 }')
  measured "CPU $busy %"
  expect_at_most 'CPU in %' 2 "$busy"
}

scenario() {
  step "visitor, stranger, gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085 127.0.0.1:7104 127.0.0.1:7105/udp
  step "a service with TLS, and one that says nothing" publish
  step "warmed by ordinary load" warm_all
  step "quiet" quiet
  step "150,000 connections of one address that are aimed at haproxy, which refuses them" elsewhere
  step "200 hellos that trickle are closed after 10 s" hello
  step "150,000 connections of one address" flood
  step "1,000 resets behind an end: both ends are gone within 10 s" resets
  step "50,000 SYNs of nobody" half_open
  step "1,000,000 datagrams of forged addresses: at most three times as much goes back" forged
  step "20,000 datagrams of up to 65,507 bytes" huge
  step "quiet again" quiet
  step "idle" idle
}
