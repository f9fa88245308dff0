# shellcheck shell=bash
# Unit files: systemd finds no mistake and little exposure. An ordinary user is told what to do about port 80.
# lab: short

EXPOSURE=2.0

tools() { command -v systemd-analyze; }

units() {
  local role
  for role in gateway site; do
    "$CULVERT" install "$role" --unit | sed "s|^ExecStart=[^ ]*|ExecStart=/bin/true|" >"$RUN/files/culvert-$role.service"
  done
}

verified() { # an unknown key is only a warning: nothing at all may be said
  local role
  for role in gateway site; do
    expect_equal "about $role" '' "$(systemd-analyze verify --man=no "$RUN/files/culvert-$role.service" 2>&1)"
  done
}

exposure() {
  local role level
  for role in gateway site; do
    level=$(systemd-analyze security --offline=true --no-pager "$RUN/files/culvert-$role.service" |
      sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
    expect_at_most "exposure of $role" $EXPOSURE "$level"
    measured "$role $level"
  done
}

dry_run() {
  # The tree under test may lie where a service cannot look, such as /tmp; what is installed does not.
  export CULVERT_JAVA_OPTIONS=-Dculvert.launcher=/opt/culvert/bin/culvert
  in_ns alone "${AS_NOBODY[@]}" HOME="$RUN" "$CULVERT" install gateway --dry-run >"$RUN/files/dry"
  grep -q "^would write /etc/systemd/system/culvert.service" "$RUN/files/dry"
  refuse 'an installation by an ordinary user' in_ns alone "${AS_NOBODY[@]}" HOME="$RUN" "$CULVERT" install site
}

port_80() {
  expect_equal "the kernel's rule" 1024 "$(in_ns alone sysctl -n net.ipv4.ip_unprivileged_port_start)"
  state_for alone
  printf 'http:\n  listen: 80\n' >"$RUN/gateway.yaml"
  local out
  out=$(culvert alone gateway --config "$RUN/gateway.yaml" 2>&1) && return 1
  echo "$out"
  expect_line 'the message' 'port 80 is not allowed' "$out"
  expect_line 'the message' 'culvert install gateway' "$out"
  expect_line 'the message' 'listen: 8080' "$out"
  expect_line 'the message' 'ip_unprivileged_port_start=80' "$out"
}

remedies() { # those that the message names do help
  in_ns alone sysctl -qw net.ipv4.ip_unprivileged_port_start=80
  spawn_alone
  stop gateway
  in_ns alone sysctl -qw net.ipv4.ip_unprivileged_port_start=1024
  printf 'http:\n  listen: 8080\n' >"$RUN/gateway.yaml"
  spawn_alone
  stop gateway
}

spawn_alone() {
  : >"$LOGS/gateway.log"
  spawn gateway alone "${AS_NOBODY[@]}" HOME="$RUN" CULVERT_STATE="$RUN/state/alone" "$CULVERT" gateway --config "$RUN/gateway.yaml"
  wait_log gateway 'gateway ready' 20
}

# The unit's own words, by a service manager of a few lines: ready, alive three times, stopping.
notified() {
  spawn manager alone "$PYTHON" "$LIB/notify.py" "$RUN/state/alone/notify"
  wait_log manager listening 5
  chown "$NOBODY" "$RUN/state/alone/notify"
  : >"$LOGS/gateway.log"
  spawn gateway alone "${AS_NOBODY[@]}" HOME="$RUN" CULVERT_STATE="$RUN/state/alone" \
    NOTIFY_SOCKET="$RUN/state/alone/notify" WATCHDOG_USEC=600000 "$CULVERT" gateway --config "$RUN/gateway.yaml"
  wait_log manager READY=1 20
  until_ok 10 fed 3
  signal gateway HUP
  wait_log manager RELOADING=1 10
  stop gateway
  wait_log manager STOPPING=1 10
  stop manager
}

fed() { [ "$(grep -c WATCHDOG=1 "$LOGS/manager.log")" -ge "$1" ]; }

scenario() {
  step "systemd-analyze" tools
  step "unit files of both roles" units
  step "systemd finds no mistake" verified
  step "exposure ≤ $EXPOSURE" exposure
  make_ns alone
  step "a dry run changes nothing, an ordinary user may not install" dry_run
  step "port 80 as an ordinary user: what to do" port_80
  step "what the message names helps" remedies
  step "the service manager hears: ready, alive, reloading, stopping" notified
}
