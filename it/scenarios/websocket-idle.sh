# shellcheck shell=bash
# A WebSocket that is silent for 3 minutes still answers, by TLS and HTTP/2 too, and so does an idle TCP connection.
# lab: short idle

IDLE=${LAB_IDLE:-180}
CA=$RUN/ca

prepare() {
  topology
  ws_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/key.pem" -out "$CA/cert.pem" -days 30 \
    -subj "/CN=wss.lab.test" -addext "subjectAltName=DNS:wss.lab.test" 2>/dev/null
  chown -R "$NOBODY:$NOBODY" "$CA"
  chmod 755 "$CA"
  chmod 600 "$CA/key.pem"
}

publish() {
  gateway_services <<YAML
  ws:
    host: ws.lab.test
    site: home
    target: http://127.0.0.1:8087
    tls: off
  echo:
    listen: 7003/tcp
    site: home
    target: tcp://127.0.0.1:7003
  wss:
    host: wss.lab.test
    site: home
    target: http://127.0.0.1:8087
    tls: {certificate: $CA/cert.pem, key: $CA/key.pem}
https:
  listen: [8443]
YAML
  until_ok 10 ws_answers
}
ws_answers() { idle_websocket 0 >/dev/null 2>&1; }

idle_websocket() { # SECONDS
  in_ns visitor "$PYTHON" "$LIB/ws-idle.py" "$GATEWAY4" 8080 ws://ws.lab.test:8080/ "$1"
}

idle_wss() { # SECONDS
  in_ns visitor "$PYTHON" "$LIB/ws-idle.py" "$GATEWAY4" 8443 wss://wss.lab.test:8443/ "$1" "$CA/cert.pem"
}

idle_wss2() { # SECONDS
  in_ns visitor "$PYTHON" "$LIB/ws2-idle.py" "$GATEWAY4" 8443 wss.lab.test "$CA/cert.pem" "$1"
}

idle_tcp() { # SECONDS
  (echo before; sleep "$1"; echo after) | in_ns visitor socat -t 10 - "TCP:$GATEWAY4:7003"
}

idle() {
  local tcp wss wss2
  idle_tcp "$IDLE" >"$RUN/files/tcp.out" &
  tcp=$!
  idle_wss "$IDLE" >"$RUN/files/wss.out" &
  wss=$!
  idle_wss2 "$IDLE" >"$RUN/files/wss2.out" &
  wss2=$!
  idle_websocket "$IDLE" | tee "$RUN/files/ws.out"
  measured "$(tail -n 1 "$RUN/files/ws.out")"
  wait "$tcp"
  wait "$wss"
  wait "$wss2"
  measured "TLS $(tail -n 1 "$RUN/files/wss.out")" "HTTP/2 $(tail -n 1 "$RUN/files/wss2.out")"
  expect_equal 'TCP echo' $'before\nafter' "$(cat "$RUN/files/tcp.out")"
}

scenario() {
  step "visitor, gateway, home behind a NAT; WebSocket echo at home" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8087 127.0.0.1:7003
  step "service by host name and by port" publish
  step "WebSockets, by TLS and HTTP/2 too, and TCP connection answer after $IDLE s of silence" idle
}
