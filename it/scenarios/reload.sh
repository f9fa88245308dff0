# shellcheck shell=bash
# Three connections (TCP, WebSocket, a long download) live while a service is added and removed 100 times: none is cut.
# lab: short

ROUNDS=${LAB_ROUNDS:-100}

prepare() {
  topology
  nginx_start home 127.0.0.1
  ws_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
  make_file "$RUN/files/www/big" 256
}

services() { # [EXTRA SERVICE on standard input]
  cat <<'YAML'
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  ws:
    host: ws.lab.test
    site: home
    target: http://127.0.0.1:8087
  echo:
    listen: 7003/tcp
    site: home
    target: tcp://127.0.0.1:7003
YAML
}

extra() {
  services
  cat <<'YAML'
  extra:
    host: extra.lab.test
    site: home
    target: http://127.0.0.1:8085
  extra-port:
    listen: 7004/tcp
    site: home
    target: tcp://127.0.0.1:7003
YAML
}

publish() {
  services | gateway_services
  until_ok 10 answers web.lab.test
}

begin() {
  spawn steady visitor "$PYTHON" "$LIB/steady.py" "$GATEWAY4" 7003 8080 ws.lab.test web.lab.test /big "$RUN/files/enough"
  wait_log steady '^steady' 15
}

silent() { ! answers extra.lab.test; }

rounds() {
  local i began=$EPOCHREALTIME
  for i in $(seq "$ROUNDS"); do
    extra | gateway_config
    signal gateway HUP
    until_ok 5 answers extra.lab.test
    services | gateway_config
    signal gateway HUP
    until_ok 5 silent
    alive steady || { echo "a connection was cut in round $i"; return 1; }
  done
  measured "$(awk -v s="$(since "$began")" -v n="$ROUNDS" 'BEGIN { printf "%.0f ms a round", s * 1000 / n }')"
}

# A broken file changes nothing.
broken() {
  echo 'services: [' >"$RUN/gateway.yaml"
  signal gateway HUP
  sleep 1
  answers web.lab.test
  alive gateway
  services | gateway_config
  signal gateway HUP
}

none_cut() {
  touch "$RUN/files/enough"
  until_ok 60 gone steady
  cat "$LOGS/steady.log"
  refuse 'a connection that failed' grep -E 'failed|Error' "$LOGS/steady.log"
  expect_equal 'SHA-256 of the download' "$(sha "$RUN/files/www/big")" "$(sed -n 's/^download //p' "$LOGS/steady.log")"
  measured "$(sed -n 's/^tcp //p' "$LOGS/steady.log") echoes"
}

scenario() {
  step "visitor, gateway, home behind a NAT; nginx, WebSocket and TCP echo at home" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085 127.0.0.1:8087 127.0.0.1:7003
  step "services" publish
  step "TCP echo, WebSocket echo and a slow download run" begin
  step "a service is added and removed $ROUNDS times, each time seen by a visitor" rounds
  step "a broken file is refused and the old one stays" broken
  step "none of the three was cut" none_cut
}
