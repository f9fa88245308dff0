# shellcheck shell=bash
# wireguard-go's own conformance script, tests/netns.sh, with `culvert wg` as its program: every step to the end.
# lab: long

# Fetched for the run and never kept; WIREGUARD_GO=FOLDER names a checkout that is there already.
# NETNS_PROGRAM names another program for the comparison, such as wireguard-go.
prepare() {
  local checkout=${WIREGUARD_GO:-$RUN/files/wireguard-go}
  [ -d "$checkout" ] || git clone -q --depth 1 https://git.zx2c4.com/wireguard-go "$checkout"
  cp "$checkout/tests/netns.sh" "$RUN/files/netns.sh"
  # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES+=(iptables conntrack ncat)
  install_packages
  # It takes a program of one word, and names its interfaces itself.
  printf '#!/bin/sh\nexec "%s" wg "$@"\n' "$CULVERT" >"$RUN/files/culvert-wg"
  chmod 755 "$RUN/files/culvert-wg"
  local name
  for name in wg0 wg1 wg2; do
    refuse "a socket of $name, which the script takes" test -e "/var/run/wireguard/$name.sock"
  done
  bash "$RUN/files/netns.sh" "${NETNS_PROGRAM:-$RUN/files/culvert-wg}" >>"$LOGS/netns.log" 2>&1 </dev/null &
  echo $! >"$RUN/pids/netns"
}

# Not in namespaces of the lab's, but in some of its own, named after it: what is ended is ended by these.
our_processes() {
  [ -e "$RUN/pids/netns" ] || return 0
  local ns
  for ns in $(ip netns list | awk -v id="wg-test-$(pid_of netns)-" 'index($1, id) == 1 { print $1 }'); do ip netns pids "$ns"; done
  if alive netns; then pid_of netns; fi
}

said() { [ "$(grep -cE -- "$2" "$LOGS/netns.log")" -ge "$1" ]; } # TIMES PATTERN
ended_or_said() { gone netns || said "$@"; }

# What the script does first of the next part shows that this one has passed.
reached() { # TIMES PATTERN: so often
  until_ok 900 ended_or_said "$@"
  said "$@" || { tail -n 5 "$LOGS/netns.log"; return 1; }
}

carried() { # TIMES PATTERN: and what TCP has carried meanwhile
  reached "$@"
  measured "$(sed -nE 's/.* ([0-9.]+ [MG]bits\/sec) +[0-9]+ +sender$/\1/p' "$LOGS/netns.log" | tail -n 2 | paste -sd ',')"
}

whole() { # its last words; it ends with 0 whatever happened
  reached 1 'Objects that were created were also destroyed'
  until_ok 20 gone netns
}

SMALL='ip link set wg1 mtu [0-9]{4}[^0-9]'
LARGE='ip link set wg1 mtu [0-9]{5}[^0-9]'

scenario() {
  step "the script, fetched from its project, begins" prepare
  step "interfaces, moved to other namespaces, are configured; ping; counters" reached 1 'counters working'
  step "IPv4 outside: ping, TCP and UDP by IPv4 and IPv6" carried 1 "$LARGE"
  step "the same with an MTU of 34,736" carried 1 "$SMALL"
  step "IPv6 outside: the same" carried 2 "$LARGE"
  step "the same with an MTU of 34,736" carried 2 "$SMALL"
  step "roaming by IPv4, then by IPv6: another address, another port" reached 1 'wg1 peer .* allowed-ips 192\.168\.241\.0/24'
  step "a source that is another peer's is dropped, and the endpoint moves all the same" reached 1 'link del wg1'
  step "behind a NAT that forgets after 2 s, with a keepalive each second" reached 1 'iptables -t nat -F'
  step "the address that was answered from is taken away: IPv4, then IPv6" reached 1 'addr flush dev veth1'
  step "answers come from the address that was asked, of four" reached 1 'link del veth1'
  step "a peer with 130,560 prefixes, 40 peers with 52, 30 peers; what is missing is said" whole
}
