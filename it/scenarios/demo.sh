# shellcheck shell=bash
# `culvert demo --check` verifies itself, as root and as an unprivileged user, without network and without /dev/net/tun.
# lab: short

as_user() {
  state_for demo
  in_ns alone timeout 60 "${AS_NOBODY[@]}" HOME="$RUN/state/demo" CULVERT_STATE="$RUN/state/demo" "$CULVERT" demo --check
}

as_root() {
  install -d -m 700 "$RUN/demo"
  in_ns alone timeout 60 env CULVERT_STATE="$RUN/demo" "$CULVERT" demo --check
}

scenario() {
  step "a namespace with nothing but loopback" make_ns alone
  step "demo --check as an unprivileged user" as_user
  step "demo --check as root" as_root
}
