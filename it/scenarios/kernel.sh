# shellcheck shell=bash
# The driver `kernel` in an emulated machine with Linux's WireGuard, beside embedded and wireguard-go outside of it.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/guest.sh
. "$LIB/guest.sh"

# outside (visitor, router) ── 10.99.0.0/24 ── guest
#    ├── 10.98.1.0/24 ── home (Culvert, embedded)
#    └── 10.98.2.0/24 ── rogue (wireguard-go)
GATEWAY_UPLINK=$GUEST
NETWORK6=fd77:77:77::/64

net() {
  make_ns outside
  in_ns outside sysctl -qw net.ipv4.ip_forward=1
  behind home 1
  behind rogue 2
  nginx_start home 127.0.0.1
  make_file "$RUN/files/www/big" "${BIG:-8}"
}

behind() { # NS N
  make_ns "$1"
  link outside "to$2" "10.98.$2.1/24" "$1" lan "10.98.$2.2/24"
  default_route "$1" "10.98.$2.1"
}

prepare() {
  net
  guest_kernel
  guest_image
}

boots() { guest_start; }

# Where the library would run it here, the guest runs it.
culvert() {
  local end=$1
  shift
  if [ "$end" = gateway ]; then guest "culvert $*"; else
    in_ns "$end" "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/$end" "$CULVERT" "$@"
  fi
}

guest_config() { # services on standard input
  guest_file /state/gateway.yaml <<YAML
gateway:
  name: vps
  endpoint: $GUEST:51820
tunnel:
  listen: 51820
  network6: $NETWORK6
http:
  listen: [8080]
$(cat)
YAML
}

gateway_up() {
  guest_spawn gateway culvert gateway --config /state/gateway.yaml
  until_ok 90 guest_said gateway 'gateway ready'
}

gateway() {
  guest_config </dev/null
  gateway_up
  guest 'wg show culvert0 listen-port'
  expect_match status 'tunnel kernel .*by auto' "$(culvert gateway status)"
}

visit() { # CURL ARGUMENTS…
  in_ns outside curl -sS --noproxy '*' --max-time "${MAX_TIME:-20}" --resolve "*:8080:$GUEST" "$@"
}

services() {
  guest_config <<'YAML'
services:
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
YAML
}

site() {
  GUEST_PATIENCE=90 site_start home 127.0.0.1:8085
  services
  until_ok 20 answers web.lab.test
}

page() {
  expect_equal SHA-256 "$(sha "$RUN/files/www/big")" "$(MAX_TIME=300 visit -f http://web.lab.test:8080/big | sha)"
  guest 'wg show culvert0'
}

scenario() {
  step "packages of an emulated machine" guest_packages
  step "networks, Debian's kernel, Culvert's runtime in an initramfs" prepare
  step "the machine boots" boots
  step "a gateway in it; \`auto\` takes Linux's WireGuard and says so" gateway
  step "a Culvert site outside joins" site
  step "a file comes through, equal SHA-256" page
}
