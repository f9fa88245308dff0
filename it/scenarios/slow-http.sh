# shellcheck shell=bash
# slowhttptest in all its modes over TLS: slow heads, bodies and readers, and ranges; a well-behaved visitor goes on.
# lab: short

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

# Below the connections of one address (256) and the rate of arrivals (50/s behind the first 200).
CONNECTIONS=180

slow() { # SECONDS OPTIONS…
  local seconds=$1
  shift
  (cd "$RUN/files" && in_ns stranger slowhttptest -c $CONNECTIONS -r 40 -l "$seconds" -p 5 "$@" >"$RUN/files/slow.out" 2>&1) || true
}

mode() { # COUNTERS SECONDS OPTIONS…
  beside "$RUN/files/under" "$1" slow "${@:2}"
  sed 's/\x1b\[[0-9;]*m//g' "$RUN/files/slow.out" | tail -n 30
  bounded
  recovered
}

# 10 s for a head, however it trickles.
slow_heads() { mode http.slow-head 20 -H -i 3 -u "https://$HOST:8443/"; }

# 240 B/s at least, after 30 s of grace.
slow_bodies() { mode http.stalled 75 -B -i 5 -s 8192 -u "https://$HOST:8443/"; }

# So many that take next to nothing have 30 s.
slow_readers() { mode http.stalled 60 -X -w 10 -y 20 -n 5 -z 32 -k 3 -u "https://$HOST:8443/big"; }

# Overlapping ranges are the target's business; here their number must not cost more than other fields do.
ranges() {
  beside "$RUN/files/under" http.slow-head slow 8 -R -a 5 -b 2000 -u "https://$HOST:8443/big"
  expect_at_most 'growth in KiB' 98304 $((RSS_AFTER - RSS_BEFORE))
  recovered
}

scenario() {
  step "visitor, stranger, gateway, home behind a NAT" attacked_prepare
  step "gateway and site" pair 127.0.0.1:8085
  step "a service with TLS" attacked_publish
  step "warmed by ordinary load" warm
  step "quiet" quiet
  step "slow heads" slow_heads
  step "slow bodies" slow_bodies
  step "slow readers" slow_readers
  step "ranges" ranges
  step "quiet again" quiet
}
