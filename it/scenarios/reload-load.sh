# shellcheck shell=bash
# A service is added and removed 100 times under iperf3 and 200 idle connections: none is cut; how much throughput dips.
# lab: long

ROUNDS=${LAB_ROUNDS:-100}
BLOCKS=10
IDLE=200

prepare() {
  topology
  nginx_start home 127.0.0.1
  spawn iperf-server home iperf3 -s -B 127.0.0.1 -p 5201
  spawn echo home "$PYTHON" "$LIB/echo.py" 127.0.0.1 7007
  wait_port home 5201
  wait_port home 7007
}

services() {
  cat <<'YAML'
  web: {host: web.lab.test, site: home, target: "http://127.0.0.1:8085"}
  iperf: {listen: 5201/tcp, site: home, target: "tcp://127.0.0.1:5201"}
  echo: {listen: 7007/tcp, site: home, target: "tcp://127.0.0.1:7007"}
YAML
}

extra() {
  services
  cat <<'YAML'
  extra: {host: extra.lab.test, site: home, target: "http://127.0.0.1:8085"}
  extra-port: {listen: 7004/tcp, site: home, target: "tcp://127.0.0.1:7007"}
YAML
}

publish() {
  services | gateway_services
  until_ok 10 answers web.lab.test
}

begin() {
  spawn idle visitor "$PYTHON" "$LIB/idle-connections.py" "$GATEWAY4" 7007 $IDLE "$RUN/files/enough"
  wait_log idle 'all are open' 30
  spawn iperf visitor iperf3 -c "$GATEWAY4" -p 5201 -R -t 3600 -i 0.5 --forceflush --timestamps=%s
  wait_log iperf 'bits/sec' 20
}

silent() { ! answers extra.lab.test; }

# What the lab itself does costs as much in either kind of block, and as often: each half of a round writes a file, asks
# twice, and takes 0.3 s. A program that asks costs more of two cores than the reload it asks for.
half() { # COMMAND…
  local began=$EPOCHREALTIME
  "$@"
  answers web.lab.test
  sleep "$(awk -v b="$began" -v n="$EPOCHREALTIME" 'BEGIN { left = 0.3 - (n - b); print (left > 0 ? left : 0) }')"
}

quiet_half() {
  services | gateway_config
  sleep 0.1
  answers web.lab.test
}
quiet_round() {
  half quiet_half
  half quiet_half
}

added() {
  extra | gateway_config
  signal gateway HUP
  sleep 0.1
  until_ok 10 answers extra.lab.test
}
removed() {
  services | gateway_config
  signal gateway HUP
  sleep 0.1
  until_ok 10 silent
}
reload_round() {
  half added
  half removed
}

# In turns, since nothing on a shared machine is the same a minute later.
rounds() {
  local block i
  for block in $(seq $BLOCKS); do
    for kind in quiet reload; do
      sleep 1
      printf '%s %s ' "$kind" "$(date +%s)" >>"$RUN/files/blocks"
      for i in $(seq $((ROUNDS / BLOCKS))); do "${kind}_round"; done
      date +%s >>"$RUN/files/blocks"
      alive iperf && alive idle || { echo "a connection was cut"; return 1; }
    done
  done
}

dip() {
  stop iperf INT
  "$PYTHON" - "$LOGS/iperf.log" "$RUN/files/blocks" >"$RUN/files/dip" <<'PY'
import re, sys
blocks = [(kind, int(a), int(b)) for kind, a, b in (line.split() for line in open(sys.argv[2]))]
rates = {"quiet": [], "reload": []}
unit = {"K": 1e-3, "M": 1, "G": 1e3}
for line in open(sys.argv[1]):
    found = re.match(r"(\d+) *\[ *\d+\] +[\d.]+-[\d.]+ +sec.* ([\d.]+) ([KMG])bits/sec", line)
    if not found or "receiver" in line or "sender" in line:
        continue
    for kind, begin, end in blocks:
        if begin < int(found[1]) <= end:
            rates[kind].append(float(found[2]) * unit[found[3]])
quiet, reload = (sum(rates[kind]) / len(rates[kind]) for kind in ("quiet", "reload"))
print("%.0f Mbit/s quiet, %.0f with reloads, dip" % (quiet, reload), "%.1f" % (100 - 100 * reload / quiet), "%")
PY
  cat "$RUN/files/dip"
  measured "$(cat "$RUN/files/dip")"
  if [ -n "${LAB_STRICT:-}" ]; then expect_at_most 'dip in %' 2 "$(sed 's/.*dip //; s/ .*//' "$RUN/files/dip")"; fi
}

none_cut() {
  touch "$RUN/files/enough"
  until_ok 60 gone idle
  expect_match 'idle connections' "$IDLE answered" "$(cat "$LOGS/idle.log")"
}

scenario() {
  step "visitor, gateway, home behind a NAT; iperf3, an echo and nginx at home" prepare
  step "gateway and site" pair 127.0.0.1:8085 127.0.0.1:5201 127.0.0.1:7007
  step "services" publish
  step "iperf3 and $IDLE idle connections" begin
  step "a service is added and removed $ROUNDS times, in $BLOCKS turns with nothing" rounds
  step "throughput" dip
  step "none of the idle connections was cut" none_cut
}
