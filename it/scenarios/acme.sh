# shellcheck shell=bash
# Certificates by themselves: HTTP-01 and TLS-ALPN-01 with Pebble, nonces refused, a rejected name, renewal under load, CA down.
# lab: short

# shellcheck source-path=SCRIPTDIR/../lib source=../lib/acme.sh
. "$LIB/acme.sh"

prepare() {
  acme_packages pebble
  topology
  ca_net
  nginx_start home 127.0.0.1
  ca_keys
  challtestsrv_start
  # Half of all requests are refused for their nonce.
  pebble_start "$CA:8053" PEBBLE_WFE_NONCEREJECT=50
}

services() { # CHALLENGE HOST…
  local challenge=$1 host
  shift
  for host; do
    printf '  %s:\n    host: %s.lab.test\n    site: home\n    target: http://127.0.0.1:8085\n' "$host" "$host"
  done
  cat <<YAML
https:
  listen: 8443
acme:
  email: me@lab.test
  directory: $ACME_DIRECTORY
  ca-file: $RUN/ca/trust.pem
  challenge: $challenge
YAML
}

by_http() {
  local began=$EPOCHREALTIME
  services auto web | gateway_services
  until_ok 30 trusted web.lab.test
  measured "$(since "$began") s"
  wait_log gateway 'web.lab.test: asking .* by http-01' 1
  until_ok 5 state_is gateway web.lab.test valid
}

by_tls() {
  local began=$EPOCHREALTIME
  services tls-alpn-01 web mail | gateway_services
  until_ok 30 trusted mail.lab.test
  measured "$(since "$began") s"
  wait_log gateway 'mail.lab.test: asking .* by tls-alpn-01' 1
}

# Only what a service declares is asked for, and each once.
asked_once() {
  expect_equal 'orders' 2 "$(grep -c ': asking ' "$LOGS/gateway.log")"
  measured "$(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$(pid_of gateway)/status") MiB resident"
}

rejected() {
  name_leads lost.lab.test "$CA"
  services http-01 web mail lost | gateway_services
  until_ok 30 state_is gateway lost.lab.test failing
  expect_match 'the error' 'lost.lab.test was not accepted by http-01: .*192\.0\.2\.2' "$(certificate_of gateway lost.lab.test error)"
  expect_match 'the remedy' 'port 80' "$(certificate_of gateway lost.lab.test remedy)"
  expect_match 'status' 'lost.lab.test +itself, browsers warn +failing' "$(culvert gateway status)"
  expect_match 'events' 'lost.lab.test .*certificate.challenge-rejected' "$(culvert gateway status --events)"
}

mended() {
  name_leads lost.lab.test 192.0.2.1
  culvert gateway certificate renew lost.lab.test
  until_ok 30 trusted lost.lab.test
}

renew_under_load() {
  local i before
  spawn load visitor "$PYTHON" "$LIB/tls-load.py" "$GATEWAY4" 8443 "$RUN/ca/roots.pem" "$RUN/files/enough" web.lab.test
  wait_log load loaded 20
  for i in 1 2 3; do
    before=$(serial web.lab.test)
    culvert gateway certificate renew web.lab.test
    until_ok 30 serial_differs "$before"
  done
  touch "$RUN/files/enough"
  until_ok 30 gone load
  expect_match 'certificates' $'(^|\n)certificates 4' "$(cat "$LOGS/load.log")"
  expect_match 'failures' $'(^|\n)failed 0\n' "$(cat "$LOGS/load.log")"
  measured "$(sed -n 's/^ok //p' "$LOGS/load.log") requests"
}

serial_differs() { [ "$(serial web.lab.test)" != "$1" ]; }

without_authority() {
  local before
  before=$(serial web.lab.test)
  stop pebble
  culvert gateway certificate renew web.lab.test
  until_ok 20 state_is gateway web.lab.test failing
  expect_match 'the error' 'does not answer' "$(certificate_of gateway web.lab.test error)"
  stop gateway
  gateway_launch
  wait_port gateway 8443
  expect_equal 'the certificate after a restart' "$before" "$(serial web.lab.test)"
  until_ok 15 trusted web.lab.test
  expect_equal 'what is known after a restart' failing "$(certificate_of gateway web.lab.test state)"
}

kept_secret() {
  local key
  key=$(echo "$RUN"/state/gateway/acme-*.key)
  expect_equal 'mode of the account key' 600 "$(stat -c %a "$key")"
  expect_equal 'mode of the database' 600 "$(stat -c %a "$RUN"/state/gateway/db/*.db)"
  if grep -l 'PRIVATE KEY' "$LOGS"/*.log; then return 1; fi
  if culvert gateway export | grep 'PRIVATE KEY'; then return 1; fi
}

scenario() {
  step "Pebble, a gateway, home behind a NAT" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085
  step "a name in the file: trusted HTTPS, by HTTP-01, half of the nonces refused" by_http
  step "another, by TLS-ALPN-01" by_tls
  step "each name was asked for once" asked_once
  step "a name that leads elsewhere: status says what the authority said, and what to do" rejected
  step "the name leads here, and renew is asked for: trusted" mended
  step "renewed three times under load: no request fails" renew_under_load
  step "the authority is down: the last certificate serves, after a restart as well" without_authority
  step "keys are readable by their owner only, and in no log" kept_secret
}
