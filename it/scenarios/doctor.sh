# shellcheck shell=bash
# Twelve faults, planted: culvert doctor names each and its fix within five seconds, at the end that can see it.
# lab: short

LIMIT=5
HOLDER=9004

# Names of the lab, for the nodes' JVMs alone: nothing of the machine is changed.
names() {
  cat >"$RUN/files/hosts" <<HOSTS
$GATEWAY4 good.lab.test
203.0.113.99 elsewhere.lab.test
HOSTS
  chmod 755 "$RUN/files"
  chmod 644 "$RUN/files/hosts"
}
export_names() { export CULVERT_JAVA_OPTIONS="-Djdk.net.hosts.file=$RUN/files/hosts"; }

# A small disk of its own for the gateway's state.
small_disk() {
  state_for gateway
  mount -t tmpfs -o size=2m,mode=700,uid="$NOBODY",gid="$NOBODY" culvert-lab "$RUN/state/gateway"
}

release_disk() {
  local rc=$?
  set +e
  umount -l "$RUN/state/gateway" 2>/dev/null || true
  (exit $rc)
  end
}

prepare() {
  names
  topology
  small_disk
  nginx_start home 127.0.0.1
  socat_start lan home 127.0.0.1 8090 EXEC:cat
  socat_start holder gateway "$GATEWAY4" $HOLDER EXEC:cat
}

services() {
  cat <<YAML
  good:
    host: good.lab.test
    site: home
    target: http://127.0.0.1:8085
  elsewhere:
    host: elsewhere.lab.test
    site: home
    target: http://127.0.0.1:8085
  down:
    listen: 9001/tcp
    site: home
    target: tcp://127.0.0.1:9001
  denied:
    listen: 9002/tcp
    site: home
    target: tcp://127.0.0.1:9002
  lan:
    listen: 9003/tcp
    site: home
    target: tcp://$HOME_LAN:8090
YAML
}

ends() {
  pair 127.0.0.1:8085 127.0.0.1:9001 "$HOME_LAN:8090"
  services | gateway_services
  until_ok 10 answers good.lab.test
}

diagnose() { # END SCOPE: what doctor prints, in $OUT; its exit code in $CODE; within the limit
  local from=$EPOCHREALTIME took
  CODE=0
  OUT=$(culvert "$1" doctor ${2:+"$2"} 2>&1) || CODE=$?
  took=$(since "$from")
  echo "$OUT"
  measured "$took s"
  if ! expect_at_most "doctor's time" $LIMIT "$took"; then less_a_start "$took"; fi
}

# On a machine that is busy with other things, the start of any command alone may take longer: that much is not doctor's.
less_a_start() { # SECONDS
  local from=$EPOCHREALTIME start
  "$CULVERT" --version >/dev/null
  start=$(since "$from")
  measured "of these $start s for any command's start"
  expect_at_most "doctor's time without a start" $((LIMIT - 1)) "$(awk -v a="$1" -v b="$start" 'BEGIN { print a - b }')"
}

doctor_names() { # END SCOPE PATTERN…: each in a line of a finding that is broken
  diagnose "$1" "$2"
  shift 2
  expect_equal 'exit code' 1 "$CODE"
  local pattern
  for pattern; do expect_line 'finding' "^BROKEN +$pattern" "$OUT"; done
}

doctor_content() { # END SCOPE
  diagnose "$1" "$2"
  expect_equal 'exit code' 0 "$CODE"
}

walk() {
  culvert gateway explain http://good.lab.test:8080/ --from "$VISITOR4"
  refuse 'explain of a port that is not there' culvert gateway explain 4444
}

at_gateway() {
  doctor_names gateway '' 'DNS of elsewhere.lab.test: DNS leads elsewhere: 203.0.113.99' \
    'down: target: .*refuses the connection' 'denied: target: .*does not allow'
  expect_match fix 'write .- 127.0.0.1:9002. under allow:' "$OUT"
}

at_site() {
  doctor_names home '' 'target 127.0.0.1:9001: .*nothing on this machine listens on port 9001' \
    "target $HOME_LAN:8090: .*listens on 127.0.0.1 only"
}

