# shellcheck shell=bash
# ClientHellos of OpenSSL, curl, Java and Chromium (post-quantum) by their name, split at every byte, MTU 1280 to 1500.
# lab: long

NAME=right.lab.test
# shellcheck source-path=SCRIPTDIR source=../lib/newer.sh
. "$LIB/newer.sh"

prepare() {
  # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES=(chromium)
  install_packages
  newer trixie curl openssl
  topology
  # The right target says again what it hears, the default one what it is.
  spawn right home "$PYTHON" "$LIB/echo.py" 127.0.0.1 7001
  socat_start default home 127.0.0.1 7002 SYSTEM:'echo default target'
  mkdir -p "$RUN/hellos"
  spawn keeper visitor "$PYTHON" "$LIB/client-hellos.py" keep 9443 "$RUN/hellos"
  wait_log keeper keeping 10
}

publish() {
  gateway_services <<YAML
  right:
    host: $NAME
    site: home
    target: tls://127.0.0.1:7001
  default:
    host: default.lab.test
    site: home
    target: tls://127.0.0.1:7002
https:
  listen: [8443]
  redirect: false
  unknown-name: default.lab.test
limits: {connections-per-visitor: 4096}
YAML
  until_ok 10 listens gateway 8443
}

hello_of() { # CLIENT COMMAND…: the client's hello, into $RUN/hellos/CLIENT
  local client=$1 before
  shift
  before=$(find "$RUN/hellos" -name '[0-9]*' | wc -l)
  in_ns visitor timeout 60 "$@" >"$LOGS/$client.log" 2>&1 || true
  [ -s "$RUN/hellos/$((before + 1))" ]
  cp "$RUN/hellos/$((before + 1))" "$RUN/hellos/$client"
  measured "$client $(stat -c %s "$RUN/hellos/$client")"
}

recorded() {
  local new
  new=$(newer_words trixie)
  hello_of curl curl -sk --connect-to "::127.0.0.1:9443" "https://$NAME:9443/"
  hello_of openssl openssl s_client -connect 127.0.0.1:9443 -servername $NAME
  # shellcheck disable=SC2086 # words
  hello_of openssl-3.5 $new "$NEWER/trixie/usr/bin/openssl" s_client -connect 127.0.0.1:9443 -servername $NAME
  hello_of java "$JAVA_HOME/bin/java" "$LIB/Hello.java" 127.0.0.1 9443 $NAME
  hello_of chromium chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --user-data-dir="$RUN/chromium" --host-resolver-rules='MAP * 127.0.0.1' --dump-dom "https://$NAME:9443/"
  [ "$(stat -c %s "$RUN/hellos/chromium")" -gt 1500 ]
}

CLIENTS='curl openssl openssl-3.5 java chromium'
say() { in_ns visitor "$PYTHON" "$LIB/client-hellos.py" "$1" "$GATEWAY4" 8443 "$RUN/hellos/$2"; } # MODE CLIENT

splits() {
  local client count=0
  for client in $CLIENTS; do count=$((count + $(say split "$client"))); done
  measured "$count splits"
}

mtus() {
  local mtu client
  for mtu in $(seq 1280 20 1500); do
    ip -n "$LAB_ID-visitor" link set public mtu "$mtu"
    for client in $CLIENTS; do say whole "$client"; done
  done
  ip -n "$LAB_ID-visitor" link set public mtu 1500
}

counter_sum() { # PREFIX
  culvert gateway status --json | "$PYTHON" -c '
import json, sys
print(sum(count for name, count in json.load(sys.stdin)["counters"].items() if name.startswith(sys.argv[1])))' "$1"
}

bent() {
  local before late
  before=$(counter_sum tls.malformed) late=$(counter_sum tls.slow)
  say bent chromium
  expect_equal 'counted as malformed' $((before + 5)) "$(counter_sum tls.malformed)"
  expect_equal 'counted as late' $((late + 1)) "$(counter_sum tls.slow)"
}

scenario() {
  step "Chromium, Debian 13's OpenSSL; an echo as the target" prepare
  step "gateway and site" pair 127.0.0.1:7001 127.0.0.1:7002
  step "two names whose TLS ends at home; one of them is the default" publish
  step "what they say, in bytes" recorded
  step "split at every byte: the right target hears the very same bytes" splits
  step "MTU 1280 to 1500: the same" mtus
  step "late, oversized and malformed: closed and counted, and the default target hears nothing" bent
}
