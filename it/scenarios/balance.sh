# shellcheck shell=bash
# Two targets at home and one elsewhere: a dead or silent one is left within 2 s without an error, a sick one by its
# health check; cookies stick; status shows it.
# lab: short

prepare() {
  topology
  behind_nat office 78
  backend_start one home 127.0.0.1 7101
  backend_start two home 127.0.0.1 7102
  backend_start three office 127.0.0.1 7103
}

ends() {
  pair 127.0.0.1:7101 127.0.0.1:7102
  site_start office 127.0.0.1:7103
}

publish() {
  gateway_services <<'YAML'
  app:
    host: app.lab.test
    target: ["http://127.0.0.1:7101 at home", "http://127.0.0.1:7102 at home", "http://127.0.0.1:7103 at office"]
  checked:
    host: checked.lab.test
    site: home
    target: [http://127.0.0.1:7101, http://127.0.0.1:7102]
    health: {path: /healthz, interval: 1}
  sticky:
    host: sticky.lab.test
    site: home
    target: [http://127.0.0.1:7101, http://127.0.0.1:7102]
    balance: least-connections
    sticky: true
YAML
  until_ok 10 answers app.lab.test
}

who() { visit --max-time 5 -f "http://$1.lab.test:8080/" "${@:2}" | head -n 1; } # SERVICE [CURL ARGUMENTS…]

turns() {
  local i
  for i in $(seq 9); do who app; done | sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd ' ' >"$RUN/files/turns"
  expect_equal 'each in turn' 'one=3 three=3 two=3' "$(cat "$RUN/files/turns")"
}

cookies() {
  local jar=$RUN/files/jar first i
  first=$(who sticky -c "$jar")
  for i in $(seq 6); do expect_equal 'the same target' "$first" "$(who sticky -b "$jar")"; done
  refuse 'an address in the cookie' grep -qE '710|127\.0|home' "$jar"
}

# Requests without a pause while a target goes away: none fails, none takes longer than 2 s.
ask_on() { # SECONDS
  local end=$((SECONDS + $1))
  : >"$RUN/files/times"
  while [ $SECONDS -lt $end ]; do
    visit --max-time 5 -o /dev/null -w '%{http_code} %{time_total}\n' http://app.lab.test:8080/ >>"$RUN/files/times"
  done
}

longest() {
  refuse 'a failed request' grep -qv '^200 ' "$RUN/files/times"
  local most
  most=$(awk '$2 > most { most = $2 } END { print most + 0 }' "$RUN/files/times")
  expect_at_most 'the longest request, s' 2 "$most"
  measured "$(wc -l <"$RUN/files/times") requests, longest $most s"
}

dead() {
  ask_on 6 &
  local asking=$!
  sleep 1
  stop one KILL
  wait $asking
  longest
}

silent() {
  backend_start one home 127.0.0.1 7101
  # Kept connections end with the process; whoever connects from then on hears nothing.
  stop two KILL
  in_ns home nft -f - <<'NFT'
table inet lab { chain in { type filter hook input priority 0; tcp dport 7102 drop; }; }
NFT
  ask_on 6
  in_ns home nft delete table inet lab
  backend_start two home 127.0.0.1 7102
  longest
}

health_of() { # SERVICE TARGET
  culvert gateway status --json | "$PYTHON" -c '
import json, sys
for service in json.load(sys.stdin)["services"]:
    for target in service.get("targets", []):
        if service["name"] == sys.argv[1] and sys.argv[2] in target["target"]:
            print(target["health"])' "$1" "$2"
}

is_health() { [ "$(health_of "$1" "$2")" = "$3" ]; }

sick() {
  until_ok 10 is_health checked 7101 up
  touch "$RUN/files/one.asked.sick"
  until_ok 10 is_health checked 7101 down
  local i
  for i in $(seq 6); do expect_equal 'who answers' two "$(who checked)"; done
  rm "$RUN/files/one.asked.sick"
  until_ok 10 is_health checked 7101 up
  grep -q 'is well again' <<<"$(culvert gateway status)"
}

# A PUT that no target has seen may go to the next one; what all refuse names no address.
none_left() {
  stop one KILL
  expect_equal 'a PUT' two "$(who checked -T "$RUN/gateway.yaml" | head -n 1)"
  stop two KILL
  local all
  all=$(visit -D - http://checked.lab.test:8080/)
  expect_match 'status' ' 502 ' "$all"
  expect_line 'an id for the operator' '^x-request-id: [0-9a-f]{16}' "$all"
  expect_no_match 'what is behind' '127\.0|710|home|refuse' "$all"
  expect_match 'the operator reads more' 'http://127.0.0.1:7102 +checked +home .*refuses the connection' "$(culvert gateway status)"
}

scenario() {
  step "visitor, gateway, two homes behind a NAT; three backends that say who they are" prepare
  step "gateway and two sites" ends
  step "services with several targets" publish
  step "round robin over two sites" turns
  step "a cookie keeps a visitor at its target, and names no address" cookies
  step "a target is killed: no request fails, none waits longer than 2 s" dead
  step "a target falls silent: no request fails, none waits longer than 2 s" silent
  step "a sick target is left until it is well; status says so" sick
  step "without any target: 502 with an id; the visitor learns no address, the operator does" none_left
}
