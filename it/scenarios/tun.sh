# shellcheck shell=bash
# The driver `tun` at gateway and site, beside wireguard-go: 100 MB both ways, IPv6 inside, isolation, kill -9.
# lab: short

TUN_ENDS='gateway home'
NETWORK6=fd77:77:77::/64
SIX=fd77:77:77::66
METRICS=127.0.0.1:9464
# Its steps of isolation are those of the scenario of that name: rogue and victim are stock peers.
# shellcheck source=isolation.sh
. "$SCENARIOS/isolation.sh"

tun_prepare() {
  prepare
  behind_nat six 80
  webdav_start home 127.0.0.1
  head -c 100000000 <(make_file /dev/stdout 96) >"$RUN/files/big"
  cp "$RUN/files/big" "$RUN/files/www/big"
}

table() { in_ns "$1" nft list table inet culvert-culvert0; } # NS
no_table() { ! table "$1" 2>/dev/null; }
has_link() { ip -n "$LAB_ID-$1" link show culvert0 >/dev/null 2>&1; } # NS
no_link() { ! has_link "$1"; }

refused_without_rights() {
  local out
  state_for gateway
  gateway_config </dev/null
  out=$(culvert gateway gateway --config "$RUN/gateway.yaml" 2>&1) && return 1
  expect_line 'what it says' 'CAP_NET_ADMIN.*type: embedded' "$out"
  no_link gateway
}

