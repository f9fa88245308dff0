# shellcheck shell=bash
# ssh, SMTP, PostgreSQL, Redis, MQTT, iperf3, DNS, QUIC, 10 GiB, and 10,000 connections idle for 10 minutes, by embedded and tun.
# lab: long 3600

DRIVERS=${LAB_DRIVERS:-embedded tun}
GIB=${LAB_GIB:-10}
IDLE=${LAB_IDLE:-10000}
IDLE_SECONDS=${LAB_IDLE_SECONDS:-600}
HOST=quic.lab.test
CA=$RUN/ca
PG=$(echo /usr/lib/postgresql/*/bin)
# shellcheck source-path=SCRIPTDIR source=../lib/newer.sh
. "$LIB/newer.sh"

install_programs() {
  # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES=(postgresql redis-server redis-tools mosquitto mosquitto-clients exim4-daemon-light bind9 bind9-dnsutils)
  install_packages
  newer trixie curl nginx ngtcp2-client
}

certificates() {
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/key.pem" -out "$CA/ca.pem" -days 30 \
    -subj "/CN=$HOST" -addext "subjectAltName=DNS:$HOST" 2>/dev/null
  install -m 600 -o "$NOBODY" -g "$NOBODY" "$CA/key.pem" "$CA/nobody.pem"
  chmod 755 "$CA"
}

mail_server() {
  mkdir -p "$RUN/exim"
  cat >"$RUN/exim.conf" <<CONF
primary_hostname = mail.lab.test
spool_directory = $RUN/exim
log_file_path = $RUN/exim/%slog
tls_advertise_hosts = *
tls_certificate = $CA/ca.pem
tls_privatekey = $CA/exim.pem
queue_only = true
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
begin acl
acl_rcpt:
  accept encrypted = *
acl_data:
  accept
begin routers
begin transports
CONF
  install -m 640 -o root -g Debian-exim "$CA/key.pem" "$CA/exim.pem"
  chown -R Debian-exim:Debian-exim "$RUN/exim"
  spawn exim home exim4 -bdf -oX 127.0.0.1.7025 -oP "$RUN/exim/pid" -C "$RUN/exim.conf"
  wait_port home 7025
}

database() {
  install -d -m 700 -o "$NOBODY" -g "$NOBODY" "$RUN/pg"
  in_ns home "${AS_NOBODY[@]}" -C "$RUN/pg" HOME="$RUN/pg" "$PG/initdb" -D "$RUN/pg/data" -A trust -U lab -N >/dev/null
  spawn postgres home "${AS_NOBODY[@]}" -C "$RUN/pg" "$PG/postgres" -D "$RUN/pg/data" -h 127.0.0.1 -k '' -c ssl=on \
    -c ssl_cert_file="$CA/ca.pem" -c ssl_key_file="$CA/nobody.pem" -c fsync=off
  wait_port home 5432
}

names_server() {
  mkdir -p "$RUN/named"
  cat >"$RUN/named/conf" <<CONF
options {
  directory "$RUN/named";
  pid-file none;
  listen-on port 53 { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  allow-transfer { any; };
};
controls { };
zone "lab.test" { type primary; file "$RUN/named/zone"; };
CONF
  {
    printf '$TTL 60\n@ SOA ns admin 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.80\n'
    for i in $(seq 40); do printf 'large TXT "%0200d"\n' "$i"; done
  } >"$RUN/named/zone"
  chown -R bind: "$RUN/named"
  spawn named home named -g -c "$RUN/named/conf" -u bind
  until_ok 20 in_ns home dig +short +time=1 +tries=1 @127.0.0.1 www.lab.test
}

# With HTTP/3 over QUIC, which Debian 12's does not have.
quic_server() {
  mkdir -p "$RUN/files/www" "$RUN/quic"
  make_file "$RUN/files/www/big" 64
  make_file "$RUN/files/large" 256
  cat >"$RUN/quic/conf" <<CONF
daemon off;
user root;
pid $RUN/quic/pid;
error_log stderr;
events { }
http {
  access_log off;
  client_body_temp_path $RUN/quic/body;
  proxy_temp_path $RUN/quic/proxy;
  fastcgi_temp_path $RUN/quic/fastcgi;
  uwsgi_temp_path $RUN/quic/uwsgi;
  scgi_temp_path $RUN/quic/scgi;
  server {
    listen 127.0.0.1:8443 quic;
    ssl_certificate $CA/ca.pem;
    ssl_certificate_key $CA/key.pem;
    root $RUN/files/www;
    dav_methods PUT;
    client_max_body_size 0;
  }
}
CONF
  # shellcheck disable=SC2046 # words
  spawn quic home $(newer_words trixie) "$NEWER/trixie/usr/sbin/nginx" -p "$RUN/quic" -e stderr -c "$RUN/quic/conf"
}

# The same bytes at every call, faster than they travel.
stream() { { openssl enc -aes-128-ctr -pass pass:culvert -nosalt -md sha256 </dev/zero 2>/dev/null || true; } | head -c "$1"; } # BYTES

prepare() {
  install_programs
  topology
  certificates
  sshd_start home 127.0.0.1
  mail_server
  database
  names_server
  quic_server
  { echo '#!/bin/bash'; declare -f stream; echo "stream $((GIB << 30))"; } >"$RUN/files/stream"
  chmod 755 "$RUN/files/stream"
  spawn redis home redis-server --port 6379 --bind 127.0.0.1 --save '' --dir "$RUN/files"
  spawn mosquitto home mosquitto -p 1883
  spawn iperf home iperf3 -s -B 127.0.0.1 -p 5201
  spawn echo home "$PYTHON" "$LIB/echo.py" 127.0.0.1 7007
  spawn datagrams home "$PYTHON" "$LIB/udp-peer.py" echo 127.0.0.1 27000 27099
  socat_start source home 127.0.0.1 7010 EXEC:"$RUN/files/stream"
  socat_start digest home 127.0.0.1 7001 EXEC:sha256sum
  wait_port home 6379
  wait_port home 1883
  wait_log datagrams ready 10
}

PORTS=(127.0.0.1:{2022,7025,5432,6379,1883,5201,7007,7010,7001} 127.0.0.1:53 127.0.0.1:53/udp 127.0.0.1:5201/udp
  127.0.0.1:27000-27099/udp 127.0.0.1:8443/udp)

services() {
  cat <<YAML
  ssh: {listen: 9022/tcp, site: home, target: "tcp://127.0.0.1:2022"}
  mail: {listen: 9025/tcp, site: home, target: "tcp://127.0.0.1:7025"}
  postgres: {listen: 9432/tcp, site: home, target: "tcp://127.0.0.1:5432"}
  redis: {listen: 9379/tcp, site: home, target: "tcp://127.0.0.1:6379"}
  mqtt: {listen: 9883/tcp, site: home, target: "tcp://127.0.0.1:1883"}
  iperf: {listen: 5201/tcp, site: home, target: "tcp://127.0.0.1:5201"}
  iperf-udp: {listen: 5201/udp, site: home, target: "udp://127.0.0.1:5201"}
  echo: {listen: 7007/tcp, site: home, target: "tcp://127.0.0.1:7007"}
  source: {listen: 7010/tcp, site: home, target: "tcp://127.0.0.1:7010"}
  digest: {listen: 7001/tcp, site: home, target: "tcp://127.0.0.1:7001"}
  dns: {listen: 9053/tcp, site: home, target: "tcp://127.0.0.1:53"}
  dns-udp: {listen: 9053/udp, site: home, target: "udp://127.0.0.1:53"}
  game: {listen: 27000-27099/udp, site: home, target: "udp://127.0.0.1:27000-27099", udp: {flows-per-visitor: 1000}}
  quic: {listen: 8443/udp, site: home, target: "udp://127.0.0.1:8443"}
limits: {connections-per-visitor: $((IDLE + 2000))}
YAML
}

# shellcheck disable=SC2034 # read by lib/culvert.sh
driver() {
  local most
  most=$(ulimit -n)
  # With tun each connection is two sockets of a process; where this machine's limit is too low, fewer are opened.
  if [ "$1" = tun ]; then TUN_ENDS='gateway home' most=$((most / 2)); else TUN_ENDS=; fi
  COUNT=$((IDLE < most - 400 ? IDLE : most - 400))
}

ends() {
  rm -rf "$RUN/state"
  rm -f "$LOGS/gateway.log" "$LOGS/home.log" "$RUN/files/rounds"
  pair "${PORTS[@]}"
  services | gateway_services
  expect_match 'the driver' "tunnel $1" "$(culvert gateway status)"
  until_ok 10 remote true
}

# They are opened now, and asked again at the end; an MQTT client waits as long for its one message.
idle_begin() {
  rm -f "$LOGS/idle.log"
  spawn idle visitor "$PYTHON" "$LIB/idle-connections.py" "$GATEWAY4" 7007 "$COUNT" "$IDLE_SECONDS"
  wait_log idle 'all are open' 600
  spawn subscriber visitor mosquitto_sub -h "$GATEWAY4" -p 9883 -t lab -k 3600 -C 1
  measured "gateway $(rss gateway), site $(rss home)"
}
rss() { awk '/^VmRSS/ { printf "%d MiB", $2 / 1024 }' "/proc/$(pid_of "$1")/status"; } # END

remote() { # COMMAND
  in_ns visitor timeout 20 ssh "${SSH_OPTIONS[@]}" -i "$RUN/ssh/user" -p 9022 "root@$GATEWAY4" "$@" </dev/null
}

by_ssh() {
  expect_equal answer culvert "$(remote echo culvert)"
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(remote cat "$RUN/files/www/big" | sha)"
  measured "64 MiB in $(since "$began") s"
}

by_smtp() {
  printf 'From: a@lab.test\r\nTo: b@lab.test\r\nSubject: over %s\r\n\r\nhello\r\n' "$1" >"$RUN/files/letter"
  in_ns visitor curl -sS --max-time 20 --ssl-reqd -k --mail-from a@lab.test --mail-rcpt b@lab.test \
    -T "$RUN/files/letter" "smtp://$GATEWAY4:9025"
  local at
  at=$(grep -rlE "Subject: over $1" "$RUN/exim/input" | head -n 1)
  expect_match 'as exim received it, by TLS' 'esmtps' "$(cat "$at")"
  in_ns visitor curl -sS --max-time 20 --mail-from a@lab.test --mail-rcpt b@lab.test -T "$RUN/files/letter" \
    "smtp://$GATEWAY4:9025" && return 1 || true
}

query() { in_ns visitor psql -h "$GATEWAY4" -p 9432 -U lab -Atc "$1" "dbname=postgres sslmode=require"; } # SQL

by_postgres() {
  local bench=(in_ns visitor env PGSSLMODE=require pgbench -h "$GATEWAY4" -p 9432 -U lab)
  "${bench[@]}" -i -s 5 -q postgres
  "${bench[@]}" -c 8 -t 50 -n postgres >"$RUN/files/pgbench"
  expect_equal 'sums of what was moved' "$(query 'select sum(delta) from pgbench_history')" \
    "$(query 'select sum(abalance) from pgbench_accounts')"
  expect_match 'TLS' 'TLS' "$(query 'select version from pg_stat_ssl where pid = pg_backend_pid()')"
  measured "$(sed -n 's/^tps = \([0-9]*\).*/\1/p' "$RUN/files/pgbench") transactions/s"
}

