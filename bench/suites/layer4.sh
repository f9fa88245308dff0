# shellcheck shell=bash
# Layer 4 without a tunnel: TCP and UDP in front of a target that the gateway reaches by the kernel's sockets (`site: here`,
# as haproxy and nginx do it), so that it is relay beside relay; Culvert as an ordinary user, beside haproxy as it comes,
# haproxy tuned by hand (splice both ways, pipes of 1 MiB) and nginx's stream module in the same run, each with one thread.

L4_PEERS=(haproxy tuned nginx)
# Of each side the first of three ports: web (TCP), iperf3 (TCP and UDP), echo (TCP).
declare -A L4_PORT=([ours]=9400 [haproxy]=9410 [tuned]=9420 [nginx]=9430)
declare -A L4_PROCESS=([ours]=gateway [haproxy]=l4-haproxy [tuned]=l4-tuned [nginx]=l4-nginx)
L4_HOME=198.51.100.2

if [ -n "$QUICK" ]; then
  L4_ROUNDS=1 L4_WARM=3 L4_WARM_CONNECTIONS=2 L4_SECONDS=2 L4_ASKS=1500
else
  L4_ROUNDS=4 L4_WARM=10 L4_WARM_CONNECTIONS=20 L4_SECONDS=5 L4_ASKS=10000
fi

for peer in "${L4_PEERS[@]}"; do
  figure "relay-1-gbit-$peer" "relay, download, 1 stream, Gbit/s, beside $peer"
  figure "relay-8-gbit-$peer" "relay, download, 8 streams, Gbit/s, beside $peer"
  figure "relay-cpu-1-$peer" "CPU-seconds of the relay per GiB, 1 stream, beside $peer"
  figure "relay-cpu-8-$peer" "CPU-seconds of the relay per GiB, 8 streams, beside $peer"
  figure "relay-connections-per-s-$peer" "new connections per second, one request of 1 KiB each, beside $peer"
  figure "relay-added-p50-us-$peer" "what it adds to a question and its answer of 64 bytes, median, µs, beside $peer"
  figure "relay-added-p99-us-$peer" "the same, 99th percentile, µs, beside $peer"
done
figure relay-udp-per-s-nginx 'datagrams of 200 bytes per second that arrive, beside nginx'

l4_targets() { # at home: nginx on 8085, iperf3 on 5201, an echo on 8089
  mkdir -p "$RUN/www"
  head -c 1024 /dev/zero | tr '\0' x >"$RUN/www/1k"
  cat >"$RUN/origin.conf" <<CONF
daemon off;
user root;
worker_processes 1;
pid $RUN/origin.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  open_file_cache max=10;
  server { listen 8085 backlog=4096; root $RUN/www; }
}
CONF
  spawn origin home nginx -p "$RUN" -e stderr -c "$RUN/origin.conf"
  spawn iperf3 home iperf3 -s -i 0
  spawn echo home "$PYTHON" "$ROOT/bench/lib/questions.py" answer 8089
  wait_port home 8085
  wait_port home 5201
  wait_port home 8089
}

ours_l4_start() {
  state_for gateway
  cat >"$RUN/gateway.yaml" <<YAML
gateway:
  endpoint: $GATEWAY_UPLINK:51820
tunnel:
  listen: 51820
metrics:
  listen: 127.0.0.1:9464
services:
  web:
    listen: ${L4_PORT[ours]}/tcp
    site: here
    target: tcp://$L4_HOME:8085
  iperf:
    listen: $((L4_PORT[ours] + 1))/tcp
    site: here
    target: tcp://$L4_HOME:5201
  iperf-udp:
    listen: $((L4_PORT[ours] + 1))/udp
    site: here
    target: udp://$L4_HOME:5201
  echo:
    listen: $((L4_PORT[ours] + 2))/tcp
    site: here
    target: tcp://$L4_HOME:8089
YAML
  gateway_launch
}

