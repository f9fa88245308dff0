# shellcheck shell=bash
# The main job: a service at home for a visitor, through Culvert and through the stack of guide 002.

WG_GATEWAY=10.66.0.1
WG_HOME=10.66.0.2
OURS=(gateway home)
PEER=(haproxy wg-gateway wg-home)
declare -A PORT=([ours]=9200 [peer]=9100)

if [ -n "$QUICK" ]; then
  ROUNDS=1 WARM=3 WARM_CONNECTIONS=3 SECONDS_GET=3 SECONDS_OTHER=2 LOAD=(-t 5) LOADED='the load'
else
  ROUNDS=3 WARM=6 WARM_CONNECTIONS=24 SECONDS_GET=5 SECONDS_OTHER=4 LOAD=(-n 10G) LOADED='10 GiB'
fi

figure throughput-1-gbit 'download, 1 stream, Gbit/s'
figure throughput-8-gbit 'download, 8 streams, Gbit/s'
figure cpu-s-per-gib-1 'CPU-seconds of the stack per GiB, 1 stream'
figure cpu-s-per-gib-8 'CPU-seconds of the stack per GiB, 8 streams'
figure connections-per-s 'new connections per second, one request of 1 KiB each'
figure connections-per-s-cold 'the same in the first seconds after a start, before any warm-up'
figure requests-per-s 'requests per second of 1 KiB, 64 kept connections'
figure p99-ms 'their 99th percentile, ms'
figure http-requests-per-s 'the same by host name through HTTP (the peer relays TCP)'
figure http-p99-ms 'their 99th percentile, ms'
figure gateway-rss-idle-mib 'memory of the gateway before the first load, MiB'
figure gateway-rss-loaded-mib "memory of the gateway after $LOADED, MiB"
figure home-rss-loaded-mib "memory of the home end after $LOADED, MiB"
figure start-s 'from the start of the gateway to the first accepted connection, s'

processes() { # SIDE [gateway|home]
  case $1:${2:-} in
    ours:) echo "${OURS[*]}" ;;
    peer:) echo "${PEER[*]}" ;;
    ours:gateway) echo gateway ;;
    ours:home) echo home ;;
    peer:gateway) echo haproxy wg-gateway ;;
    peer:home) echo wg-home ;;
  esac
}

backend() { # at home: nginx on 8085, iperf3 on 5201, on every address
  mkdir -p "$RUN/www"
  head -c 1024 /dev/zero | tr '\0' x >"$RUN/www/1k"
  cat >"$RUN/nginx.conf" <<CONF
daemon off;
user root;
worker_processes 1;
pid $RUN/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  open_file_cache max=10;
  keepalive_requests 1000000;
  server { listen 8085 backlog=4096; root $RUN/www; }
}
CONF
  spawn nginx home nginx -p "$RUN" -e stderr -c "$RUN/nginx.conf"
  spawn iperf3 home iperf3 -s -i 0
  wait_port home 8085
  wait_port home 5201
}

