# shellcheck shell=bash
# 100,000 packets of junk and 20,000 initiations with a right mac1 a second: the tunnel keeps its goodput, only cookies leave.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

JUNK=100000
INITIATIONS=20000
# With LAB_STRICT, four fifths of the goodput must be kept; a machine that others use has no clock to judge by.
# So often a transfer beside the flood of an unrelated port, then one under that of WireGuard's.
ROUNDS=${LAB_ROUNDS:-4}

prepare() {
  topology
  make_ns stranger
  link stranger wild "$STRANGER/24" gateway wild "$STRANGERS_GATEWAY/24"
  # The stranger has every address of a network of its own, and counts what comes back to it.
  ip -n "$LAB_ID-stranger" route add local 198.18.0.0/16 dev lo
  ip -n "$LAB_ID-gateway" route add 198.18.0.0/16 via "$STRANGER"
  # Two replies to one address in a turn leave as one packet of two segments, which a wire would not carry.
  ip -n "$LAB_ID-gateway" link set wild gso_max_segs 1
  in_ns stranger nft -f - <<'NFT'
table inet seen {
  counter cookies { }
  counter others { }
  set lengths { typeof udp length; flags dynamic; size 64; counter; }
  chain arriving { type filter hook prerouting priority -300;
    iifname "wild" udp length 72 counter name cookies drop
    iifname "wild" udp sport 51820 counter name others add @lengths { udp length } drop
    iifname "wild" meta l4proto icmp drop
  }
}
NFT
  nginx_start home 127.0.0.1
  make_file "$RUN/files/www/big" 100
}

seen() { in_ns stranger nft list counter inet seen "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; } # COUNTER

publish() {
  gateway_services <<'YAML'
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
  until_ok 15 answers web.lab.test
}

flood() { # PORT: in the background, until flood_end
  rm -f "$RUN/files/flood" "$RUN/files/flood".*
  # Ahead of all else: a flood does not wait until the machine that it hits has time.
  in_ns stranger nice -n -20 "$PYTHON" "$LIB/wg-flood.py" "$STRANGERS_GATEWAY" "$1" "$(culvert gateway keys)" $JUNK $INITIATIONS 0 \
    "$RUN/files/flood" &
  FLOOD=$!
  until_ok 60 test -e "$RUN/files/flood.begun"
}

flood_end() {
  touch "$RUN/files/flood.end"
  wait "$FLOOD"
}

transfer() { # how long 100 MiB take, in seconds, and whether they are whole
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(cat "$RUN/files/sum")" "$(MAX_TIME=120 visit http://web.lab.test:8080/big | sha)" >&2
  since "$began"
}

under() { # PORT: the same, while that port is flooded
  flood "$1"
  local ticks seconds
  ticks=$(cpu_ticks)
  seconds=$(transfer)
  ticks=$(($(cpu_ticks) - ticks))
  flood_end
  "$PYTHON" - "$RUN/files/flood" "$seconds" "$ticks" <<'PY'
import json, sys
sent, seconds, ticks = json.load(open(sys.argv[1])), float(sys.argv[2]), int(sys.argv[3])
print(f'{seconds} {ticks / 100:.2f} {sent["junk"] / sent["seconds"]:.0f} {sent["initiations"] / sent["seconds"]:.0f}')
PY
}

warm() {
  sha "$RUN/files/www/big" >"$RUN/files/sum"
  measured "100 MiB in $(transfer) s, by itself"
  # Until the code that a flood takes is compiled, a transfer beside it costs twice as much.
  for _ in 1 2 3; do under 51820 >/dev/null; done
  transfer >/dev/null
  rss_kib >"$RUN/files/rss"
}

# In turns, for the machine is not the same from one minute to the next.
rounds() {
  local round
  for round in $(seq "$ROUNDS"); do
    under 9 | tee -a "$RUN/files/unrelated" | sed 's/^/unrelated: seconds, CPU of the gateway, junk and initiations a second: /'
    under 51820 | tee -a "$RUN/files/flooded" | sed 's/^/flooded:   seconds, CPU of the gateway, junk and initiations a second: /'
  done
  measured "$("$PYTHON" - "$RUN/files/unrelated" "$RUN/files/flooded" "$RUN/files/kept" <<'PY'
import statistics, sys
one, two = ([list(map(float, line.split())) for line in open(name)] for name in sys.argv[1:3])
ratios = sorted(a[0] / b[0] for a, b in zip(one, two))
junk, init = (statistics.mean(row[i] for row in two) for i in (2, 3))
cpu = [statistics.median(row[1] for row in rows) for rows in (one, two)]
open(sys.argv[3], 'w').write(f'{100 * statistics.median(ratios):.0f}')
print(f'{100 * statistics.median(ratios):.0f} % of the goodput ({", ".join(f"{100 * r:.0f}" for r in ratios)});'
      f' {junk:.0f} junk and {init:.0f} initiations a second; the gateway took {cpu[0]:.2f} and {cpu[1]:.2f} s of CPU')
PY
)"
  if [ -n "${LAB_STRICT:-}" ]; then expect_at_most 'goodput that is lost, in percent' 20 $((100 - $(cat "$RUN/files/kept"))); fi
}

only_cookies() {
  in_ns stranger nft list set inet seen lengths
  expect_equal 'packets that are no cookie replies' 0 "$(seen others)"
  [ "$(seen cookies)" -gt 1000 ]
  measured "$(seen cookies) cookie replies"
}

memory() {
  local grown=$(($(rss_kib) - $(cat "$RUN/files/rss")))
  measured "RSS grew by $grown KiB"
  expect_at_most 'growth of RSS in KiB' 32768 $grown
}

drops() { # NAME
  culvert gateway status --json | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["drops"].get(sys.argv[1], 0))' "$1"
}

counted() {
  local name
  for name in wireguard.COOKIE_REQUIRED udp.DROPPED_BY_KERNEL; do
    [ "$(drops $name)" -gt 1000 ] || { echo "$name is $(drops $name)"; return 1; }
  done
  measured "$(drops wireguard.COOKIE_REQUIRED) were asked for a cookie, $(drops udp.DROPPED_BY_KERNEL) the kernel dropped"
}

scenario() {
  step "visitor, stranger with 65,534 addresses, gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085
  step "a service through the tunnel" publish
  step "warm, with and without a flood" warm
  step "100 MiB beside the flood of an unrelated port, and of WireGuard's, in turns, equal SHA-256" rounds
  step "nothing but cookie replies has left to the stranger" only_cookies
  step "the gateway's memory is bounded" memory
  step "the counters say what it was" counted
}
