# Two neighbours, and between them a WireGuard tunnel of each program: the kernel's TCP/IP at both ends, no relay, no proxy.
# shellcheck shell=bash

# Culvert as it comes, Culvert with the JDK's cipher, and the peer.
if [[ $SIDES == *ours* ]]; then PAIR_SIDES=(ours jdk peer); else PAIR_SIDES=(peer); fi
declare -A PAIR_NUMBER=([ours]=1 [jdk]=2 [peer]=3)

pair_iface() { echo "cvb${LAB_ID#culvert-}${1:0:1}${2:0:1}"; } # SIDE END
pair_address() { echo "10.6${PAIR_NUMBER[$1]}.0.$([ "$2" = left ] && echo 1 || echo 2)"; } # SIDE END
pair_processes() { echo "$1-left" "$1-right"; } # SIDE
pair_key() { cat "$RUN/files/$1-$2.key"; } # SIDE END

pair_topology() {
  make_ns left
  make_ns right
  link left wire 198.51.100.1/24 right wire 198.51.100.2/24
  spawn iperf3 right iperf3 -s -i 0
  spawn answer right "$PYTHON" "$ROOT/bench/lib/questions.py" answer 7007
  wait_port right 5201
  wait_port right 7007
}

pair_program() { # SIDE END: its process, and the interface that it makes
  local iface
  iface=$(pair_iface "$@")
  case $1 in
    ours) spawn "$1-$2" "$2" "$CULVERT" wg --foreground "$iface" ;;
    jdk) spawn "$1-$2" "$2" env CULVERT_JAVA_OPTIONS=-Dculvert.crypto=jdk "$CULVERT" wg --foreground "$iface" ;;
    peer) spawn "$1-$2" "$2" env WG_PROCESS_FOREGROUND=1 wireguard-go -f "$iface" ;;
  esac
  until_ok 20 in_ns "$2" wg show "$iface" >/dev/null 2>&1
}

pair_end() { # SIDE END OTHER OUTER_ADDRESS_OF_OTHER
  local iface
  iface=$(pair_iface "$1" "$2")
  pair_program "$1" "$2"
  in_ns "$2" wg setconf "$iface" /dev/stdin <<CONF
[Interface]
PrivateKey = $(pair_key "$1" "$2")
ListenPort = 5180${PAIR_NUMBER[$1]}
[Peer]
PublicKey = $(pair_key "$1" "$3" | wg pubkey)
AllowedIPs = $(pair_address "$1" "$3")/32
Endpoint = $4:5180${PAIR_NUMBER[$1]}
CONF
  ip -n "$LAB_ID-$2" addr add "$(pair_address "$1" "$2")/24" dev "$iface" noprefixroute
  ip -n "$LAB_ID-$2" link set "$iface" mtu 1420 up
  ip -n "$LAB_ID-$2" route add "10.6${PAIR_NUMBER[$1]}.0.0/24" dev "$iface" congctl cubic
}

pair_start() { # SIDE
  local end
  for end in left right; do (umask 077 && wg genkey >"$RUN/files/$1-$end.key"); done
  pair_end "$1" left right 198.51.100.2
  pair_end "$1" right left 198.51.100.1
  until_ok 10 in_ns left ping -c 1 -W 1 "$(pair_address "$1" right)" >/dev/null
}

# 999 more peers at both ends, which only stand in the tables: the first one carries what is measured.
pair_crowd() { # SIDE
  local end
  for end in left right; do
    "$PYTHON" -c 'import base64, os, sys
for i in range(999):
    key = base64.b64encode(os.urandom(32)).decode()
    print(f"[Peer]\nPublicKey = {key}\nAllowedIPs = 10.7{sys.argv[1]}.{i // 250}.{i % 250}/32")' \
      "${PAIR_NUMBER[$1]}" >"$RUN/files/crowd"
    in_ns $end wg addconf "$(pair_iface "$1" $end)" "$RUN/files/crowd"
  done
}

pair_iperf3() { # SIDE ARGUMENTS…: what came through, as bytes, packets and seconds
  in_ns left iperf3 -c "$(pair_address "$1" right)" -J "${@:2}" | "$PYTHON" -c 'import json, sys
all = json.load(sys.stdin)
end = all["end"]
got = end.get("sum_received") or end.get("sum") or sys.exit(all.get("error"))
udp = end.get("sum") or {}
print(got["bytes"], udp.get("packets", 0) - udp.get("lost_packets", 0), got["seconds"])'
}

pair_stream() { # SIDE FIGURE: one stream of TCP; throughput, and CPU of both ends' processes per GiB
  local before after bytes packets seconds names
  read -ra names <<<"$(pair_processes "$1")"
  before=$(cpu_seconds "${names[@]}")
  read -r bytes packets seconds <<<"$(pair_iperf3 "$1" -t "$SECONDS_GET")"
  after=$(cpu_seconds "${names[@]}")
  pair_sample "$2-gbit" "$1" "$(calculate 2 "$bytes * 8 / $seconds / 1e9")"
  pair_sample "$2-cpu-s-per-gib" "$1" "$(calculate 3 "($after - $before) / ($bytes / 1073741824)")"
}

pair_packets() { # SIDE BYTES: as many datagrams as the sender can send; those that arrive, and what 100,000 of them cost
  local before after bytes packets seconds names
  read -ra names <<<"$(pair_processes "$1")"
  before=$(cpu_seconds "${names[@]}")
  read -r bytes packets seconds <<<"$(pair_iperf3 "$1" -u -b 0 -l "$2" -t "$SECONDS_OTHER")"
  after=$(cpu_seconds "${names[@]}")
  pair_sample "wg-$2-packets-per-s" "$1" "$(calculate 0 "$packets / $seconds")"
  pair_sample "wg-$2-cpu-s-per-100k" "$1" "$(calculate 2 "($after - $before) / ($packets / 1e5)")"
}

pair_questions() { # SIDE PREFIX: 64 bytes there and back on one connection, µs
  local p50 p99
  read -r p50 p99 <<<"$(in_ns left "$PYTHON" "$ROOT/bench/lib/questions.py" ask "$(pair_address "$1" right)" 7007 "$QUESTIONS")"
  pair_sample "$2-p50-us" "$1" "$p50"
  pair_sample "$2-p99-us" "$1" "$p99"
}

pair_loaded_questions() { # SIDE RATE: beside a stream of that many bits per second, the same for every side
  spawn load left iperf3 -c "$(pair_address "$1" right)" -b "$2" -t 60
  sleep 1
  pair_questions "$1" wg-load
  alive load
  stop load
  # Its server takes nobody before it has seen that.
  until_ok 10 pair_iperf3 "$1" -t 1 >/dev/null 2>&1
}

# The peer stands beside both of Culvert's ciphers.
pair_sample() { # FIGURE SIDE VALUE
  case $2 in
    jdk) sample "${1/wg-/wg-jdk-}" ours "$3" ;;
    ours) sample "$1" ours "$3" ;;
    peer)
      sample "$1" peer "$3"
      if [[ -n ${MEANING[${1/wg-/wg-jdk-}]:-} ]]; then sample "${1/wg-/wg-jdk-}" peer "$3"; fi
      ;;
  esac
}

pair_each() { # COMMAND [ARGUMENTS…]: for every side, one right after the other
  local side
  for side in "${PAIR_SIDES[@]}"; do "$1" "$side" "${@:2}"; done
}
