# shellcheck shell=bash
# A stock WireGuard hub (wg-quick) with a Culvert site: `listen: tunnel:…` takes what comes in, and nothing else does.
# lab: short

HUB=10.99.0.1
SITE=10.99.0.2

prepare() {
  topology
  nginx_start home 0.0.0.0
  socat_start other home 0.0.0.0 7003 EXEC:cat
  state_for home
  wg genkey | install -m 600 -o "$NOBODY" -g "$NOBODY" /dev/stdin "$RUN/state/home.key"
  wg genkey >"$RUN/files/hub.key"
}

hub() {
  wg_quick_up hub gateway <<CONF
[Interface]
PrivateKey = $(cat "$RUN/files/hub.key")
Address = $HUB/24
ListenPort = 51820
[Peer]
PublicKey = $(wg pubkey <"$RUN/state/home.key")
AllowedIPs = $SITE/32, 192.168.77.0/24
CONF
}

site() {
  cat >"$RUN/home.yaml" <<YAML
site:
  name: home
tunnel:
  address: $SITE
  private-key-file: $RUN/state/home.key
gateways:
  hub:
    type: plain
    public-key: $(wg pubkey <"$RUN/files/hub.key")
    endpoint: $GATEWAY_UPLINK:51820
    address: $HUB
    keepalive: 5
allow:
  - 127.0.0.1:8085
  - 127.0.0.1:8086
services:
  web:
    listen: tunnel:8080
    target: http://127.0.0.1:8085
  raw:
    listen: tunnel:8081
    target: tcp://127.0.0.1:8085
  both:
    listen: tunnel:8082
    target: tcp://127.0.0.1:8086
    client-address: proxy-v2
    proxy-protocol: {optional: $HUB}
YAML
  culvert home check "$RUN/home.yaml"
  spawn_culvert home site --config "$RUN/home.yaml"
  wait_log home 'site ready' 20
  unprivileged home
}

from_hub() { in_ns gateway curl -sS --max-time 3 -o /dev/null -w '%{http_code}' "$@"; }
served() { expect_equal status 200 "$(from_hub "http://$SITE:$1/" 2>/dev/null)"; } # PORT

services() {
  until_ok 15 served 8080 >/dev/null
  served 8081
}

# The hub's load balancer says who its visitor is; a client of the hub's own comes plain, by the same port.
proxy_and_plain() {
  printf 'PROXY TCP4 203.0.113.77 192.0.2.1 4711 80\r\nGET /named HTTP/1.0\r\n\r\n' |
    in_ns gateway timeout 5 socat -t 2 - "TCP:$SITE:8082" >/dev/null
  until_ok 5 grep -q '^/named proxy=203.0.113.77:4711' "$RUN/nginx/proxy.log"
  from_hub "http://$SITE:8082/plain" >/dev/null
  until_ok 5 grep -q "^/plain proxy=$HUB:" "$RUN/nginx/proxy.log"
}

throughput() {
  make_file "$RUN/files/www/big" 100
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(in_ns gateway curl -sS --max-time 60 "http://$SITE:8080/big" | sha)"
}

undeclared() {
  local open
  open=$(open_ports gateway $SITE home)
  expect_equal 'ports of the site that answer in the tunnel' '8080 8081 8082' "$open"
  open=$(open_ports gateway "$HOME_LAN" home)
  expect_equal 'ports of the LAN behind the site' '' "$open"
}

scenario() {
  step "gateway with stock WireGuard, home behind a NAT; nginx at home" prepare
  step "wg-quick as the hub" hub
  step "Culvert site as an unprivileged user" site
  step "HTTP and TCP services on the site's tunnel address" services
  step "PROXY and plain on one port of the tunnel: the target learns the visitor" proxy_and_plain
  step "100 MiB with equal SHA-256" throughput
  step "no other port answers in the tunnel, of 10,000 and all that listen at home" undeclared
}