cache() { in_ns visitor redis-cli -h "$GATEWAY4" -p 9379 "$@"; }

by_redis() {
  head -c 20000000 "$RUN/files/www/big" >"$RUN/files/part"
  expect_equal 'what SET says' OK "$(cache -x set part <"$RUN/files/part")"
  expect_equal SHA-256 "$(sha "$RUN/files/part")" "$(cache --raw get part | head -c 20000000 | sha)"
  in_ns visitor redis-benchmark -h "$GATEWAY4" -p 9379 -q -t get -n 20000 -c 50 -P 8 | tr '\r' '\n' >"$RUN/files/redis"
  measured "$(grep -oE '[0-9]+\.[0-9]+ requests per second' "$RUN/files/redis" | tail -n 1)"
}

by_dns() {
  local ask=(in_ns visitor dig "@$GATEWAY4" -p 9053 +tries=3 +time=3)
  expect_equal 'over UDP' 192.0.2.80 "$("${ask[@]}" +short +notcp www.lab.test)"
  expect_equal 'over TCP' 192.0.2.80 "$("${ask[@]}" +short +tcp www.lab.test)"
  expect_equal 'truncated, then by TCP' 40 "$("${ask[@]}" +short large.lab.test TXT | grep -c '"0')"
  expect_match 'the zone' 'XFR size: 45 records' "$("${ask[@]}" lab.test AXFR)"
}