haproxy_file() { # SIDE [GLOBAL] [DEFAULTS]
  local first=${L4_PORT[$1]}
  cat <<CONF
global
  maxconn 4000
  nbthread 1
  ${2:-}
defaults
  mode tcp
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  ${3:-}
listen web
  bind :$first
  server home $L4_HOME:8085
listen iperf
  bind :$((first + 1))
  server home $L4_HOME:5201
listen echo
  bind :$((first + 2))
  server home $L4_HOME:8089
CONF
}

haproxy_l4_start() {
  haproxy_file haproxy >"$RUN/l4-haproxy.cfg"
  spawn l4-haproxy gateway haproxy -db -f "$RUN/l4-haproxy.cfg"
}

tuned_l4_start() {
  haproxy_file tuned 'tune.pipesize 1048576' $'option splice-request\n  option splice-response' >"$RUN/l4-tuned.cfg"
  spawn l4-tuned gateway haproxy -db -f "$RUN/l4-tuned.cfg"
}

nginx_l4_start() {
  local first=${L4_PORT[nginx]}
  cat >"$RUN/l4-nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
user root;
worker_processes 1;
pid $RUN/l4-nginx.pid;
error_log stderr;
events { worker_connections 4096; }
stream {
  server { listen $first backlog=4096; proxy_pass $L4_HOME:8085; }
  server { listen $((first + 1)); proxy_pass $L4_HOME:5201; }
  server { listen $((first + 1)) udp; proxy_pass $L4_HOME:5201; }
  server { listen $((first + 2)); proxy_pass $L4_HOME:8089; }
}
CONF
  spawn l4-nginx gateway nginx -p "$RUN" -e stderr -c "$RUN/l4-nginx.conf"
}

l4_sides() { if [[ $SIDES == *ours* ]]; then echo ours; fi; printf '%s\n' "${L4_PEERS[@]}"; }

# Another one is the first in each round: whoever is has what the step before it left behind.
l4_turn() { # ROUND
  local all
  mapfile -t all < <(l4_sides)
  printf '%s\n' "${all[@]:$(($1 % ${#all[@]}))}" "${all[@]:0:$(($1 % ${#all[@]}))}"
}

l4_reached() { in_ns visitor curl -sf --max-time 2 -o /dev/null "http://$GATEWAY4:${L4_PORT[$1]}/1k"; } # SIDE

# Every process of a side, its children included: nginx works in some.
l4_cpu() { # SIDE
  local pid hz
  hz=$(getconf CLK_TCK)
  pid=$(pid_of "${L4_PROCESS[$1]}")
  for pid in $pid $(pgrep -P "$pid" || true); do sed 's/.*) //' "/proc/$pid/stat"; done |
    awk -v hz="$hz" '{ ticks += $12 + $13 } END { printf "%.2f\n", ticks / hz }'
}

l4_sample() { # SIDE FIGURE-STEM VALUE: ours beside each peer
  local peer
  if [ "$1" != ours ]; then sample "$2-$1" peer "$3"; return; fi
  for peer in "${L4_PEERS[@]}"; do
    if [ -n "${MEANING[$2-$peer]:-}" ]; then sample "$2-$peer" ours "$3"; fi
  done
}

l4_iperf() { # SIDE IPERF3 ARGUMENTS…: its report as JSON
  in_ns visitor iperf3 -c "$GATEWAY4" -p $((L4_PORT[$1] + 1)) -J "${@:2}"
}

l4_received() { # SIDE IPERF3 ARGUMENTS…: bytes and seconds
  l4_iperf "$1" -R "${@:2}" |
    "$PYTHON" -c 'import json, sys; all = json.load(sys.stdin); sums = all["end"].get("sum_received") or sys.exit(all.get("error")); print(sums["bytes"], sums["seconds"])'
}

l4_download() { # SIDE STREAMS
  local before after bytes seconds
  before=$(l4_cpu "$1")
  read -r bytes seconds <<<"$(l4_received "$1" -P "$2" -t $L4_SECONDS)"
  after=$(l4_cpu "$1")
  l4_sample "$1" "relay-$2-gbit" "$(calculate 2 "$bytes * 8 / $seconds / 1e9")"
  l4_sample "$1" "relay-cpu-$2" "$(calculate 3 "($after - $before) / ($bytes / 1073741824)")"
}

