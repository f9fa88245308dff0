# shellcheck shell=bash
# Layer 7 without a tunnel: a reverse proxy in front of nginx; Culvert beside nginx, haproxy and caddy in the same run,
# each with one thread for its work.

L7_PEERS=(nginx haproxy caddy)
L7_KINDS=(http https h2)
declare -A L7_PORT=([ours-http]=9300 [ours-tls]=9301 [nginx-http]=9310 [nginx-tls]=9311
  [haproxy-http]=9320 [haproxy-tls]=9321 [caddy-http]=9330 [caddy-tls]=9331)
declare -A L7_PROCESS=([ours]=gateway [nginx]=l7-nginx [haproxy]=l7-haproxy [caddy]=l7-caddy)

if [ -n "$QUICK" ]; then L7_ROUNDS=1 L7_WARM=3 L7_SECONDS=2 L7_IDLE=200; else L7_ROUNDS=3 L7_WARM=8 L7_SECONDS=5 L7_IDLE=1000; fi

for kind in "${L7_KINDS[@]}"; do
  for size in 1k 100k; do
    for peer in "${L7_PEERS[@]}"; do
      figure "$kind-$size-per-s-$peer" "$kind, $size: requests per second beside $peer"
      figure "$kind-$size-cpu-$peer" "$kind, $size: CPU-seconds of the proxy per 100,000 requests beside $peer"
    done
    figure "$kind-$size-p99-ms-nginx" "$kind, $size: 99th percentile at 70 % of nginx's rate, ms, beside nginx"
  done
done
figure idle-tls-kib-nginx "memory of an idle TLS connection, KiB ($L7_IDLE of them)"

l7_origin() { # nginx at home on 8085
  mkdir -p "$RUN/www"
  head -c 1024 /dev/zero | tr '\0' x >"$RUN/www/1k"
  head -c 102400 /dev/zero | tr '\0' x >"$RUN/www/100k"
  cat >"$RUN/origin.conf" <<CONF
daemon off;
user root;
worker_processes 1;
pid $RUN/origin.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  open_file_cache max=10;
  keepalive_requests 10000000;
  server { listen 8085 backlog=4096; root $RUN/www; }
}
CONF
  spawn origin home nginx -p "$RUN" -e stderr -c "$RUN/origin.conf"
  wait_port home 8085
}

l7_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=l7.lab.test \
    -addext subjectAltName=DNS:l7.lab.test -keyout "$RUN/l7.key" -out "$RUN/l7.pem" 2>/dev/null
  cat "$RUN/l7.pem" "$RUN/l7.key" >"$RUN/l7.both"
}

ours_l7_start() {
  state_for gateway
  install -m 600 -o "$NOBODY" "$RUN/l7.key" "$RUN/l7-ours.key"
  cat >"$RUN/gateway.yaml" <<YAML
gateway:
  endpoint: $GATEWAY_UPLINK:51820
tunnel:
  listen: 51820
http:
  listen: ${L7_PORT[ours-http]}
https:
  listen: ${L7_PORT[ours-tls]}
  redirect: false
services:
  l7:
    host: l7.lab.test
    site: here
    target: http://198.51.100.2:8085
    tls:
      certificate: $RUN/l7.pem
      key: $RUN/l7-ours.key
YAML
  gateway_launch
}

nginx_l7_start() {
  cat >"$RUN/l7-nginx.conf" <<CONF
daemon off;
user root;
worker_processes 1;
pid $RUN/l7-nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 10000000;
  upstream origin { server 198.51.100.2:8085; keepalive 128; keepalive_requests 10000000; }
  server {
    listen ${L7_PORT[nginx-http]} backlog=4096;
    listen ${L7_PORT[nginx-tls]} ssl http2 backlog=4096;
    ssl_certificate $RUN/l7.pem;
    ssl_certificate_key $RUN/l7.key;
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$host; }
  }
}
CONF
  spawn l7-nginx gateway nginx -p "$RUN" -e stderr -c "$RUN/l7-nginx.conf"
}

haproxy_l7_start() {
  cat >"$RUN/l7-haproxy.cfg" <<CONF
global
  maxconn 8000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
frontend l7
  bind :${L7_PORT[haproxy-http]}
  bind :${L7_PORT[haproxy-tls]} ssl crt $RUN/l7.both alpn h2,http/1.1
  default_backend origin
backend origin
  http-reuse always
  server origin 198.51.100.2:8085
CONF
  spawn l7-haproxy gateway haproxy -db -f "$RUN/l7-haproxy.cfg"
}

caddy_l7_start() {
  cat >"$RUN/Caddyfile" <<CONF
{
  admin off
  auto_https off
  storage file_system $RUN/caddy
}
http://l7.lab.test:${L7_PORT[caddy-http]} {
  reverse_proxy 198.51.100.2:8085
}
https://l7.lab.test:${L7_PORT[caddy-tls]} {
  tls $RUN/l7.pem $RUN/l7.key
  reverse_proxy 198.51.100.2:8085
}
CONF
  spawn l7-caddy gateway env HOME="$RUN" GOMAXPROCS=1 caddy run --config "$RUN/Caddyfile" --adapter caddyfile
}

l7_url() { # SIDE KIND SIZE
  case $2 in
    http) echo "http://l7.lab.test:${L7_PORT[$1-http]}/$3" ;;
    *) echo "https://l7.lab.test:${L7_PORT[$1-tls]}/$3" ;;
  esac
}