throughput() { # WHAT iperf3's ARGUMENTS…
  local what=$1
  shift
  in_ns visitor iperf3 -c "$GATEWAY4" -p 5201 -t 5 -J "$@" >"$RUN/files/iperf"
  measured "$what $("$PYTHON" -c '
import json, sys
end = json.load(open(sys.argv[1]))["end"]
if "sum_received" in end:
    print("%.0f Mbit/s" % (end["sum_received"]["bits_per_second"] / 1e6))
else:
    print("%.0f Mbit/s, %.2f %% lost" % (end["sum"]["bits_per_second"] / 1e6, end["sum"]["lost_percent"]))' "$RUN/files/iperf")"
}

by_iperf() {
  throughput up
  throughput down -R
  throughput 'four at once' -P 4
  throughput UDP -u -b 40M -l 1200
}

flows() {
  expect_equal flows 'answered 1000' "$(in_ns visitor "$PYTHON" "$LIB/udp-peer.py" flows "$GATEWAY4" 27000 100 1000)"
  expect_equal 'restarts' 1 "$(grep -c 'gateway ready' "$LOGS/gateway.log")"
}

large() {
  local began=$EPOCHREALTIME
  [ -s "$RUN/files/large.sha" ] || stream $((GIB << 30)) | sha >"$RUN/files/large.sha"
  began=$EPOCHREALTIME
  expect_equal SHA-256 "$(cat "$RUN/files/large.sha")" "$(in_ns visitor socat -u "TCP:$GATEWAY4:7010" - | sha)"
  measured "$(awk -v g="$GIB" -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", g * 8589.934592 / s }')"
  expect_equal 'SHA-256 of 1 GiB to the site' "$(stream $((1 << 30)) | sha)" \
    "$(stream $((1 << 30)) | in_ns visitor timeout 300 socat -t 200 - "TCP:$GATEWAY4:7001" | cut -d' ' -f1)"
}

