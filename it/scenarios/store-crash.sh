# shellcheck shell=bash
# Kill -9 and full disks at random writes, the gateway killed while sites come and go, a broken file at boot.
# lab: short

# All 200 kills: it/lab store-crash-200.
KILLS=${LAB_KILLS:-20}
LANES=2
FULL=50
GATEWAY_KILLS=${LAB_GATEWAY_KILLS:-3}
SEED=${LAB_SEED:-$RANDOM}

# shellcheck source-path=SCRIPTDIR source=../lib/store.sh
. "$LIB/store.sh"

prepare() {
  topology
  writer_compile
  measured "LAB_SEED=$SEED"
}

admin() { # METHOD PATH [BODY]: what the commands ask of the running gateway
  curl -sf --max-time 20 --unix-socket "$RUN/state/gateway/admin.sock" -X "$1" "http://gateway$2" ${3:+-d "$3"}
}

# Adds and removes five sites by turns until the gateway is gone. The ledger has each before it is asked and after it
# was acknowledged.
come_and_go() {
  local name present=" $1 "
  while true; do
    name=s$((RANDOM % 5))
    if [[ $present == *" $name "* ]]; then
      echo "try -$name" >>"$RUN/sites.ledger"
      admin POST /sites/remove "{\"name\":\"$name\"}" >/dev/null || return 0
      present=${present/ $name / }
    else
      echo "try +$name" >>"$RUN/sites.ledger"
      admin POST /sites "{\"name\":\"$name\",\"plainKey\":\"$(head -c 32 /dev/urandom | base64)\"}" >/dev/null ||
        return 0
      present+="$name "
    fi
    echo ack >>"$RUN/sites.ledger"
  done
}

# The sites that were acknowledged; with an argument also the last change that was not.
sites_of_ledger() { # [tried]
  awk -v tried="${1:-}" '
    function apply(change) { if (change ~ /^\+/) here[substr(change, 2)] = 1; else delete here[substr(change, 2)] }
    $1 == "try" { last = $2 }
    $1 == "ack" { apply(last); last = "" }
    $1 == "drop" { last = "" }
    END { if (tried && last) apply(last); for (name in here) print name }' "$RUN/sites.ledger" | sort | xargs
}

sites_of_gateway() {
  local answer
  answer=$(admin GET /sites)
  { grep -o '"name":"[^"]*"' <<<"$answer" || true; } | cut -d'"' -f4 | sort | xargs
}

acknowledged() { [ "$(grep -c '^ack' "$RUN/sites.ledger")" -ge "$1" ]; } # AT LEAST

nothing_lost() {
  local found
  found=$(sites_of_gateway)
  if [ "$found" = "$(sites_of_ledger tried)" ]; then echo ack >>"$RUN/sites.ledger"; else echo drop >>"$RUN/sites.ledger"; fi
  expect_equal 'sites' "$(sites_of_ledger)" "$found"
}

gateway_kills() {
  local i changes
  RANDOM=$SEED
  : >"$RUN/sites.ledger"
  gateway_start
  for i in $(seq "$GATEWAY_KILLS"); do
    come_and_go "$(sites_of_ledger)" &
    changes=$!
    until_ok 20 acknowledged $(($(grep -c '^ack' "$RUN/sites.ledger") + RANDOM % 12 + 1))
    stop gateway KILL
    wait $changes
    mv "$LOGS/gateway.log" "$LOGS/gateway-$i.log"
    gateway_launch
    nothing_lost
  done
  measured "$(grep -c '^ack' "$RUN/sites.ledger") changes acknowledged"
}

broken_file() {
  local before
  before=$(sites_of_gateway)
  stop gateway TERM
  mv "$LOGS/gateway.log" "$LOGS/gateway-before.log"
  echo 'services: [' >"$RUN/gateway.yaml"
  gateway_launch
  logged gateway "gateway.yaml:[0-9]+:[0-9]+"
  logged gateway 'the configuration is broken: running the last good one until it is mended'
  expect_equal 'sites of the last good model' "$before" "$(sites_of_gateway)"
}

scenario() {
  step "the writer, and a gateway's namespace" prepare
  step "$KILLS writers killed with -9: each next one finds what was acknowledged, all or nothing" kill_writers "$KILLS" "$LANES" "$SEED"
  step "$FULL times a full disk: refused writes leave nothing, and the store opens with no byte of room" fill_disks "$FULL" "$SEED"
  step "the gateway killed with -9 $GATEWAY_KILLS times while sites are added and removed" gateway_kills
  step "gateway.yaml broken at boot: the last good model runs, and it says so" broken_file
}
