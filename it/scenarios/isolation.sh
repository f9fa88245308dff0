# shellcheck shell=bash
# The site's allow list, and peers that try what nobody declared: another peer, the gateway's ports, a false address.
# lab: short

prepare() {
  topology
  behind_nat rogue 78
  behind_nat victim 79
  nginx_start home 127.0.0.1
  spawn victim-web victim "$PYTHON" -m http.server 8085 --directory "$RUN/files/www"
  # What else listens on a VPS, on every address and on loopback.
  spawn vps-web gateway "$PYTHON" -m http.server 9999 --directory "$RUN/files/www"
  spawn vps-local gateway "$PYTHON" -m http.server 9998 --bind 127.0.0.1 --directory "$RUN/files/www"
  wait_port victim 8085
  wait_port gateway 9999
}

ends() {
  # 192.168.77.99 is allowed and does not exist; port 9 is allowed and closed; 8086 is not allowed.
  pair 127.0.0.1:8085 127.0.0.1:9 192.168.77.99:80
  plain_peer_start rogue rogue
  plain_peer_start victim victim
  gateway_services <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  denied:
    host: denied.lab.test
    site: home
    target: http://127.0.0.1:8086
  closed:
    host: closed.lab.test
    site: home
    target: http://127.0.0.1:9
  absent:
    host: absent.lab.test
    site: home
    target: http://192.168.77.99:80
  victim:
    host: victim.lab.test
    site: victim
    target: http://$(address_of victim):8085
YAML
  until_ok 10 answers web.lab.test
  until_ok 15 answers victim.lab.test
}

status_of() { visit -o /dev/null -w '%{http_code}' "http://$1:8080/"; } # HOST

statuses() {
  expect_equal 'target that is not allowed' 502 "$(status_of denied.lab.test)"
  expect_equal 'target that refuses' 502 "$(status_of closed.lab.test)"
  expect_equal 'target that does not answer' 504 "$(status_of absent.lab.test)"
  expect_equal 'the service beside them' 200 "$(status_of web.lab.test)"
}

# Both operators read the target and the word allow; the visitor reads neither.
reasons() {
  expect_line "the gateway's log or status" '127\.0\.0\.1:8086.*allow|allow.*127\.0\.0\.1:8086' \
    "$(grep -h 8086 "$LOGS/gateway.log"; culvert gateway status)"
  expect_line "the site's log or status" '127\.0\.0\.1:8086.*allow|allow.*127\.0\.0\.1:8086' \
    "$(grep -h 8086 "$LOGS/home.log"; culvert home status)"
  expect_no_match 'what the visitor reads' '127\.0\.0\.1|allow' "$(visit http://denied.lab.test:8080/)"
}

# The rogue's WireGuard would carry everything: what stops it is the gateway.
open_rogue() {
  local wg peer
  wg=$(wg_name rogue)
  peer=$(in_ns rogue wg show "$wg" peers)
  in_ns rogue wg set "$wg" peer "$peer" allowed-ips 10.77.0.0/24,192.168.77.0/24,fd77:77:77::/64
  ip -n "$LAB_ID-rogue" route replace 10.77.0.0/24 dev "$wg"
  ip -n "$LAB_ID-rogue" route replace 192.168.77.0/24 dev "$wg"
  ip -n "$LAB_ID-rogue" route replace fd77:77:77::/64 dev "$wg"
}

from_rogue() { in_ns rogue curl -sS --max-time 1 -o /dev/null "$@"; }

other_peers() {
  refuse 'a web server of another peer' from_rogue "http://$(address_of victim):8085/"
  refuse 'a ping to another peer' in_ns rogue ping -c 1 -W 1 "$(address_of victim)"
  refuse 'the LAN of another site' from_rogue "http://$HOME_LAN:8085/"
}

# Port 10.77.0.1:N may answer only where Culvert itself declares it for the tunnel; none that a VPS happens to serve.
gateway_ports() {
  local listening open port
  listening=$(listening_ports gateway)
  open=$(open_ports rogue 10.77.0.1 gateway)
  measured "IPv4 open: ${open:-none}"
  for port in $listening; do
    # The control channel is declared; with the driver `tun` it is a socket of this machine.
    if [ "$port" = 4511 ]; then continue; fi
    expect_no_match "port $port of the gateway" " $port " " $open "
  done
}

gateway_ports_6() {
  local open
  open=$(open_ports rogue fd77:77:77::1 gateway)
  measured "IPv6 open: ${open:-none}"
  expect_no_match 'ports of the gateway' ' (8080|9999) ' " $open "
}

# The victim's address in the rogue's packets: AllowedIPs must stop them before anything reads them.
false_source() {
  ip -n "$LAB_ID-rogue" addr add "$(address_of victim)/32" dev "$(wg_name rogue)"
  refuse 'a request from another peer'\''s address' from_rogue --interface "$(address_of victim)" "http://10.77.0.1:9999/"
  answers victim.lab.test
}

scenario() {
  step "home, a rogue and a victim, each behind the NAT" prepare
  step "gateway and site as an unprivileged user, wg-quick at rogue and victim" ends
  step "not allowed 502, refused 502, no answer 504" statuses
  step "both operators read why, the visitor does not" reasons
  step "the rogue peer opens its own AllowedIPs" open_rogue
  step "it reaches no other peer and no LAN" other_peers
  step "it reaches no undeclared port of the gateway, of 10,000 and all that listen" gateway_ports
  step "by IPv6 neither" gateway_ports_6
  step "it gains nothing by the victim's address" false_source
}
