# shellcheck shell=bash
# wireguard-go as a stock peer of embedded and tun: both call, PSK, IPv6, rekey and roaming under a transfer, a NAT's real timers.
# lab: long
# Takes half an hour on a machine that is busy: LAB_BOUND=3600.

# All but the peer itself is as there.
# shellcheck source-path=SCRIPTDIR source=kernel-peer.sh
. "$SCENARIOS/kernel-peer.sh"

# The interface's name is of this run only: wireguard-go's control sockets are not per namespace.
WG=cvp$$
STATE=$RUN/files/state
WWW=$RUN/files/www

guest() { in_ns guest sh -c "$*"; }
guest_file() { install -m 600 /dev/stdin "$1"; } # PATH

machine() {
  make_ns guest
  link outside guest "$OUTSIDE/24" guest eth0 "$GUEST/24"
  address outside guest "$OUTSIDE6/64"
  address guest eth0 "$GUEST6/64"
  default_route guest "$OUTSIDE"
  ip -n "$LAB_ID-guest" route add default via "$OUTSIDE6"
  mkdir -p "$STATE" "$WWW"
  spawn peer-web guest "$PYTHON" -m http.server 8085 --bind :: --directory "$WWW"
  wait_port guest 8085
}

make_interface() {
  no_interface
  in_ns guest wireguard-go "$WG"
}

no_interface() {
  guest "ip link del $WG 2>/dev/null || true"
  until_ok 10 no_socket
}
no_socket() { ! [ -e "/var/run/wireguard/$WG.sock" ]; }
