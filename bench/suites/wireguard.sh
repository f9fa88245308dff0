# shellcheck shell=bash
# The main job's download with the driver `tun` at both ends, and with `embedded`, each beside the stack of guide 002.

# What the main suite starts and measures with; its figures are its own.
KEPT_FIGURES=("${FIGURES[@]}")
# shellcheck source-path=SCRIPTDIR source=main.sh
. "$ROOT/bench/suites/main.sh"
FIGURES=("${KEPT_FIGURES[@]}")

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

suite_run() {
  TUN_ENDS='gateway home'
  wireguard_driver tun
  TUN_ENDS=
  wireguard_driver embedded
}
