# shellcheck shell=bash
# nginx at home logs the visitor's true address by PROXY v1, v2 and X-Forwarded-For, IPv4 and IPv6; forged headers vanish.
# lab: short

prepare() {
  topology
  nginx_start home 127.0.0.1
  socat_start head home 127.0.0.1 8090 EXEC:"$LIB/record-head.sh"
  spawn raw home socat -u TCP-LISTEN:8091,bind=127.0.0.1,fork,reuseaddr "OPEN:$RUN/files/raw,creat,append"
  wait_port home 8091
}

publish() {
  gateway_services <<'YAML'
  v1:
    listen: 9001/tcp
    site: home
    target: tcp://127.0.0.1:8086
    client-address: proxy-v1
  v2:
    listen: 9002/tcp
    site: home
    target: tcp://127.0.0.1:8086
    client-address: proxy-v2
  raw1:
    listen: 9003/tcp
    site: home
    target: tcp://127.0.0.1:8091
    client-address: proxy-v1
  raw2:
    listen: 9004/tcp
    site: home
    target: tcp://127.0.0.1:8091
    client-address: proxy-v2
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
    client-address: headers
  web-proxy:
    host: proxy.lab.test
    site: home
    target: http://127.0.0.1:8086
    client-address: proxy-v2
  head:
    host: head.lab.test
    site: home
    target: http://127.0.0.1:8090
    client-address: headers
YAML
  until_ok 10 answers web.lab.test
}

# Every request has a path of its own, by which its log line is found (a 404 is logged as well).
log_line() { # FILE PATH
  until_ok 5 grep -q "^$2 " "$RUN/nginx/$1.log"
  grep "^$2 " "$RUN/nginx/$1.log"
}

by_port() { # PORT PATH
  in_ns visitor curl -sS --max-time 5 -o /dev/null "http://$GATEWAY4:$1/$2-4"
  expect_match 'IPv4' "proxy=$VISITOR4:[0-9]+" "$(log_line proxy "/$2-4")"
  in_ns visitor curl -sS --max-time 5 -o /dev/null "http://[$GATEWAY6]:$1/$2-6"
  expect_match 'IPv6' "proxy=$VISITOR6:[0-9]+" "$(log_line proxy "/$2-6")"
}

# The port must be the visitor's too, not one of the tunnel's.
port_is_true() {
  local port
  port=$(in_ns visitor curl -sS --max-time 5 -o /dev/null -w '%{local_port}' "http://$GATEWAY4:9002/port")
  expect_match 'port' "proxy=$VISITOR4:$port( |$)" "$(log_line proxy /port)"
}

bytes_on_the_wire() {
  echo xyz | in_ns visitor timeout 5 socat -u - "TCP:$GATEWAY4:9003"
  until_ok 5 grep -q xyz "$RUN/files/raw"
  expect_match 'v1' "^PROXY TCP4 $VISITOR4 $GATEWAY4 [0-9]+ 9003"$'\r\n'"xyz\$" "$(cat "$RUN/files/raw")"
  : >"$RUN/files/raw"
  echo xyz | in_ns visitor timeout 5 socat -u - "TCP6:[$GATEWAY6]:9004"
  until_ok 5 grep -aq xyz "$RUN/files/raw"
  # Signature, v2 PROXY, TCP over IPv6, 2001:db8:1::10, 2001:db8:1::1.
  expect_match 'v2' '^0d0a0d0a000d0a515549540a2121....20010db8000100000000000000000010''20010db8000100000000000000000001' \
    "$(od -An -v -tx1 "$RUN/files/raw" | tr -d ' \n')"
}

forged_proxy_header() {
  printf 'PROXY TCP4 6.6.6.6 7.7.7.7 1 2\r\nGET /forged-proxy HTTP/1.0\r\n\r\n' |
    in_ns visitor timeout 5 socat -t 2 - "TCP:$GATEWAY4:9002" >/dev/null || true
  expect_no_match 'log' 'proxy=6\.6\.6\.6' "$(cat "$RUN/nginx/proxy.log")"
}

