# shellcheck shell=bash
# `forward: kernel` beside firewalls like docker's and ufw's that drop: TCP, UDP and a range reach a stock peer, nothing else does.
# lab: long

TUN_ENDS=gateway
NETWORK6=fd77:77:77::/64
OTHER4=203.0.113.66
# Nobody's on the internet: a visitor who says so lies.
LIAR4=192.168.99.9
LIAR6=fd00:99::9

# What stands on a VPS before Culvert comes: all of it drops what it does not know.
firewalls() {
  in_ns gateway iptables-restore <<'RULES'
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:ufw-before-forward - [0:0]
:ufw-before-input - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -j ufw-before-forward
-A DOCKER-USER -j RETURN
-A ufw-before-forward -p icmp -m icmp --icmp-type 3 -j ACCEPT
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -j ufw-user-input
-A ufw-user-input -p udp -m udp --dport 51820 -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 8080 -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 7086 -j ACCEPT
-A ufw-user-input -p udp -m udp --dport 7002 -j ACCEPT
COMMIT
RULES
  in_ns gateway ip6tables-restore <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p ipv6-icmp -j ACCEPT
COMMIT
RULES
  in_ns gateway nft -f - <<'NFT'
table inet firewall {
  chain forward { type filter hook forward priority 10; policy drop;
    ct state established,related accept
  }
}
NFT
}

prepare() {
  (
    # shellcheck source=../lib/packages.sh
    . "$LIB/packages.sh"
    LAB_PACKAGES=(iptables nmap)
    install_packages
  )
  topology
  behind_nat attic 78
  ip -n "$LAB_ID-visitor" addr add "$OTHER4/32" dev public
  ip -n "$LAB_ID-gateway" route add "$OTHER4/32" dev public
  address visitor public "$LIAR4/32"
  address visitor public "$LIAR6/128"
  nginx_start home 0.0.0.0
  make_file "$RUN/files/www/big" 40
  spawn echo home "$PYTHON" "$LIB/udp-peer.py" echo 0.0.0.0 27000 27020
  spawn seen-home home "$PYTHON" "$LIB/seen.py" 0.0.0.0 7000
  spawn talker home "$PYTHON" "$LIB/talker.py" 0.0.0.0 7100 nas name
  spawn visitor-web visitor "$PYTHON" -m http.server 8099 --directory "$RUN/files/www"
  wait_log echo ready 10
  wait_log seen-home ready 10
  spawn seen-home6 home "$PYTHON" "$LIB/seen.py" :: 7000
  wait_log seen-home6 ready 10
  firewalls
}

rules() { in_ns gateway nft -s list ruleset; }
forwards() { in_ns gateway sysctl -n net.ipv4.ip_forward net.ipv6.conf.all.forwarding | tr '\n' ' '; }

ends() {
  local address
  rules >"$RUN/before"
  gateway_start
  plain_peer_start nas home
  plain_peer_start keep attic --transparent
  # At these addresses: what a server at all addresses answers by UDP would leave from another.
  for address in "$(address_of keep)" "$(address6_of keep)"; do
    spawn "seen-attic-$address" attic "$PYTHON" "$LIB/seen.py" "$address" 7000
    wait_log "seen-attic-$address" ready 10
  done
}
address6_of() { sed -n 's/^Address.*, \([0-9a-f:]*\).*/\1/p' "$RUN/files/$1.printed"; }

embedded_is_refused() {
  local out
  printf 'sites: {nas: {type: plain, public-key: "%s", address: 10.77.0.9}}\nservices:\n  ssh: %s\n' \
    "$(wg genkey | wg pubkey)" '{listen: 2222/tcp, site: nas, target: "tcp://10.77.0.9:22", forward: kernel}' >"$RUN/files/wrong.yaml"
  out=$(culvert gateway check "$RUN/files/wrong.yaml" 2>&1) && return 1
  expect_line 'what it says' 'wrong.yaml:3:[0-9]+: services.ssh.forward: .*needs an interface' "$out"
}

both() { echo "['$1://$(address_of "$2"):$3', '$1://[$(address6_of "$2")]:$3']"; } # SCHEME PEER PORT

