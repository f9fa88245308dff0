# shellcheck shell=bash
# DNS-01 with a real name server: a wildcard by signed updates (RFC 2136), then by the operator's own program; nothing stays behind.
# lab: short

# shellcheck source-path=SCRIPTDIR/../lib source=../lib/acme.sh
. "$LIB/acme.sh"

prepare() {
  acme_packages pebble bind9 bind9-utils bind9-dnsutils
  topology
  ca_net
  nginx_start home 127.0.0.1
  ca_keys
  bind_start
  pebble_start "$CA:53"
  install -m 600 -o "$NOBODY" -g "$NOBODY" "$RUN/ca/tsig.key" "$RUN/files/tsig.key"
  mkdir -p "/etc/netns/$LAB_ID-gateway"
  echo "nameserver $CA" >"/etc/netns/$LAB_ID-gateway/resolv.conf"
}

services() { # HOST; the rest of acme: on standard input
  cat <<YAML
  web:
    host: "$1"
    site: home
    target: http://127.0.0.1:8085
https:
  listen: 8443
acme:
  email: me@lab.test
  directory: $ACME_DIRECTORY
  ca-file: $RUN/ca/trust.pem
YAML
  cat
}

by_update() {
  services '*.lab.test' <<YAML | gateway_services
  dns:
    rfc2136:
      server: $CA
      key-name: acme
      secret-file: $RUN/files/tsig.key
YAML
  until_ok 40 trusted any.lab.test
  trusted other.lab.test
  wait_log named "adding an RR at '_acme-challenge.lab.test' TXT" 1
}

nothing_stays() {
  expect_equal 'the record' '' "$(in_ns ca dig "@$CA" +short _acme-challenge.lab.test TXT)"
}

# A program as an operator would write it, from nothing but its arguments.
write_hook() {
  cat >"$RUN/files/hook" <<HOOK
#!/bin/sh
env >>"$RUN/files/hook.env"
case \$1 in
  present) change="add \$2 60 TXT \$3" ;;
  cleanup) change="delete \$2 TXT \$3" ;;
esac
printf 'server $CA\nupdate %s\nsend\n' "\$change" | nsupdate -y "hmac-sha256:acme:\$(cat "$RUN/files/tsig.key")"
HOOK
  chmod 755 "$RUN/files/hook"
  install -m 600 -o "$NOBODY" -g "$NOBODY" /dev/null "$RUN/files/hook.env"
}

by_program() {
  local before
  before=$(serial any.lab.test)
  write_hook
  services '*.lab.test' <<YAML | gateway_services
  dns:
    exec: $RUN/files/hook
YAML
  culvert gateway certificate renew '*.lab.test'
  until_ok 40 serial_differs "$before"
  expect_match 'what the program is told' 'CULVERT_RECORD=_acme-challenge.lab.test' "$(cat "$RUN/files/hook.env")"
  if grep -E 'CULVERT_STATE|KEY' "$RUN/files/hook.env"; then return 1; fi
}

serial_differs() { [ "$(serial any.lab.test)" != "$1" ]; }

broken_program() {
  printf '#!/bin/sh\necho "no such zone" >&2\nexit 3\n' >"$RUN/files/hook"
  culvert gateway certificate renew '*.lab.test'
  until_ok 20 state_is gateway '*.lab.test' failing
  expect_match 'the error' 'hook present ended with 3: no such zone' "$(certificate_of gateway '*.lab.test' error)"
  trusted any.lab.test
}

refused_key() {
  echo AAAA >"$RUN/files/tsig.key"
  services '*.lab.test' <<YAML | gateway_services
  dns:
    rfc2136:
      server: $CA
      key-name: acme
      secret-file: $RUN/files/tsig.key
YAML
  culvert gateway certificate renew '*.lab.test'
  until_ok 20 error_names 'the DNS server'
  if culvert gateway status --json | grep AAAA; then return 1; fi
  chmod 644 "$RUN/files/tsig.key"
  culvert gateway certificate renew '*.lab.test'
  until_ok 20 error_names 'can be read by others'
}

error_names() { certificate_of gateway '*.lab.test' error | grep -q "$1"; }

scenario() {
  step "Pebble, bind9, a gateway, home behind a NAT" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085
  step "a wildcard by RFC 2136, signed: two names below it are trusted" by_update
  step "the record is gone" nothing_stays
  step "the same by a program" by_program
  step "and gone again" nothing_stays
  step "a program that fails: status has its words, the last certificate serves" broken_program
  step "a wrong key, and one that others can read" refused_key
}
