# shellcheck shell=bash
# dnsdist in front of a service of DNS and dnsdist at home: PROXY v2 in every datagram, in and out; the visitor is who asked.
# lab: long

# In front: visitors come by one side, the gateway is on the other.
FRONT=203.0.114.20
FRONT_GATEWAY=203.0.114.1
CLIENT=203.0.115.10
FRONT_PUBLIC=203.0.115.1

prepare() {
  # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES+=(dnsdist bind9-dnsutils)
  install_packages
  topology
  make_ns front
  link front inside "$FRONT/24" gateway fronted "$FRONT_GATEWAY/24"
  link visitor client "$CLIENT/24" front public "$FRONT_PUBLIC/24"
  spawn dns home "$PYTHON" "$LIB/dns.py" 127.0.0.54 www.lab.test 192.0.2.80
  wait_log dns ready 10
}

dnsdist_start() { # NAME NS ADDRESS SERVER PROXY…: its further lines on standard input
  {
    printf 'setLocal("%s:53")\nsetACL({"0.0.0.0/0"})\nnewServer({address="%s", useProxyProtocol=%s})\n' "$3" "$4" "$5"
    cat
  } >"$RUN/files/$1.conf"
  spawn "$1" "$2" dnsdist --supervised --disable-syslog -C "$RUN/files/$1.conf"
}

ends() {
  : >"$RUN/files/asked"
  dnsdist_start target home 127.0.0.53 127.0.0.54:53 false <<LUA
setProxyProtocolACL({"127.0.0.0/8"})
addAction(AllRule(), LogAction("$RUN/files/asked", false, true, false))
LUA
  gateway_start
  site_start home 127.0.0.53:53/udp
  services | gateway_services
  dnsdist_start front front "$FRONT_PUBLIC" "$FRONT_GATEWAY:5353" true </dev/null
  until_ok 20 names "$FRONT_PUBLIC" 53
}

services() {
  cat <<YAML
  dns:
    listen: 5353/udp
    site: home
    target: udp://127.0.0.53:53
    client-address: proxy-v2
    proxy-protocol: {require: $FRONT}
YAML
}

names() { # ADDRESS PORT
  [ "$(in_ns visitor dig +short +tries=1 +time=2 -p "$2" "@$1" www.lab.test)" = 192.0.2.80 ]
}

asked_by() { grep -q "from $1:" "$RUN/files/asked"; } # ADDRESS

by_the_front() {
  local n
  for n in 1 2 3 4 5; do names "$FRONT_PUBLIC" 53; done
  until_ok 5 asked_by "$CLIENT"
  measured "$(grep -c "from $CLIENT:" "$RUN/files/asked") questions of the visitor"
}

by_itself() {
  names "$GATEWAY4" 5353
  until_ok 5 asked_by "$VISITOR4"
}

forged() {
  local before
  before=$(counter proxy.untrusted)
  printf '\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c\x06\x06\x06\x06\xc0\0\x02\x01\x04\xd2\x01\xbbhello' |
    in_ns visitor socat -u - "UDP:$GATEWAY4:5353"
  until_ok 5 counted "$before"
  refuse 'a question of who was forged' asked_by 6.6.6.6
}
counted() { [ "$(counter proxy.untrusted)" = $(($1 + 1)) ]; } # BEFORE

plain_from_the_front() {
  local before
  before=$(counter proxy.malformed.NO_SIGNATURE)
  printf hello | in_ns front socat -u - "UDP:$FRONT_GATEWAY:5353"
  until_ok 5 more_than "$before"
}
more_than() { [ "$(counter proxy.malformed.NO_SIGNATURE)" -gt "$1" ]; } # BEFORE

scenario() {
  step "networks, a name server at home" prepare
  step "dnsdist at home, which takes PROXY, and in front, which sends it" ends
  step "questions by the front: answered, and the target knows who asked" by_the_front
  step "a visitor that comes by itself" by_itself
  step "a header of a stranger is dropped and counted" forged
  step "the front without a header is dropped and counted" plain_from_the_front
}
