# shellcheck shell=bash
# HTTPS: own certificates, redirect, HSTS, 421, resumption, reload under load, bent hellos, TLS at site and backend, mTLS.
# lab: short

CA=$RUN/ca
HOME_SITE_KEY=$RUN/site-keys

issue() { # NAME EXTENSIONS: a certificate of the lab's CA, for that name
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/$1.key" -out "$CA/$1.csr" \
    -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$CA/$1.csr" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -CAcreateserial -days 30 -out "$CA/$1.pem" \
    -extfile <(printf '%s' "${2:-subjectAltName=DNS:$1}") 2>/dev/null
  chmod 600 "$CA/$1.key"
}

prepare() {
  mkdir -p "$CA" "$HOME_SITE_KEY"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/ca.key" -out "$CA/ca.pem" -days 30 \
    -subj '/CN=Lab CA' 2>/dev/null
  for name in one.lab.test two.lab.test strict.lab.test site.lab.test backend.lab.test; do issue "$name"; done
  issue friend 'extendedKeyUsage=clientAuth'
  cp "$CA/one.lab.test.pem" "$CA/served.pem"
  cp "$CA/one.lab.test.key" "$CA/served.key"
  mv "$CA/site.lab.test.pem" "$CA/site.lab.test.key" "$HOME_SITE_KEY"
  chown -R "$NOBODY:$NOBODY" "$CA" "$HOME_SITE_KEY"
  chmod 755 "$CA" "$HOME_SITE_KEY"
  topology
  nginx_start home 127.0.0.1
  socat_start head home 127.0.0.1 8090 EXEC:"$LIB/record-head.sh"
  spawn backend home openssl s_server -accept 127.0.0.1:8443 -cert "$CA/backend.lab.test.pem" \
    -key "$CA/backend.lab.test.key" -www
  wait_port home 8443
}

publish() {
  cat >>"$RUN/home.yaml" <<YAML
services:
  site:
    host: site.lab.test
    target: http://127.0.0.1:8090
    tls:
      ends: site
      certificate: $HOME_SITE_KEY/site.lab.test.pem
      key: $HOME_SITE_KEY/site.lab.test.key
YAML
  culvert gateway site grant home --host site.lab.test
  signal home HUP
  gateway_services <<YAML
  one:
    host: one.lab.test
    site: home
    target: http://127.0.0.1:8085
    tls: {certificate: $CA/served.pem, key: $CA/served.key}
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
      client-headers: true
  unissued:
    host: unissued.lab.test
    site: home
    target: http://127.0.0.1:8085
  backend:
    host: backend.lab.test
    site: home
    target: tls://127.0.0.1:8443
https:
  listen: [8443]
  hsts: 300
YAML
  until_ok 10 get one.lab.test -o /dev/null
}

get() { # HOST [CURL ARGUMENTS…]
  local host=$1
  shift
  in_ns visitor curl -sS --max-time 10 --cacert "$CA/ca.pem" --connect-to "::$GATEWAY4:8443" "$@" "https://$host/"
}

status() { get "$1" -o /dev/null -w '%{http_code}' "${@:2}"; }

s_client() { # NAME or - [ARGUMENTS…]: the handshake's summary
  local name=(-servername "$1")
  if [ "$1" = - ]; then name=(-noservername); fi
  shift
  in_ns visitor timeout 10 openssl s_client -connect "$GATEWAY4:8443" "${name[@]}" -CAfile "$CA/ca.pem" \
    "$@" </dev/null 2>&1 || true
}

own_certificates() {
  expect_equal 'the page' hello "$(get one.lab.test)"
  expect_line 'the transport' '^X-Forwarded-Proto: https' "$(get two.lab.test -H 'X-Forwarded-Proto: gopher')"
  expect_line 'HSTS' '^strict-transport-security: max-age=300' "$(get one.lab.test -D - -o /dev/null)"
  local view
  view=$(culvert gateway status)
  expect_match 'status' 'one.lab.test +Lab CA, a file' "$view"
  expect_match 'status' 'unissued.lab.test +itself, browsers warn' "$view"
  refuse 'a stand-in is not trusted' get unissued.lab.test -o /dev/null
  expect_equal 'a stand-in serves' hello "$(get unissued.lab.test -k)"
}

