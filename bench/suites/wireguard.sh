# shellcheck shell=bash
# WireGuard alone, from interface to interface, beside Debian's wireguard-go; then the main job's download with the driver `tun`
# at both ends, and with `embedded`, each beside the stack of guide 002. WIREGUARD_PARTS names the parts to run.

# What the main suite starts and measures with; its figures are its own.
KEPT_FIGURES=("${FIGURES[@]}")
# shellcheck source-path=SCRIPTDIR source=main.sh
. "$ROOT/bench/suites/main.sh"
FIGURES=("${KEPT_FIGURES[@]}")
# shellcheck source-path=SCRIPTDIR source=../lib/wg-pair.sh
. "$ROOT/bench/lib/wg-pair.sh"

if [ -n "$QUICK" ]; then QUESTIONS=1000; else QUESTIONS=5000; fi
WIREGUARD_PARTS=${WIREGUARD_PARTS:-handshakes sealing stream packets questions crowd tun embedded}

figure wg-handshakes-per-s 'handshakes per second and core: the responder, libcrypto'
figure wg-handshakes-begun-per-s 'the same: the initiator'
figure wg-jdk-handshakes-per-s "the responder, by the JDK's and our own functions"
figure wg-jdk-handshakes-begun-per-s 'the same: the initiator'
figure wg-sealed-1-gbit 'packets of 1420 bytes sealed by one core, Gbit/s'
figure wg-opened-1-gbit 'the same: opened'
figure wg-sealed-2-gbit 'sealed by two cores, one session'
figure wg-opened-2-gbit 'the same: opened'
figure wg-gbit 'interface to interface (`culvert wg`), 1 stream, Gbit/s'
figure wg-cpu-s-per-gib 'CPU-seconds of both ends per GiB'
figure wg-jdk-gbit "the same with the JDK's cipher, Gbit/s"
figure wg-jdk-cpu-s-per-gib 'CPU-seconds of both ends per GiB'
figure wg-64-packets-per-s 'datagrams of 64 bytes that arrive, per second'
figure wg-64-cpu-s-per-100k 'CPU-seconds of both ends per 100,000 of them'
figure wg-512-packets-per-s 'datagrams of 512 bytes that arrive, per second'
figure wg-512-cpu-s-per-100k 'CPU-seconds of both ends per 100,000 of them'
figure wg-rest-p50-us 'round trip of 64 bytes through the tunnel at rest, median, µs'
figure wg-rest-p99-us 'its 99th percentile, µs'
figure wg-load-p50-us "the same beside a stream of 70 % of the peer's throughput, median, µs"
figure wg-load-p99-us 'its 99th percentile, µs'
figure wg-1000-gbit '1 stream, each end with 1,000 peers, of which one carries it, Gbit/s'
figure wg-1000-cpu-s-per-gib 'CPU-seconds of both ends per GiB'
figure tun-throughput-1-gbit 'download, 1 stream, driver tun at both ends, Gbit/s'
figure tun-cpu-s-per-gib-1 'CPU-seconds of the stack per GiB'
figure tun-gateway-rss-mib 'memory of the gateway after that, MiB'
figure embedded-throughput-1-gbit 'the same, driver embedded at both ends, Gbit/s'
figure embedded-cpu-s-per-gib-1 'CPU-seconds of the stack per GiB'
figure embedded-gateway-rss-mib 'memory of the gateway after that, MiB'

wireguard_download() { # SIDE DRIVER
  local before after bytes seconds names
  read -ra names <<<"$(processes "$1")"
  before=$(cpu_seconds "${names[@]}")
  read -r bytes seconds <<<"$(until_ok 20 received -p $((PORT[$1] + 1)) -t $SECONDS_GET)"
  after=$(cpu_seconds "${names[@]}")
  sample "$2-throughput-1-gbit" "$1" "$(calculate 2 "$bytes * 8 / $seconds / 1e9")"
  sample "$2-cpu-s-per-gib-1" "$1" "$(calculate 2 "($after - $before) / ($bytes / 1073741824)")"
}

