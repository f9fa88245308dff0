# shellcheck shell=bash
# sshd at home through a TCP service: scp of 200 MiB both ways with equal SHA-256; half-close is kept in both directions.
# lab: short

prepare() {
  topology
  sshd_start home 127.0.0.1
  # Answers only after the visitor has shut down its sending side.
  socat_start digest home 127.0.0.1 7001 EXEC:sha256sum
  spawn reader home "$PYTHON" "$LIB/half-close.py" serve 127.0.0.1 7002 "$RUN/files/read.sha"
  wait_port home 7002
  make_file "$RUN/files/big" 200
}

publish() {
  gateway_services <<'YAML'
  ssh:
    listen: 2222/tcp
    site: home
    target: tcp://127.0.0.1:2022
  digest:
    listen: 7001/tcp
    site: home
    target: tcp://127.0.0.1:7001
  reader:
    listen: 7002/tcp
    site: home
    target: tcp://127.0.0.1:7002
YAML
  until_ok 10 ssh_answers
}
ssh_answers() { remote true 2>/dev/null; }

remote() { # COMMAND
  in_ns visitor timeout 20 ssh "${SSH_OPTIONS[@]}" -i "$RUN/ssh/user" -p 2222 "root@$GATEWAY4" "$@" </dev/null
}

interactive() { expect_equal answer culvert "$(remote echo culvert)"; }

upload() {
  scp_from_visitor 2222 "$RUN/files/big" "root@$GATEWAY4:$RUN/files/up"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/up")"
}

download() {
  scp_from_visitor 2222 "root@$GATEWAY4:$RUN/files/big" "$RUN/files/down"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/down")"
}

visitor_shuts_down() {
  head -c 5000000 "$RUN/files/big" >"$RUN/files/part"
  local answer
  answer=$(in_ns visitor timeout 30 socat -t 20 - "TCP:$GATEWAY4:7001" <"$RUN/files/part")
  expect_equal 'the answer after the shutdown' "$(sha "$RUN/files/part")" "${answer%% *}"
}

backend_shuts_down() {
  head -c 5000000 "$RUN/files/big" >"$RUN/files/part"
  expect_equal 'what the backend said first' hello \
    "$(in_ns visitor timeout 30 "$PYTHON" "$LIB/half-close.py" visit "$GATEWAY4" 7002 "$RUN/files/part")"
  until_ok 5 test -s "$RUN/files/read.sha"
  expect_equal 'what the backend read afterwards' "$(sha "$RUN/files/part")" "$(cat "$RUN/files/read.sha")"
}

scenario() {
  step "visitor, gateway, home behind a NAT; sshd at home" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:2022 127.0.0.1:7001 127.0.0.1:7002
  step "services by port" publish
  step "ssh runs a command" interactive
  step "scp of 200 MiB to home, equal SHA-256" upload
  step "scp of 200 MiB from home, equal SHA-256" download
  step "half-close by the visitor: the backend's answer still comes" visitor_shuts_down
  step "half-close by the backend: what the visitor sends still arrives" backend_shuts_down
}
