# shellcheck shell=bash
# New address at home, gateway killed and restarted, 60 s without packets: how soon a request succeeds again.
# lab: short idle

CULVERT_LIMIT=10
KEEPALIVE=25
DROP=${LAB_DROP:-60}

prepare() {
  topology
  behind_nat plain 78
  nginx_start home 127.0.0.1
  spawn plain-web plain "$PYTHON" -m http.server 8085 --directory "$RUN/files/www"
  wait_port plain 8085
}

ends() {
  pair 127.0.0.1:8085
  plain_peer_start plain plain
  gateway_services <<YAML
  web:
    host: home.lab.test
    site: home
    target: http://127.0.0.1:8085
  plain:
    host: plain.lab.test
    site: plain
    target: http://$(address_of plain):8085
YAML
  until_ok 15 answers home.lab.test
  until_ok 30 answers plain.lab.test
  expect_match 'keepalive of the printed file' "PersistentKeepalive *= *$KEEPALIVE" "$(cat "$RUN/files/plain.printed")"
  pid_of home >"$RUN/files/home.pid"
}

# Fresh requests, each with 1 s to succeed, from the moment FROM; the seconds until the first success.
seconds_to() { # HOST LIMIT FROM
  local end=$((SECONDS + $2 + 30))
  until visit -f -o /dev/null --max-time 1 "http://$1:8080/" 2>/dev/null; do
    [ $SECONDS -lt $end ] || { echo 999; return; }
    sleep 0.1
  done
  since "$3"
}

both_answer() { # LIMIT_CULVERT LIMIT_PLAIN FROM
  local plain
  seconds_to plain.lab.test "$2" "$3" >"$RUN/files/plain.seconds" &
  plain=$!
  seconds_to home.lab.test "$1" "$3" >"$RUN/files/home.seconds"
  wait $plain
  measured "Culvert site $(cat "$RUN/files/home.seconds") s, plain peer $(cat "$RUN/files/plain.seconds") s"
  expect_at_most 'Culvert site' "$1" "$(cat "$RUN/files/home.seconds")"
  expect_at_most 'plain peer' "$2" "$(cat "$RUN/files/plain.seconds")"
}

address_change() {
  change_home_address 198.51.100.77 20000-29999
  both_answer $CULVERT_LIMIT $((KEEPALIVE + 5)) "$EPOCHREALTIME"
}

router_restart() {
  change_home_address 198.51.100.77 30000-39999
  both_answer $CULVERT_LIMIT $((KEEPALIVE + 5)) "$EPOCHREALTIME"
}

gateway_killed() {
  stop gateway KILL
  sleep 2
  local from=$EPOCHREALTIME
  mv "$LOGS/gateway.log" "$LOGS/gateway-killed.log"
  gateway_launch
  both_answer $CULVERT_LIMIT 10 "$from"
}

no_packets() {
  drop_everything
  sleep "$DROP"
  refuse 'a request while nothing is carried' answers home.lab.test
  carry_again
  # No promise for a plain peer here; its figure is printed.
  both_answer $CULVERT_LIMIT $((KEEPALIVE + 25)) "$EPOCHREALTIME"
}

same_site() {
  expect_equal "the site's process" "$(cat "$RUN/files/home.pid")" "$(pid_of home)"
  alive home
}

scenario() {
  step "home and a plain peer, each behind the NAT" prepare
  step "gateway and site as an unprivileged user, wg-quick at the plain peer" ends
  step "a new address at home: ≤ $CULVERT_LIMIT s, plain ≤ keepalive + 5 s" address_change
  step "the home router restarts, same address, other ports: likewise" router_restart
  step "gateway killed with -9 and restarted: ≤ $CULVERT_LIMIT s, plain ≤ 10 s" gateway_killed
  step "all packets dropped for $DROP s: ≤ $CULVERT_LIMIT s" no_packets
  step "the site's process is the one that was started" same_site
}
