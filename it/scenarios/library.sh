# shellcheck shell=bash
# WireGuard as a library: the example of docs/library.md fetches a page through a stock hub, as an ordinary user.
# lab: short

HUB=10.99.0.1
US=10.99.0.7

prepare() {
  topology
  nginx_start gateway 0.0.0.0
  wg genkey >"$RUN/files/hub.key"
  wg genkey | install -m 600 -o "$NOBODY" -g "$NOBODY" /dev/stdin "$RUN/files/our.key"
  chmod 755 "$RUN/files"
}

hub() {
  wg_quick_up hub gateway <<CONF
[Interface]
PrivateKey = $(cat "$RUN/files/hub.key")
Address = $HUB/24
ListenPort = 51820
[Peer]
PublicKey = $(wg pubkey <"$RUN/files/our.key")
AllowedIPs = $US/32
CONF
}

fetch() {
  local java classes out
  # A whole build has left it; the launcher builds only what the program needs.
  if ! compgen -G "$ROOT/client/target/culvert-client-*.jar" >/dev/null; then
    (cd "$ROOT" && ./mvnw -q -B -ntp -DskipTests -Dspotless.check.skip=true -pl client -am package)
  fi
  java=$(. "$ROOT/.mvn/find-jdk" && echo "$JAVA_HOME/bin/java")
  classes=$(printf '%s:' "$ROOT"/client/target/culvert-client-*.jar "$ROOT"/proto/target/culvert-proto-*.jar)
  out=$(in_ns home "${AS_NOBODY[@]}" "$java" -XX:+UseSerialGC --class-path "$classes" "$ROOT/examples/library/Fetch.java" \
    "$RUN/files/our.key" $US "$(wg pubkey <"$RUN/files/hub.key")" "$GATEWAY_UPLINK" 51820 $HUB 8085)
  expect_match answer '200 OK.*hello' "$out"
}

handshake_is_stock() {
  expect_match 'wg show at the hub' 'latest handshake' "$(in_ns gateway wg show "$(wg_name hub)")"
}

scenario() {
  step "a stock hub with nginx behind it, home behind a NAT" prepare
  step "wg-quick as the hub" hub
  step "examples/library/Fetch.java at home, as nobody: nginx's page through the tunnel" fetch
  step "the stock hub counts a handshake" handshake_is_stock
}