services() { # MORE YAML on standard input
  gateway_services <<YAML
  web: {listen: 7085/tcp, site: nas, target: "tcp://$(address_of nas):8085", forward: kernel}
  who: {listen: 7000/tcp, site: nas, target: $(both tcp nas 7000), forward: kernel}
  who-udp: {listen: 7000/udp, site: nas, target: $(both udp nas 7000), forward: kernel}
  range: {listen: 27000-27019/udp, site: nas, target: "udp://$(address_of nas):27000-27019", forward: kernel}
  talk: {listen: 7100/tcp, site: nas, target: "tcp://$(address_of nas):7100", forward: kernel${TALK:-}}
  kept: {listen: 7001/tcp, site: keep, target: $(both tcp keep 7000), forward: kernel, client-address: transparent}
  kept-udp: {listen: 7001/udp, site: keep, target: $(both udp keep 7000), forward: kernel, client-address: transparent}
  relayed: {listen: 7086/tcp, site: nas, target: "tcp://$(address_of nas):8085"}
  relayed-udp: {listen: 7002/udp, site: nas, target: "udp://$(address_of nas):7000"}
$(cat)
YAML
}

tcp() { in_ns visitor curl -sS --max-time 10 "$@"; }
who() { in_ns visitor "$PYTHON" - "$@" <<'PY'
import socket, sys
kind, address, port = sys.argv[1:4]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
made = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
made.settimeout(3)
if len(sys.argv) > 4:
    made.bind((sys.argv[4], 0))
made.connect((address, int(port)))
made.send(b"?" * 50)
print(made.recv(100).split()[0].decode())
PY
}

publish() {
  services </dev/null
  until_ok 15 tcp -f -o /dev/null "http://$GATEWAY4:7085/"
  expect_equal 'forwarding, IPv4 and IPv6' '1 1 ' "$(forwards)"
}

transfer() { # PORT
  measured "$(tcp --max-time 60 -f -o "$RUN/files/got" -w '%{speed_download}' "http://$GATEWAY4:$1/big" | awk '{ printf "%.0f Mbit/s", $1 * 8 / 1e6 }')"
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(sha "$RUN/files/got")"
}

datagrams() {
  expect_equal 'flows of the range' 'answered 400' \
    "$(in_ns visitor "$PYTHON" "$LIB/udp-peer.py" flows "$GATEWAY4" 27000 20 400)"
  expect_equal 'the port behind the range' none "$(in_ns visitor "$PYTHON" "$LIB/udp-peer.py" once "$GATEWAY4" 27020 100)"
  expect_equal 'a large datagram' 1300 "$(in_ns visitor "$PYTHON" "$LIB/udp-peer.py" once "$GATEWAY4" 27003 1300)"
}

addresses() {
  local ours ours6
  ours=$(sed -n 's/^AllowedIPs *= *\([0-9.]*\).*/\1/p' "$RUN/files/nas.printed")
  ours6=$(sed -n 's/^AllowedIPs.*, \([0-9a-f:]*\).*/\1/p' "$RUN/files/nas.printed")
  expect_equal 'SNAT, TCP' "$ours" "$(who tcp "$GATEWAY4" 7000)"
  expect_equal 'SNAT, UDP' "$ours" "$(who udp "$GATEWAY4" 7000)"
  expect_equal 'kept, TCP' "$VISITOR4" "$(who tcp "$GATEWAY4" 7001)"
  expect_equal 'kept, UDP' "$VISITOR4" "$(who udp "$GATEWAY4" 7001)"
  expect_equal 'UDP by the process beside it' "$ours" "$(who udp "$GATEWAY4" 7002)"
  expect_equal 'IPv6, SNAT, TCP' "$ours6" "$(who tcp "$GATEWAY6" 7000)"
  expect_equal 'IPv6, SNAT, UDP' "$ours6" "$(who udp "$GATEWAY6" 7000)"
  expect_equal 'IPv6, kept, TCP' "$VISITOR6" "$(who tcp "$GATEWAY6" 7001)"
  expect_equal 'IPv6, kept, UDP' "$VISITOR6" "$(who udp "$GATEWAY6" 7001)"
}

# The peer's own file drops who claims to be of a home network.
liars() {
  refuse 'who claims a private address of IPv4' who udp "$GATEWAY4" 7001 "$LIAR4"
  refuse 'who claims a private address of IPv6' who udp "$GATEWAY6" 7001 "$LIAR6"
  local dropped
  dropped=$(in_ns attic nft list table inet "culvert-$(wg_name keep)" | grep -c 'counter packets [1-9]')
  expect_equal 'rules that dropped' 2 "$dropped"
}

