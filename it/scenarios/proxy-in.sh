# shellcheck shell=bash
# haproxy and nginx stand in front and say by PROXY v1 and v2 who the visitor is; from others a header is refused.
# lab: short

# In front: visitors come by one side, the gateway is on the other.
FRONT=203.0.114.20
FRONT_GATEWAY=203.0.114.1
CLIENT=203.0.115.10
FRONT_PUBLIC=203.0.115.1

prepare() {
  topology
  make_ns front
  link front inside "$FRONT/24" gateway fronted "$FRONT_GATEWAY/24"
  link visitor client "$CLIENT/24" front public "$FRONT_PUBLIC/24"
  nginx_start home 127.0.0.1
}

balancers() {
  cat >"$RUN/haproxy.cfg" <<CFG
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen v1
  bind $FRONT_PUBLIC:9001
  server gateway $FRONT_GATEWAY:9001 send-proxy check inter 1s
listen v2
  bind $FRONT_PUBLIC:9002
  server gateway $FRONT_GATEWAY:9001 send-proxy-v2 check inter 1s
listen v2-ssl
  bind $FRONT_PUBLIC:9003
  server gateway $FRONT_GATEWAY:9001 send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id
  unique-id-format %[uuid()]
listen web
  bind $FRONT_PUBLIC:8080
  server gateway $FRONT_GATEWAY:8080 send-proxy-v2
CFG
  spawn haproxy front haproxy -db -f "$RUN/haproxy.cfg"
  wait_port front 9003
  mkdir -p "$RUN/nginx-front"
  cat >"$RUN/nginx-front/conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
user root;
pid $RUN/nginx-front/pid;
error_log stderr;
events {}
stream {
  server {
    listen $FRONT_PUBLIC:9004;
    proxy_pass $FRONT_GATEWAY:9001;
    proxy_protocol on;
  }
}
CONF
  spawn nginx-front front nginx -p "$RUN/nginx-front" -e stderr -c "$RUN/nginx-front/conf"
  wait_port front 9004
}

publish() {
  gateway_config <<YAML
  behind:
    listen: 9001/tcp
    site: home
    target: tcp://127.0.0.1:8086
    client-address: proxy-v1
    proxy-protocol: {require: $FRONT}
  plain:
    listen: 9005/tcp
    site: home
    target: tcp://127.0.0.1:8085
    proxy-protocol: {optional: $FRONT}
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
  sed -i "s|^  listen: \[8080\]|&\n  proxy-protocol: {require: $FRONT}|" "$RUN/gateway.yaml"
  culvert gateway check "$RUN/gateway.yaml"
  signal gateway HUP
  until_ok 10 answers web.lab.test
}

log_line() { # FILE PATH
  until_ok 5 grep -q "^$2 " "$RUN/nginx/$1.log"
  grep "^$2 " "$RUN/nginx/$1.log"
}

named() { # PORT PATH
  local port
  port=$(in_ns visitor curl -sS --max-time 5 -o /dev/null -w '%{local_port}' "http://$FRONT_PUBLIC:$1/$2")
  expect_match 'the visitor' "proxy=$CLIENT:$port( |$)" "$(log_line proxy "/$2")"
}

by_http() {
  in_ns visitor curl -sS --max-time 5 -o /dev/null -H 'Host: web.lab.test' -H 'X-Forwarded-For: 6.6.6.6' \
    "http://$FRONT_PUBLIC:8080/behind"
  expect_match 'X-Forwarded-For' "xff=$CLIENT " "$(log_line headers /behind)"
  visit -o /dev/null http://web.lab.test:8080/direct
  expect_match 'who comes without' "xff=$VISITOR4 " "$(log_line headers /direct)"
}

