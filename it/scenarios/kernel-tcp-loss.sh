# shellcheck shell=bash
# Our TCP against the kernel's (a stock peer) with 1 % of all packets lost: 100 MB arrive whole, both ways.
# lab: short

prepare() {
  topology
  webdav_start home 0.0.0.0
  head -c 100000000 <(make_file /dev/stdout 96) >"$RUN/files/big"
  expect_equal size 100000000 "$(stat -c %s "$RUN/files/big")"
}

peer() {
  gateway_start
  plain_peer_start nas home
  gateway_services <<YAML
  dav:
    host: dav.lab.test
    site: nas
    target: http://$(address_of nas):8084
YAML
  until_ok 15 dav_answers
}
dav() { MAX_TIME=300 visit -f -u u:p "$@"; }
dav_answers() { dav -o /dev/null http://dav.lab.test:8080/ 2>/dev/null; }

rate() { awk -v s="$1" 'BEGIN { printf "%.1f Mbit/s", s * 8 / 1e6 }'; }

put() {
  measured "$(rate "$(dav -T "$RUN/files/big" -o /dev/null -w '%{speed_upload}' http://dav.lab.test:8080/big)")"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/dav/big")"
}

get() {
  measured "$(rate "$(dav -o "$RUN/files/got" -w '%{speed_download}' http://dav.lab.test:8080/big)")"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/got")"
}

packets_were_lost() {
  local lost
  lost=$(in_ns nat nft list chain inet filter lossy | sed -n 's/.*counter packets \([0-9]*\).*/\1/p')
  measured "$lost packets"
  [ "$lost" -gt 100 ]
}

scenario() {
  step "visitor, gateway, home behind a NAT; rclone at home" prepare
  step "gateway as an unprivileged user; wg-quick at home" peer
  step "the path loses 1 % of all packets" lose_percent 1
  step "PUT of 100 MB, equal SHA-256" put
  step "GET of 100 MB, equal SHA-256" get
  step "packets were lost indeed" packets_were_lost
}
