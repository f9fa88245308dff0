# shellcheck shell=bash
# Long connections of an ordinary user go by splice(2): slow visitors hold all pipes, another program takes the user's limit.
# lab: long

METRICS=127.0.0.1:9464
SLOW=80

prepare() {
  direct_topology
  nginx_start home 0.0.0.0
  make_file "$RUN/files/www/big" 100
  state_for gateway
  gateway_config <<YAML
  files:
    listen: 7085/tcp
    site: here
    target: tcp://198.51.100.2:8085
metrics:
  listen: $METRICS
YAML
  gateway_launch
  until_ok 10 in_ns visitor curl -sf -o /dev/null "http://$GATEWAY4:7085/"
  unprivileged gateway
}

value() { in_ns gateway curl -sSf --max-time 5 "http://$METRICS/metrics" | awk -v name="$1" '$1 == name { printf "%d", $2 }'; } # METRIC

download() {
  in_ns visitor curl -sSf --max-time 60 -o "$RUN/files/got" "http://$GATEWAY4:7085/big"
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(sha "$RUN/files/got")"
}

moved() {
  download
  expect_at_most 'bytes that were copied' 2000000 $(($(stat -c %s "$RUN/files/got") - $(value culvert_spliced_bytes_total)))
  expect_equal 'bytes copied for want of a pipe' 0 "$(value culvert_spliced_copied_bytes_total)"
}

all_are_long() { [ "$(value culvert_spliced_connections_total)" -ge $((SLOW + 1)) ]; }
copies() { [ "$(value culvert_spliced_copied_bytes_total)" -gt "$1" ]; }

# Each takes 200 KB a second, and the pipes are 32.
slow_visitors() {
  local i fds=$((SLOW * 2 + 64 + 150))
  for i in $(seq $SLOW); do
    spawn "slow$i" visitor curl -sf --limit-rate 200K -o /dev/null "http://$GATEWAY4:7085/big"
  done
  until_ok 60 all_are_long
  until_ok 60 copies 0
  expect_at_most 'open descriptors' $fds "$(value process_open_fds)"
  download
  measured "$(value process_open_fds) descriptors"
  for i in $(seq $SLOW); do stop "slow$i"; done
  # Who was ended with nothing left to read says goodbye in good order; what is still on its way is answered with a
  # reset, and where that was lost the kernel sends it again after seconds.
  until_ok 120 quiet
}

quiet() { [ "$(value culvert_connections)" = 0 ]; }

# What the kernel lets one user have in pipes (pipe-user-pages-soft), all of it.
limit_taken() {
  stop gateway
  spawn hog gateway "${AS_NOBODY[@]}" "$PYTHON" "$LIB/pipe-hog.py"
  wait_log hog full 20
  mv "$LOGS/gateway.log" "$LOGS/gateway-before.log"
  gateway_launch
  until_ok 20 in_ns visitor curl -sf -o /dev/null "http://$GATEWAY4:7085/"
  download
  expect_equal 'bytes that were spliced' 0 "$(value culvert_spliced_bytes_total)"
  copies 50000000
}

given_back() {
  stop hog
  until_ok 20 splices_again
}

splices_again() {
  local before
  before=$(value culvert_spliced_bytes_total)
  download
  [ "$(value culvert_spliced_bytes_total)" -gt $((before + 50000000)) ]
}

scenario() {
  step "a gateway of an ordinary user, and a target that it reaches itself" prepare
  step "100 MiB: all but the first bytes stay in the kernel" moved
  step "$SLOW slow visitors hold all the pipes there are: one more is served by copies" slow_visitors
  step "another program of the same user has taken the limit of pipes: bytes are copied, and whole" limit_taken
  step "it ends: they are spliced again" given_back
}