# A peer of the file, with IPv6 inside alone.
six_start() {
  wg genkey | install -m 600 /dev/stdin "$RUN/files/six.key"
  wg_quick_up six six <<CONF
[Interface]
PrivateKey = $(cat "$RUN/files/six.key")
Address = $SIX/128
[Peer]
$(grep PublicKey "$RUN/files/victim.printed")
AllowedIPs = ${NETWORK6%/*}1/128
Endpoint = $GATEWAY_UPLINK:51820
PersistentKeepalive = 5
CONF
  spawn six-web six "$PYTHON" -m http.server 8083 --bind :: --directory "$RUN/files/www"
  wait_port six 8083
}

tun_ends() {
  pair 127.0.0.1:8084 127.0.0.1:8085
  plain_peer_start rogue rogue
  plain_peer_start victim victim
  six_start
  gateway_services <<YAML
  dav:
    host: dav.lab.test
    site: home
    target: http://127.0.0.1:8084
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  victim:
    host: victim.lab.test
    site: victim
    target: http://$(address_of victim):8085
  six:
    host: six.lab.test
    site: six
    target: http://[$SIX]:8083
  files:
    listen: 7085/tcp
    site: home
    target: tcp://127.0.0.1:8085
metrics:
  listen: $METRICS
sites:
  six:
    type: plain
    public-key: $(wg pubkey <"$RUN/files/six.key")
    address: [10.77.0.66, "$SIX"]
YAML
  until_ok 10 answers web.lab.test
  until_ok 15 answers victim.lab.test
  expect_match "the gateway's status" 'tunnel tun .*interface culvert0' "$(culvert gateway status)"
  expect_match "the site's status" 'tunnel tun .*interface culvert0' "$(culvert home status)"
}

rate() { awk -v s="$1" 'BEGIN { printf "%.0f Mbit/s", s * 8 / 1e6 }'; }
dav() { MAX_TIME=120 visit -f -u u:p "$@"; }

transfers() {
  measured "PUT $(rate "$(dav -T "$RUN/files/big" -o /dev/null -w '%{speed_upload}' http://dav.lab.test:8080/big)")"
  expect_equal 'SHA-256 of the upload' "$(sha "$RUN/files/big")" "$(sha "$RUN/files/dav/big")"
  measured "GET $(rate "$(dav -o "$RUN/files/got" -w '%{speed_download}' http://dav.lab.test:8080/big)")"
  expect_equal 'SHA-256 of the download' "$(sha "$RUN/files/big")" "$(sha "$RUN/files/got")"
}

spliced() { # NS: bytes that its node has moved by splice(2)
  in_ns "$1" curl -sSf --max-time 5 "http://$METRICS/metrics" | awk '$1 == "culvert_spliced_bytes_total" { printf "%d", $2 }'
}

# All but what a connection carries before it is long, at both ends, each with the pipes of an ordinary user.
kept_in_kernel() {
  printf 'metrics:\n  listen: %s\n' "$METRICS" >>"$RUN/home.yaml"
  signal home HUP
  until_ok 10 listens home 9464
  local end before=($(spliced gateway) $(spliced home))
  measured "GET $(rate "$(visit -f -o "$RUN/files/got" -w '%{speed_download}' "http://$GATEWAY4:7085/big")")"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/got")"
  for end in gateway home; do
    expect_at_most "bytes that $end copied" 2000000 $((100000000 + before[0] - $(spliced "$end")))
    before=("${before[@]:1}")
  done
}

beside_wireguard_go() { # HOST
  MAX_TIME=120 visit -f -o "$RUN/files/got" "http://$1.lab.test:8080/big"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/got")"
}

# The namespace forwards, and another firewall's rules are thrown away: what keeps the rogue out is Culvert's own table.
open_gateway() {
  in_ns gateway sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  in_ns gateway nft flush ruleset
  table gateway >/dev/null
}

# Dropped packets are waited for: not all ports again.
some_ports_6() {
  local port
  for port in 22 8080 9999; do
    refuse "port $port by IPv6" from_rogue "http://[${NETWORK6%/*}1]:$port/"
  done
}

own_users_only() {
  expect_equal 'from the process that may' 200 "$(visit -o /dev/null -w '%{http_code}' http://victim.lab.test:8080/)"
  refuse 'from another user of the gateway' in_ns gateway curl -sS --max-time 1 -o /dev/null "http://$(address_of victim):8085/"
  refuse 'the gateway by its public address' from_rogue --interface "$(wg_name rogue)" "http://$GATEWAY4:9999/"
}

killed() {
  kill -KILL "$(pid_of gateway)"
  until_ok 10 gone gateway
  until_ok 10 no_link gateway
  until_ok 10 no_table gateway
  gateway_launch
  until_ok 20 answers web.lab.test
  table gateway >/dev/null
}

stopped() {
  stop gateway
  stop home
  no_link gateway
  no_link home
  expect_equal 'tables of the gateway' '' "$(in_ns gateway nft list tables)"
  expect_equal 'routes of the gateway' '' "$(ip -n "$LAB_ID-gateway" route show proto static)"
}

scenario() {
  step "home, a rogue and a victim, each behind the NAT; WebDAV at home" tun_prepare
  step "without the right to it, \`type: tun\` refuses to start and says why" refused_without_rights
  step "gateway and site with CAP_NET_ADMIN alone, wireguard-go at rogue and victim" tun_ends
  step "100 MB to the site and back, equal SHA-256" transfers
  step "100 MB by a TCP service, whose bytes splice(2) moves at both ends" kept_in_kernel
  step "100 MB from wireguard-go" beside_wireguard_go victim
  step "100 MB from wireguard-go, IPv6 inside" beside_wireguard_go six
  step "the rogue peer opens its own AllowedIPs" open_rogue
  step "the gateway's machine forwards, and its rules are flushed" open_gateway
  step "the rogue reaches no other peer and no LAN" other_peers
  step "it reaches no undeclared port of the gateway, of 10,000 and all that listen" gateway_ports
  step "by IPv6 neither" some_ports_6
  step "it gains nothing by the victim's address" false_source
  step "neither other users of the gateway nor its other addresses" own_users_only
  step "gateway killed with -9: no interface and no rule is left; started again, it serves" killed
  step "stopped: no interface, no rule, no route is left" stopped
}
