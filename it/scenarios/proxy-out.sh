# shellcheck shell=bash
# nginx, haproxy and caddy take our PROXY v1 and v2 and see the visitor, IPv4 and IPv6; what a front says of it arrives, no more.
# lab: long

FRONT=203.0.114.20
FRONT_GATEWAY=203.0.114.1
# shellcheck source-path=SCRIPTDIR source=../lib/newer.sh
. "$LIB/newer.sh"

# Debian 12's caddy cannot read PROXY headers; those from 2.7 on can.
caddy_start() {
  newer sid caddy
  mkdir -p "$RUN/caddy"
  cat >"$RUN/caddy/conf" <<CONF
{
  admin off
  auto_https off
  servers {
    listener_wrappers {
      proxy_protocol {
        allow 127.0.0.1/32
        fallback_policy reject
      }
    }
  }
}
http://:7003 {
  bind 127.0.0.1
  log {
    output file $RUN/caddy/log
    format json
  }
  respond hello
}
CONF
  spawn caddy home env HOME="$RUN/caddy" "$NEWER/sid/usr/bin/caddy" run --adapter caddyfile --config "$RUN/caddy/conf"
  wait_port home 7003
  measured "$("$NEWER/sid/usr/bin/caddy" version)"
}

haproxy_start() {
  cat >"$RUN/haproxy.cfg" <<CFG
defaults
  mode http
  log stdout format raw local0
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend target
  bind 127.0.0.1:7002 accept-proxy
  log-format "%HU proxy=%ci:%cp authority=%[fc_pp_authority] id=%[fc_pp_unique_id]"
  http-request return status 200
CFG
  spawn haproxy home haproxy -db -f "$RUN/haproxy.cfg"
  wait_port home 7002
}

# Ends TLS, and says by PROXY what it knows of it.
front_start() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$RUN/files/key" -out "$RUN/files/cert" \
    -days 30 -subj "/CN=nas.lab.test" 2>/dev/null
  cat "$RUN/files/key" "$RUN/files/cert" >"$RUN/files/front.pem"
  cat >"$RUN/front.cfg" <<CFG
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen tls
  bind 203.0.115.1:8443 ssl crt $RUN/files/front.pem
  unique-id-format id-of-the-front
  server gateway $FRONT_GATEWAY:9012 send-proxy-v2-ssl-cn proxy-v2-options ssl,authority,unique-id,crc32c
CFG
  make_ns front
  link front inside "$FRONT/24" gateway fronted "$FRONT_GATEWAY/24"
  link visitor client 203.0.115.10/24 front public 203.0.115.1/24
  spawn front front haproxy -db -f "$RUN/front.cfg"
  wait_port front 8443
}

prepare() {
  topology
  nginx_start home 127.0.0.1
  haproxy_start
  front_start
}

publish() {
  local v
  for v in 1 2; do
    cat <<YAML
  nginx$v: {listen: 900$v/tcp, site: home, target: "tcp://127.0.0.1:8086", client-address: proxy-v$v}
  haproxy$v: {listen: 901$v/tcp, site: home, target: "tcp://127.0.0.1:7002", client-address: proxy-v$v, proxy-protocol: {require: $FRONT}}
  caddy$v: {listen: 902$v/tcp, site: home, target: "tcp://127.0.0.1:7003", client-address: proxy-v$v}
  caddy-http$v: {host: caddy$v.lab.test, site: home, target: "http://127.0.0.1:7003", client-address: proxy-v$v}
YAML
  done | gateway_services
  until_ok 20 answers caddy2.lab.test
}

# Asks with a path of its own, and prints the port that was asked from.
ask() { in_ns visitor curl -sS --max-time 5 -o /dev/null -w '%{local_port}' "$@"; } # URL

seen_by_nginx() { grep "^$1 " "$RUN/nginx/proxy.log" | sed 's/.*proxy=//'; } # PATH
seen_by_haproxy() { sed -n "s|^$1 proxy=\([^ ]*\) .*|\1|p" "$LOGS/haproxy.log"; }
seen_by_caddy() {
  "$PYTHON" - "$RUN/caddy/log" "$1" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    request = json.loads(line)["request"]
    if request["uri"] == sys.argv[2]:
        print(request["remote_ip"] + ":" + request["remote_port"])
PY
}
sees() { [ "$("seen_by_$1" "$2")" = "$3" ]; } # SERVER PATH VISITOR

seen() { # SERVER FIRST_PORT
  local v
  for v in 1 2; do
    until_ok 5 sees "$1" "/$v-4" "$VISITOR4:$(ask "http://$GATEWAY4:$(($2 + v))/$v-4")"
    until_ok 5 sees "$1" "/$v-6" "$VISITOR6:$(ask "http://[$GATEWAY6]:$(($2 + v))/$v-6")"
  done
}

by_host() {
  local v
  for v in 1 2; do
    visit -f -o /dev/null "http://caddy$v.lab.test:8080/host$v"
    until_ok 5 eval "seen_by_caddy /host$v | grep -q '^$VISITOR4:'"
  done
}

by_front() {
  local port
  port=$(ask -k --connect-to ::203.0.115.1:8443 https://nas.lab.test/front)
  until_ok 5 sees haproxy /front "203.0.115.10:$port"
  expect_match 'what the front knew of the visitor' 'authority=nas\.lab\.test id=id-of-the-front' "$(grep '^/front ' "$LOGS/haproxy.log")"
}

scenario() {
  step "visitor, front, gateway, home behind a NAT; nginx and haproxy at home, haproxy in front" prepare
  step "Debian's newest caddy at home" caddy_start
  step "gateway and site" pair 127.0.0.1:8086 127.0.0.1:7002 127.0.0.1:7003
  step "services with PROXY v1 and v2" publish
  step "nginx sees the visitor, by v1 and v2, IPv4 and IPv6" seen nginx 9000
  step "so does caddy" seen caddy 9020
  step "also by HTTP and host" by_host
  step "so does haproxy" seen haproxy 9010
  step "behind another haproxy in front it sees the visitor, and what that one said of it: AUTHORITY and UNIQUE_ID" by_front
}
