# shellcheck shell=bash
# TLS ends at home: the site gets its certificate itself, through the gateway, on whose disk there is no key.
# lab: short

# shellcheck source-path=SCRIPTDIR/../lib source=../lib/acme.sh
. "$LIB/acme.sh"

prepare() {
  acme_packages pebble
  topology
  ca_net
  # Home reaches the authority as it reaches the internet: past the gateway's program.
  in_ns gateway sysctl -qw net.ipv4.ip_forward=1
  nginx_start home 127.0.0.1
  ca_keys
  challtestsrv_start
  pebble_start "$CA:8053"
}

at_home() {
  gateway_start
  printf 'https:\n  listen: 8443\n' | gateway_tail
  site_start home
  culvert gateway site grant home --host web.lab.test
  cat >>"$RUN/home.yaml" <<YAML
services:
  web:
    host: web.lab.test
    target: http://127.0.0.1:8085
    tls: site
acme:
  email: me@lab.test
  directory: $ACME_DIRECTORY
  ca-file: $RUN/ca/trust.pem
YAML
  signal home HUP
  until_ok 40 trusted web.lab.test
}

gateway_tail() { # top-level sections on standard input
  gateway_config </dev/null
  cat >>"$RUN/gateway.yaml"
  signal gateway HUP
}

keys_in() { # END
  grep -rlaE 'BEGIN (EC |RSA )?PRIVATE KEY' "$RUN/state/$1" || true
}

no_key_at_the_gateway() {
  expect_equal 'files with a private key at the gateway' '' "$(keys_in gateway)"
  expect_match 'files with a private key at home' 'db' "$(keys_in home)"
  expect_equal 'certificates at the gateway' '' "$(certificate_of gateway web.lab.test state)"
  expect_equal 'the one at home' valid "$(certificate_of home web.lab.test state)"
}

real_address() {
  visit_tls -o /dev/null "https://web.lab.test:8443/seen" || true
  until_ok 5 grep -q "^/seen .*xff=$VISITOR4 " "$RUN/nginx/headers.log"
}

scenario() {
  step "Pebble, a gateway, home behind a NAT" prepare
  step "home publishes with TLS of its own: trusted, by TLS-ALPN-01 through the gateway" at_home
  step "no private key on the gateway's disk, one at home" no_key_at_the_gateway
  step "nginx at home sees $VISITOR4" real_address
}