# What `status`, `explain` and `doctor` know of what passes no process.
known() {
  local table
  table=$(in_ns gateway nft list counters table inet culvert-forward)
  expect_match 'a counter of the table' 'counter new-web' "$table"
  culvert gateway status --json >"$RUN/files/status"
  "$PYTHON" - "$RUN/files/status" <<'PY'
import json, sys
services = {each["name"]: each for each in json.load(open(sys.argv[1]))["services"]}
web, who = services["web"], services["who"]
print(web)
assert web["forward"] == "kernel" and "live" not in web, web
assert web["connections"] >= 1 and web["sentBytes"] > 40 << 20 > web["receivedBytes"] > 1000, web
assert who["connections"] == 2 and services["range"]["connections"] >= 400, services
assert "forward" not in services["relayed"] and services["relayed"]["connections"] >= 1, services
PY
  expect_match status 'web +7085/tcp +nas +tcp://[0-9.:]+ +- +[1-9]' "$(culvert gateway status)"
  expect_match explain 'yes +listener +kernel 7085/tcp.*yes +target +tcp://' "$(culvert gateway explain 7085 | tr '\n' ' ')"
  expect_match 'explain, IPv6' 'keeps the visitor.s address.*yes +target +tcp://\[fd77' \
    "$(culvert gateway explain 7001 --from "$VISITOR6" | tr '\n' ' ')"
  expect_match doctor 'web: forward: +7085/tcp by the kernel: [1-9]' "$(culvert gateway doctor 2>&1 || true)"
}

# Neither the peer that hears visitors nor anybody else gets a way that was not declared.
closed_inside() {
  refuse 'from a peer to a visitor' in_ns attic curl -sS --max-time 2 --interface "$(address_of keep)" -o /dev/null "http://$VISITOR4:8099/"
  refuse 'from a peer to another' in_ns attic curl -sS --max-time 2 --interface "$(address_of keep)" -o /dev/null "http://$(address_of nas):8085/"
  ip -n "$LAB_ID-visitor" route add 10.77.0.0/24 via "$GATEWAY4"
  refuse 'from a visitor to the address of a peer' tcp --max-time 2 -o /dev/null "http://$(address_of nas):8085/"
  ip -n "$LAB_ID-visitor" route del 10.77.0.0/24
}

talk_start() { # NAME SOURCE: asks five times a second, until it gets no answer
  cat >"$RUN/files/talk.py" <<'PY'
import socket, sys, time
made = socket.create_connection((sys.argv[1], 7100), 5, (sys.argv[2], 0))
made.settimeout(5)
made.recv(100)
count = 0
while True:
    made.sendall(b"tick")
    if made.recv(100) == b"":
        sys.exit("ended")
    count += 1
    print("ticks", count, flush=True)
    time.sleep(0.2)
PY
  spawn "$1" visitor "$PYTHON" "$RUN/files/talk.py" "$GATEWAY4" "$2"
  wait_log "$1" 'ticks 3$' 10
}

ticks() { tail -n 1 "$LOGS/$1.log" | sed -n 's/^ticks //p'; }
goes_on() { # NAME
  local now
  now=$(ticks "$1")
  until_ok 5 wait_more "$1" $((now + 5))
}
wait_more() { local now; now=$(ticks "$1") && [ -n "$now" ] && [ "$now" -ge "$2" ]; }
opened() { tcp -f -o /dev/null --max-time 2 "http://$GATEWAY4:$1/" 2>/dev/null; } # PORT
not_opened() { ! opened "$1"; }

reloads() {
  talk_start steady "$VISITOR4"
  local i
  for i in 1 2 3; do
    services <<YAML
  more: {listen: 71$i${i}/tcp, site: nas, target: "tcp://$(address_of nas):8085", forward: kernel}
YAML
    until_ok 10 opened "71$i$i"
  done
  services </dev/null
  until_ok 10 not_opened 7133
  goes_on steady
}

