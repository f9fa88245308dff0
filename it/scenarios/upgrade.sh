# shellcheck shell=bash
# Gateway and site are replaced by new processes, forth and back, under fresh connections: none refused, state kept.
# lab: short

# shellcheck source-path=SCRIPTDIR source=../lib/upgrade.sh
. "$LIB/upgrade.sh"

GATEWAY_ROUNDS=${LAB_ROUNDS:-2}
SITE_ROUNDS=${LAB_ROUNDS:-1}

gateway_rounds() {
  local i
  for i in $(seq "$GATEWAY_ROUNDS"); do
    echo "round $i"
    upgrade gateway "$CULVERT"
    answers web.lab.test
    answers plain.lab.test
  done
  measured "visitors waited for $(waits gateway) ms"
}

site_rounds() {
  local i
  for i in $(seq "$SITE_ROUNDS"); do
    upgrade home "$CULVERT"
    until_ok 10 answers web.lab.test
  done
  measured "visitors waited for $(waits home) ms"
}

refused_upgrade() { # PATTERN ARGUMENTS…: the old process goes on, and says why
  local before pattern=$1 out
  shift
  before=$(pid_of gateway)
  if out=$(culvert gateway upgrade "$@" 2>&1); then echo "upgrade succeeded and must not"; return 1; fi
  expect_match 'the reason' "$pattern" "$out"
  expect_match 'what happens' 'the running node goes on' "$out"
  alive gateway
  expect_equal 'the process' "$before" "$(pid_of gateway)"
  answers web.lab.test
}

failures() {
  refused_upgrade 'ended with 1 before it took over' --binary /bin/false
  refused_upgrade 'no program' --binary /nowhere/culvert
  install -m 777 /bin/true "$RUN/files/anybodys"
  refused_upgrade 'can be changed by others' --binary "$RUN/files/anybodys"
  echo 'services: [' >"$RUN/gateway.yaml"
  refused_upgrade 'the configuration has mistakes' --binary "$CULVERT"
  upgrade_services | gateway_config
}

scenario() {
  step "visitor, gateway, home and a plain peer behind a NAT" upgrade_prepare
  step "gateway, Culvert site and plain peer; three services" upgrade_ends
  step "fresh and kept connections from the visitor, without a pause" load_begin
  step "the gateway is replaced, times $GATEWAY_ROUNDS" gateway_rounds
  step "the site is replaced, times $SITE_ROUNDS" site_rounds
  step "a program that fails, one that anybody can change, a broken file: the old process goes on" failures
  step "no connection was refused, reset or failed" load_unharmed
  step "names, keys, addresses, sites and services are what they were, and all answer" state_kept
}