by_headers() {
  visit -o /dev/null http://web.lab.test:8080/xff-4
  expect_equal IPv4 "/xff-4 host=web.lab.test:8080 xff=$VISITOR4 xri=$VISITOR4 proto=http xfh=web.lab.test:8080" \
    "$(log_line headers /xff-4 | sed 's/ fwd=.*//')"
  expect_match Forwarded "fwd=.*for=\"?$VISITOR4" "$(log_line headers /xff-4)"
  VIA=[$GATEWAY6] visit -o /dev/null http://web.lab.test:8080/xff-6
  expect_equal IPv6 "/xff-6 host=web.lab.test:8080 xff=$VISITOR6 xri=$VISITOR6 proto=http xfh=web.lab.test:8080" \
    "$(log_line headers /xff-6 | sed 's/ fwd=.*//')"
  expect_match Forwarded "fwd=.*for=\"\\[$VISITOR6\\]" "$(log_line headers /xff-6)"
}

by_host_and_proxy() {
  visit -o /dev/null http://proxy.lab.test:8080/host-4
  expect_match IPv4 "proxy=$VISITOR4:" "$(log_line proxy /host-4)"
  VIA=[$GATEWAY6] visit -o /dev/null http://proxy.lab.test:8080/host-6
  expect_match IPv6 "proxy=$VISITOR6:" "$(log_line proxy /host-6)"
}

FORGED=(-H 'X-Forwarded-For: 6.6.6.6' -H 'x-forwarded-for: 6.6.6.7' -H 'X_Forwarded_For: 6.6.6.6' -H 'X-Forwarded_For: 6.6.6.6'
  -H 'X-Real-IP: 6.6.6.6' -H 'X_Real_IP: 6.6.6.6' -H 'Forwarded: for=6.6.6.6;host=evil.test;proto=https'
  -H 'X-Forwarded-Proto: gopher' -H 'X_Forwarded_Proto: gopher' -H 'X-Forwarded-Host: evil.test'
  -H 'X_Forwarded_Host: evil.test')

forged_headers() { # [CURL ARGUMENTS…]
  local head
  head=$(visit "${FORGED[@]}" "$@" -H 'X-Kept: yes' http://head.lab.test:8080/)
  echo "$head"
  expect_no_match 'what the backend got' '6\.6\.6|evil|gopher' "$head"
  expect_line 'what the backend got' '^X-Kept: yes' "$head"
  expect_equal 'X-Forwarded-For, in any spelling' "x-forwarded-for: $VISITOR4" \
    "$(grep -iE '^x[-_]forwarded[-_]for *:' <<<"${head,,}")"
  expect_equal 'X-Real-IP, in any spelling' "x-real-ip: $VISITOR4" "$(grep -iE '^x[-_]real[-_]ip *:' <<<"${head,,}")"
  expect_equal 'Forwarded' 1 "$(grep -ciE '^forwarded *:' <<<"$head")"
}

# A header that Connection names is removed by the next proxy: so the visitor must not name these.
hop_by_hop() {
  forged_headers -H 'Connection: close, X-Forwarded-For, X-Real-IP, Forwarded'
  local head
  head=$(visit -H 'Connection: X-Forwarded-For, X_Real_IP' http://head.lab.test:8080/)
  expect_no_match Connection '[Cc]onnection:[^'$'\n'']*[Xx][-_]' "$head"
  expect_match X-Forwarded-For "[Xx]-[Ff]orwarded-[Ff]or: $VISITOR4" "$head"
}

scenario() {
  step "visitor, gateway, home behind a NAT; nginx at home" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085 127.0.0.1:8086 127.0.0.1:8090 127.0.0.1:8091
  step "services with PROXY v1, v2 and headers" publish
  step "PROXY v1: nginx logs $VISITOR4 and $VISITOR6" by_port 9001 v1
  step "PROXY v2: nginx logs $VISITOR4 and $VISITOR6" by_port 9002 v2
  step "PROXY v2: the visitor's own port" port_is_true
  step "PROXY v1 and v2, byte by byte" bytes_on_the_wire
  step "a PROXY header from the visitor is not believed" forged_proxy_header
  step "HTTP by host with PROXY v2: nginx logs $VISITOR4 and $VISITOR6" by_host_and_proxy
  step "X-Forwarded-For, X-Real-IP, -Proto, -Host, Forwarded: nginx logs $VISITOR4 and $VISITOR6" by_headers
  step "forged headers in every spelling do not reach the backend" forged_headers
  step "forged headers named by Connection neither, and ours stay" hop_by_hop
}
