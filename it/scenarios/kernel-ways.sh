# shellcheck shell=bash
# The driver `kernel` in an emulated machine: a way of 1280 bytes, rekey and roaming under a transfer, a NAT's real timers.
# lab: long
# Takes half an hour on a machine that is busy: LAB_BOUND=3600.

# Machine, gateway and peers are as there.
# shellcheck source-path=SCRIPTDIR source=kernel.sh
. "$SCENARIOS/kernel.sh"

HOST=hello.lab.test
CA=$RUN/ca
ALLOWED+=(127.0.0.1:8443)
HOME_SERVICES+="
  hello:
    host: $HOST
    site: home
    target: tls://127.0.0.1:8443
https:
  listen: [8443]
  redirect: false"

backend() {
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/key.pem" -out "$CA/cert.pem" -days 30 \
    -subj "/CN=$HOST" -addext "subjectAltName=DNS:$HOST" 2>/dev/null
  spawn backend home openssl s_server -accept 127.0.0.1:8443 -cert "$CA/cert.pem" -key "$CA/key.pem" -www
  wait_port home 8443
}

# Both ways through the router take packets of 1280 bytes, and it is hushed. Linux's WireGuard lets routers cut its
# datagrams: the pieces are lost as well.
narrow() {
  in_ns outside nft -f - <<'NFT'
table inet hush {
  chain out { type filter hook output priority 0;
    icmp type destination-unreachable drop
  }
}
NFT
  in_ns home nft -f - <<'NFT'
table inet whole {
  chain in { type filter hook prerouting priority -450;
    ip frag-off & 0x3fff != 0 counter drop
  }
}
NFT
  in_ns outside ip rule add iif to1 lookup 77
  in_ns outside ip route replace "$GUEST" dev guest table 77 mtu lock 1280
  in_ns outside ip route replace 10.98.1.0/24 dev to1 src 10.98.1.1 mtu lock 1280
}

# What the gateway has said, where a step fails.
loud() { # COMMAND…
  trap 'rc=$?; if [ $rc != 0 ]; then guest_log gateway; fi; exit $rc' EXIT
  "$@"
}

hello() { in_ns outside "$PYTHON" "$LIB/large-hello.py" "$GUEST" 8443 "$HOST" "$CA/cert.pem" /; }

# The first one may come before the way is measured; by then it was.
hellos() {
  local began=$EPOCHREALTIME
  until_ok 300 hello
  measured "the first after $(since "$began") s"
  for _ in 1 2 3; do hello; done
}

echoed() {
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" \
    "$(in_ns outside timeout 900 socat -t 120 - "TCP:$GUEST:7007" <"$RUN/files/www/big" | sha)"
}

told() {
  culvert gateway status --events | grep -E 'MTU|packets of 1[12][0-9]+ bytes' || { culvert gateway status --events; return 1; }
  measured "$(in_ns home nft list chain inet whole in | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p') pieces of packets were lost"
}

wide() {
  in_ns outside nft delete table inet hush
  in_ns home nft delete table inet whole
  in_ns outside ip rule del iif to1 lookup 77
  in_ns outside ip route replace 10.98.1.0/24 dev to1 src 10.98.1.1
}

key_of() { guest 'wg show culvert0 allowed-ips' | awk -v of="$1/32" 'index($0, of) { print $1 }'; } # ADDRESS
renewed() { [ "$(handshake_of "$1")" != "$2" ]; } # KEY BEFORE
endpoint_of() { guest 'wg show culvert0 endpoints' | awk -v key="$1" '$1 == key { print $2 }'; } # KEY

home_moves() {
  ip -n "$LAB_ID-home" -4 addr flush dev lan
  address home lan 10.98.1.77/24
  default_route home 10.98.1.1
}
rogue_moves() { in_ns rogue wg set "$(wg_name rogue)" listen-port 51999; }

