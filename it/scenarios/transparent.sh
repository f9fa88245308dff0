# shellcheck shell=bash
# nginx, sshd and servers of UDP at home and in a container see the visitor's own address on their sockets, IPv4 and IPv6.
# lab: long

ADMIN_ENDS=home
BOX4=172.30.0.2
BOX6=fd00:30::2

# Nothing of the home's answers may leave for the visitor: the tunnel's own packets go to the gateway.
watch_home() {
  in_ns home nft -f - <<NFT
table inet watch {
  counter strays { }
  chain out { type filter hook postrouting priority 0;
    oifname "lan" ip daddr $VISITOR4 counter name strays
    oifname "lan" ip6 daddr $VISITOR6 counter name strays
  }
}
NFT
}

strays() { in_ns home nft list counter inet watch strays | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

# A bridge of containers, and one behind it. The home forwards for it, as a machine with containers does.
container() {
  ip -n "$LAB_ID-home" link add box0 type bridge
  address home box0 172.30.0.1/24
  address home box0 fd00:30::1/64
  make_ns box
  ip link add veth-box netns "$LAB_ID-home" type veth peer name eth0 netns "$LAB_ID-box"
  ip -n "$LAB_ID-home" link set veth-box master box0 up
  address box eth0 "$BOX4/24"
  address box eth0 "$BOX6/64"
  default_route box 172.30.0.1
  ip -n "$LAB_ID-box" -6 route add default via fd00:30::1
  in_ns home sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# As strict as machines are, and as wg-quick leaves them.
strict_home() {
  in_ns home sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.all.src_valid_mark=1
  address home lan 2001:db8:77::2/64
  ip -n "$LAB_ID-home" -6 route add default via 2001:db8:77::1
}

nginx_seen() {
  mkdir -p "$RUN/nginx"
  cat >"$RUN/nginx/nginx.conf" <<CONF
daemon off;
user root;
pid $RUN/nginx/pid;
error_log stderr;
events { }
http {
  client_body_temp_path $RUN/nginx/body;
  proxy_temp_path $RUN/nginx/proxy;
  fastcgi_temp_path $RUN/nginx/fastcgi;
  uwsgi_temp_path $RUN/nginx/uwsgi;
  scgi_temp_path $RUN/nginx/scgi;
  log_format seen '\$uri \$remote_addr \$remote_port';
  access_log $RUN/nginx/seen.log seen;
  server {
    listen 127.0.0.1:8085;
    listen [::1]:8085;
    return 200 "hello\n";
  }
}
CONF
  spawn nginx home nginx -p "$RUN/nginx" -e stderr -c "$RUN/nginx/nginx.conf"
  wait_port home 8085
}

seen_start() { # NAME NS ADDRESS PORT
  spawn "$1" "$2" "$PYTHON" "$LIB/seen.py" "$3" "$4"
  wait_log "$1" ready 10
}

prepare() {
  topology
  mkdir -p "/etc/netns/$LAB_ID-home"
  printf '127.0.0.1 localhost\n::1 localhost\n%s box\n%s box\n' "$BOX4" "$BOX6" >"/etc/netns/$LAB_ID-home/hosts"
  strict_home
  container
  watch_home
  nginx_seen
  sshd_start home localhost
  seen_start here4 home 127.0.0.1 7000
  seen_start here6 home ::1 7000
  # At all addresses: what it answers by UDP leaves from the one that leads to the visitor.
  seen_start any4 home 0.0.0.0 7001
  seen_start any6 home :: 7001
  seen_start box4 box 0.0.0.0 7000
  seen_start box6 box :: 7000
  spawn kept box "$PYTHON" "$ROOT/bench/lib/hold.py" listen 0.0.0.0 7002
}

home_config() {
  site_config home localhost:8085 localhost:2022 localhost:7000-7002 localhost:7000-7001/udp 192.168.77.2:7001 \
    192.168.77.2:7001/udp box:7000-7002 box:7000/udp 127.0.0.1:8086
  cat >>"$RUN/home.yaml" <<'YAML'
transparent:
  allow: ["localhost:1-8085", "localhost:7000-7001/udp", "192.168.77.2:7001", "192.168.77.2:7001/udp", "box:7000-7002", "box:7000/udp"]
YAML
}

refused_without_right() {
  local out
  gateway_start
  state_for home
  home_config
  site_add home
  culvert home join - <"$RUN/home.token"
  out=$(culvert home site --config "$RUN/home.yaml" 2>&1) && return 1
  expect_line 'what it says' 'needs CAP_NET_ADMIN.*proxy-v2' "$out"
}

ends() {
  site_launch home
  unprivileged gateway home
  gateway_services <<'YAML'
  web: {listen: 9001/tcp, site: home, target: "tcp://localhost:8085", client-address: transparent}
  ssh: {listen: 9022/tcp, site: home, target: "tcp://localhost:2022", client-address: transparent}
  here: {listen: 9002/tcp, site: home, target: "tcp://localhost:7000", client-address: transparent}
  again: {listen: 9012/tcp, site: home, target: "tcp://localhost:7000", client-address: transparent}
  here-udp: {listen: 9002/udp, site: home, target: "udp://localhost:7000", client-address: transparent}
  any: {listen: 9003/tcp, site: home, target: "tcp://localhost:7001", client-address: transparent}
  any-udp: {listen: 9003/udp, site: home, target: "udp://localhost:7001", client-address: transparent}
  own: {listen: 9004/tcp, site: home, target: "tcp://192.168.77.2:7001", client-address: transparent}
  own-udp: {listen: 9004/udp, site: home, target: "udp://192.168.77.2:7001", client-address: transparent}
  box: {listen: 9005/tcp, site: home, target: "tcp://box:7000", client-address: transparent}
  box-udp: {listen: 9005/udp, site: home, target: "udp://box:7000", client-address: transparent}
  closed: {listen: 9006/tcp, site: home, target: "tcp://box:7001", client-address: transparent}
  closed-here: {listen: 9007/tcp, site: home, target: "tcp://localhost:7002", client-address: transparent}
  silent: {listen: 9008/tcp, site: home, target: "tcp://127.0.0.1:8086", client-address: transparent}
  kept: {listen: 9010/tcp, site: home, target: "tcp://box:7002", client-address: transparent}
  plain: {listen: 9009/tcp, site: home, target: "tcp://localhost:7000"}
  by-name: {host: web.lab.test, site: home, target: "http://localhost:8085", client-address: transparent}
YAML
  until_ok 60 says tcp "$GATEWAY4" 9002 "$VISITOR4"
}

ask() { in_ns visitor "$PYTHON" "$LIB/ask.py" "$@"; }
says() { [[ "$(ask "$1" "$2" "$3" 2>&1)" =~ ^"$4 " ]]; } # KIND ADDRESS PORT SEEN

# The target says who it has seen, and from which port; the visitor adds its own.
exactly() { # KIND ADDRESS PORT SEEN
  local answer
  answer=$(ask "$1" "$2" "$3")
  expect_match "$1 to $3" "^$4 ([0-9]+) ([0-9]+)\$" "$answer"
  expect_equal "$1 to $3, the port" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
}

by_nginx() {
  local port
  port=$(in_ns visitor curl -sS --max-time 5 -o /dev/null -w '%{local_port}' "http://$GATEWAY4:9001/four")
  until_ok 5 grep -qx "/four $VISITOR4 $port" "$RUN/nginx/seen.log"
  port=$(in_ns visitor curl -sS --max-time 5 -o /dev/null -w '%{local_port}' "http://[$GATEWAY6]:9001/six")
  until_ok 5 grep -qx "/six $VISITOR6 $port" "$RUN/nginx/seen.log"
}

by_nginx_and_host() {
  visit -f -o /dev/null http://web.lab.test:8080/host-4
  until_ok 5 grep -q "^/host-4 $VISITOR4 " "$RUN/nginx/seen.log"
  VIA=[$GATEWAY6] visit -f -o /dev/null http://web.lab.test:8080/host-6
  until_ok 5 grep -q "^/host-6 $VISITOR6 " "$RUN/nginx/seen.log"
}

by_sshd() {
  local to
  for to in "$GATEWAY4" "$GATEWAY6"; do
    expect_equal "answer of $to" culvert "$(in_ns visitor timeout 20 ssh "${SSH_OPTIONS[@]}" -i "$RUN/ssh/user" -p 9022 \
      "root@$to" echo culvert </dev/null)"
  done
  until_ok 5 logged sshd "^Accepted publickey for root from $VISITOR4 port"
  until_ok 5 logged sshd "^Accepted publickey for root from $VISITOR6 port"
}

by_sockets() {
  local kind port
  for kind in tcp udp; do
    for port in "$@"; do
      exactly $kind "$GATEWAY4" "$port" "$VISITOR4"
      if [ "$port" != 9004 ]; then exactly $kind "$GATEWAY6" "$port" "$VISITOR6"; fi
    done
  done
}

many_at_once() {
  in_ns visitor "$PYTHON" "$LIB/ask.py" many "$GATEWAY4" 9002 200 >"$RUN/files/many"
  cat "$RUN/files/many"
  expect_equal 'addresses' 'seen 400 times' "$(grep seen "$RUN/files/many")"
  expect_at_most 'with another port, as somebody had it' 10 "$(sed -n 's/^other ports //p' "$RUN/files/many")"
  measured "$(tail -n 1 "$RUN/files/many")"
}

refused() {
  expect_match 'in the container' '^(none.*|[0-9]+)$' "$(ask tcp "$GATEWAY4" 9006)"
  expect_match 'here' '^(none.*|[0-9]+)$' "$(ask tcp "$GATEWAY4" 9007)"
  expect_equal 'refused and counted' 2 "$(counter home hop.refused.REFUSED)"
}

counter() { # END NAME
  culvert "$1" status --json | "$PYTHON" -c '
import json, sys
print(json.load(sys.stdin)["counters"].get(sys.argv[1], 0))' "$2"
}

not_agreed() {
  ask tcp "$GATEWAY4" 9008 || true
  expect_match 'denied and counted' '^[1-9]' "$(counter home hop.denied.transparent)"
  until_ok 5 logged home "from the visitor's own address, to which this home has not agreed"
}

taken() {
  local answers
  answers=$(ask tcp "$GATEWAY4" 9002 45678 9012)
  echo "$answers"
  expect_equal 'the address, twice' "$VISITOR4 $VISITOR4" "$(awk '{ printf "%s%s", s, $1; s = " " }' <<<"$answers")"
  expect_equal 'the port, once' 1 "$(grep -c "^$VISITOR4 45678 45678" <<<"$answers")"
  expect_match 'counted' '^[1-9]' "$(counter home hop.transparent.other-port)"
}

beside() {
  expect_match 'an ordinary service' '^127.0.0.1 ' "$(ask tcp "$GATEWAY4" 9009)"
  expect_equal 'answers that left for the visitor' 0 "$(strays)"
}

checked() {
  local out
  { cat "$RUN/home.yaml"; printf 'services:\n  printer:\n    listen: 9100/tcp\n    target: tcp://192.168.77.9:9100\n    client-address: transparent\n'; } >"$RUN/files/other.yaml"
  chmod 644 "$RUN/files/other.yaml"
  out=$(culvert home check "$RUN/files/other.yaml" 2>&1) && return 1
  expect_line 'what check says' "other.yaml:[0-9]+:13: services.printer.target: .*neither on this machine.*returns-via: site.*proxy-v2" "$out"
  echo '    returns-via: site' >>"$RUN/files/other.yaml"
  culvert home check "$RUN/files/other.yaml"
  culvert home check "$RUN/home.yaml"
}

# All that the mode keeps in the kernel.
left() {
  in_ns home nft list tables | grep -v watch || true
  ip -n "$LAB_ID-home" rule list | grep '^518' || true
  ip -n "$LAB_ID-home" -6 rule list | grep '^518' || true
  ip -n "$LAB_ID-home" route show table 5182 2>/dev/null || true
  ip -n "$LAB_ID-home" -6 route show table 5182 2>/dev/null || true
}

killed() {
  local before
  before=$(left)
  expect_equal 'lines of rules, routes and tables' 13 "$(wc -l <<<"$before")"
  stop home KILL
  site_launch home
  until_ok 60 says tcp "$GATEWAY4" 9002 "$VISITOR4"
  until_ok 60 says udp "$GATEWAY6" 9003 "$VISITOR6"
  expect_equal 'what is there' "$before" "$(left)"
}

# Fifty connections to the container that have no end of their own: only its bridge leads back, and the home forwards.
keep() {
  rm -f "$RUN/files/kept"
  in_ns visitor "$PYTHON" "$ROOT/bench/lib/hold.py" open "$GATEWAY4" 9010 50 >"$RUN/files/kept" &
  KEPT=$!
  until_ok 20 grep -q held "$RUN/files/kept"
}

let_go() {
  kill "$KEPT"
  wait "$KEPT" || true
}

withdrawn() {
  keep
  site_config home localhost:7000
  signal home HUP
  until_ok 60 nothing_left
  let_go
  expect_equal 'answers that left for the visitor, of connections that were cut' 0 "$(strays)"
  ask tcp "$GATEWAY4" 9002 || true
  expect_equal 'answers that left for the visitor' 0 "$(strays)"
  home_config
  signal home HUP
  until_ok 60 says tcp "$GATEWAY4" 9002 "$VISITOR4"
}

nothing_left() { [ -z "$(left)" ]; }

# Of a process that had it and was killed, one that does not want it finds what is left.
left_behind() {
  stop home KILL
  site_config home localhost:7000
  site_launch home
  until_ok 60 nothing_left
  stop home
  home_config
}

stopped() {
  site_launch home
  until_ok 60 says tcp "$GATEWAY4" 9002 "$VISITOR4"
  keep
  stop home
  let_go
  expect_equal 'what is left' '' "$(left)"
  expect_equal 'answers that left for the visitor, of connections that were cut' 0 "$(strays)"
}

scenario() {
  step "nginx, sshd and small servers at home, some in a container; strict reverse paths" prepare
  step "without the right to it the site refuses to start and says what to do" refused_without_right
  step "gateway with no right at all, site with CAP_NET_ADMIN alone" ends
  step "nginx logs $VISITOR4 and $VISITOR6 with the visitor's own port" by_nginx
  step "also by HTTP and host" by_nginx_and_host
  step "sshd logs both" by_sshd
  step "servers at 127.0.0.1 and ::1 see both, by TCP and UDP" by_sockets 9002
  step "so do servers at all addresses, asked at loopback and at the machine's own" by_sockets 9003 9004
  step "so does a container" by_sockets 9005
  step "200 connections and 200 flows" many_at_once
  step "a closed port is a refusal at once" refused
  step "what the home has not agreed to is denied" not_agreed
  step "a visitor's port that is taken: another one, counted" taken
  step "other services go on as ever, and no answer left for the visitor" beside
  step "\`culvert check\` refuses a target elsewhere, with its place" checked
  step "killed with -9 and started again: it serves, and everything is there once" killed
  step "withdrawn at a reload: nothing is left; given back, it serves" withdrawn
  step "killed with -9 and started without it: nothing is left" left_behind
  step "stopped: nothing is left" stopped
}
