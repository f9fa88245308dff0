# shellcheck shell=bash
# Gateway and site with embedded and tun, each with each: 100 MB, rekey and a new address under a transfer, a NAT's real timers.
# lab: long
# Takes half an hour: LAB_BOUND=3600.

# GATEWAY:SITE
PAIRS=${PAIRS:-embedded:embedded embedded:tun tun:embedded tun:tun}
BIG=${BIG:-100}

prepare() {
  topology
  nginx_start home 127.0.0.1
  make_file "$RUN/files/www/big" "$BIG"
}

# shellcheck disable=SC2034 # read by lib/culvert.sh
ends() { # GATEWAY SITE
  TUN_ENDS=
  if [ "$1" = tun ]; then TUN_ENDS+=' gateway'; fi
  if [ "$2" = tun ]; then TUN_ENDS+=' home'; fi
  rm -rf "$RUN/state"
  gateway_start
  site_start home 127.0.0.1:8085
  gateway_services <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
  until_ok 30 answers web.lab.test
  expect_match 'the driver of the gateway' "tunnel $1" "$(culvert gateway status)"
  expect_match 'the driver of the site' "tunnel $2" "$(culvert home status)"
  measured "$(sed -n 's/.*tunnel up: vps (\(.*\))/\1/p' "$LOGS/home.log" | tail -n 1)"
}

down() {
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(MAX_TIME=600 visit -f http://web.lab.test:8080/big | sha)"
  measured "$(awk -v n="$BIG" -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", n * 8.388608 / s }')"
}

# When the last handshake was, within a second or two.
shaken() { echo $(($(date +%s) - $(culvert gateway status --json | sed -nE 's/.*"handshakeAgeSeconds" *: *([0-9]+).*/\1/p' | head -n 1))); }
renewed() { [ "$(shaken)" -gt $(($1 + 30)) ]; } # WHEN THE LAST ONE WAS

# REKEY_AFTER_TIME is 120 s. Then the site's router gets another address and other ports, under the same transfer.
rekey() { # N
  local before
  before=$(shaken)
  in_ns visitor curl -sS --noproxy '*' --max-time 900 --limit-rate "$((BIG * 1024 / 150))k" --resolve "*:8080:$GATEWAY4" -f \
    -o "$RUN/files/got" http://web.lab.test:8080/big &
  sleep 100
  until_ok 100 renewed "$before"
  change_home_address "198.51.100.7$1" "2${1}000-2${1}999"
  wait $!
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(sha "$RUN/files/got")"
  expect_line 'where the site is' "home +culvert.*198\.51\.100\.7$1:2${1}[0-9]{3}" "$(culvert gateway status)"
}

# Longer than any of the NAT's timers nobody visits; then it is the gateway that begins.
silence() {
  local timers=net.netfilter.nf_conntrack_udp_timeout stream
  stream=$(in_ns nat sysctl -n "${timers}_stream")
  sleep $((stream + 30))
  visit -f -o /dev/null http://web.lab.test:8080/
  measured "$((stream + 30)) s, the NAT's timers are $(in_ns nat sysctl -n "$timers") and $stream s"
}

# What the next pair waits for must not be in its log already.
stopped() { # PAIR
  stop home
  stop gateway
  mv "$LOGS/gateway.log" "$LOGS/gateway-$1.log"
  mv "$LOGS/home.log" "$LOGS/home-$1.log"
}

scenario() {
  local pair n=0
  step "visitor, gateway, home behind a NAT" prepare
  for pair in $PAIRS; do
    n=$((n + 1))
    step "gateway ${pair%:*}, site ${pair#*:}" ends "${pair%:*}" "${pair#*:}"
    step "$BIG MiB to the visitor, equal SHA-256" down
    step "a transfer of 150 s: a session is renewed, the home's address changes, equal SHA-256" rekey $n
    step "silence that is longer than the NAT's timers" silence
    step "stopped" stopped "${pair/:/-}"
  done
}
