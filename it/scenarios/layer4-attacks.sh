# shellcheck shell=bash
# Slow hellos, half-open floods, 50,000 connections of one address, resets behind an end: a well-behaved visitor goes on.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

prepare() {
  attacked_prepare
  in_ns stranger sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
  # Answers to addresses that are nobody's go nowhere.
  ip -n "$LAB_ID-gateway" route add blackhole 198.18.0.0/15
  socat_start silent home 127.0.0.1 7104 EXEC:'sleep 600'
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
https:
  listen: [8443]
limits: {connections-per-visitor: 256}
YAML
  culvert gateway check "$RUN/gateway.yaml"
  signal gateway HUP
  until_ok 10 get -o /dev/null "https://$HOST/"
}

attack() { in_ns stranger "$PYTHON" "$LIB/l4-attack.py" "$1" "$STRANGERS_GATEWAY" "$2" "$3" >"$RUN/files/attack"; } # MODE PORT COUNT

hello() {
  beside "$RUN/files/under" tls.slow attack hello 8443 200
  cat "$RUN/files/attack"
  bounded
  expect_equal 'still open' 0 "$(of left "$RUN/files/attack")"
  expect_at_most 'the longest, s' 13 "$(of seconds "$RUN/files/attack")"
  recovered
}

flood() {
  beside "$RUN/files/under" denied.too-many attack flood 8443 50000
  cat "$RUN/files/attack"
  bounded
  expect_equal 'made' 50000 "$(of made "$RUN/files/attack")"
  expect_at_most 'seconds' 120 "$(of seconds "$RUN/files/attack")"
  recovered
}

# What is left of each is nothing, at both ends, 10 s after the last.
resets() {
  beside "$RUN/files/under" denied.too-many attack reset 9104 200
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

idle() {
  local before
  before=$(cpu_ticks)
  sleep 10
  measured "CPU $((($(cpu_ticks) - before) / 10)) %"
}

scenario() {
  step "visitor, stranger, gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085 127.0.0.1:7104
  step "a service with TLS, and one that says nothing" publish
  step "warmed by ordinary load" warm
  step "quiet" quiet
  step "200 hellos that trickle are closed after 10 s" hello
  step "50,000 connections of one address" flood
  step "200 resets behind an end: both ends are gone within 10 s" resets
  step "50,000 SYNs of nobody" half_open
  step "quiet again" quiet
  step "idle" idle
}