# Others' tools still read their own rules, and what they throw away with them is put back.
firewalls_anew() {
  in_ns gateway iptables -S FORWARD >"$RUN/files/printed"
  expect_match 'the first rule' $'-P FORWARD DROP\n-A FORWARD -m mark --mark 0x1443 .*-j ACCEPT' "$(cat "$RUN/files/printed")"
  in_ns gateway nft delete table inet firewall
  firewalls
  until_ok 10 opened 7085
  goes_on steady
}

denied() {
  talk_start guest "$OTHER4"
  TALK=", access: {deny: $OTHER4}"
  services </dev/null
  until_ok 10 gone guest
  refuse 'who is denied' who tcp "$GATEWAY4" 7100 "$OTHER4"
  goes_on steady
  TALK=', access: {connections: 3}'
  services </dev/null
  expect_equal 'at once' 3 "$(many 6)"
  TALK=', access: {rate: 3/m, connections: 50}'
  services </dev/null
  expect_equal 'in a minute' 3 "$(many 6)"
  culvert gateway status --json >"$RUN/files/status"
  "$PYTHON" - "$RUN/files/status" <<'PY'
import json, sys
talk = next(each for each in json.load(open(sys.argv[1]))["services"] if each["name"] == "talk")
print(talk)
assert talk["refusedPackets"] >= 7 and talk["connections"] >= 8, talk
PY
}

# How many of so many connections get a word.
many() { # COUNT
  in_ns visitor "$PYTHON" - "$GATEWAY4" "$1" <<'PY'
import socket, sys, time
held = []
for _ in range(int(sys.argv[2])):
    try:
        made = socket.create_connection((sys.argv[1], 7100), 2)
        made.settimeout(2)
        if made.recv(100):
            held.append(made)
    except OSError:
        pass
print(len(held))
PY
}

# Reads both from the gateway's machine and from what a visitor finds.
scan() {
  TALK=
  services </dev/null
  local found declared='7000 7001 7085 7086 7100 8080'
  found=$(in_ns visitor nmap -n -Pn -sS -p- --min-rate 4000 --max-retries 2 --open -oG - "$GATEWAY4" |
    grep -oE '[0-9]+/open/tcp' | cut -d/ -f1 | sort -n | tr '\n' ' ')
  expect_equal 'open ports of 65,535' "$declared " "$found"
}

stopped() {
  stop steady
  stop gateway
  expect_equal 'rules that differ' '' "$(rules | diff "$RUN/before" -)"
  expect_equal 'forwarding, IPv4 and IPv6' '0 0 ' "$(forwards)"
}

is_off() { [ "$(forwards)" = '0 0 ' ]; }

killed() {
  gateway_launch
  until_ok 15 opened 7085
  kill -KILL "$(pid_of gateway)"
  until_ok 10 gone gateway
  refuse 'a port of a killed gateway' opened 7085
  expect_no_match 'tables' 'culvert-forward$' "$(in_ns gateway nft list tables)"
  # The next start has nothing to forward. That one is ready stands in the log already, of the first.
  gateway_config </dev/null
  gateway_launch
  until_ok 20 is_off
  stop gateway
  expect_equal 'rules that differ' '' "$(rules | diff "$RUN/before" -)"
}

scenario() {
  step "rules like docker's, ufw's and a hand-made firewall's, all with policy DROP" prepare
  step "gateway with the driver tun, wireguard-go at two homes" ends
  step "without an interface \`check\` refuses it, with the place" embedded_is_refused
  step "nine services, seven of them by the kernel" publish
  step "40 MiB by TCP, equal SHA-256" transfer 7085
  step "the same by the relay beside it" transfer 7086
  step "400 flows over a range of UDP, and none behind it" datagrams
  step "targets see the gateway's address in the tunnel, or the visitor's where it is kept" addresses
  step "who claims a private address reaches no target that keeps addresses" liars
  step "status, explain and doctor know what the kernel carries" known
  step "peers reach neither visitors nor each other, visitors no peer by its address" closed_inside
  step "four reloads cut no connection" reloads
  step "docker's tool reads its chain; rules loaded anew get the pass back" firewalls_anew
  step "who is denied is cut; connections and rate of a visitor are bounded" denied
  step "a scan of all 65,535 ports finds the declared ones" scan
  step "stopped: rules and switches of forwarding are as they were" stopped
  step "killed with -9 nothing passes; the next start takes the rest back" killed
}
