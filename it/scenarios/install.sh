# shellcheck shell=bash
# Two blank machines with systemd: package, install, site add, join, a service → a page; any order of reboots; no DNS.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/machines.sh
. "$LIB/machines.sh"

ENDPOINT=vps.lab.test
RECOVERED=15
ABSENT=${LAB_ABSENT:-60}
TRANSCRIPT=$ROOT/it/golden/install.txt

package() { # LAB_DEB names one that was made before
  if [ -n "${LAB_DEB:-}" ]; then
    cp "$LAB_DEB" "$RUN/files/culvert.deb"
  else
    "$CULVERT" package --output "$RUN/packages" >"$LOGS/package.log" 2>&1
    cp "$RUN"/packages/*.deb "$RUN/files/culvert.deb"
  fi
  measured "$(du -m "$RUN/files/culvert.deb" | cut -f 1) MiB"
}

dns_start() {
  spawn dns nat "$PYTHON" "$LIB/dns.py" 192.168.77.1 "$ENDPOINT" "$GATEWAY_UPLINK"
  wait_log dns 'dns ready' 5
}

machines() {
  topology
  in_ns nat nft add rule inet filter input iifname != uplink udp dport 53 accept
  dns_start
  nginx_start home 127.0.0.1
  machine gateway 127.0.0.1
  machine home 192.168.77.1
  local name
  for name in gateway home; do
    switch_on "$name"
    until_ok 60 booted "$name"
  done
}

# What a person types, with what the program answered: held against the golden text at the end.
type_at() { # NAME COMMAND…
  local name=$1 out
  shift
  out=$(at "$name" "$@")
  printf '%s# %s\n%s\n\n' "$name" "$*" "$out" >>"$RUN/transcript"
  echo "$out"
}

packages_installed() {
  local name
  for name in gateway home; do
    cp "$RUN/files/culvert.deb" "$RUN/root-$name/root/"
    at "$name" dpkg -i /root/culvert.deb
    at "$name" culvert --version
  done
}

installed() {
  type_at gateway culvert install gateway --endpoint "$ENDPOINT:51820"
  type_at home culvert install site
  expect_equal 'the gateway' active "$(at gateway systemctl is-active culvert)"
  expect_equal 'the gateway at boot' enabled "$(at gateway systemctl is-enabled culvert)"
  expect_equal 'the site at boot' enabled "$(at home systemctl is-enabled culvert)"
}

joined() {
  type_at gateway culvert site add home --host web.lab.test >"$RUN/files/added"
  grep -oE 'cvt1\.[^ ]+' "$RUN/files/added" >"$RUN/root-home/root/token"
  type_at home culvert join --token-file /root/token
  expect_equal 'the site' active "$(at home systemctl is-active culvert)"
  expect_equal 'files of the state that are not the service'"'"'s' '' \
    "$(at home find /var/lib/culvert '!' -user culvert)"
}

page() { in_ns visitor curl -sf --max-time 2 --resolve "web.lab.test:80:$GATEWAY4" http://web.lab.test/ | grep -q hello; }

visited() {
  until_ok 20 at home culvert ping gateway
  type_at home culvert expose web.lab.test http://127.0.0.1:8085
  page
}

rights() { # NAME CAPABILITIES
  local status
  status=$(cat "/proc/$(pgrep -f 'dev.culvert.app.Main' --nslist pid --ns "$(first_process "$1")")/status")
  expect_match "$1's capabilities" $'\nCapEff:\t'"$2"$'\n' "$status"
  expect_match "$1's bounding set" $'\nCapBnd:\t'"$2"$'\n' "$status"
  expect_no_match "$1's user" $'\nUid:\t0\t' "$status"
}

walled_in() {
  # CAP_NET_BIND_SERVICE is 10, linux/capability.h.
  rights gateway 0000000000000400
  rights home 0000000000000000
  at gateway systemd-analyze security culvert --no-pager | tail -n 1
}

group_only() {
  at gateway useradd --create-home friend
  at gateway useradd --create-home stranger
  at gateway usermod -aG culvert friend
  at gateway runuser -u friend -- culvert site list | grep -q home
  refuse 'a key, to the group' at gateway runuser -u friend -- cat /var/lib/culvert/private.key
  refuse 'the list, to a stranger' at gateway runuser -u stranger -- culvert site list 2>"$RUN/files/refused"
  expect_line 'the message' 'usermod -aG culvert stranger' "$(cat "$RUN/files/refused")"
}

reload() {
  at gateway systemctl reload culvert
  at gateway journalctl -u culvert --no-pager | tail -n 5
  page
}

# Seconds from now to the first page.
seconds_to_page() {
  local from=$EPOCHREALTIME
  until_ok 90 page
  since "$from"
}

reboot_both() { # FIRST SECOND
  switch_off "$1"
  switch_off "$2"
  switch_on "$1"
  until_ok 60 booted "$1"
  switch_on "$2"
  measured "$(seconds_to_page) s after the second was switched on"
}

# After a power cut the router takes longest: neither a name server nor a way out for a while.
nothing_there() {
  switch_off home
  switch_off gateway
  stop dns
  drop_everything
  switch_on home
  switch_on gateway
  until_ok 60 booted home
  sleep "$ABSENT"
  refuse 'a page without a network' page
  carry_again
  dns_start
  local took
  took=$(seconds_to_page)
  measured "$took s after the network's return"
  expect_at_most 'seconds to a page' $RECOVERED "$took"
}

# A process that hangs answers no watchdog; systemd ends it and starts it again.
hang() {
  at gateway systemctl kill --signal=STOP culvert
  refuse 'a page of a process that hangs' page
  local took
  took=$(seconds_to_page)
  measured "served again after $took s"
  expect_match 'restarts' '^[1-9]' "$(at gateway systemctl show -P NRestarts culvert)"
}

masked() {
  sed -E 's/cvt1\.[A-Za-z0-9_-]+/TOKEN/; s/until [0-9T:.Z-]+/until TIME/; s/fingerprint [^ ]+( [^ (]+)*/fingerprint FINGERPRINT/; s/ +$//' \
    "$RUN/transcript"
}

golden() { # LAB_GOLDEN=update writes it anew
  if [ "${LAB_GOLDEN:-}" = update ]; then masked >"$TRANSCRIPT"; fi
  diff -u "$TRANSCRIPT" <(masked)
}

uninstalled() {
  at home dpkg -r culvert
  refuse 'the unit' test -e "$RUN/root-home/etc/systemd/system/culvert.service"
  test -s "$RUN/root-home/var/lib/culvert/private.key"
}

off() {
  switch_off home
  switch_off gateway
}

scenario() {
  step "debootstrap and systemd-nspawn" machine_packages
  step "a package for this architecture" package
  step "a blank Debian" machine_base
  step "two machines with systemd, the second behind a NAT; nginx on its loopback" machines
  step "the package on both" packages_installed
  step "culvert install gateway, culvert install site" installed
  step "culvert site add, culvert join: the service's user owns every file" joined
  step "culvert expose: the visitor gets the page" visited
  step "what was printed is what is printed" golden
  step "each service has no right but its own" walled_in
  step "the group may use the admin socket, others are told how" group_only
  step "systemctl reload" reload
  step "both off, the gateway on first: the page again" reboot_both gateway home
  step "both off, the site on first: the page again" reboot_both home gateway
  step "on without network and DNS for $ABSENT s: ≤ $RECOVERED s after their return" nothing_there
  step "the gateway hangs: the watchdog has it started again" hang
  step "the package is removed: no unit, but the key" uninstalled
  step "both off" off
}
