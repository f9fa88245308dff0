# shellcheck shell=bash
# Attacks by frames of HTTP/2: offenders are closed and counted, memory stays, a well-behaved visitor goes on.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

CALM=http2.flood,http2.connection-error.ENHANCE_YOUR_CALM
# ATTACK COUNTERS SECONDS
ATTACKS=(
  "rapid-reset $CALM 6"
  "made-you-reset $CALM 6"
  "continuation $CALM 6"
  "empty-continuation $CALM 6"
  "hpack-bomb $CALM 6"
  "small-bombs $CALM 20"
  "ping $CALM 6"
  "settings $CALM 6"
  "empty-data $CALM 6"
  "empty-headers $CALM 6"
  "window-update $CALM 6"
  "priority $CALM 6"
  "huge-headers http2.connection-error.PROTOCOL_ERROR,$CALM 6"
  "cookies $CALM 6"
  "zero-window http.stalled 20"
  "slow-read http.stalled 20"
  "deaf http.stalled 20"
)

publish() {
  attacked_publish
  spawn sink gateway "$PYTHON" "$LIB/h2-sink.py" "$STRANGERS_GATEWAY" 9443 "$CA/cert.pem" "$CA/key.pem"
  wait_port gateway 9443
}

generate() { # NAME PORT SECONDS OUT
  stranger "$PYTHON" "$LIB/h2-attack.py" "$1" "$STRANGERS_GATEWAY" "$2" "$HOST" "$STRANGER" "$3" 4 >"$4"
}

# The same bytes at the same rate to somebody else on the same machine: what the generator takes from the visitor.
elsewhere() {
  beside "$RUN/files/elsewhere" http2.flood generate window-update 9443 6 "$RUN/files/elsewhere.attack"
  expect_equal 'counted at the gateway' 0 "$COUNTED"
}

under() { # NAME COUNTERS SECONDS
  local out=$RUN/files/under.$1
  beside "$out" "$2" generate "$1" 8443 "$3" "$out.attack"
  cat "$out.attack"
  measured "closed $(of closed "$out.attack") of $(of connections "$out.attack"), after $(of slowest "$out.attack") s" \
    "($(sed -n 's/^by-\([^ ]*\) .*/\1/p' "$out.attack" | paste -sd ' '))"
  bounded
  expect_match 'connections that the gateway closed' '^[1-9]' "$(of closed "$out.attack")"
  expect_at_most 'seconds until closed' "$([ -n "${LAB_STRICT:-}" ] && echo 10 || echo $(($3 + 10)))" "$(of slowest "$out.attack")"
  recovered
}

scenario() {
  step "visitor, stranger, gateway, home behind a NAT" attacked_prepare
  step "gateway and site" pair 127.0.0.1:8085
  step "a service with TLS" publish
  step "warmed by ordinary load" warm
  step "quiet" quiet
  step "a generator that is aimed elsewhere" elsewhere
  local each
  for each in "${ATTACKS[@]}"; do
    # LAB_ATTACKS picks some.
    if [ -n "${LAB_ATTACKS:-}" ] && [[ " $LAB_ATTACKS " != *" ${each%% *} "* ]]; then continue; fi
    # shellcheck disable=SC2086 # the words of a line
    step "${each%% *}" under $each
  done
  step "quiet again" quiet
}