l4_connect() { # SIDE SECONDS: connections per second
  in_ns visitor ab -q -r -c 32 -t "$2" -n 1000000 "http://$GATEWAY4:${L4_PORT[$1]}/1k" 2>/dev/null |
    sed -n 's/^Requests per second: *\([0-9]*\).*/\1/p'
}

l4_questions() { in_ns visitor "$PYTHON" "$ROOT/bench/lib/questions.py" ask "$1" "$2" $L4_ASKS; } # ADDRESS PORT: p50 and p99, µs

# Added to what the same questions take straight to the target, asked right before.
l4_latency() { # SIDE
  local p50 p99 straight50 straight99
  read -r straight50 straight99 <<<"$(l4_questions $L4_HOME 8089)"
  read -r p50 p99 <<<"$(l4_questions "$GATEWAY4" $((L4_PORT[$1] + 2)))"
  l4_sample "$1" relay-added-p50-us "$(calculate 1 "$p50 - $straight50")"
  l4_sample "$1" relay-added-p99-us "$(calculate 1 "$p99 - $straight99")"
}

# As many as the visitor can send; its own share of the processors is the same for both.
l4_datagrams() { # SIDE SECONDS: those that arrive in a second
  l4_iperf "$1" -u -b 0 -l 200 -t "$2" |
    "$PYTHON" -c 'import json, sys; sum = json.load(sys.stdin)["end"]["sum"]; print(round((sum["packets"] - sum["lost_packets"]) / sum["seconds"]))'
}

l4_udp() { sample relay-udp-per-s-nginx "$([ "$1" = ours ] && echo ours || echo peer)" "$(l4_datagrams "$1" $L4_SECONDS)"; } # SIDE

# Without it these would be figures of something else.
l4_was_spliced() {
  in_ns gateway curl -s http://127.0.0.1:9464/metrics | awk '$1 == "culvert_spliced_bytes_total" { spliced = $2 }
    $1 == "culvert_spliced_copied_bytes_total" { copied = $2 }
    END { printf "spliced %.1f GiB, copied for want of a pipe %.1f GiB\n", spliced / 2^30, copied / 2^30; exit !(spliced > copied) }'
}

suite_run() {
  local side round ns
  direct_topology
  # The visitor asks the target itself, to know what a relay adds.
  ip -n "$LAB_ID-visitor" route add 198.51.100.0/24 via "$GATEWAY4" congctl cubic
  in_ns gateway sysctl -qw net.ipv4.ip_forward=1
  for ns in visitor gateway home; do
    in_ns "$ns" sysctl -qw net.ipv4.ip_local_port_range='10000 65535' net.ipv4.tcp_tw_reuse=1
  done
  l4_targets
  for side in $(l4_sides); do
    "${side}_l4_start"
    until_ok 15 l4_reached "$side"
    l4_received "$side" -P 8 -t "$L4_WARM" >/dev/null
    l4_connect "$side" "$L4_WARM_CONNECTIONS" >/dev/null
    l4_questions "$GATEWAY4" $((L4_PORT[$side] + 2)) >/dev/null
    if [ "$side" = ours ] || [ "$side" = nginx ]; then l4_datagrams "$side" "$L4_WARM" >/dev/null; fi
  done
  for round in $(seq $L4_ROUNDS); do
    echo "round $round of $L4_ROUNDS"
    for side in $(l4_turn $round); do l4_download "$side" 1; done
    for side in $(l4_turn $round); do l4_download "$side" 8; done
    for side in $(l4_turn $round); do l4_sample "$side" relay-connections-per-s "$(l4_connect "$side" $L4_SECONDS)"; done
    for side in $(l4_turn $round); do l4_latency "$side"; done
    for side in $(l4_turn $round); do if [ "$side" = ours ] || [ "$side" = nginx ]; then l4_udp "$side"; fi; done
  done
  if [[ $SIDES == *ours* ]]; then l4_was_spliced; fi
}
