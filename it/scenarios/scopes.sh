# shellcheck shell=bash
# One name for the internet, for the tunnel and for the gateway's own network; internal-only names are refused from outside.
# lab: short

CA=$RUN/ca
GATEWAY_LAN=10.20.0.1

prepare() {
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/ca.key" -out "$CA/ca.pem" -days 30 \
    -subj '/CN=Lab CA' 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/all.key" -out "$CA/all.csr" \
    -subj "/CN=lab.test" 2>/dev/null
  openssl x509 -req -in "$CA/all.csr" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -CAcreateserial -days 30 -out "$CA/all.pem" \
    -extfile <(printf 'subjectAltName=DNS:*.lab.test') 2>/dev/null
  chmod 600 "$CA/all.key"
  chown -R "$NOBODY:$NOBODY" "$CA"
  topology
  behind_nat road 78
  make_ns office
  link gateway office "$GATEWAY_LAN/24" office lan 10.20.0.2/24
  default_route office "$GATEWAY_LAN"
  nginx_start home 127.0.0.1
}

publish() {
  local tls="{certificate: $CA/all.pem, key: $CA/all.key}"
  gateway_services <<YAML
  everywhere:
    host: everywhere.lab.test
    site: home
    target: http://127.0.0.1:8085
    visible: [public, tunnel, lan]
    tls: $tls
  inside:
    host: inside.lab.test
    site: home
    target: http://127.0.0.1:8085
    visible: [tunnel, lan]
    tls: $tls
  outside:
    host: outside.lab.test
    site: home
    target: http://127.0.0.1:8085
    tls: $tls
https:
  listen: ["$GATEWAY4:8443", "tunnel:8443", "lan:$GATEWAY_LAN:8443"]
YAML
  plain_peer_start phone road
  until_ok 10 answers_at visitor "$GATEWAY4" everywhere
}

at() { # NS ADDRESS NAME: the status
  in_ns "$1" curl -sS --max-time 5 --cacert "$CA/ca.pem" --connect-to "::$2:8443" -o /dev/null -w '%{http_code}' \
    "https://$3.lab.test/"
}

answers_at() { [ "$(at "$@" 2>/dev/null)" = 200 ]; }

everywhere() {
  expect_equal 'from the internet' 200 "$(at visitor "$GATEWAY4" everywhere)"
  until_ok 10 answers_at road 10.77.0.1 everywhere
  expect_equal 'from the office' 200 "$(at office "$GATEWAY_LAN" everywhere)"
}

inside_only() {
  expect_equal 'inside the tunnel' 200 "$(at road 10.77.0.1 inside)"
  expect_equal 'from the office' 200 "$(at office "$GATEWAY_LAN" inside)"
  refuse 'from the internet' at visitor "$GATEWAY4" inside
  expect_equal 'by the name of another' 404 "$(in_ns visitor curl -sS --max-time 5 --cacert "$CA/ca.pem" \
    --connect-to "::$GATEWAY4:8443" -H 'Host: inside.lab.test' -o /dev/null -w '%{http_code}' https://outside.lab.test/)"
  expect_equal 'without TLS' 404 "$(in_ns visitor curl -sS --max-time 5 -H 'Host: inside.lab.test' \
    -o /dev/null -w '%{http_code}' "http://$GATEWAY4:8080/")"
}

outside_only() {
  expect_equal 'from the internet' 200 "$(at visitor "$GATEWAY4" outside)"
  refuse 'inside the tunnel' at road 10.77.0.1 outside
  refuse 'from the office' at office "$GATEWAY_LAN" outside
}

# Who has a route to the office's address comes from the internet all the same.
by_address() {
  ip -n "$LAB_ID-visitor" route add 10.20.0.0/24 via "$GATEWAY4"
  refuse 'the listener of the office, from the internet' at visitor "$GATEWAY_LAN" inside
  expect_match 'counted' '"denied.SCOPE" *: *[1-9]' "$(culvert gateway status --json)"
}

scenario() {
  step "visitor, office, gateway, home behind a NAT; a CA" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085
  step "three names with three scopes; a phone in the tunnel" publish
  step "one name from everywhere" everywhere
  step "an internal name: from the tunnel and the office only" inside_only
  step "a public name: from the internet only" outside_only
  step "a private listener hears private addresses only" by_address
}
