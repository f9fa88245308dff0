# shellcheck shell=bash
# Our TCP beside the kernel's over long and lossy paths of 200 Mbit/s, in the same WireGuard: 24 cells, and fairness.
# lab: long

# visitor ── gateway-S ── path ── home-S, for both sides S: `embedded`, whose TCP is ours at both ends, and `tun`,
# whose TCP is the kernel's. All that the tunnels send runs through the relay on the path, in both directions.
# $LOSSY_CELLS chooses cells by number, $LOSSY_FAIR the round trips of the fairness, $LOSSY_SECONDS says how long each side
# runs, $LOSSY_ROUNDS how often (times a cell's own number); $LOSSY_SAMPLES is a file that gets a line for each cell (bench/lib/lossy.py).
TUN_ENDS='gateway-tun home-tun'
SIDES='embedded tun'
SECONDS_EACH=${LOSSY_SECONDS:-12}
ROUNDS=${LOSSY_ROUNDS:-1}
TARGET=127.0.0.1:7000

# loss %, round trip ms, reorder %, streams; 1 to 24. For some also how many rounds, and how many times as long each: where
# a handful of accidents falls into 12 s, when they come decides more than who answers them. In virtual time, one run of one
# stream differs from the next by 17 and 21 % in cells 14 and 18, and by 38 % over 200 ms with one loss of a thousand, be it
# of 48 s: sixteen at once, which together fill a third of the path and so do not meet, are sixteen runs (cell 16).
CELLS=(
  '0 1 0 1' '0 1 0 16' '0 20 0 1' '0 20 0 16' '0 100 0 1' '0 100 0 16' '0 200 0 1' '0 200 0 16'
  '0 20 5 1' '0 100 5 1' '0 100 5 16' '0 200 5 16'
  '0.1 1 0 1' '0.1 20 0 1 2 4' '0.1 100 0 16' '0.1 200 5 16 4 4'
  '1 1 0 1' '1 20 0 1 2 4' '1 20 5 16' '1 100 0 16 1 2' '1 200 0 16 1 2'
  '5 1 0 1' '5 20 0 16' '5 100 5 16'
)

gateway_side() { # SIDE N: its namespaces and their links to the path
  local ns
  make_ns "gateway-$1"
  make_ns "home-$1"
  link visitor "to-$1" "203.0.11$2.10/24" "gateway-$1" public "$(public_of "$1")/24"
  link "gateway-$1" uplink "198.51.10$2.1/24" path "to-$1" "198.51.10$2.2/24"
  link "home-$1" lan "192.168.7$2.2/24" path "from-$1" "192.168.7$2.1/24"
  default_route "gateway-$1" "198.51.10$2.2"
  default_route "home-$1" "192.168.7$2.1"
  for ns in "gateway-$1" "home-$1"; do
    # Buffers for two products of bandwidth and delay; nothing that one transfer teaches the next one.
    in_ns "$ns" sysctl -qw net.ipv4.tcp_no_metrics_save=1 \
      net.ipv4.tcp_rmem='4096 131072 33554432' net.ipv4.tcp_wmem='4096 65536 33554432'
  done
  routed_by "to-$1" forth
  routed_by "from-$1" back
}

public_of() { if [ "$1" = tun ]; then echo 203.0.112.1; else echo 203.0.111.1; fi; } # SIDE

routed_by() { # IF DEVICE: what comes in there runs through this line of the relay
  in_ns path ip rule add iif "$1" lookup "${TABLE[$2]}"
}

prepare() {
  local device
  declare -gA TABLE=([forth]=101 [back]=102)
  make_ns visitor
  make_ns path
  in_ns path sysctl -qw net.ipv4.ip_forward=1
  for device in forth back; do
    in_ns path ip tuntap add dev $device mode tun
    in_ns path ip link set $device up txqueuelen 20000
    in_ns path ip route add default dev $device table "${TABLE[$device]}"
  done
  gateway_side embedded 1
  gateway_side tun 2
  make_file "$RUN/files/content" 16
  mkfifo "$RUN/orders"
  spawn relay path sh -c 'exec "$1" -XX:+UseSerialGC -Xmx64m --enable-native-access=ALL-UNNAMED "$2" forth back <>"$3"' \
    relay "$(java_found)" "$LIB/Impair.java" "$RUN/orders"
  for side in $SIDES; do
    spawn "serve-$side" "home-$side" "$PYTHON" "$LIB/flows.py" serve 7000 "$RUN/files/content"
  done
}

