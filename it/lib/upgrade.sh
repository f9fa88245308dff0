# What the scenarios of an upgrade share: a gateway, a Culvert site, a plain peer, and visitors that never stop coming.
# shellcheck shell=bash disable=SC2034

upgrade_prepare() {
  topology
  behind_nat plain 78
  nginx_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
  spawn plain-web plain "$PYTHON" -m http.server 8085 --directory "$RUN/files/www"
  wait_port plain 8085
}

upgrade_services() {
  cat <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  plain:
    host: plain.lab.test
    site: plain
    target: http://$(address_of plain):8085
  echo:
    listen: 7003/tcp
    site: home
    target: tcp://127.0.0.1:7003
YAML
}

upgrade_ends() {
  pair 127.0.0.1:8085 127.0.0.1:7003
  plain_peer_start plain plain
  upgrade_services | gateway_services
  until_ok 15 answers web.lab.test
  until_ok 30 answers plain.lab.test
  state_of gateway >"$RUN/files/gateway.before"
  state_of home >"$RUN/files/home.before"
}

state_of() { # END: what must outlive an upgrade: names, keys, addresses, origins
  culvert "$1" status --json | "$PYTHON" -c '
import json, sys
now = json.load(sys.stdin)
print(now["name"], now["role"], now["tunnel"]["publicKey"], now["tunnel"]["listen"], now["tunnel"]["addresses"])
for peer in sorted(now["peers"], key=lambda p: p["name"]): print(peer["name"], peer["type"], peer["address"])
for service in now["services"] if now["role"] == "gateway" else []: print(service["name"])'
  if [ "$1" = gateway ]; then culvert gateway site list; fi
}

load_begin() {
  rm -f "$RUN/files/enough"
  spawn load visitor "$PYTHON" "$LIB/load.py" "$GATEWAY4" 8080 7003 "$RUN/files/enough" web.lab.test plain.lab.test
  wait_log load '^loaded' 20
}

upgrade() { # END PROGRAM: replaces it and follows it to its new process
  local before out
  before=$(pid_of "$1")
  out=$(culvert "$1" upgrade --binary "$2")
  echo "$out"
  sed -n 's/^process \([0-9]*\) .*/\1/p' <<<"$out" >"$RUN/pids/$1"
  [ "$(pid_of "$1")" != "$before" ]
  until_ok 10 ended "$before"
  alive "$1"
  sed -n 's/.*visitors waited for \([0-9]*\) ms.*/\1/p' <<<"$out" >>"$RUN/files/$1.waits"
}

ended() { # PID: a zombie is no process any more
  local state
  state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
  [ "$state" = Z ]
}

waits() { paste -sd ' ' "$RUN/files/$1.waits"; } # END

load_unharmed() {
  touch "$RUN/files/enough"
  until_ok 30 gone load
  cat "$LOGS/load.log"
  local kind
  for kind in refused reset failed; do
    expect_equal "$kind connections" 0 "$(sed -n "s/^$kind //p" "$LOGS/load.log")"
  done
  measured "$(sed -n 's/^ok //p' "$LOGS/load.log") answered, 0 refused, the slowest in $(sed -n 's/^slowest //p' "$LOGS/load.log") s"
}

state_kept() {
  local end
  for end in gateway home; do
    expect_equal "state of $end" "$(cat "$RUN/files/$end.before")" "$(state_of "$end")"
  done
  answers web.lab.test
  answers plain.lab.test
  unprivileged gateway home
}
