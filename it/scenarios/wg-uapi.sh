# shellcheck shell=bash
# `culvert wg IFACE` is configured by wg and wg-quick, as wireguard-go is: show, set, syncconf, and its end.
# lab: short

HUB=10.99.0.1
PEER=10.99.0.2

prepare() {
  topology
  wg genkey >"$RUN/files/hub.key"
  wg genkey >"$RUN/files/peer.key"
  wg genpsk >"$RUN/files/psk"
  # wg-quick takes a program of one word.
  printf '#!/bin/sh\nexec "%s" wg "$@"\n' "$CULVERT" >"$RUN/files/culvert-wg"
  chmod 755 "$RUN/files/culvert-wg"
  "$CULVERT" --version
}

iface() { wg_name hub; }
shown() { in_ns gateway wg show "$(iface)" "$@"; }

hub() {
  install -m 600 /dev/stdin "$RUN/files/$(iface).conf" <<CONF
[Interface]
PrivateKey = $(cat "$RUN/files/hub.key")
Address = $HUB/24
ListenPort = 51820
[Peer]
PublicKey = $(wg pubkey <"$RUN/files/peer.key")
PresharedKey = $(cat "$RUN/files/psk")
AllowedIPs = $PEER/32
CONF
  in_ns gateway env WG_QUICK_USERSPACE_IMPLEMENTATION="$RUN/files/culvert-wg" wg-quick up "$RUN/files/$(iface).conf"
  expect_equal 'listen port' 51820 "$(shown listen-port)"
  expect_equal 'public key' "$(wg pubkey <"$RUN/files/hub.key")" "$(shown public-key)"
}

peer() {
  wg_quick_up peer home <<CONF
[Interface]
PrivateKey = $(cat "$RUN/files/peer.key")
Address = $PEER/24
[Peer]
PublicKey = $(wg pubkey <"$RUN/files/hub.key")
PresharedKey = $(cat "$RUN/files/psk")
AllowedIPs = $HUB/32
Endpoint = $GATEWAY_UPLINK:51820
PersistentKeepalive = 5
CONF
  in_ns home ping -c 3 -i 0.2 -W 3 $HUB
  in_ns gateway ping -c 3 -i 0.2 -W 3 $PEER
}

carries() {
  nginx_start gateway $HUB
  make_file "$RUN/files/www/big" 20
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(in_ns home curl -sS --max-time 60 "http://$HUB:8085/big" | sha)"
  expect_match 'wg show' 'latest handshake' "$(shown)"
  # The stock peer has got the 20 MiB, which were sent.
  [ "$(shown transfer | cut -f3)" -gt 20971520 ]
}

# A change while a transfer could run: another peer comes and goes, the first one's session stays.
changes() {
  local other before
  other=$(wg genkey | wg pubkey)
  before=$(shown latest-handshakes)
  in_ns gateway wg set "$(iface)" peer "$other" allowed-ips 10.99.0.3/32,fd00::/64 persistent-keepalive 7
  shown allowed-ips | grep -qF "$other"$'\t10.99.0.3/32 fd00::/64'
  in_ns gateway wg set "$(iface)" peer "$other" remove
  in_ns gateway wg-quick strip "$RUN/files/$(iface).conf" >"$RUN/files/stripped"
  in_ns gateway wg syncconf "$(iface)" "$RUN/files/stripped"
  expect_equal 'handshakes' "$before" "$(shown latest-handshakes)"
  in_ns gateway wg set "$(iface)" listen-port 51821 fwmark 0x10
  expect_equal 'listen port' 51821 "$(shown listen-port)"
  expect_equal 'mark' 0x10 "$(shown fwmark)"
  in_ns gateway wg set "$(iface)" listen-port 51820 fwmark 0
  in_ns home ping -c 1 -W 5 $HUB
}

vanished() { ! [ -e "/var/run/wireguard/$(iface).sock" ] && ! in_ns gateway ip link show "$(iface)"; }

ends() {
  in_ns gateway ip link del "$(iface)"
  until_ok 10 vanished
  refuse 'wg show of what is gone' shown
}

scenario() {
  step "gateway, home behind a NAT" prepare
  step "wg-quick up with culvert as its program" hub
  step "a stock peer at home: pings both ways" peer
  step "20 MiB with equal SHA-256; wg show counts" carries
  step "wg set and syncconf change what they name, and no session" changes
  step "the interface removed: process and socket go" ends
}