java_found() { sh -c '. "$1/.mvn/find-jdk"; echo "$JAVA_HOME/bin/java"' sh "$ROOT"; }

start_side() { # SIDE N
  local gateway=gateway-$1 home=home-$1
  state_for "$gateway"
  state_for "$home"
  gateway_file "$1" "$2" </dev/null
  spawn_culvert "$gateway" gateway --config "$RUN/$gateway.yaml"
  wait_log "$gateway" 'gateway ready' 40
  culvert "$gateway" site add "$home" | grep -oE '^ *cvt1\.[^ ]+' | tr -d ' ' >"$RUN/$home.token"
  chown "$NOBODY" "$RUN/$home.token"
  site_config "$home" "$TARGET"
  culvert "$home" join - <"$RUN/$home.token"
  site_launch "$home"
  gateway_file "$1" "$2" <<YAML
services:
  flows:
    listen: 9000/tcp
    site: $home
    target: tcp://$TARGET
YAML
  signal "$gateway" HUP
  wait_port "$gateway" 9000
  if is_tun "$gateway"; then
    with_cubic "$gateway"
    with_cubic "$home"
  fi
}

with_cubic() { # NS: as on every other route
  local route
  in_ns "$1" ip route show dev culvert0 | while read -r route; do
    # shellcheck disable=SC2086 # the words of a route
    in_ns "$1" ip route replace $route dev culvert0 congctl cubic </dev/null
  done
}

gateway_file() { # SIDE N, services on standard input
  {
    printf 'gateway:\n  name: vps-%s\n  endpoint: 198.51.10%s.1:51820\n' "$1" "$2"
    printf 'tunnel:\n  listen: 51820\n%s\n' "$(tunnel_type "gateway-$1")"
    cat
  } >"$RUN/gateway-$1.yaml"
  chmod 644 "$RUN/gateway-$1.yaml"
}

order() { # LOSS RTT REORDER SEED: the queue holds one product of 200 Mbit/s and the round trip
  local queue=$((25000 * $2))
  # Less than what one message of the tunnels carries at once would only measure how they cut it.
  if [ $queue -lt 65536 ]; then queue=65536; fi
  echo "rate=200 queue=$queue delay=$(($2 * 500)) loss=$1 reorder=$3 hold=$(($2 * 250)) seed=$4" >"$RUN/orders"
}

flows() { # SIDE STREAMS
  in_ns visitor "$PYTHON" "$LIB/flows.py" read "$(public_of "$1"):9000" "$RUN/files/content" "$2" "$SECONDS_EACH"
}

megabits() { awk '{ s = 0; for (i = 2; i <= NF; i++) s += $i; printf "%.2f\n", s * 8 / $1 / 1e6 }'; }

cell() { # LOSS RTT REORDER STREAMS ROUNDS LENGTH
  local round side rounds=$((ROUNDS * $5))
  declare -A sum=([embedded]=0 [tun]=0)
  for round in $(seq "$rounds"); do
    for side in $SIDES; do
      order "$1" "$2" "$3" "$round"
      SECONDS_EACH=$((SECONDS_EACH * $6)) flows "$side" "$4" | megabits >"$RUN/rate"
      sum[$side]=$(awk "BEGIN { print ${sum[$side]} + $(cat "$RUN/rate") }")
    done
  done
  awk "BEGIN { if (${sum[embedded]} < 0.9 * ${sum[tun]}) print \"$1 $2 $3 $4\" }" >>"$RUN/below"
  if [ -n "${LOSSY_SAMPLES:-}" ]; then
    awk "BEGIN { print \"$1 $2 $3 $4\", ${sum[embedded]} / $rounds, ${sum[tun]} / $rounds }" >>"$LOSSY_SAMPLES"
  fi
  measured "$(awk "BEGIN { printf \"ours %.2f, Linux %.2f Mbit/s, ratio %.2f\", ${sum[embedded]} / $rounds, ${sum[tun]} / $rounds, ${sum[embedded]} / ${sum[tun]} }")"
}

