# shellcheck shell=bash
# What an idle pair costs: memory of the gateway and the site, and the time from a start to the first connection.
# Without a peer: the main suite has the memory of guide 002's stack. CULVERT=FILE measures another launcher, such as an unpacked package's bin/culvert.

if [ -n "$QUICK" ]; then STARTS=3 IDLE=5; else STARTS=9 IDLE=30; fi

figure footprint-gateway-rss-mib "memory of an idle gateway, $IDLE s after the first page, MiB"
figure footprint-gateway-anon-mib 'of that, not from files, MiB'
figure footprint-site-rss-mib "memory of an idle site, $IDLE s after the first page, MiB"
figure footprint-site-anon-mib 'of that, not from files, MiB'
figure footprint-start-s 'from the start of the gateway to the first accepted connection, s'

footprint_page() {
  in_ns visitor curl -sf --max-time 2 -o /dev/null --resolve "web.lab.test:8080:$GATEWAY4" http://web.lab.test:8080/
}

footprint_of() { # PROCESS NAME, FIGURE
  local kib
  sample "footprint-$2-rss-mib" ours "$(rss_mib "$1")"
  kib=$(awk '/^RssAnon:/ { print $2 }' "/proc/$(pid_of "$1")/status")
  sample "footprint-$2-anon-mib" ours "$(calculate 0 "$kib / 1024")"
}

footprint_start() {
  local from
  stop gateway
  in_ns gateway "$PYTHON" "$ROOT/bench/lib/first-accept.py" 8080 >"$RUN/accepted" &
  local waiting=$!
  until_ok 5 test -s "$RUN/accepted"
  from=$EPOCHREALTIME
  spawn_culvert gateway gateway --config "$RUN/gateway.yaml"
  wait $waiting
  sample footprint-start-s ours "$(calculate 3 "$(tail -n 1 "$RUN/accepted") - $from")"
  rm "$RUN/accepted"
  until_ok 30 footprint_page
}

footprint_run() {
  local i
  direct_topology
  nginx_start home 127.0.0.1
  gateway_start
  site_start home 127.0.0.1:8085
  gateway_services <<'YAML'
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
  until_ok 15 footprint_page
  sleep "$IDLE"
  footprint_of gateway gateway
  footprint_of home site
  for i in $(seq "$STARTS"); do footprint_start; done
}

suite_run() {
  if [[ $SIDES != *ours* ]]; then return; fi
  footprint_run
}
