# shellcheck shell=bash
# A peer with a valid key attacks the gateway's TCP/IP stack by raw packets: floods, shut windows, pieces, guesses. Others go on.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

# With LAB_STRICT, four fifths of the goodput must be kept; a machine that others use has no clock to judge by.
ROUNDS=${LAB_ROUNDS:-3}
# Packets a second, for what keeps nothing in mind.
RATE=${LAB_RATE:-10000}
MODES=${LAB_MODES:-syn ack rst data icmp fragments zero tiny}
# An address of the tunnel that nobody has: what is sent there is opened by the gateway, and is not for its stack.
NOBODYS=10.77.0.250

prepare() {
  topology
  behind_nat nas 78
  nginx_start home 127.0.0.1
  # A transfer of seconds: in the tenths that a small one takes, one pause of anybody is a third of the goodput.
  make_file "$RUN/files/www/big" "${LAB_MIB:-600}"
  sha "$RUN/files/www/big" >"$RUN/files/sum"
  nas_web
  spawn nas-nginx nas nginx -p "$RUN/nginx" -e stderr -c "$RUN/nginx/nas.conf"
  wait_port nas 8085
}

nas_web() { # the attacker's own service, whose connections are live at the gateway too
  sed "s|127.0.0.1:|0.0.0.0:|; s|/nginx/pid|/nginx/nas.pid|; s|$RUN/nginx/[a-z]*.log|/dev/null|" "$RUN/nginx/nginx.conf" >"$RUN/nginx/nas.conf"
}

ends() {
  local wg peer
  pair 127.0.0.1:8085
  plain_peer_start nas nas
  wg=$(wg_name nas)
  peer=$(in_ns nas wg show "$wg" peers)
  in_ns nas wg set "$wg" peer "$peer" allowed-ips 10.77.0.0/24
  ip -n "$LAB_ID-nas" route replace 10.77.0.0/24 dev "$wg"
  # What answers to packets made by hand is nothing that the attacker's kernel knows of.
  in_ns nas nft -f - <<'NFT'
table inet attacker {
  chain leaving { type filter hook output priority 0;
    meta mark != 7 tcp sport 20000-60000 tcp flags & rst == rst drop
  }
}
NFT
}

publish() {
  gateway_config <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
    visible: [public, tunnel]
  nas:
    host: nas.lab.test
    site: nas
    target: http://$(address_of nas):8085
YAML
  sed -i 's/^  listen: \[8080\]/  listen: [8080, "tunnel:8080"]/' "$RUN/gateway.yaml"
  culvert gateway check "$RUN/gateway.yaml"
  signal gateway HUP
  until_ok 15 answers web.lab.test
  until_ok 15 answers nas.lab.test
}

# Whose goodput is asked: that of another peer, or that of the very connections which are aimed at.
live() { case $1 in ack | rst | data | icmp) echo nas.lab.test ;; *) echo web.lab.test ;; esac; }
reasons() {
  case $1 in
    syn) echo netstack.SYN_COOKIE ;;
    ack) echo netstack.NO_TCP_SOCKET netstack.OUT_OF_WINDOW netstack.UNACCEPTABLE_ACK ;;
    rst) echo netstack.OUT_OF_WINDOW netstack.INEXACT_RESET ;;
    data) echo netstack.OUT_OF_WINDOW netstack.UNACCEPTABLE_ACK netstack.MISSING_TIMESTAMP ;;
    icmp) echo netstack.UNRELATED_ICMP_ERROR ;;
    fragments) echo netstack.OVERLAPPING_FRAGMENT netstack.REFUSED_FRAGMENT ;;
    zero | tiny) echo netstack.TOO_MANY_STALLED netstack.STALLED http.stalled denied.too-many ;;
  esac
}

counted() { # NAME…: of the status, drops and counters alike
  culvert gateway status --json | "$PYTHON" -c '
import json, sys
status = json.load(sys.stdin)
print(sum(status["drops"].get(name, 0) + status["counters"].get(name, 0) for name in sys.argv[1:]))' "$@"
}

# Who forges SYNs does not answer what comes of them; the kernel of a peer would, with a RST for each.
silent() {
  in_ns nas nft -f - <<'NFT'
table inet silent {
  chain out { type filter hook output priority 0; tcp flags & rst == rst drop; }
}
NFT
}