idle_end() {
  until_ok "$((IDLE_SECONDS + 120))" gone idle
  cat "$LOGS/idle.log"
  expect_match 'all of them answer' "^all are open.$COUNT answered" "$(cat "$LOGS/idle.log")"
  alive subscriber
  in_ns home mosquitto_pub -p 1883 -t lab -m "hello after silence"
  until_ok 10 logged subscriber 'hello after silence'
  measured "gateway $(rss gateway), site $(rss home)"
}

# Both ends anew, with the smallest packets that IPv6 allows.
narrow() {
  stop home
  stop gateway
  sed -i 's/^tunnel:/&\n  mtu: 1280/' "$RUN/gateway.yaml"
  if grep -q '^tunnel:' "$RUN/home.yaml"; then
    sed -i 's/^tunnel:/&\n  mtu: 1280/' "$RUN/home.yaml"
  else
    printf 'tunnel: {mtu: 1280}\n' >>"$RUN/home.yaml"
  fi
  mv "$LOGS/gateway.log" "$LOGS/gateway-before.log"
  mv "$LOGS/home.log" "$LOGS/home-before.log"
  gateway_launch
  site_launch home
  until_ok 10 remote true
  in_ns visitor nft -f - <<NFT
table inet lab { chain out { type filter hook output priority 0; udp dport 8443 udp length >= 1208 counter; }; }
NFT
}

