# shellcheck shell=bash
# slowhttptest over TLS: slow heads, slow readers, ranges; a well-behaved visitor goes on.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/attacked.sh
. "$LIB/attacked.sh"

# Below the connections of one address (256) and the rate of arrivals (50/s behind the first 200).
CONNECTIONS=180

# The tool names no host in its handshakes, and so would get nowhere: its TLS is made for it, and takes no more than it
# does.
prepare() {
  attacked_prepare
  names_in stranger 127.0.0.1 "$HOST"
}

publish() {
  attacked_publish
  spawn hands stranger nice -n 19 socat -t 60 TCP-LISTEN:8443,bind=127.0.0.1,fork,reuseaddr \
    "OPENSSL:$STRANGERS_GATEWAY:8443,snihost=$HOST,verify=0"
  wait_port stranger 8443
}

slow() { # SECONDS OPTIONS…
  local seconds=$1
  shift
  (cd "$RUN/files" && stranger slowhttptest -c $CONNECTIONS -r 40 -l "$seconds" -p 5 "$@" >"$RUN/files/slow.out" 2>&1) || true
}

mode() { # COUNTERS SECONDS OPTIONS…
  beside "$RUN/files/under" "$1" slow "${@:2}"
  sed 's/\x1b\[[0-9;]*m//g' "$RUN/files/slow.out" | tail -n 30
  bounded
  recovered
}

# 10 s for a head, however it trickles.
slow_heads() { mode http.slow-head 20 -H -i 3 -u "http://$HOST:8443/"; }

# So many that take next to nothing have 30 s.
slow_readers() { mode http.stalled 60 -X -w 10 -y 20 -n 5 -z 32 -k 3 -u "http://$HOST:8443/big"; }

# Overlapping ranges are the target's business; here their number must not cost more than other fields do.
ranges() {
  beside "$RUN/files/under" http.slow-head slow 8 -R -a 5 -b 2000 -u "http://$HOST:8443/big"
  expect_at_most 'growth in KiB' 98304 $((RSS_AFTER - RSS_BEFORE))
  recovered
}

scenario() {
  step "visitor, stranger, gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085
  step "a service with TLS" publish
  step "warmed by ordinary load" warm
  step "quiet" quiet
  step "slow heads" slow_heads
  step "slow readers" slow_readers
  step "ranges" ranges
  step "quiet again" quiet
}