wireguard_go() { # NAME NS KEY ADDRESS PEER_KEY PEER_ADDRESS [ENDPOINT]
  local wg port=51999
  if [ $# -gt 6 ]; then port=0; fi
  wg=cvb${LAB_ID#culvert-}${2:0:1}
  spawn "$1" "$2" env WG_PROCESS_FOREGROUND=1 wireguard-go -f "$wg"
  until_ok 5 in_ns "$2" wg show "$wg" >/dev/null 2>&1
  in_ns "$2" wg setconf "$wg" /dev/stdin <<CONF
[Interface]
PrivateKey = $3
ListenPort = $port
[Peer]
PublicKey = $(wg pubkey <<<"$5")
AllowedIPs = $6/32
${7:+Endpoint = $7
PersistentKeepalive = 25}
CONF
  ip -n "$LAB_ID-$2" addr add "$4/24" dev "$wg" noprefixroute
  ip -n "$LAB_ID-$2" link set "$wg" mtu 1420 up
  ip -n "$LAB_ID-$2" route add 10.66.0.0/24 dev "$wg" congctl cubic
}

haproxy_start() {
  cat >"$RUN/haproxy.cfg" <<CONF
global
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 50s
  timeout server 50s
listen web
  bind :9100
  server home $WG_HOME:8085
listen iperf
  bind :9101
  server home $WG_HOME:5201
CONF
  spawn haproxy gateway haproxy -db -f "$RUN/haproxy.cfg"
}

peer_gateway_start() {
  haproxy_start
  wireguard_go wg-gateway gateway "$KEY_GATEWAY" $WG_GATEWAY "$KEY_HOME" $WG_HOME
}

peer_start() {
  KEY_GATEWAY=$(wg genkey)
  KEY_HOME=$(wg genkey)
  peer_gateway_start
  wireguard_go wg-home home "$KEY_HOME" $WG_HOME "$KEY_GATEWAY" $WG_GATEWAY "$GATEWAY_UPLINK:51999"
  until_ok 10 reached peer
}

ours_start() {
  gateway_start
  site_start home 127.0.0.1:8085 127.0.0.1:5201
  gateway_services <<'YAML'
  web:
    listen: 9200/tcp
    site: home
    target: tcp://127.0.0.1:8085
  iperf:
    listen: 9201/tcp
    site: home
    target: tcp://127.0.0.1:5201
  host:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
  until_ok 15 reached ours
}

reached() { in_ns visitor curl -sf --max-time 2 -o /dev/null "http://$GATEWAY4:${PORT[$1]}/1k"; } # SIDE

received() { # IPERF3 ARGUMENTS…: bytes and seconds
  in_ns visitor iperf3 -c "$GATEWAY4" -R -J "$@" |
    "$PYTHON" -c 'import json, sys; all = json.load(sys.stdin); sums = all["end"].get("sum_received") or sys.exit(all.get("error")); print(sums["bytes"], sums["seconds"])'
}

download() { # SIDE STREAMS
  local before after bytes seconds names
  read -ra names <<<"$(processes "$1")"
  before=$(cpu_seconds "${names[@]}")
  read -r bytes seconds <<<"$(received -p $((PORT[$1] + 1)) -P "$2" -t $SECONDS_GET)"
  after=$(cpu_seconds "${names[@]}")
  sample "throughput-$2-gbit" "$1" "$(calculate 2 "$bytes * 8 / $seconds / 1e9")"
  sample "cpu-s-per-gib-$2" "$1" "$(calculate 2 "($after - $before) / ($bytes / 1073741824)")"
}

connections() { # SIDE [SUFFIX]
  local rate
  rate=$(in_ns visitor ab -q -r -c 32 -t $SECONDS_OTHER -n 1000000 "http://$GATEWAY4:${PORT[$1]}/1k" 2>/dev/null |
    sed -n 's/^Requests per second: *\([0-9]*\).*/\1/p')
  sample "connections-per-s${2:-}" "$1" "$rate"
}

# Through the TCP service, like for like; and Culvert's HTTP by host name beside the peer's plain relay.
requests() { # SIDE
  requests_to "$1" "http://$GATEWAY4:${PORT[$1]}/1k" ''
  if [ "$1" = ours ]; then
    requests_to ours "http://$GATEWAY4:8080/1k" http-
  else
    requests_to peer "http://$GATEWAY4:${PORT[peer]}/1k" http-
  fi
}

requests_to() { # SIDE URL PREFIX
  local url=$2 out
  out=$(in_ns visitor wrk -t 1 -c 64 -d ${SECONDS_OTHER}s --latency -H 'Host: web.lab.test' "$url")
  if grep -q '^ *Non-2xx' <<<"$out"; then echo "$out"; return 1; fi
  sample "$3requests-per-s" "$1" "$(sed -n 's/^Requests\/sec: *\([0-9]*\).*/\1/p' <<<"$out")"
  sample "$3p99-ms" "$1" "$(awk '$1 == "99%" { v = $2; f = v ~ /us$/ ? .001 : v ~ /ms$/ ? 1 : 1000; printf "%.2f", v * f }' <<<"$out")"
}

memory() { # SIDE FIGURE gateway|home
  local names
  read -ra names <<<"$(processes "$1" "$3")"
  sample "$2" "$1" "$(rss_mib "${names[@]}")"
}

warm_up() { # SIDE: every path once, for as long as a just-in-time compiler needs
  received -p $((PORT[$1] + 1)) -P 8 -t $((WARM / 2)) >/dev/null
  in_ns visitor ab -q -r -c 32 -t "$WARM_CONNECTIONS" -n 1000000 "http://$GATEWAY4:${PORT[$1]}/1k" >/dev/null 2>&1
  in_ns visitor wrk -t 1 -c 64 -d "${WARM}s" -H 'Host: web.lab.test' "http://$GATEWAY4:${PORT[$1]}/1k" >/dev/null
  if [ "$1" = ours ]; then
    in_ns visitor wrk -t 1 -c 64 -d "${WARM}s" -H 'Host: web.lab.test' "http://$GATEWAY4:8080/1k" >/dev/null
  fi
}

# The whole amount through Culvert; the peer, many times slower, shows its size after 20 s as well.
load() { # SIDE
  local amount=("${LOAD[@]}")
  if [ "$1" = peer ]; then amount=(-t 20); fi
  received -p $((PORT[$1] + 1)) "${amount[@]}"
}

start_time() { # SIDE: the gateway anew, on the port of the TCP service (guide 002) and of HTTP (Culvert)
  local from name names port=${PORT[$1]}
  read -ra names <<<"$(processes "$1" gateway)"
  for name in "${names[@]}"; do stop "$name"; done
  if [ "$1" = ours ]; then port=8080; fi
  in_ns gateway "$PYTHON" "$ROOT/bench/lib/first-accept.py" "$port" >"$RUN/accepted" &
  local waiting=$!
  until_ok 5 test -s "$RUN/accepted"
  from=$EPOCHREALTIME
  if [ "$1" = ours ]; then spawn_culvert gateway gateway --config "$RUN/gateway.yaml"; else peer_gateway_start; fi
  wait $waiting
  sample start-s "$1" "$(calculate 3 "$(tail -n 1 "$RUN/accepted") - $from")"
  rm "$RUN/accepted"
  # The stack of guide 002 does not find its home again by itself within a minute; Culvert does.
  if [ "$1" = ours ]; then until_ok 30 reached ours; fi
}

each() { # COMMAND [ARGUMENTS…]: for both sides, one right after the other
  local side
  for side in $SIDES; do "$1" "$side" "${@:2}"; done
}

suite_run() {
  local round ns
  direct_topology
  for ns in visitor gateway home; do
    in_ns "$ns" sysctl -qw net.ipv4.ip_local_port_range='10000 65535' net.ipv4.tcp_tw_reuse=1
  done
  backend
  local side
  for side in $SIDES; do "${side}_start"; done
  each memory gateway-rss-idle-mib gateway
  each connections -cold
  each warm_up
  for round in $(seq $ROUNDS); do
    echo "round $round of $ROUNDS"
    each download 1
    each download 8
    each connections
    each requests
  done
  each load
  each memory gateway-rss-loaded-mib gateway
  each memory home-rss-loaded-mib home
  for round in $(seq $ROUNDS); do each start_time; done
}