no_grant() { # the home asks for a name that the gateway's operator did not grant
  cp "$RUN/home.yaml" "$RUN/files/home.yaml.before"
  printf 'services:\n  wish:\n    host: wish.lab.test\n    target: http://127.0.0.1:8085\n' >>"$RUN/home.yaml"
  signal home HUP
  until_ok 10 logged home 'service wish is not published by gateway vps'
  doctor_names home '' 'wish: publication: gateway vps refuses: .*not granted to site home'
  expect_match fix 'at gateway vps: culvert site grant home --host wish.lab.test' "$OUT"
  doctor_names gateway '' 'home: seen from there: wish: publication'
  cat "$RUN/files/home.yaml.before" >"$RUN/home.yaml"
  signal home HUP
}

held() {
  {
    services
    printf '  held:\n    listen: %s/tcp\n    site: home\n    target: tcp://127.0.0.1:8085\n' $HOLDER
  } | gateway_services
  until_ok 5 logged gateway 'not applied'
  doctor_names gateway good "ports: TCP port $HOLDER is held by"
  services | gateway_services
}

private_endpoint() {
  services | gateway_config
  sed -i "s/endpoint: .*/endpoint: 10.11.12.13:51820/" "$RUN/gateway.yaml"
  until_ok 5 doctor_names gateway good 'endpoint for sites: .*private address'
  services | gateway_services
}

full_disk() {
  head -c 4M /dev/zero >"$RUN/state/gateway/filler" 2>/dev/null || true
  doctor_names gateway good 'state folder: .*cannot be written .*0 MiB free'
  rm "$RUN/state/gateway/filler"
}

black_hole() {
  in_ns nat nft add rule inet filter lossy meta length gt 1400 drop
  doctor_names gateway good 'home: MTU: MTU black hole.*those of 1(28|32)0 pass'
  carry_again
  doctor_content gateway good
}

blocked() {
  in_ns gateway nft -f - <<'NFT'
table inet blocked {
  chain input {
    type filter hook input priority 0;
    udp dport 51820 drop
  }
}
NFT
  doctor_names gateway good 'home: tunnel: UDP: nothing of home arrives at UDP port 51820'
  doctor_names home '' 'vps: tunnel: UDP: nothing comes back'
  in_ns gateway nft delete table inet blocked
}

wrong_key() {
  stop home
  mv "$RUN/state/home/private.key" "$RUN/files/private.key"
  wg genkey | install -m 600 -o "$NOBODY" -g "$NOBODY" /dev/stdin "$RUN/state/home/private.key"
  spawn_culvert home site --config "$RUN/home.yaml"
  until_ok 20 doctor_names gateway good 'home: tunnel: wrong key: somebody calls'
  stop home
  mv "$RUN/files/private.key" "$RUN/state/home/private.key"
}

# Ten years ahead, at home.
wrong_clock() {
  : >"$LOGS/home.log"
  spawn home home "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/home" \
    LD_PRELOAD="$(echo /usr/lib/*/faketime/libfaketime.so.1)" FAKETIME=+10y FAKETIME_DONT_FAKE_MONOTONIC=1 \
    "$CULVERT" site --config "$RUN/home.yaml"
  wait_log home 'tunnel up' 40
  doctor_names home '' 'vps: clock: the clocks are apart: here 20[3-9]'
}

no_node() {
  stop gateway
  doctor_names gateway '' 'node: no culvert runs with the state in'
}

scenario() {
  trap release_disk EXIT
  export_names
  step "visitor, gateway on a small disk, home behind a NAT" prepare
  step "gateway and site as an unprivileged user, five services" ends
  step "a good service: nothing broken" doctor_content gateway good
  step "explain walks its stages, and says no to a port that is not there" walk
  step "at the gateway: DNS elsewhere, service down, not on the allow-list" at_gateway
  step "at the site: service down, service on 127.0.0.1 only" at_site
  step "no grant, at the site and seen from the gateway" no_grant
  step "a port held by somebody else" held
  step "a private endpoint" private_endpoint
  step "disk full" full_disk
  step "MTU black hole, and nothing broken behind it" black_hole
  step "UDP blocked, at both ends" blocked
  step "wrong key" wrong_key
  step "a clock ten years ahead" wrong_clock
  step "no node: says how to start it" no_node
}