redirect() {
  local head
  head=$(in_ns visitor curl -sS -D - -o /dev/null --connect-to "::$GATEWAY4:8080" 'http://one.lab.test/a?b=c')
  expect_line 'status' '^HTTP/1.1 308' "$head"
  expect_line 'location' '^location: https://one.lab.test:8443/a\?b=c' "$head"
  head=$(in_ns visitor curl -sS -D - -o /dev/null --connect-to "::$GATEWAY4:8080" \
    'http://strict.lab.test/.well-known/acme-challenge/x')
  expect_line 'where TLS decides who is let in' '^HTTP/1.1 308' "$head"
  head=$(in_ns visitor curl -sS -D - -o /dev/null --connect-to "::$GATEWAY4:8080" \
    'http://one.lab.test/.well-known/acme-challenge/x')
  expect_line 'an authority' '^HTTP/1.1 404' "$head"
}

names() {
  expect_equal 'Host of another certificate' 421 "$(status one.lab.test -H 'Host: two.lab.test')"
  expect_equal 'Host of nobody' 421 "$(status one.lab.test -H 'Host: nobody.lab.test')"
  expect_match 'an unknown name' 'alert number 112' "$(s_client nobody.lab.test)"
  expect_match 'no name' 'alert number 112' "$(s_client -)"
}

versions() {
  local out
  expect_match 'TLS 1.3' 'TLSv1.3, Cipher is TLS_' "$(s_client one.lab.test -tls1_3)"
  expect_match 'TLS 1.2' 'TLSv1.2, Cipher is ECDHE' "$(s_client one.lab.test -tls1_2)"
  expect_match 'X25519' 'Server Temp Key: X25519' "$(s_client one.lab.test -tls1_3)"
  out=$(s_client one.lab.test -tls1_1 -cipher 'ALL:@SECLEVEL=0')
  expect_no_match 'TLS 1.1' 'Cipher is [A-Z]+-' "$out"
  out=$(s_client one.lab.test -tls1_2 -cipher 'AES128-SHA:AES256-GCM-SHA384:@SECLEVEL=0')
  expect_no_match 'no forward secrecy' 'Cipher is [A-Z]+-' "$out"
}

# The ticket of one service opens nothing at another, whose certificate decides who is let in.
resumption() {
  local version out
  for version in -tls1_2 -tls1_3; do
    in_ns visitor timeout 10 openssl s_client -connect "$GATEWAY4:8443" -servername one.lab.test "$version" \
      -sess_out "$RUN/session" -quiet < <(printf 'GET / HTTP/1.1\r\nHost: one.lab.test\r\nConnection: close\r\n\r\n'
      sleep 1) >/dev/null 2>&1 || true
    expect_match "$version again" 'Reused, ' "$(s_client one.lab.test "$version" -sess_in "$RUN/session")"
    out=$(s_client strict.lab.test "$version" -sess_in "$RUN/session")
    expect_no_match "$version at another service" 'Reused, ' "$out"
  done
}

client_certificates() {
  local friend=(--cert "$CA/friend.pem" --key "$CA/friend.key") head
  refuse 'without a certificate' status strict.lab.test
  expect_equal 'by the name of another' 421 "$(status two.lab.test -H 'Host: strict.lab.test')"
  expect_equal 'by the name of another, with one' 421 "$(status two.lab.test "${friend[@]}" -H 'Host: strict.lab.test')"
  head=$(get strict.lab.test "${friend[@]}" -H 'X-Client-Cert-Subject: CN=boss' -H 'X_Client-Cert.Subject: CN=boss' \
    -H 'Client-Cert: :AA==:' -H 'X-SSL-Client-S-DN: CN=boss')
  expect_line 'the target learns who' '^X-Client-Cert-Subject: CN=friend' "$head"
  expect_no_match 'what the visitor claims' 'boss' "$head"
  head=$(get two.lab.test -H 'X-Client-Cert-Subject: CN=boss' -H 'Client-Cert: :AA==:')
  expect_no_match 'nor elsewhere' 'boss|AA==' "$head"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$RUN/stranger.key" \
    -out "$RUN/stranger.pem" -days 30 -subj /CN=friend 2>/dev/null
  refuse 'of another authority' status strict.lab.test --cert "$RUN/stranger.pem" --key "$RUN/stranger.key"
}

