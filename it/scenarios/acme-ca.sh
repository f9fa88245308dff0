# shellcheck shell=bash
# An authority's own ways: accounts bound to its own, limits with Retry-After, profiles, advice when to renew.
# lab: long

# shellcheck source-path=SCRIPTDIR/../lib source=../lib/acme.sh
. "$LIB/acme.sh"

FRONT=$RUN/files/front

# Pebble of this age knows neither limits nor profiles nor advice; what stands before it does.
prepare() {
  acme_packages pebble
  topology
  ca_net
  nginx_start home 127.0.0.1
  ca_keys
  challtestsrv_start
  EAB_KEY=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '=\n')
  printf %s "$EAB_KEY" | install -m 600 -o "$NOBODY" -g "$NOBODY" /dev/stdin "$RUN/files/eab.key"
  mkdir -p "$FRONT"
  EAB_KEY=$EAB_KEY pebble_start "$CA:8053"
  spawn front ca "$PYTHON" "$LIB/acme-front.py" "$CA" 14001 "$RUN/ca/server.pem" "$RUN/ca/server.key" 14000 "$FRONT"
  wait_port ca 14001
}

services() { # HOST…; the rest of acme: on standard input
  local host
  for host; do
    printf '  %s:\n    host: %s.lab.test\n    site: home\n    target: http://127.0.0.1:8085\n' "$host" "$host"
  done
  cat <<YAML
https:
  listen: 8443
acme:
  email: me@lab.test
  directory: https://$CA:14001/dir
  ca-file: $RUN/ca/trust.pem
YAML
  cat
}

BOUND="  eab: {key-id: lab-key, key-file: $RUN/files/eab.key}"

unbound() {
  services web </dev/null | gateway_services
  until_ok 30 state_is gateway web.lab.test failing
  expect_match 'the error' 'refuses' "$(certificate_of gateway web.lab.test error)"
  expect_match 'the remedy' 'acme\.eab' "$(certificate_of gateway web.lab.test remedy)"
}

bound() {
  services web <<<"$BOUND" | gateway_services
  culvert gateway certificate renew web.lab.test
  until_ok 30 trusted web.lab.test
}

# An account that exists needs no binding again, and the key is in no log and no export.
bound_once() {
  if grep -rqF "$(cat "$RUN/files/eab.key")" "$LOGS"/gateway.log; then return 1; fi
  if culvert gateway export | grep -qF "$(cat "$RUN/files/eab.key")"; then return 1; fi
  chmod 000 "$RUN/files/eab.key"
  services web mail <<<"$BOUND" | gateway_services
  until_ok 30 trusted mail.lab.test
  chmod 600 "$RUN/files/eab.key"
}

asked_at() { sed -n "s/^\([0-9.]*\) $1.*/\1/p" "$FRONT/asked" | tail -n 1; } # WHAT

limited() {
  local refused asked
  echo 12 >"$FRONT/limit"
  services web mail news <<<"$BOUND" | gateway_services
  until_ok 30 state_is gateway news.lab.test failing
  refused=$(asked_at limited)
  expect_match 'the error' 'has a limit: too many new orders' "$(certificate_of gateway news.lab.test error)"
  expect_match 'events' 'news.lab.test .*certificate.rate-limited' "$(culvert gateway status --events)"
  expect_equal 'another name' 'HTTP/1.1 200' "$(visit_tls -D - -o /dev/null --http1.1 https://web.lab.test:8443/ | head -c 12)"
  rm "$FRONT/limit"
  # The operator cannot overrule the authority.
  culvert gateway certificate renew news.lab.test
  until_ok 40 trusted news.lab.test
  asked=$(asked_at 'order news.lab.test')
  awk -v refused="$refused" -v asked="$asked" 'BEGIN { exit !(asked - refused >= 11.5) }'
  expect_equal 'refusals' 1 "$(grep -c limited "$FRONT/asked")"
  measured "asked again after $(awk -v a="$refused" -v b="$asked" 'BEGIN { printf "%.1f", b - a }') s of 12"
}

profiles() {
  services web short <<<"$BOUND"$'\n  profile: shortlived' | gateway_services
  until_ok 30 trusted short.lab.test
  grep -q 'order short.lab.test profile=shortlived' "$FRONT/asked"
  services web strange <<<"$BOUND"$'\n  profile: strange' | gateway_services
  until_ok 30 state_is gateway strange.lab.test failing
  expect_match 'the error' 'has no profile strange' "$(certificate_of gateway strange.lab.test error)"
  expect_match 'the remedy' 'classic, shortlived' "$(certificate_of gateway strange.lab.test remedy)"
}

# The certificates that there are shall be renewed now; those that come of it shall not.
advised() {
  local before name
  services web <<<"$BOUND" | gateway_services
  before=$(serial web.lab.test)
  echo all >"$FRONT/renew-now"
  stop gateway
  # Two hours on: the gateway asks some while after it has got a certificate, and its memory survives a restart.
  spawn gateway gateway "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/gateway" \
    FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f +2h "$CULVERT" gateway --config "$RUN/gateway.yaml"
  until_ok 120 is_ready_again
  until_ok 60 grep -q renewalInfo "$FRONT/asked"
  name=$(sed -n 's/.* renewalInfo //p' "$FRONT/asked" | head -n 1)
  echo "$name" >"$FRONT/renew-now"
  until_ok 60 serial_differs "$before"
  grep -qF "order web.lab.test profile=None replaces=$name" "$FRONT/asked"
  until_ok 10 trusted web.lab.test
}

is_ready_again() { [ "$(grep -c 'gateway ready' "$LOGS/gateway.log")" = 2 ]; }
serial_differs() { [ "$(serial web.lab.test)" != "$1" ]; }

scenario() {
  step "Pebble that wants bound accounts, and what stands before it; gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085
  step "without acme.eab: status says that the authority wants it" unbound
  step "with it: trusted" bound
  step "the key is needed once, and nowhere to be read" bound_once
  step "a limit: its Retry-After is kept, whatever the operator asks for; other names are served" limited
  step "a profile is asked for; one that there is not is said, with those that there are" profiles
  step "the authority advises to renew now: a new certificate, which says what it replaces" advised
}