# As every other route here: BBR halves the throughput of a veth.
wireguard_routes() { # NS…
  local ns
  for ns; do
    in_ns "$ns" ip route show dev culvert0 | while read -r route; do
      # shellcheck disable=SC2086 # the words of a route
      in_ns "$ns" ip route replace $route dev culvert0 congctl cubic </dev/null
    done
  done
}

wireguard_warm() { until_ok 20 received -p $((PORT[$1] + 1)) -P 4 -t $((WARM * 2)) >/dev/null; } # SIDE

wireguard_driver() { # DRIVER
  local round side
  direct_topology
  backend
  for side in $SIDES; do "${side}_start"; done
  if [ "$1" = tun ]; then wireguard_routes gateway home; fi
  each wireguard_warm
  for round in $(seq $ROUNDS); do each wireguard_download "$1"; done
  each memory "$1-gateway-rss-mib" gateway
  end_namespaces
  fresh_run
}

wireguard_by_itself() { # PROGRAM JAVA_OPTION…: what it prints, without a tunnel
  "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED "${@:2}" -cp "$ROOT/app/target/run/*" "$ROOT/bench/lib/$1.java" $SECONDS_GET
}

wireguard_handshakes() {
  local round crypto prefix name responded initiated
  for round in $(seq $ROUNDS); do
    for crypto in libcrypto jdk; do
      prefix=wg-
      if [ "$crypto" = jdk ]; then prefix=wg-jdk-; fi
      read -r name responded initiated < <(wireguard_by_itself Handshakes "-Dculvert.crypto=$crypto")
      echo "  by $name"
      sample "${prefix}handshakes-per-s" ours "$responded"
      sample "${prefix}handshakes-begun-per-s" ours "$initiated"
    done
  done
}

wireguard_sealing() {
  local round name sealed opened sealed_by_two opened_by_two
  for round in $(seq $ROUNDS); do
    read -r name sealed opened sealed_by_two opened_by_two < <(wireguard_by_itself Sealing)
    echo "  by $name"
    sample wg-sealed-1-gbit ours "$sealed"
    sample wg-opened-1-gbit ours "$opened"
    sample wg-sealed-2-gbit ours "$sealed_by_two"
    sample wg-opened-2-gbit ours "$opened_by_two"
  done
}

# The first part warms the way that all of them take.
wireguard_pair_warm() { pair_iperf3 "$1" -t $((WARM * 2)) >/dev/null; } # SIDE

wireguard_stream() { pair_each pair_stream wg; }

wireguard_packets() {
  each pair_packets 64
  each pair_packets 512
}

wireguard_questions() {
  each pair_questions wg-rest
  # 0.2 Gbit/s where nobody has asked the peer yet.
  local rate
  rate=$(calculate 0 "($(median wg-gbit peer | sed 's/^-$/0.3/')) * 0.7e9")
  each pair_loaded_questions "$rate"
}

wireguard_crowd() {
  if [ ! -e "$RUN/files/crowd" ]; then each pair_crowd; fi
  each pair_stream wg-1000
}

wireguard_pair() { # PART…: rounds of each, from interface to interface
  local part round
  pair_topology
  pair_each pair_start
  pair_each wireguard_pair_warm
  for part; do
    for round in $(seq $ROUNDS); do "wireguard_$part"; done
  done
  end_namespaces
  fresh_run
}

suite_run() {
  local part pair=()
  for part in $WIREGUARD_PARTS; do
    case $part in handshakes | sealing | tun | embedded) ;; *) pair+=("$part") ;; esac
  done
  if [ ${#pair[@]} -gt 0 ]; then wireguard_pair "${pair[@]}"; fi
  for part in $WIREGUARD_PARTS; do
    case $part in
      handshakes) wireguard_handshakes ;;
      sealing) wireguard_sealing ;;
      tun)
        TUN_ENDS='gateway home'
        wireguard_driver tun
        TUN_ENDS=
        ;;
      embedded) wireguard_driver embedded ;;
    esac
  done
}