attack_begin() { # MODE TO
  if [ "$1" = syn ]; then silent; fi
  rm -f "$RUN/files/attack" "$RUN/files/attack".*
  in_ns nas "$PYTHON" "$LIB/stack-attack.py" "$1" "$(address_of nas)" "$2" 8080 "$RATE" "$RUN/files/attack" &
  ATTACK=$!
  until_ok 60 test -e "$RUN/files/attack.begun"
  # A thousand requests stand, and those that were too many have been closed.
  if [[ $1 == zero || $1 == tiny ]]; then sleep 15; fi
}

attack_end() {
  touch "$RUN/files/attack.end"
  wait "$ATTACK"
  in_ns nas nft delete table inet silent 2>/dev/null || true
}

transfer() { # HOST: seconds; whole, or the scenario ends
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(cat "$RUN/files/sum")" "$(MAX_TIME=120 visit "http://$1:8080/big" | sha)" >&2
  since "$began"
}

under() { # MODE TO: seconds of a transfer beside it, packets a second, MiB of growth
  local seconds rss
  rss=$(rss_kib)
  attack_begin "$1" "$2"
  seconds=$(transfer "$(live "$1")")
  rss=$(($(rss_kib) - rss))
  attack_end
  "$PYTHON" - "$RUN/files/attack" "$seconds" $rss <<'PY'
import json, sys
sent = json.load(open(sys.argv[1]))
print(sys.argv[2], f'{sent["sent"] / sent["seconds"]:.0f}', int(sys.argv[3]) // 1024)
PY
}

warm() {
  transfer web.lab.test
  transfer nas.lab.test
  under syn 10.77.0.1
  under zero 10.77.0.1
  transfer web.lab.test
  measured "$(($(rss_kib) / 1024)) MiB"
}

attack() { # MODE
  local round before rss
  rm -f "$RUN/files/control" "$RUN/files/attacked"
  rss=$(rss_kib)
  before=$(counted $(reasons "$1"))
  for round in $(seq "$ROUNDS"); do
    under "$1" "$NOBODYS" >>"$RUN/files/control"
    under "$1" 10.77.0.1 >>"$RUN/files/attacked"
  done
  COUNTED=$(($(counted $(reasons "$1")) - before))
  measured "$("$PYTHON" - "$RUN/files/control" "$RUN/files/attacked" "$RUN/files/kept" <<'PY'
import statistics, sys
one, two = ([list(map(float, line.split())) for line in open(name)] for name in sys.argv[1:3])
ratios = sorted(a[0] / b[0] for a, b in zip(one, two))
open(sys.argv[3], 'w').write(f'{100 * statistics.median(ratios):.0f}')
print(f'{100 * statistics.median(ratios):.0f} % of the goodput ({", ".join(f"{100 * r:.0f}" for r in ratios)});'
      f' {statistics.mean(row[1] for row in two):.0f} packets a second, to nobody {statistics.mean(row[1] for row in one):.0f};'
      f' +{max(row[2] for row in two):.0f} MiB at most')
PY
); counted $COUNTED of $(reasons "$1" | sed 's/netstack\.//g'); RSS +$((($(rss_kib) - rss) / 1024)) MiB"
  expect_match 'counted' '^[1-9]' "$COUNTED"
  expect_at_most 'growth in KiB' 32768 $(($(rss_kib) - rss))
  if [ -n "${LAB_STRICT:-}" ]; then expect_at_most 'goodput that is lost, in percent' 20 $((100 - $(cat "$RUN/files/kept"))); fi
}

# Nothing of it is left 30 s later, and a transfer is whole.
recovered() {
  until_ok 30 few_sockets
  measured "$(sockets) sockets, $(($(rss_kib) / 1024)) MiB; the file in $(transfer web.lab.test) s"
}
sockets() {
  culvert gateway status --sockets --json | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["connections"])'
}
few_sockets() { [ "$(sockets)" -lt 30 ]; }

scenario() {
  local mode
  step "visitor, gateway, home and a plain peer behind a NAT" prepare
  step "gateway, site, wg-quick" ends
  step "a service at each, and HTTP inside the tunnel" publish
  step "warm, with and without a flood" warm
  for mode in $MODES; do
    step "$mode, beside the same packets to nobody, in turns, equal SHA-256" attack "$mode"
  done
  step "baseline within 30 s" recovered
}