# REKEY_AFTER_TIME is 120 s. Then the peer gets another place, under the same transfer.
rekey() { # HOST ADDRESS MOVES PLACE
  local key before
  key=$(key_of "$2")
  before=$(handshake_of "$key")
  in_ns outside curl -sS --noproxy '*' --max-time 900 --limit-rate "$((BIG * 1024 / 150))k" --resolve "*:8080:$GUEST" -f \
    -o "$RUN/files/got" "http://$1.lab.test:8080/big" &
  until_ok 300 renewed "$key" "$before"
  "$3"
  wait $!
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(sha "$RUN/files/got")"
  expect_match 'where the peer is' "$4" "$(endpoint_of "$key")"
}

nat() {
  in_ns outside nft -f - <<'NFT'
table inet nat {
  chain postrouting { type nat hook postrouting priority 100;
    iifname { "to1", "to2" } oifname "guest" meta l4proto udp masquerade to :30000-30999
  }
  chain forward { type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname { "to1", "to2" } accept
  }
}
NFT
}

# Longer than any of its timers wireguard-go is silent but for its keepalive; then it is the gateway that begins.
behind_a_nat() {
  local timers=net.netfilter.nf_conntrack_udp_timeout stream
  nat
  in_ns rogue wg set "$(wg_name rogue)" peer "$(cat "$RUN/files/gateway.pub")" persistent-keepalive 25
  stream=$(in_ns outside sysctl -n "${timers}_stream")
  until_ok 240 answers rogue4.lab.test
  until_ok 240 answers web.lab.test
  sleep $((stream + 30))
  visit -f -o /dev/null http://rogue4.lab.test:8080/
  visit -f -o /dev/null http://web.lab.test:8080/
  expect_match 'where wireguard-go is' '^10\.99\.0\.1:30[0-9]+$' "$(endpoint_of "$(key_of "$ROGUE")")"
  expect_match 'where the site is' '^10\.99\.0\.1:30[0-9]+$' "$(endpoint_of "$(key_of 10.77.0.2)")"
  measured "silent for $((stream + 30)) s, the NAT's timers are $(in_ns outside sysctl -n "$timers") and $stream s"
}

# The site's own driver is embedded until here.
site_by_tun() {
  stop home
  mv "$LOGS/home.log" "$LOGS/home-embedded.log"
  # shellcheck disable=SC2034 # read by lib/culvert.sh
  TUN_ENDS=home
  site_config home "${ALLOWED[@]}"
  echo "clients: [$OUTSIDE/32]" >>"$RUN/home.yaml"
  site_launch home
  expect_match "the site's driver" 'tunnel tun' "$(culvert home status)"
  until_ok 240 answers web.lab.test
}

scenario() {
  step "packages of an emulated machine" guest_packages
  step "networks, Debian's kernel, Culvert's runtime in an initramfs" prepare
  step "the machine boots" guest_start
  step "a server of TLS at home" backend
  step "a gateway in the machine, an ordinary user with two capabilities" gateway
  step "a Culvert site outside joins, wireguard-go calls" peers
  step "the way to the site takes 1280 bytes, tells nobody and loses what is cut" narrow
  step "ClientHellos of 1.9 kB" loud hellos
  step "$BIG MiB to the visitor, equal SHA-256" loud page web
  step "$BIG MiB to the site and back, equal SHA-256" loud echoed
  step "what was measured is said" told
  step "the way is wide again" wide
  step "embedded: a transfer of 150 s: a session is renewed, the site's address changes" \
    loud rekey web 10.77.0.2 home_moves '^10\.98\.1\.77:'
  step "wireguard-go: a transfer of 150 s: a session is renewed, its port changes" loud rekey rogue4 "$ROGUE" rogue_moves ':51999$'
  step "both behind a NAT, longer than its timers; then the gateway begins" loud behind_a_nat
  step "the site by tun" site_by_tun
  step "tun: $BIG MiB to the visitor, equal SHA-256" page web
  step "tun: $BIG MiB to the site and back, equal SHA-256" echoed
}

peers() {
  site
  wireguard_go
}
