# shellcheck shell=bash
# The driver `kernel` in an emulated machine with Linux's WireGuard, beside embedded, wireguard-go and `culvert wg`.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/guest.sh
. "$LIB/guest.sh"

# outside (visitor, router) ── 10.99.0.0/24 ── guest
#    ├── 10.98.1.0/24 ── home (Culvert, embedded)
#    └── 10.98.2.0/24 ── rogue (wireguard-go)
GATEWAY_UPLINK=$GUEST
NETWORK6=fd77:77:77::/64
GATEWAY6_INSIDE=${NETWORK6%/*}1
ROGUE=10.77.0.66
ROGUE6=${NETWORK6%/*}66
ROGUE_PSK=/state/psk
# Where it is called, if it is.
ROGUE_ENDPOINT=
BIG=${BIG:-100}
# What the site may reach of its own machine.
ALLOWED=(127.0.0.1:8085 127.0.0.1:7007)

behind() { # NS N
  make_ns "$1"
  link outside "to$2" "10.98.$2.1/24" "$1" lan "10.98.$2.2/24"
  address outside "to$2" "2001:db8:$2::1/64"
  address "$1" lan "2001:db8:$2::2/64"
  default_route "$1" "10.98.$2.1"
  ip -n "$LAB_ID-$1" route add default via "2001:db8:$2::1"
}

prepare() {
  make_ns outside
  in_ns outside sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  behind home 1
  behind rogue 2
  nginx_start home 127.0.0.1
  spawn echo home socat TCP-LISTEN:7007,bind=127.0.0.1,fork,reuseaddr,backlog=512 EXEC:cat
  make_file "$RUN/files/www/big" "$BIG"
  wg genkey | install -m 600 /dev/stdin "$RUN/files/rogue.key"
  wg genpsk | install -m 600 /dev/stdin "$RUN/files/psk"
  guest_kernel
  guest_image culvert
}

# Of the library's ends, the gateway is in the guest.
culvert() {
  local end=$1
  shift
  if [ "$end" = gateway ]; then guest "culvert $*"; else
    in_ns "$end" "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/$end" "$CULVERT" "$@"
  fi
}

guest_config() { # [more services]
  guest_file /state/gateway.yaml <<YAML
gateway:
  name: vps
  endpoint: $GUEST:51820
tunnel:
  listen: 51820
  network6: $NETWORK6
http:
  listen: [8080]
sites:
  rogue:
    type: plain
    public-key: $(wg pubkey <"$RUN/files/rogue.key")
    address: [$ROGUE, "$ROGUE6"]${ROGUE_PSK:+
    preshared-key-file: $ROGUE_PSK}${ROGUE_ENDPOINT:+
    endpoint: '$ROGUE_ENDPOINT'}
services:
  rogue4:
    host: rogue4.lab.test
    site: rogue
    target: http://$ROGUE:8085
  rogue6:
    host: rogue6.lab.test
    site: rogue
    target: http://[$ROGUE6]:8085
$1
YAML
}

HOME_SERVICES='  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  echo:
    listen: 7007/tcp
    site: home
    target: tcp://127.0.0.1:7007'

gateway_up() {
  guest_spawn gateway culvert gateway --config /state/gateway.yaml
  until_ok 600 guest_said gateway 'gateway ready'
}

gateway() {
  guest_file /state/psk <"$RUN/files/psk"
  guest_config ''
  gateway_up
  guest 'wg show culvert0 public-key' >"$RUN/files/gateway.pub"
  expect_match 'who it runs as' 'Uid:.65534' "$(guest 'grep Uid: /proc/$(cat /tmp/gateway.pid)/status')"
}

visit() { # CURL ARGUMENTS…
  in_ns outside curl -sS --noproxy '*' --max-time "${MAX_TIME:-30}" --resolve "*:8080:$GUEST" "$@"
}

answers() { visit -f -o /dev/null "http://$1:8080/" 2>/dev/null; } # HOST

# The visitor has an address that visitors of the internet have not.
site() {
  state_for home
  site_config home "${ALLOWED[@]}"
  echo "clients: [$OUTSIDE/32]" >>"$RUN/home.yaml"
  site_add home
  culvert home join - <"$RUN/home.token"
  site_launch home
  guest_config "$HOME_SERVICES"
  guest_kill gateway HUP
  until_ok 240 answers web.lab.test
}

status() {
  local said
  said=$(culvert gateway status)
  expect_match status 'tunnel kernel \(by auto, for this process may and the kernel has it; .*interface culvert0' "$said"
  expect_line 'the peer' 'home +culvert.*10\.98\.1\.2:[0-9]+ +[0-9]+ s ago +[0-9.]+ [KM]iB' "$said"
}

page() { # HOST
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(MAX_TIME=600 visit -f "http://$1.lab.test:8080/big" | sha)"
  measured "$(awk -v n="$BIG" -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", n * 8.388608 / s }')"
}

# The guest calls first: the gateway was told where it is by nobody but the peer, so the peer does.
rogue_up() { # ENDPOINT
  wg_quick_up rogue rogue <<CONF
[Interface]
PrivateKey = $(cat "$RUN/files/rogue.key")
Address = $ROGUE/32, $ROGUE6/128
[Peer]
PublicKey = $(cat "$RUN/files/gateway.pub")
PresharedKey = $(cat "$RUN/files/psk")
AllowedIPs = 10.77.0.1/32, $GATEWAY6_INSIDE/128
Endpoint = $1
PersistentKeepalive = 5
CONF
}

wireguard_go() {
  rogue_up "$GUEST:51820"
  spawn rogue-http rogue "$PYTHON" -m http.server 8085 --bind :: --directory "$RUN/files/www"
  until_ok 120 answers rogue4.lab.test
  until_ok 120 answers rogue6.lab.test
  in_ns rogue ping -c 2 -W 5 10.77.0.1
  in_ns rogue ping -c 2 -W 5 "$GATEWAY6_INSIDE"
}

handshake_of() { guest 'wg show culvert0 latest-handshakes' | awk -v key="$1" '$1 == key { print $2 }'; } # KEY
is_young() { [ $(($(guest 'date +%s') - $(handshake_of "$1"))) -lt 30 ]; } # KEY

# A session of 120 s is renewed anyway: it begins with a young one.
reloads() {
  local key before n
  key=$(guest 'wg show culvert0 allowed-ips' | awk '/10\.77\.0\.2\/32/ { print $1 }')
  until_ok 130 is_young "$key"
  before=$(handshake_of "$key")
  in_ns outside curl -sS --noproxy '*' --max-time 120 --limit-rate 2M --resolve "*:8080:$GUEST" -f -o "$RUN/files/got" \
    http://web.lab.test:8080/big &
  for n in 1 2 3; do
    guest_config "$HOME_SERVICES
  more$n:
    host: more$n.lab.test
    site: home
    target: http://127.0.0.1:8085"
    guest_kill gateway HUP
    until_ok 120 answers "more$n.lab.test"
  done
  expect_equal "the session of $key" "$before" "$(handshake_of "$key")"
  wait $!
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(sha "$RUN/files/got")"
}

idle() {
  in_ns outside "$PYTHON" "$LIB/idle-connections.py" "$GUEST" 7007 200 60
}

# Its WireGuard would carry everything, and the machine forwards; what stops it is Culvert's tables.
open_rogue() {
  local wg
  wg=$(wg_name rogue)
  in_ns rogue wg set "$wg" peer "$(cat "$RUN/files/gateway.pub")" allowed-ips 10.77.0.0/24,10.99.0.0/24,fd77:77:77::/64
  ip -n "$LAB_ID-rogue" route replace 10.77.0.0/24 dev "$wg"
  ip -n "$LAB_ID-rogue" route replace fd77:77:77::/64 dev "$wg"
  guest 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  guest 'nc -ll -p 9999 -e /bin/true >/dev/null 2>&1 </dev/null &'
  guest 'nft flush ruleset'
  # Its own goes by; the one that is to stay after a kill is put back.
  until_ok 10 guest 'nft list table inet culvert-culvert0-stays >/dev/null 2>&1'
  guest 'nft list table inet culvert-culvert0 >/dev/null'
}

reaches() { # ADDRESS:PORT, through the tunnel whatever the routes say
  in_ns rogue socat -T 1 - "TCP:$1,connect-timeout=1,so-bindtodevice=$(wg_name rogue)" </dev/null
}

kept_out() {
  local address port
  in_ns outside socat -T 1 - "TCP:$GUEST:9999,connect-timeout=3" </dev/null
  in_ns rogue ping -c 1 -W 5 10.77.0.1
  for port in 22 7000 8080 9999; do
    for address in 10.77.0.1 "[$GATEWAY6_INSIDE]" "$GUEST"; do
      refuse "$address:$port" reaches "$address:$port"
    done
  done
  refuse 'another peer' in_ns rogue ping -c 1 -W 2 10.77.0.2
}

other_users() {
  refuse 'another user of the gateway' guest "wget -T 3 -qO /dev/null http://$ROGUE:8085/"
  visit -f -o /dev/null http://rogue4.lab.test:8080/
}

killed() {
  guest_kill gateway KILL
  until_ok 10 not_alive
  guest 'ip link show culvert0 && nft list table inet culvert-culvert0-stays >/dev/null'
  refuse 'its own table, which had an owner' guest 'nft list table inet culvert-culvert0'
  kept_out
}

not_alive() { ! guest_alive gateway; }

again() {
  gateway_up
  until_ok 120 answers web.lab.test
  until_ok 120 answers rogue4.lab.test
  expect_equal interfaces 1 "$(guest 'ip -o link show type wireguard' | grep -c culvert)"
  kept_out
}

stopped() {
  guest_kill gateway TERM
  until_ok 30 not_alive
  refuse 'the interface' guest 'ip link show culvert0'
  expect_equal tables '' "$(guest 'nft list tables')"
  expect_equal routes '' "$(guest 'ip route show proto static; ip -6 route show proto static')"
}

scenario() {
  step "packages of an emulated machine" guest_packages
  step "networks, Debian's kernel, Culvert's runtime in an initramfs" prepare
  step "the machine boots" guest_start
  step "a gateway in it, an ordinary user with two capabilities" gateway
  step "a Culvert site outside joins" site
  step "\`auto\` took Linux's WireGuard; status knows the peer" status
  step "$BIG MiB from the site (embedded), equal SHA-256" page web
  step "wireguard-go calls, with a preshared key; IPv4 and IPv6 inside" wireguard_go
  step "$BIG MiB from wireguard-go by IPv4 inside" page rogue4
  step "the file is changed three times under a transfer: no session is new, nothing is cut" reloads
  step "200 connections are silent for 60 s and still answer" idle
  step "the rogue opens its AllowedIPs, the machine forwards, and its rules are flushed" open_rogue
  step "the rogue reaches no port, no other address and no peer" kept_out
  step "nor do other users of the gateway reach it" other_users
  step "killed with -9: interface and rules stay, and keep it out" killed
  step "started again: one interface, everybody is back" again
  step "stopped: no interface, no rule, no route" stopped
}
