# shellcheck shell=bash
# HTTP/3: a real curl by Alt-Svc and at once, the visitor's address, POST, 421, mTLS closed, upgrade, off and on by reload.
# lab: long

CA=$RUN/ca
# shellcheck source-path=SCRIPTDIR source=../lib/newer.sh
. "$LIB/newer.sh"

h3() { # HOST PATH [CURL ARGUMENTS…]: by HTTP/3 and nothing else
  local host=$1 path=$2
  shift 2
  curl3 --http3-only --resolve "$host:8443:$GATEWAY4" "$@" "https://$host:8443$path"
}

h3_version() { h3 "$1" / -o /dev/null -w '%{http_version} %{http_code}' "${@:2}"; } # HOST

issue() { # NAME
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/$1.key" -out "$CA/$1.csr" \
    -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$CA/$1.csr" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -CAcreateserial -days 30 -out "$CA/$1.pem" \
    -extfile <(printf 'subjectAltName=DNS:%s' "$1") 2>/dev/null
  chmod 600 "$CA/$1.key"
}

prepare() {
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/ca.key" -out "$CA/ca.pem" -days 30 \
    -subj '/CN=Lab CA' 2>/dev/null
  for name in one.lab.test two.lab.test strict.lab.test; do issue "$name"; done
  chown -R "$NOBODY:$NOBODY" "$CA"
  chmod 755 "$CA"
  topology
  nginx_start home 127.0.0.1
  webdav_start home 127.0.0.1
  socat_start head home 127.0.0.1 8090 EXEC:"$LIB/record-head.sh"
}

publish() { # SETTINGS OF https:
  gateway_services <<YAML
  one:
    host: one.lab.test
    site: home
    target: http://127.0.0.1:8084
    tls: {certificate: $CA/one.lab.test.pem, key: $CA/one.lab.test.key}
  two:
    host: two.lab.test
    site: home
    target: http://127.0.0.1:8090
    tls: {certificate: $CA/two.lab.test.pem, key: $CA/two.lab.test.key}
  strict:
    host: strict.lab.test
    site: home
    target: http://127.0.0.1:8090
    tls:
      certificate: $CA/strict.lab.test.pem
      key: $CA/strict.lab.test.key
      client-ca: $CA/ca.pem
      client-certificates: optional
https:
  listen: [8443]
  $1
YAML
}

serve() {
  publish ''
  until_ok 10 listens_udp gateway 8443
}

listens_udp() { in_ns "$1" ss -Hlun "sport = :$2" | grep -q .; } # NS PORT

by_tcp() { # HOST [CURL ARGUMENTS…]
  local host=$1
  shift
  in_ns visitor curl -sS --max-time 10 --cacert "$CA/ca.pem" --resolve "$host:8443:$GATEWAY4" "$@" "https://$host:8443/"
}

at_once() {
  expect_equal 'version and status' '3 200' "$(h3_version two.lab.test)"
  local head
  head=$(h3 two.lab.test /a/./b -H 'X-Forwarded-For: 192.0.2.66')
  expect_line 'the path' '^GET /a/b HTTP/1.1' "$head"
  expect_line 'the visitor' "^X-Forwarded-For: $VISITOR4" "$head"
  expect_line 'the transport' '^X-Forwarded-Proto: https' "$head"
  expect_no_match 'what it claimed' '192.0.2.66' "$head"
  expect_line 'HSTS' '^strict-transport-security: max-age=' "$(h3 two.lab.test / -D - -o /dev/null)"
  head=$(curl3 --http3-only --resolve "two.lab.test:8443:[$GATEWAY6]" https://two.lab.test:8443/)
  expect_line 'the visitor by IPv6' "^X-Forwarded-For: $VISITOR6" "$head"
}

by_alt_svc() {
  expect_line 'what TCP advertises' '^alt-svc: h3=":8443"; ma=86400' "$(by_tcp two.lab.test -D - -o /dev/null)"
  local memory=$RUN/alt-svc seen=() _
  for _ in 1 2; do
    seen+=("$(curl3 --alt-svc "$memory" --resolve "two.lab.test:8443:$GATEWAY4" -o /dev/null -w '%{http_version}' \
      https://two.lab.test:8443/)")
  done
  expect_equal 'the first and the second request' '2 3' "${seen[*]}"
}

webdav() { # 64 MiB up and down
  make_file "$RUN/files/up" 64
  expect_equal 'PUT' 201 "$(h3 one.lab.test /up -u u:p -T "$RUN/files/up" -o /dev/null -w '%{http_code}')"
  h3 one.lab.test /up -u u:p -o "$RUN/down"
  expect_equal 'the same bytes' "$(sha "$RUN/files/up")" "$(sha "$RUN/down")"
}

names() {
  expect_equal 'Host of another certificate' '3 421' "$(h3_version one.lab.test -H 'Host: two.lab.test')"
  refuse 'an unknown name' h3_version nobody.lab.test
}

# QUIC's codec cannot ask for certificates of one name only, so such a name is not served by it at all.
client_certificates() {
  refuse 'a service that asks for certificates' h3_version strict.lab.test
  expect_equal 'by the name of another' '3 421' "$(h3_version two.lab.test -H 'Host: strict.lab.test')"
  expect_no_match 'nor is it advertised' 'alt-svc' "$(by_tcp strict.lab.test -D - -o /dev/null)"
}

flooded() { # garbage of all lengths: nothing comes back, and visitors are served meanwhile
  in_ns visitor "$PYTHON" - "$GATEWAY4" 8443 <<'PYTHON'
import os, socket, sys
to = (sys.argv[1], int(sys.argv[2]))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20000):
    s.sendto(bytes([i % 0x80]) + os.urandom(i % 1300), to)
s.settimeout(1)
try:
    print("answered:", s.recv(2000)[:20])
    sys.exit(1)
except TimeoutError:
    pass
PYTHON
  expect_equal 'a visitor behind it' '3 200' "$(h3_version two.lab.test)"
  expect_match 'counted' 'quic.dropped.UNKNOWN_CONNECTION' "$(culvert gateway status --json)"
}

upgraded() {
  local out before
  before=$(pid_of gateway)
  out=$(culvert gateway upgrade --binary "$CULVERT")
  sed -n 's/^process \([0-9]*\) .*/\1/p' <<<"$out" >"$RUN/pids/gateway"
  [ "$(pid_of gateway)" != "$before" ]
  expect_equal 'the socket was handed over' '3 200' "$(h3_version two.lab.test)"
}

off_and_on() {
  publish 'http3: off'
  closed() { ! listens_udp gateway 8443; }
  until_ok 10 closed
  expect_no_match 'not advertised' 'alt-svc' "$(by_tcp two.lab.test -D - -o /dev/null)"
  refuse 'and not served' h3_version two.lab.test --max-time 3
  publish ''
  until_ok 10 listens_udp gateway 8443
  expect_equal 'again' '3 200' "$(h3_version two.lab.test)"
}

scenario() {
  step "Debian 13's curl" newer trixie curl
  step "visitor, gateway, home behind a NAT; a CA" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8084 127.0.0.1:8090
  step "three names with certificates; UDP beside TCP" serve
  step "a page by HTTP/3, with the visitor's address, IPv4 and IPv6" at_once
  step "HTTP/3 by Alt-Svc" by_alt_svc
  step "64 MiB up and down" webdav
  step "Host against the handshake's name: 421; unknown names: none" names
  step "services that ask for certificates have no HTTP/3" client_certificates
  step "20,000 datagrams of garbage get nothing" flooded
  step "an upgrade hands the UDP socket over" upgraded
  step "off and on again by reload" off_and_on
}
