# shellcheck shell=bash
# The TCP/IP stack at both ends of a tunnel, beside the kernel's TCP over Debian's wireguard-go, and beside our own driver tun.

# What the main suite starts and measures with; its figures are its own.
KEPT_FIGURES=("${FIGURES[@]}")
# shellcheck source-path=SCRIPTDIR source=main.sh
. "$ROOT/bench/suites/main.sh"
FIGURES=("${KEPT_FIGURES[@]}")

if [ -n "$QUICK" ]; then NETSTACK_IDLE=2000; else NETSTACK_IDLE=10000; fi

figure netstack-throughput-1-gbit 'download, 1 stream, embedded at both ends, with its relays, Gbit/s; peer: TCP of the kernel over wireguard-go, nothing else'
figure netstack-cpu-s-per-gib-1 'CPU-seconds of that per GiB; of wireguard-go without the TCP of the kernel'
figure netstack-beside-tun-gbit 'the same download, Gbit/s; peer: our own driver tun at both ends'
figure netstack-connections-per-s 'new connections per second through it, one request of 1 KiB each; peer: guide 002'
figure netstack-idle-gateway-mib "memory of $NETSTACK_IDLE idle connections, at the gateway, MiB"
figure netstack-idle-site-mib "the same at the site, MiB"

# No limit of one visitor is in the way, for there is only one.
netstack_limits='limits: {connections-per-visitor: 20000}'

netstack_ours_start() {
  gateway_start
  state_for home
  site_config home 127.0.0.1:8085 127.0.0.1:5201 127.0.0.1:7000
  echo "$netstack_limits" >>"$RUN/home.yaml"
  site_add home
  culvert home join - <"$RUN/home.token"
  site_launch home
  gateway_services <<YAML
  web:
    listen: 9200/tcp
    site: home
    target: tcp://127.0.0.1:8085
  iperf:
    listen: 9201/tcp
    site: home
    target: tcp://127.0.0.1:5201
  idle:
    listen: 9202/tcp
    site: home
    target: tcp://127.0.0.1:7000
$netstack_limits
YAML
  until_ok 15 reached ours
}

netstack_peer_start() { peer_start; }

# Ours from the visitor through both relays; the peer from the gateway itself, straight through the tunnel.
netstack_received() { # SIDE SECONDS
  if [ "$1" = ours ]; then
    received -p 9201 -t "$2"
  else
    in_ns gateway iperf3 -c "$WG_HOME" -R -J -t "$2" |
      "$PYTHON" -c 'import json, sys; all = json.load(sys.stdin); sums = all["end"].get("sum_received") or sys.exit(all.get("error")); print(sums["bytes"], sums["seconds"])'
  fi
}

netstack_download() { # SIDE
  local before after bytes seconds names=(wg-gateway wg-home)
  if [ "$1" = ours ]; then names=("${OURS[@]}"); fi
  before=$(cpu_seconds "${names[@]}")
  read -r bytes seconds <<<"$(until_ok 20 netstack_received "$1" $SECONDS_GET)"
  after=$(cpu_seconds "${names[@]}")
  sample netstack-throughput-1-gbit "$1" "$(calculate 2 "$bytes * 8 / $seconds / 1e9")"
  sample netstack-cpu-s-per-gib-1 "$1" "$(calculate 2 "($after - $before) / ($bytes / 1073741824)")"
}

netstack_connections() { # SIDE
  local rate
  rate=$(in_ns visitor ab -q -r -c 32 -t $SECONDS_OTHER -n 1000000 "http://$GATEWAY4:${PORT[$1]}/1k" 2>/dev/null |
    sed -n 's/^Requests per second: *\([0-9]*\).*/\1/p')
  sample netstack-connections-per-s "$1" "$rate"
}

netstack_warm() { # SIDE
  until_ok 20 netstack_received "$1" "$WARM" >/dev/null
  # Some ten thousand connections, before their code is compiled for good.
  in_ns visitor ab -q -r -c 32 -t $((4 * WARM)) -n 1000000 "http://$GATEWAY4:${PORT[$1]}/1k" >/dev/null 2>&1
}

netstack_idle() {
  local gateway home holding
  gateway=$(rss_mib gateway)
  home=$(rss_mib home)
  in_ns visitor "$PYTHON" "$ROOT/bench/lib/hold.py" open "$GATEWAY4" 9202 "$NETSTACK_IDLE" >"$RUN/held" &
  holding=$!
  until_ok 120 test -s "$RUN/held"
  sleep 3
  sample netstack-idle-gateway-mib ours "$(($(rss_mib gateway) - gateway))"
  sample netstack-idle-site-mib ours "$(($(rss_mib home) - home))"
  kill $holding
  wait $holding || true
  rm "$RUN/held"
}

netstack_topology() {
  local ns
  direct_topology
  for ns in visitor gateway home; do
    in_ns "$ns" sysctl -qw net.ipv4.ip_local_port_range='10000 65535' net.ipv4.tcp_tw_reuse=1
  done
  backend
}

netstack_tun() { # our other driver, on a clean table
  local round bytes seconds ns route
  end_namespaces
  fresh_run
  TUN_ENDS='gateway home'
  netstack_topology
  netstack_ours_start
  for ns in gateway home; do
    in_ns "$ns" ip route show dev culvert0 | while read -r route; do
      # shellcheck disable=SC2086 # the words of a route
      in_ns "$ns" ip route replace $route dev culvert0 congctl cubic </dev/null
    done
  done
  netstack_received ours "$WARM" >/dev/null
  for round in $(seq $ROUNDS); do
    read -r bytes seconds <<<"$(netstack_received ours $SECONDS_GET)"
    sample netstack-beside-tun-gbit peer "$(calculate 2 "$bytes * 8 / $seconds / 1e9")"
  done
  TUN_ENDS=
}

suite_run() {
  local round side
  netstack_topology
  spawn held home "$PYTHON" "$ROOT/bench/lib/hold.py" listen 127.0.0.1 7000
  wait_port home 7000
  for side in $SIDES; do "netstack_${side}_start"; done
  each netstack_warm
  for round in $(seq $ROUNDS); do
    each netstack_download
    each netstack_connections
  done
  if [[ $SIDES != *ours* ]]; then return; fi
  cp "$SAMPLES/netstack-throughput-1-gbit.ours" "$SAMPLES/netstack-beside-tun-gbit.ours"
  netstack_idle
  netstack_tun
}
