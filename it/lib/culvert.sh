# The product under test, by its command line only. Both ends run as an ordinary user without a capability.
# shellcheck shell=bash

# DIR/LOG names of the ends: `gateway` runs in namespace gateway, a site in the namespace of its name.
culvert() { # END ARGUMENTS…: a command of that end, in its namespace, with its state
  local end=$1
  shift
  in_ns "$end" "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/$end" "$CULVERT" "$@"
}

state_for() { # END
  install -d -m 755 "$RUN/state"
  install -d -m 700 -o "$NOBODY" -g "$NOBODY" "$RUN/state/$1"
}

# Ends that are named in $TUN_ENDS run the driver `tun`, with the one capability that it takes.
is_tun() { [[ " ${TUN_ENDS:-} " == *" $1 "* ]]; } # END

# Ends that are named in $ADMIN_ENDS have that capability alone, and the embedded tunnel.
is_admin() { [[ " ${ADMIN_ENDS:-} " == *" $1 "* ]]; } # END
AS_ADMIN=(setpriv "--reuid=$NOBODY" "--regid=$NOBODY" --clear-groups --inh-caps=-all,+net_admin
  --bounding-set=-all,+net_admin --ambient-caps=-all,+net_admin env)

tunnel_type() { if is_tun "$1"; then echo '  type: tun'; fi; } # END: a line below `tunnel:`

spawn_culvert() { # END COMMAND [ARGUMENTS…]: the long-running process, logged as its end's name
  local end=$1 as=("${AS_NOBODY[@]}")
  shift
  if is_admin "$end"; then as=("${AS_ADMIN[@]}"); fi
  if is_tun "$end"; then
    export TUN_FILE=$RUN/tun
    [ -e "$TUN_FILE" ] || mknod -m 666 "$TUN_FILE" c 10 200
    as=("$LIB/with-tun")
  fi
  spawn "$end" "$end" "${as[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/$end" "$CULVERT" "$@"
}

# $ENDPOINT is what sites dial, if not the uplink's address.
# Services on standard input, as YAML under `services:` (two spaces in). Replaced in one move, as editors do.
gateway_config() {
  local services
  services=$(cat)
  {
    cat <<YAML
gateway:
  name: vps
  endpoint: ${ENDPOINT:-$GATEWAY_UPLINK}:51820
tunnel:
  listen: 51820
$(tunnel_type gateway)${NETWORK6:+
  network6: $NETWORK6}
http:
  listen: [8080]
YAML
    if [ -n "$services" ]; then printf 'services:\n%s\n' "$services"; fi
  } >"$RUN/gateway.yaml.new"
  chmod 644 "$RUN/gateway.yaml.new"
  mv "$RUN/gateway.yaml.new" "$RUN/gateway.yaml"
}

gateway_launch() {
  spawn_culvert gateway gateway --config "$RUN/gateway.yaml"
  wait_log gateway 'gateway ready' 60
}

gateway_start() { # without services: they need a site first
  state_for gateway
  gateway_config </dev/null
  gateway_launch
}

gateway_services() { # services on standard input; the running gateway takes them up
  gateway_config
  culvert gateway check "$RUN/gateway.yaml"
  signal gateway HUP
}

site_add() { # NAME: the token, into a file that only its user can read
  local out
  out=$(culvert gateway site add "$1")
  grep -q 'culvert join' <<<"$out"
  grep -oE '^ *cvt1\.[^ ]+' <<<"$out" | tr -d ' ' >"$RUN/$1.token"
  [ -s "$RUN/$1.token" ]
  chown "$NOBODY" "$RUN/$1.token"
  chmod 600 "$RUN/$1.token"
}

site_config() { # NAME ALLOWED…
  local name=$1 target
  shift
  {
    printf 'site:\n  name: %s\n' "$name"
    if is_tun "$name"; then printf 'tunnel:\n%s\n' "$(tunnel_type "$name")"; fi
    printf 'allow:\n'
    for target; do printf '  - %s\n' "$target"; done
  } >"$RUN/$name.yaml"
  chmod 644 "$RUN/$name.yaml"
}

site_launch() { # NAME
  spawn_culvert "$1" site --config "$RUN/$1.yaml"
  wait_log "$1" 'site ready' 60
  wait_log "$1" 'tunnel up' 60
}

site_start() { # NAME ALLOWED…: adds it at the gateway, joins from its own namespace, runs it
  state_for "$1"
  site_config "$@"
  site_add "$1"
  culvert "$1" join - <"$RUN/$1.token"
  site_launch "$1"
}

# A namespace's stock WireGuard from the file that the gateway printed. Its tunnel address lands in $RUN/NAME.address.
plain_peer_start() { # NAME NS [OPTION…] of `site add`
  culvert gateway site add "$1" --plain "${@:3}" 2>>"$LOGS/site-add.log" | sed -n '/^\[Interface\]/,$p' >"$RUN/files/$1.printed"
  wg_quick_up "$1" "$2" <"$RUN/files/$1.printed"
  sed -n 's/^Address *= *\([0-9.]*\).*/\1/p' "$RUN/files/$1.printed" | head -n 1 >"$RUN/$1.address"
  [ -s "$RUN/$1.address" ]
}

# The interface's name is of this run only: wireguard-go's control sockets are not per namespace.
wg_quick_up() { # NAME NS, the file on standard input
  local wg
  wg=$(wg_name "$1")
  install -m 600 /dev/stdin "$RUN/files/$wg.conf"
  in_ns "$2" wg-quick up "$RUN/files/$wg.conf" >>"$LOGS/wg-$1.log" 2>&1
  # With cubic, as on every other route: BBR does not heed loss, and would be compared with what has to.
  in_ns "$2" ip route show dev "$wg" | while read -r route; do
    # shellcheck disable=SC2086 # the words of a route
    in_ns "$2" ip route replace $route dev "$wg" congctl cubic </dev/null
  done
}

wg_name() { echo "cv${LAB_ID#culvert-}${1:0:4}"; }

address_of() { cat "$RUN/$1.address"; }

unprivileged() { # END…: what the kernel says about the process
  local end status rights
  for end; do
    rights=0000000000000000
    if is_tun "$end" || is_admin "$end"; then rights=0000000000001000; fi
    status=$(cat "/proc/$(pid_of "$end")/status")
    expect_match "$end's user" $'\nUid:\t65534\t65534\t65534\t65534\n' "$status"
    expect_match "$end's capabilities" $'\nCapEff:\t'"$rights"$'\n' "$status"
  done
}

pair() { # ALLOWED…: gateway and the Culvert site `home`
  gateway_start
  site_start home "$@"
  unprivileged gateway home
}

visit() { # CURL ARGUMENTS…: from the visitor, any host name leads to the gateway
  in_ns visitor curl -sS --noproxy '*' --max-time "${MAX_TIME:-20}" --resolve "*:8080:${VIA:-$GATEWAY4}" "$@"
}

# Waits for a service after a change; a 404 is an answer of the gateway, not of the service.
answers() { visit -f -o /dev/null --max-time 2 "http://$1:8080${2:-/}" 2>/dev/null; } # HOST [PATH]

counter() { # NAME…: how often any of these was counted
  culvert gateway status --json | "$PYTHON" -c '
import json, sys
counts = json.load(sys.stdin)["counters"]
print(sum(counts.get(name, 0) for name in sys.argv[1:]))' "$@"
}
