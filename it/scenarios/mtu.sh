# shellcheck shell=bash
# A ClientHello of 1.9 kB and 100 MB pass a way of 1280 bytes that tells nobody, by embedded and tun.
# lab: long

HOST=hello.lab.test
CA=$RUN/ca

# Both ways through the nat take packets of 1280 bytes, and its routers are hushed.
narrow() {
  in_ns nat nft -f - <<'NFT'
table inet hush {
  chain out { type filter hook output priority 0;
    icmp type destination-unreachable drop
  }
}
NFT
  in_ns nat ip rule add iif lan77 lookup 77
  in_ns nat ip route replace 192.168.77.0/24 dev lan77 src 192.168.77.1 mtu lock 1280
  in_ns nat ip route replace "$GATEWAY_UPLINK" dev uplink table 77 mtu lock 1280
}

prepare() {
  topology
  narrow
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/key.pem" -out "$CA/cert.pem" -days 30 \
    -subj "/CN=$HOST" -addext "subjectAltName=DNS:$HOST" 2>/dev/null
  chmod 755 "$CA"
  nginx_start home 127.0.0.1
  spawn backend home openssl s_server -accept 127.0.0.1:8443 -cert "$CA/cert.pem" -key "$CA/key.pem" -www
  wait_port home 8443
  socat_start echo-home home 127.0.0.1 7003 EXEC:cat
  head -c 100000000 <(make_file /dev/stdout 96) >"$RUN/files/www/big"
}

# shellcheck disable=SC2034 # read by lib/culvert.sh
ends() { # DRIVER
  if [ "$1" = tun ]; then TUN_ENDS='gateway home'; else TUN_ENDS=; fi
  rm -rf "$RUN/state"
  gateway_start
  site_start home 127.0.0.1:8085 127.0.0.1:8443 127.0.0.1:7003
  gateway_services <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  hello:
    host: $HOST
    site: home
    target: tls://127.0.0.1:8443
  echo:
    listen: 7003/tcp
    site: home
    target: tcp://127.0.0.1:7003
https:
  listen: [8443]
  redirect: false
YAML
  until_ok 20 answers web.lab.test
  expect_match 'the driver' "tunnel $1" "$(culvert gateway status)"
}

hello() { in_ns visitor "$PYTHON" "$LIB/large-hello.py" "$GATEWAY4" 8443 "$HOST" "$CA/cert.pem" /; }

# The first one may come before the way is measured; by then it was.
hellos() {
  local began=$EPOCHREALTIME
  until_ok 30 hello
  measured "the first after $(since "$began") s"
  for _ in 1 2 3 4 5; do hello; done
}

down() {
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(MAX_TIME=180 visit -f http://web.lab.test:8080/big | sha)"
}

# Several times: one in fifteen had ended early, whenever the visitor took its answer more slowly than it came.
up() {
  local expected
  expected=$(sha "$RUN/files/www/big")
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    expect_equal SHA-256 "$expected" \
      "$(in_ns visitor timeout 180 socat -t 60 - "TCP:$GATEWAY4:7003" <"$RUN/files/www/big" | sha)"
  done
}

told() { culvert "$1" status --events | grep -qE 'MTU|packets of 12[0-9]+ bytes' || { culvert "$1" status --events; return 1; }; } # END

# What the next pair waits for must not be in its log already.
stopped() { # DRIVER
  stop home
  stop gateway
  mv "$LOGS/gateway.log" "$LOGS/gateway-$1.log"
  mv "$LOGS/home.log" "$LOGS/home-$1.log"
}

driver() { # DRIVER
  step "$1: gateway and site beside a way of 1280 bytes" ends "$1"
  step "$1: ClientHellos of 1.9 kB" hellos
  step "$1: 100 MB to the visitor, equal SHA-256" down
  step "$1: ten times 100 MB to the site and back" up
  step "$1: what was measured is said" told gateway
  step "$1: stopped" stopped "$1"
}

scenario() {
  step "gateway, a nat that drops what is larger and says nothing, home" prepare
  driver embedded
  driver tun
}
