# shellcheck shell=bash
# A home publishes by its own word: expose and unexpose within its grants, a second home cannot take its names, a gateway
# that restarts serves before the home has called, and both ends show both ends.
# lab: short

prepare() {
  topology
  behind_nat cabin 78
  nginx_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
}

# The gateway's file is empty but for its ports: all services come from the sites.
ends() {
  gateway_start
  SITE_ADD=(--host '*.home.test' --port 7000-7010)
  site_start_bare home
  SITE_ADD=(--host '*')
  site_start_bare cabin
}

SITE_ADD=()
site_start_bare() { # NAME: without a file
  state_for "$1"
  culvert gateway site add "$1" "${SITE_ADD[@]}" --json | sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p' >"$RUN/$1.token"
  [ -s "$RUN/$1.token" ]
  chown "$NOBODY" "$RUN/$1.token"
  culvert "$1" join - <"$RUN/$1.token"
  spawn_culvert "$1" site
  wait_log "$1" 'tunnel up' 20
}

exposed() {
  local said
  said=$(culvert home expose photos.home.test http://127.0.0.1:8085)
  expect_equal 'what expose says' 'photos-home-test is published by vps: http://photos.home.test:8080' "$said"
  answers photos.home.test
  expect_equal 'what expose says of a port' 'echo is published by vps: 7003/tcp' \
    "$(culvert home expose 7003/tcp tcp://127.0.0.1:7003 --name echo)"
  expect_equal 'echo' hello "$(echo hello | in_ns visitor timeout 5 socat -t2 - "TCP:$GATEWAY4:7003")"
}

not_granted() {
  local said
  if said=$(culvert home expose photos.example.com http://127.0.0.1:8085 2>&1); then return 1; fi
  expect_match 'the refusal' 'gateway vps refused: .*not granted to site home \(at the gateway: culvert site grant home --host photos.example.com\)' "$said"
  refuse 'a name that was not granted' answers photos.example.com
  logged gateway 'site home: service photos-example-com is not published: .*not granted'
  logged home 'service photos-example-com is not published by gateway vps: .*not granted'
  culvert gateway site grant home --host photos.example.com
  culvert home expose photos.example.com http://127.0.0.1:8085
  answers photos.example.com
}

claimed() { # site B claims site A's host: refused at both ends, and A's stays
  local said
  if said=$(culvert cabin expose photos.home.test http://127.0.0.1:8085 --name mine 2>&1); then return 1; fi
  expect_match 'the refusal' 'photos.home.test. is taken by services.photos-home-test.host \(site home' "$said"
  logged gateway 'site cabin: service mine is not published: .*is taken'
  logged cabin 'service mine is not published by gateway vps: .*is taken'
  answers photos.home.test
}

both_ends() {
  expect_match 'the gateway of the site' 'home +site +[0-9]+ s .*photos-home-test' "$(culvert gateway status)"
  expect_match 'the site of the gateway' 'vps +gateway +[0-9]+ s .*handshake' "$(culvert home status)"
  expect_no_match 'what the cabin learns of others' 'photos-home-test' "$(culvert cabin status)"
  expect_match 'the export' 'photos-home-test:' "$(culvert gateway export)"
  culvert gateway export >"$RUN/files/exported.yaml"
  chmod 644 "$RUN/files/exported.yaml"
  culvert cabin check --role gateway "$RUN/files/exported.yaml"
}

site_file() { # a service in site.yaml, taken up by a running site
  cat >"$RUN/state/home.yaml" <<'YAML'
services:
  filed:
    host: filed.home.test
    target: http://127.0.0.1:8085
YAML
  chmod 644 "$RUN/state/home.yaml"
  stop home
  spawn_culvert home site --config "$RUN/state/home.yaml"
  wait_log home 'service filed is published' 20
  answers filed.home.test
  answers photos.home.test
}

gateway_killed() { # it serves what the home declared as soon as the tunnel is up again
  stop gateway KILL
  local from=$EPOCHREALTIME
  gateway_launch
  until_ok 10 answers photos.home.test
  measured "$(since "$from") s"
}

withdrawn() {
  culvert home unexpose photos.home.test
  refuse 'a withdrawn name' answers photos.home.test
  answers filed.home.test
  culvert home unexpose 7003/tcp
  refuse 'a withdrawn port' in_ns visitor timeout 5 socat -t2 /dev/null "TCP:$GATEWAY4:7003"
  refuse 'a service of the file' culvert home unexpose filed
}

scenario() {
  step "visitor, gateway, two homes behind the NAT" prepare
  step "gateway and two sites without files, with grants" ends
  step "expose: a host and a port, seen by a visitor at once" exposed
  step "what was not granted is refused at both ends, and published once it is" not_granted
  step "a second site cannot take the host of the first" claimed
  step "status and export: both ends at either end, nobody else's" both_ends
  step "services of site.yaml" site_file
  step "the gateway killed with -9 publishes them again" gateway_killed
  step "unexpose: gone at once, the others stay" withdrawn
}