l7_load() { # SIDE KIND SIZE SECONDS [MORE…]: h2load's report
  local how=(--h1 -c 64)
  if [ "$2" = h2 ]; then how=(-c 16 -m 8); fi
  in_ns visitor h2load "${how[@]}" "${@:5}" -D "$4" -t 1 "$(l7_url "$1" "$2" "$3")"
}

# Every process of a side, its children included: nginx works in some.
l7_cpu() { # SIDE
  local pid hz
  hz=$(getconf CLK_TCK)
  pid=$(pid_of "${L7_PROCESS[$1]}")
  for pid in $pid $(pgrep -P "$pid" || true); do sed 's/.*) //' "/proc/$pid/stat"; done |
    awk -v hz="$hz" '{ ticks += $12 + $13 } END { printf "%.2f\n", ticks / hz }'
}

l7_rss_kib() { # SIDE
  local pid
  pid=$(pid_of "${L7_PROCESS[$1]}")
  for pid in $pid $(pgrep -P "$pid" || true); do grep '^VmRSS:' "/proc/$pid/status"; done | awk '{ k += $2 } END { print k }'
}

l7_sample() { # SIDE FIGURE-STEM VALUE: ours beside each peer
  local peer
  if [ "$1" != ours ]; then sample "$2-$1" peer "$3"; return; fi
  for peer in "${L7_PEERS[@]}"; do
    if [ -n "${MEANING[$2-$peer]:-}" ]; then sample "$2-$peer" ours "$3"; fi
  done
}

l7_measure() { # SIDE KIND SIZE
  local before after out rate bad
  before=$(l7_cpu "$1")
  out=$(l7_load "$1" "$2" "$3" $L7_SECONDS)
  after=$(l7_cpu "$1")
  rate=$(sed -n 's/^finished in [^,]*, \([0-9.]*\) req.*/\1/p' <<<"$out")
  bad=$(sed -n 's/^status codes: \([0-9]*\) 2xx, \([0-9]*\) 3xx, \([0-9]*\) 4xx, \([0-9]*\) 5xx/\2 \3 \4/p' <<<"$out")
  if [ "$bad" != '0 0 0' ]; then echo "$out"; return 1; fi
  l7_sample "$1" "$2-$3-per-s" "$(calculate 0 "$rate")"
  l7_sample "$1" "$2-$3-cpu" "$(calculate 2 "($after - $before) * 100000 / ($rate * $L7_SECONDS)")"
  if [ "$1" = nginx ]; then L7_RATE[$2-$3]=$rate; fi
}

declare -A L7_RATE=()

l7_p99() { # SIDE KIND SIZE: at 70 % of what nginx can
  local connections=64 out
  if [ "$2" = h2 ]; then connections=16; fi
  out=$(l7_load "$1" "$2" "$3" $L7_SECONDS --rps "$(calculate 0 "${L7_RATE[$2-$3]} * 0.7 / $connections")" \
    --log-file="$RUN/l7-log")
  # start time, status, response time in µs
  [ -s "$RUN/l7-log" ] || { echo "$out"; return 1; }
  sample "$2-$3-p99-ms-nginx" "$([ "$1" = ours ] && echo ours || echo peer)" \
    "$(cut -f 3 "$RUN/l7-log" | sort -n | awk '{ v[NR] = $1 } END { printf "%.2f\n", v[int(NR * .99)] / 1000 }')"
  rm -f "$RUN/l7-log"
}

l7_idle() { # SIDE
  local before after
  before=$(l7_rss_kib "$1")
  in_ns visitor "$PYTHON" "$ROOT/bench/lib/idle-tls.py" "$GATEWAY4" "${L7_PORT[$1-tls]}" l7.lab.test "$L7_IDLE" >"$RUN/idle" &
  local holding=$!
  until_ok 60 test -s "$RUN/idle"
  after=$(l7_rss_kib "$1")
  kill $holding
  wait $holding || true
  rm "$RUN/idle"
  sample idle-tls-kib-nginx "$([ "$1" = ours ] && echo ours || echo peer)" "$(calculate 1 "($after - $before) / $L7_IDLE")"
}

l7_sides() { if [[ $SIDES == *ours* ]]; then echo ours; fi; printf '%s\n' "${L7_PEERS[@]}"; }

suite_run() {
  local side kind size round ns
  direct_topology
  mkdir -p "/etc/netns/$LAB_ID-visitor"
  names_in visitor "$GATEWAY4" l7.lab.test
  for ns in visitor gateway home; do
    in_ns "$ns" sysctl -qw net.ipv4.ip_local_port_range='10000 65535' net.ipv4.tcp_tw_reuse=1
  done
  l7_origin
  l7_certificate
  for side in $(l7_sides); do
    "${side}_l7_start"
    for kind in "${L7_KINDS[@]}"; do
      until_ok 15 in_ns visitor curl -skf --max-time 2 -o /dev/null "$(l7_url "$side" "$kind" 1k)"
      for size in 1k 100k; do l7_load "$side" "$kind" "$size" "$L7_WARM" >/dev/null; done
    done
  done
  for round in $(seq $L7_ROUNDS); do
    echo "round $round of $L7_ROUNDS"
    for kind in "${L7_KINDS[@]}"; do
      for size in 1k 100k; do
        for side in $(l7_sides); do l7_measure "$side" "$kind" "$size"; done
        for side in $(l7_sides); do
          if [ "$side" = ours ] || [ "$side" = nginx ]; then l7_p99 "$side" "$kind" "$size"; fi
        done
      done
    done
  done
  for side in $(l7_sides); do if [ "$side" = ours ] || [ "$side" = nginx ]; then l7_idle "$side"; fi; done
}