quic() { curl3 --http3-only --resolve "$HOST:8443:$GATEWAY4" -o "$RUN/files/got" -w '%{http_version} %{num_connects}' "$@" "https://$HOST:8443/big"; }

by_quic() {
  local began=$EPOCHREALTIME
  expect_equal 'version and connections' '3 1' "$(MAX_TIME=120 quic)"
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(sha "$RUN/files/got")"
  measured "64 MiB at $(awk -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", 536.87 / s }')"
  expect_match 'Initials of 1,200 bytes and more' 'counter packets [1-9]' "$(in_ns visitor nft list table inet lab)"
}

# The server sees the same connection come from another port, and goes on; the visitor notices nothing but a pause. It is
# the visitor who sends: one who only listens has nothing to say that would show the site the flow again. By ngtcp2's
# client: OpenSSL's says 42 bytes at a time then, and nginx may not send the 1,200 of a challenge for so few.
quic_restart() {
  local visitor
  # shellcheck disable=SC2046 # words
  in_ns visitor timeout 120 $(newer_words trixie) "$NEWER/trixie/usr/bin/gtlsclient" -q --sni="$HOST" -m PUT \
    -d "$RUN/files/large" --exit-on-all-streams-close "$GATEWAY4" 8443 "https://$HOST:8443/up" &
  visitor=$!
  sleep 3
  stop home KILL
  mv "$LOGS/home.log" "$LOGS/home-killed.log"
  [ ! -e "$RUN/files/www/up" ]
  site_launch home
  wait $visitor
  expect_equal SHA-256 "$(sha "$RUN/files/large")" "$(sha "$RUN/files/www/up")"
  rm "$RUN/files/www/up"
}

ended() {
  stop gateway
  stop home
  in_ns visitor nft delete table inet lab
}

scenario() {
  ulimit -n $((IDLE * 2 + 4000)) 2>/dev/null || ulimit -n "$(ulimit -Hn)"
  step "programs of Debian at home: sshd, exim, PostgreSQL, Redis, mosquitto, named, iperf3, nginx with QUIC" prepare
  local driver
  for driver in $DRIVERS; do
    driver "$driver"
    step "$driver: gateway, site and fourteen services" ends "$driver"
    step "$driver: $COUNT connections are opened, and will be silent for $IDLE_SECONDS s" idle_begin
    step "$driver: ssh runs a command, and brings 64 MiB" by_ssh
    step "$driver: SMTP with STARTTLS, which exim demands" by_smtp "$driver"
    step "$driver: PostgreSQL over TLS: pgbench, whose sums are right" by_postgres
    step "$driver: Redis: 20 MB there and back, 20,000 requests in pipelines" by_redis
    step "$driver: DNS over UDP and TCP, truncated answers, a whole zone" by_dns
    step "$driver: iperf3, TCP and UDP" by_iperf
    step "$driver: 1,000 flows over a range of UDP, no restart" flows
    step "$driver: $GIB GiB from the site and 1 GiB to it, equal SHA-256" large
    step "$driver: all $COUNT answer after $IDLE_SECONDS s of silence; MQTT's subscriber gets its message" idle_end
    step "$driver: both ends anew with an MTU of 1280 in the tunnel" narrow
    step "$driver: QUIC: 64 MiB by HTTP/3, its Initials in one datagram" by_quic
    step "$driver: the site is killed and started again under an upload by QUIC, which arrives whole" quic_restart
    step "$driver: stopped" ended
  done
}
