# shellcheck shell=bash
# Services come and go by the gateway's file, by the command line and by container labels while three connections run:
# none is cut. Who withdraws the way by which he came gets it back after a minute, unless he confirms.
# lab: short

COUNT=${LAB_COUNT:-100}
BY_COMMAND=${LAB_COMMANDS:-12}

prepare() {
  topology
  nginx_start home 127.0.0.1
  ws_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
  sshd_start home 127.0.0.1
  make_file "$RUN/files/www/big" 256
  echo '[]' >"$RUN/files/containers.json"
  spawn docker home "$PYTHON" "$LIB/fake-docker.py" "$RUN/docker.sock" "$RUN/files/containers.json"
  until_ok 5 test -S "$RUN/docker.sock"
}

ends() {
  gateway_start
  state_for home
  culvert gateway site add home --host '*.lab.test' --port 2222 --json |
    sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p' >"$RUN/home.token"
  chown "$NOBODY" "$RUN/home.token"
  culvert home join - <"$RUN/home.token"
  cat >"$RUN/home.yaml" <<YAML
allow:
  - 127.0.0.1:7003
  - 127.0.0.1:8085
services:
  web: {host: web.lab.test, target: "http://127.0.0.1:8085"}
  ws: {host: ws.lab.test, target: "http://127.0.0.1:8087"}
docker: {socket: $RUN/docker.sock}
YAML
  chmod 644 "$RUN/home.yaml"
  site_launch home
  gateway_services <<<"$(fixed)"
  until_ok 20 answers web.lab.test
}

fixed() {
  printf '  echo: {listen: 7003/tcp, site: home, target: "tcp://127.0.0.1:7003"}'
}

begin() {
  spawn steady visitor "$PYTHON" "$LIB/steady.py" "$GATEWAY4" 7003 8080 ws.lab.test web.lab.test /big "$RUN/files/enough"
  wait_log steady '^steady' 15
}

absent() { ! answers "$1"; }

by_file() {
  local i began=$EPOCHREALTIME
  {
    fixed
    echo
    for i in $(seq "$COUNT"); do
      printf '  f%d: {host: f%d.lab.test, site: home, target: "http://127.0.0.1:8085"}\n' "$i" "$i"
    done
  } | gateway_config
  signal gateway HUP
  for i in 1 $((COUNT / 2)) "$COUNT"; do until_ok 10 answers "f$i.lab.test"; done
  fixed | gateway_config
  signal gateway HUP
  for i in 1 $((COUNT / 2)) "$COUNT"; do until_ok 10 absent "f$i.lab.test"; done
  measured "$COUNT services in $(since "$began") s"
  alive steady
}

by_command() {
  local i began=$EPOCHREALTIME
  for i in $(seq "$BY_COMMAND"); do
    culvert home expose "c$i.lab.test" http://127.0.0.1:8085
    answers "c$i.lab.test"
  done
  for i in $(seq "$BY_COMMAND"); do
    culvert home unexpose "c$i.lab.test"
    refuse 'a withdrawn service' answers "c$i.lab.test"
  done
  measured "$BY_COMMAND services in $(since "$began") s"
  alive steady
}

by_labels() {
  local i began=$EPOCHREALTIME
  {
    for i in $(seq "$COUNT"); do
      [ "$i" = 1 ] && printf '[' || printf ','
      printf '{"Id":"%d","Names":["/l%d"],"Labels":{"culvert.host":"l%d.lab.test","culvert.port":"8085"}}' "$i" "$i" "$i"
    done
    printf ']'
  } >"$RUN/files/containers.json.new"
  mv "$RUN/files/containers.json.new" "$RUN/files/containers.json"
  for i in 1 $((COUNT / 2)) "$COUNT"; do until_ok 15 answers "l$i.lab.test"; done
  echo '[]' >"$RUN/files/containers.json"
  for i in 1 $((COUNT / 2)) "$COUNT"; do until_ok 15 absent "l$i.lab.test"; done
  measured "$COUNT services in $(since "$began") s"
  alive steady
}

none_cut() {
  touch "$RUN/files/enough"
  until_ok 60 gone steady
  cat "$LOGS/steady.log"
  refuse 'a connection that failed' grep -E 'failed|Error' "$LOGS/steady.log"
  expect_equal 'SHA-256 of the download' "$(sha "$RUN/files/www/big")" "$(sed -n 's/^download //p' "$LOGS/steady.log")"
}

remote() { # COMMAND
  in_ns visitor timeout 20 ssh "${SSH_OPTIONS[@]}" -i "$RUN/ssh/user" -p 2222 "root@$GATEWAY4" "$@" </dev/null
}

ssh_answers() { remote true 2>/dev/null; }
ssh_gone() { ! ssh_answers; }

own_path() { # over the very service that is withdrawn: the session ends, and the service comes back by itself
  culvert home expose 2222/tcp tcp://127.0.0.1:2022 --name ssh
  until_ok 10 ssh_answers
  remote "CULVERT_STATE=$RUN/state/home $CULVERT unexpose ssh" || true
  local from=$EPOCHREALTIME
  until_ok 10 ssh_gone
  until_ok 70 ssh_answers
  measured "back after $(since "$from") s"
  logged home 'the removal of service ssh was not confirmed and is undone'
}

confirmed() { # the same, confirmed at the console: it stays away
  remote "CULVERT_STATE=$RUN/state/home $CULVERT unexpose ssh" || true
  until_ok 10 ssh_gone
  expect_match 'what confirm says' 'the removal of service ssh stays' "$(culvert home confirm)"
  refuse 'a second confirm' culvert home confirm
}

scenario() {
  step "visitor, gateway, home; nginx, WebSocket, echo, sshd and a Docker socket at home" prepare
  step "gateway and site with grants and with labels switched on" ends
  step "TCP echo, WebSocket echo and a slow download run" begin
  step "services by the gateway's file, added and removed" by_file
  step "services by the command line at home, added and removed" by_command
  step "services by container labels, added and removed" by_labels
  step "none of the three connections was cut" none_cut
  step "an admin who withdraws his own way in gets it back after 60 s" own_path
  step "confirmed, it stays away" confirmed
}
