# shellcheck shell=bash
# A WebSocket that is silent for 3 minutes still answers, and so does an idle TCP connection.
# lab: short idle

IDLE=${LAB_IDLE:-180}

prepare() {
  topology
  ws_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
}

publish() {
  gateway_services <<'YAML'
  ws:
    host: ws.lab.test
    site: home
    target: http://127.0.0.1:8087
  echo:
    listen: 7003/tcp
    site: home
    target: tcp://127.0.0.1:7003
YAML
  until_ok 10 ws_answers
}
ws_answers() { idle_websocket 0 >/dev/null 2>&1; }

idle_websocket() { # SECONDS
  in_ns visitor "$PYTHON" "$LIB/ws-idle.py" "$GATEWAY4" 8080 ws://ws.lab.test:8080/ "$1"
}

idle_tcp() { # SECONDS
  (echo before; sleep "$1"; echo after) | in_ns visitor socat -t 10 - "TCP:$GATEWAY4:7003"
}

idle() {
  local tcp
  idle_tcp "$IDLE" >"$RUN/files/tcp.out" &
  tcp=$!
  idle_websocket "$IDLE" | tee "$RUN/files/ws.out"
  measured "$(tail -n 1 "$RUN/files/ws.out")"
  wait "$tcp"
  expect_equal 'TCP echo' $'before\nafter' "$(cat "$RUN/files/tcp.out")"
}

scenario() {
  step "visitor, gateway, home behind a NAT; WebSocket echo at home" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8087 127.0.0.1:7003
  step "service by host name and by port" publish
  step "WebSocket and TCP connection answer after $IDLE s of silence" idle
}
