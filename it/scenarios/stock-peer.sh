# shellcheck shell=bash
# A stock WireGuard peer: wg-quick at home with the file that `site add --plain` printed; the same services work.
# lab: short

prepare() {
  topology
  webdav_start home 0.0.0.0
  nginx_start home 0.0.0.0
  sshd_start home 0.0.0.0
  ws_start home 0.0.0.0
  make_file "$RUN/files/big" 100
}

peer() {
  gateway_start
  plain_peer_start nas home
  measured "$(address_of nas), $(in_ns home wg show "$(wg_name nas)" | grep -c '^peer') peer"
  unprivileged gateway
}

file_is_stock() {
  local unknown
  unknown=$(grep -vE '^(\[Interface\]|\[Peer\]|#.*|)$|^(PrivateKey|Address|MTU|PublicKey|PresharedKey|Endpoint|AllowedIPs|PersistentKeepalive) *=' \
    "$RUN/files/nas.printed") || true
  expect_equal 'lines that wg-quick does not need' '' "$unknown"
  expect_match Endpoint "Endpoint *= *$GATEWAY_UPLINK:51820" "$(cat "$RUN/files/nas.printed")"
}

publish() {
  local nas
  nas=$(address_of nas)
  gateway_services <<YAML
  dav:
    host: dav.lab.test
    site: nas
    target: http://$nas:8084
  web:
    host: web.lab.test
    site: nas
    target: http://$nas:8085
  ws:
    host: ws.lab.test
    site: nas
    target: http://$nas:8087
  v2:
    listen: 9002/tcp
    site: nas
    target: tcp://$nas:8086
    client-address: proxy-v2
  ssh:
    listen: 2222/tcp
    site: nas
    target: tcp://$nas:2022
YAML
  until_ok 15 answers web.lab.test
}

handshake_is_stock() {
  expect_match 'wg show at home' 'latest handshake' "$(in_ns home wg show "$(wg_name nas)")"
}

put_and_get() {
  local dav=http://dav.lab.test:8080/big
  MAX_TIME=120 visit -f -u u:p -T "$RUN/files/big" "$dav"
  expect_equal 'SHA-256 at home' "$(sha "$RUN/files/big")" "$(sha "$RUN/files/dav/big")"
  expect_equal 'SHA-256 at the visitor' "$(sha "$RUN/files/big")" "$(MAX_TIME=120 visit -f -u u:p "$dav" | sha)"
}

true_address() {
  visit -o /dev/null http://web.lab.test:8080/xff
  in_ns visitor curl -sS --max-time 5 -o /dev/null "http://$GATEWAY4:9002/v2"
  until_ok 5 grep -q '^/v2 ' "$RUN/nginx/proxy.log"
  expect_match X-Forwarded-For "/xff .*xff=$VISITOR4 " "$(cat "$RUN/nginx/headers.log")"
  expect_match PROXY "/v2 proxy=$VISITOR4:" "$(cat "$RUN/nginx/proxy.log")"
}

websocket() { in_ns visitor "$PYTHON" "$LIB/ws-idle.py" "$GATEWAY4" 8080 ws://ws.lab.test:8080/ 1; }

upload() {
  scp_from_visitor 2222 "$RUN/files/big" "root@$GATEWAY4:$RUN/files/up"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/up")"
}

scenario() {
  step "visitor, gateway, home behind a NAT; rclone, nginx, sshd at home" prepare
  step "gateway as an unprivileged user; wg-quick at home" peer
  step "the printed file has only wg-quick's words" file_is_stock
  step "services on the stock peer" publish
  step "the stock peer counts a handshake" handshake_is_stock
  step "WebDAV: PUT and GET of 100 MiB, equal SHA-256" put_and_get
  step "nginx logs $VISITOR4 by X-Forwarded-For and PROXY v2" true_address
  step "WebSocket" websocket
  step "scp of 100 MiB, equal SHA-256" upload
}