# A header in two pieces, as a slow path delivers it.
in_pieces() {
  { printf 'PROXY TCP4 %s 192.0' "$CLIENT"; sleep 0.3; printf '.2.1 4711 80\r\nGET /pieces HTTP/1.0\r\n\r\n'; } |
    in_ns front timeout 5 socat -t 2 - "TCP:$FRONT_GATEWAY:9001" >/dev/null
  expect_match 'the visitor' "proxy=$CLIENT:4711" "$(log_line proxy /pieces)"
}

refused() {
  local before
  before=$(counter proxy.untrusted)
  printf 'PROXY TCP4 6.6.6.6 7.7.7.7 1 2\r\nGET /forged HTTP/1.0\r\n\r\n' |
    in_ns visitor timeout 5 socat -t 2 - "TCP:$GATEWAY4:9001" >/dev/null 2>&1 || true
  expect_equal 'counted' $((before + 1)) "$(counter proxy.untrusted)"
  expect_no_match 'log' 'forged|6\.6\.6\.6' "$(cat "$RUN/nginx/proxy.log")"
  # By the port that takes both, from who may not.
  in_ns visitor curl -sSf --max-time 5 -o /dev/null "http://$GATEWAY4:9005/"
  refuse 'a header of a stranger' in_ns visitor curl -sSf --haproxy-protocol --max-time 5 -o /dev/null "http://$GATEWAY4:9005/" 2>/dev/null
}

both_on_one_port() {
  in_ns front curl -sSf --max-time 5 -o /dev/null "http://$FRONT_GATEWAY:9005/"
  printf 'PROXY TCP4 %s 192.0.2.1 1 2\r\nGET / HTTP/1.0\r\n\r\n' "$CLIENT" |
    in_ns front timeout 5 socat -t 2 - "TCP:$FRONT_GATEWAY:9005" | grep -q ' 200 OK'
}

lies() {
  local before
  before=$(counter proxy.denied.client)
  printf 'PROXY TCP4 127.0.0.1 192.0.2.1 1 2\r\nGET /lie HTTP/1.0\r\n\r\n' |
    in_ns front timeout 5 socat -t 2 - "TCP:$FRONT_GATEWAY:9001" >/dev/null 2>&1 || true
  printf 'GET /none HTTP/1.0\r\n\r\n' | in_ns front timeout 5 socat -t 2 - "TCP:$FRONT_GATEWAY:9001" >/dev/null 2>&1 || true
  expect_equal 'counted' $((before + 1)) "$(counter proxy.denied.client)"
  expect_equal 'without a header' 1 "$(counter proxy.malformed.NO_SIGNATURE)"
  expect_no_match 'log' '/lie|/none' "$(cat "$RUN/nginx/proxy.log")"
  grep -q 'says in a PROXY header that a visitor comes from 127.0.0.1' <<<"$(culvert gateway status)"
}

# haproxy asks every second whether the gateway is there, by LOCAL and UNKNOWN.
checked() {
  expect_no_match 'haproxy' 'DOWN' "$(cat "$LOGS/haproxy.log")"
}

scenario() {
  step "visitor, front, gateway, home behind a NAT; nginx at home" prepare
  step "gateway and site" pair 127.0.0.1:8085 127.0.0.1:8086
  step "services that require a header of the front, one that takes both" publish
  step "haproxy and nginx in front" balancers
  step "haproxy by v1: nginx at home logs $CLIENT and its port" named 9001 v1
  step "haproxy by v2" named 9002 v2
  step "haproxy by v2 with SSL fields, UNIQUE_ID and CRC32C" named 9003 v2-tlv
  step "nginx by v1" named 9004 nginx
  step "HTTP by haproxy: X-Forwarded-For is the visitor's, and for who comes by himself too" by_http
  step "a header in two pieces" in_pieces
  step "a header of anybody else is cut and counted; plain visitors pass" refused
  step "a header and plain on one port" both_on_one_port
  step "an address that no visitor has, and no header at all: closed, counted, said to the operator" lies
  step "haproxy's own checks find the gateway up" checked
}
