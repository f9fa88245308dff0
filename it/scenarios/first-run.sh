# shellcheck shell=bash
# First-run sense: endpoint guessed, UDP 51820 held by a WireGuard, private addresses, foreign tokens, audit of what is open.
# lab: short

# A gateway with no word about endpoint and port.
bare_config() { # [LINES]
  printf 'gateway:\n  name: vps\n%s' "${1:-}" >"$RUN/gateway.yaml"
  chmod 644 "$RUN/gateway.yaml"
}

prepare() {
  topology
  default_route home 192.168.77.1
  state_for gateway
  state_for home
  bare_config
  site_config home 127.0.0.1:8085
}

# wireguard-go holds 51820 as the hub of an older set-up would; the kernel's own where it has one.
older_hub() {
  local wg
  wg=$(wg_name hub)
  in_ns gateway ip link add "$wg" type wireguard 2>/dev/null || in_ns gateway wireguard-go "$wg" >>"$LOGS/hub.log" 2>&1
  in_ns gateway wg set "$wg" listen-port 51820 private-key <(wg genkey)
  in_ns gateway ip link set "$wg" up
}

next_port() {
  gateway_launch
  expect_line log 'UDP port 51820 is held by .*: using 51821' "$(cat "$LOGS/gateway.log")"
  # The public address in front of visitors and the uplink are both public: the default route's is taken, or the first.
  expect_line log 'sites will dial .*:51821 \(' "$(cat "$LOGS/gateway.log")"
  stop gateway
  : >"$LOGS/gateway.log"
  gateway_launch
  expect_no_match 'second start' 'is held by' "$(cat "$LOGS/gateway.log")"
  expect_match 'remembered' '"listen" ?: ?51821' "$(culvert gateway status --json)"
  stop gateway
}

named_port() {
  bare_config $'tunnel:\n  listen: 51820\n'
  refuse 'a start on a port that is held' culvert gateway gateway --config "$RUN/gateway.yaml" >"$RUN/files/named" 2>&1
  expect_line message 'UDP port 51820 of tunnel.listen cannot be had: it is held by' "$(cat "$RUN/files/named")"
  bare_config
}

joined() {
  : >"$LOGS/gateway.log"
  spawn_culvert gateway gateway --config "$RUN/gateway.yaml" --endpoint "$GATEWAY_UPLINK:51821"
  wait_log gateway 'gateway ready' 20
  site_add home
  culvert home join - <"$RUN/home.token"
}

another_gateway() {
  stop gateway
  : >"$LOGS/gateway.log"
  mv "$RUN/state/gateway" "$RUN/state/gateway.first"
  state_for gateway
  spawn_culvert gateway gateway --config "$RUN/gateway.yaml" --endpoint "$GATEWAY_UPLINK:51821"
  wait_log gateway 'gateway ready' 20
  site_add home
  refuse 'join with the token of another gateway' culvert home join - <"$RUN/home.token" >"$RUN/files/other" 2>&1
  expect_line message 'already joined gateway vps at 198.51.100.1:51821' "$(cat "$RUN/files/other")"
}

# Nothing but private addresses: guessing would hand out a token that no site can use.
private_only() {
  printf 'gateway:\n  name: lan\n' >"$RUN/home-gateway.yaml"
  chmod 644 "$RUN/home-gateway.yaml"
  rm -rf "$RUN/state/home"
  state_for home
  spawn_culvert home gateway --config "$RUN/home-gateway.yaml"
  wait_log home 'gateway ready' 20
  refuse 'site add without an endpoint' culvert home site add attic >"$RUN/files/private" 2>&1
  expect_line message "no public address, only .*192\.168\.77\.2.*behind a NAT.*--endpoint" "$(cat "$RUN/files/private")"
  stop home
}

audited() {
  socat_start open gateway 0.0.0.0 8443 EXEC:cat
  in_ns gateway env CULVERT_STATE="$RUN/state/gateway" "$CULVERT" audit >"$RUN/files/audit" || true
  cat "$RUN/files/audit"
  expect_line audit 'TCP 8443: open to everyone, held by socat' "$(cat "$RUN/files/audit")"
  expect_no_match 'what is ours' 'UDP 51821' "$(cat "$RUN/files/audit")"
}

scenario() {
  step "a gateway and a home behind a NAT, nothing configured" prepare
  step "an older WireGuard on UDP 51820" older_hub
  step "the next free port is used, said, and remembered" next_port
  step "a port that the file names is not exchanged: who holds it" named_port
  step "site add and join by the endpoint that was named" joined
  step "a token from another gateway names the one that was joined" another_gateway
  step "audit: what else is open to everyone" audited
  step "private addresses only: site add refuses and explains" private_only
}