passed_through() {
  local out
  expect_match 'its own certificate' 'issuer=CN ?= ?Lab CA' "$(s_client backend.lab.test)"
  expect_match 'the target serves' '200' "$(status backend.lab.test)"
  expect_line 'the site serves, and knows the visitor' "^X-Forwarded-For: $VISITOR4" "$(get site.lab.test)"
  expect_line 'and the transport' '^X-Forwarded-Proto: https' "$(get site.lab.test)"
  expect_equal 'Host of another end' 421 "$(status site.lab.test -H 'Host: one.lab.test')"
  expect_equal 'and the other way' 421 "$(status one.lab.test -H 'Host: site.lab.test')"
  # The key in any form in which a disk could have it: its text, or what that encodes.
  out=$(sed -n 2p "$HOME_SITE_KEY/site.lab.test.key")
  refuse "the site's key with the gateway" grep -rqF "$out" "$RUN/state/gateway" "$RUN/gateway.yaml" "$CA"
  expect_match 'the gateway does not present it' 'one.lab.test' "$(culvert gateway status)"
  expect_no_match 'the gateway does not present it' 'CERTIFICATE.*site.lab.test' "$(culvert gateway status)"
}

hellos() {
  in_ns visitor "$PYTHON" "$LIB/hellos.py" "$GATEWAY4" 8443 one.lab.test
  expect_match 'counted' 'tls.malformed' "$(culvert gateway status --json)"
}

serial() { s_client one.lab.test | openssl x509 -noout -serial 2>/dev/null; }

# A request runs through all of it; the pair is broken in between, as between the two writes of a client of ACME.
reloaded() {
  local before after failed=0 load
  before=$(serial)
  make_file "$RUN/files/www/big" 64
  in_ns visitor curl -sS --max-time 60 --cacert "$CA/ca.pem" --connect-to "::$GATEWAY4:8443" --limit-rate 4M \
    -o "$RUN/big" https://one.lab.test/big &
  load=$!
  issue one.lab.test
  cp "$CA/one.lab.test.pem" "$CA/served.pem"
  for _ in $(seq 40); do
    [ "$(status one.lab.test)" = 200 ] || failed=$((failed + 1))
    sleep 0.1
  done
  expect_match 'a broken pair is said' 'does not belong to the certificate; the one before goes on' \
    "$(culvert gateway status)"
  expect_equal 'a broken pair changes nothing' "$before" "$(serial)"
  cp "$CA/one.lab.test.key" "$CA/served.key"
  chown "$NOBODY" "$CA"/served.*
  renewed() { [ "$(serial)" != "$before" ]; }
  until_ok 10 renewed
  for _ in $(seq 20); do
    [ "$(status one.lab.test)" = 200 ] || failed=$((failed + 1))
  done
  expect_equal 'failed requests' 0 "$failed"
  after=$(serial)
  expect_no_match 'the new certificate' "$before" "$after"
  wait "$load"
  expect_equal 'the request that ran' "$(sha "$RUN/files/www/big")" "$(sha "$RUN/big")"
  measured "0 of 60 failed"
}

scenario() {
  step "visitor, gateway, home behind a NAT; a CA, a target with TLS of its own" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085 127.0.0.1:8090 127.0.0.1:8443
  step "certificates from files, one name without, TLS at gateway, site and backend on one port" publish
  step "own certificates, HSTS, status, a self-signed stand-in that says so" own_certificates
  step "HTTP is sent to HTTPS, but for authorities" redirect
  step "Host against the handshake's name: 421; unknown names: an alert" names
  step "TLS 1.2 and 1.3 only, X25519, forward secrecy" versions
  step "sessions are resumed, under their own service only" resumption
  step "client certificates: required, told to the target, not to be got round" client_certificates
  step "TLS that ends at the target and at the site: no key at the gateway" passed_through
  step "hellos byte by byte, in many records, and bent" hellos
  step "a new certificate while a request runs; a broken pair changes nothing" reloaded
}
