# shellcheck shell=bash
# 20,000 initiations with a right mac1 and 20,000 packets of junk a second, from many addresses: only cookie replies leave.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

RATE_OF_FLOOD=40000
SECONDS_OF_FLOOD=20

prepare() {
  topology
  make_ns stranger
  link stranger wild "$STRANGER/24" gateway wild "$STRANGERS_GATEWAY/24"
  # The stranger has every address of a network of its own.
  ip -n "$LAB_ID-stranger" route add local 198.18.0.0/16 dev lo
  ip -n "$LAB_ID-gateway" route add 198.18.0.0/16 via "$STRANGER"
  nginx_start home 127.0.0.1
  make_file "$RUN/files/www/big" 200
}

publish() {
  gateway_services <<'YAML'
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
  until_ok 15 answers web.lab.test
}

flood() { # PORT OUT: in the background
  in_ns stranger "$PYTHON" "$LIB/wg-flood.py" "$STRANGERS_GATEWAY" "$1" "$(culvert gateway keys)" $RATE_OF_FLOOD \
    $SECONDS_OF_FLOOD "$2" &
  FLOOD=$!
}

transfer() { # PORT NAME: how long 200 MiB take beside the flood, and whether they are whole
  local began=$EPOCHREALTIME
  flood "$1" "$RUN/files/$2.json"
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(MAX_TIME=120 visit http://web.lab.test:8080/big | sha)"
  since "$began" >"$RUN/files/$2.seconds"
  measured "200 MiB in $(cat "$RUN/files/$2.seconds") s"
  wait "$FLOOD"
}

# The same generator at a port where nobody listens: what the flood costs the machine, and not us.
beside() {
  transfer 9 beside
  rss_kib >"$RUN/files/rss"
}

under() { transfer 51820 under; }

only_cookies() {
  "$PYTHON" - "$RUN/files/under.json" <<'PY' >"$RUN/files/said"
import json, sys
seen = json.load(open(sys.argv[1]))
others = {size: count for size, count in seen["sizes"].items() if size != "64"}
print(f'{seen["sent"]} sent, {seen["sizes"].get("64", 0)} cookie replies')
sys.exit(f"something else left: {others}" if others else 0)
PY
  measured "$(cat "$RUN/files/said")"
}

memory() {
  local grown=$(($(rss_kib) - $(cat "$RUN/files/rss")))
  measured "RSS grew by $grown KiB"
  expect_at_most 'growth of RSS in KiB' 32768 $grown
}

counted() {
  local asked
  asked=$(culvert gateway status --json | "$PYTHON" -c '
import json, sys
print(json.load(sys.stdin)["drops"].get("wireguard.COOKIE_REQUIRED", 0))')
  [ "$asked" -gt 1000 ] || { echo "COOKIE_REQUIRED is $asked"; return 1; }
  measured "$asked were asked for a cookie"
}

scenario() {
  step "visitor, stranger with 65,534 addresses, gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085
  step "a service through the tunnel" publish
  step "200 MiB beside the flood of an unrelated port" beside
  step "200 MiB under the flood of WireGuard's port, equal SHA-256" under
  step "nothing but cookie replies has left to the stranger" only_cookies
  step "the gateway's memory is bounded" memory
  step "the counters say what it was" counted
}