# For 1,200 round trips and 40 s at least: who leaves slow start later has more, until CUBIC, whose curves take 7 s each over
# 100 ms, has evened that out.
fairness() { # RTT: Jain's index over 4 streams of ours and 4 of Linux at once
  order 0 "$1" 0 1
  SECONDS_EACH=${LOSSY_FAIR_SECONDS:-$(($1 * 6 / 5 > 40 ? $1 * 6 / 5 : 40))}
  flows embedded 4 >"$RUN/rates-embedded" &
  flows tun 4 >"$RUN/rates-tun"
  wait $!
  cat "$RUN/rates-embedded" "$RUN/rates-tun" | awk '
    { for (i = 2; i <= NF; i++) { s += $i; q += $i * $i; n++ } if (NR == 1) ours = s }
    END { printf "index %.3f, ours %.1f of %.1f Mbit/s", s * s / n / q, ours * 8 / $1 / 1e6, s * 8 / $1 / 1e6 }' >"$RUN/index"
  measured "$(cat "$RUN/index")"
  awk '{ exit !($2 + 0 >= 0.9) }' "$RUN/index"
}

none_below() {
  if [ -s "$RUN/below" ]; then
    cat "$RUN/below"
    return 1
  fi
}

# A router that marks long before it would drop: both TCPs slow down, and nothing is lost.
marks() { # SIDE
  echo 'rate=200 queue=2000000 delay=10000 mark=250000 seed=1' >"$RUN/orders"
  flows "$1" 1 | megabits >"$RUN/rate"
  order 0 20 0 1
  until_ok 5 answered
  measured "$(cat "$RUN/rate") Mbit/s, $(grep -o '\(dropped\|marked\)=[0-9]*' "$RUN/answer" | tail -n 2 | tr '\n' ' ')"
  grep -qE 'back .*dropped=0 .*marked=[1-9]' "$RUN/answer"
}

# The line about the setting before the last one: the relay answers an order with what the one before it has done.
answered() {
  tail -n 1 "$LOGS/relay.log" >"$RUN/answer"
  grep -qE 'marked=[1-9]' "$RUN/answer"
}

warm() { # code that has run is compiled; then only the path counts
  local side
  order 0 1 0 0
  for side in $SIDES; do SECONDS_EACH=4 flows "$side" 4; done
}

# The relay must not be what limits.
relay_carries_more() {
  echo 'rate=2000 queue=1000000 delay=500' >"$RUN/orders"
  relay_seconds >"$RUN/cpu"
  SECONDS_EACH=4 flows tun 4 | megabits >"$RUN/rate"
  relay_seconds >>"$RUN/cpu"
  measured "$(cat "$RUN/rate") Mbit/s, $(awk 'NR == 1 { a = $1 } END { printf "%.0f", ($1 - a) / 4 * 100 }' "$RUN/cpu") % of a core"
  awk '{ exit !($1 > 250) }' "$RUN/rate"
}

relay_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$(pid_of relay)/stat"; }

scenario() {
  step "two gateways, two homes, and a path between them" prepare
  step "driver embedded at both ends" start_side embedded 1
  step "driver tun at both ends" start_side tun 2
  step "warm-up" warm
  local number side rtt
  for number in ${LOSSY_CELLS:-$(seq ${#CELLS[@]})}; do
    # shellcheck disable=SC2086 # the words of a cell
    set -- ${CELLS[number - 1]}
    step "cell $number: loss $1 %, round trip $2 ms, reorder $3 %, streams $4" cell "$1" "$2" "$3" "$4" "${5:-1}" "${6:-1}"
  done
  step "no cell below 0.9 of Linux" none_below
  # The kernel asks for ECN only where it is told to, as ours does by itself.
  in_ns gateway-tun sysctl -qw net.ipv4.tcp_ecn=1
  for side in $SIDES; do
    step "a router that marks, driver $side: marked and not dropped" marks "$side"
  done
  in_ns gateway-tun sysctl -qw net.ipv4.tcp_ecn=2
  for rtt in ${LOSSY_FAIR:-20 100}; do
    step "fairness, round trip $rtt ms: 4 streams of ours, 4 of Linux" fairness "$rtt"
  done
  step "the relay carries more than its bottleneck" relay_carries_more
}
