# Installs what the lab needs from Debian's packages, and lets none of them start a service.
# shellcheck shell=bash

LAB_PACKAGES=(iproute2 nftables wireguard-tools wireguard-go iperf3 nginx-light libnginx-mod-stream rclone openssh-server openssh-client
  iputils-ping openssl curl python3 python3-websockets socat haproxy apache2-utils wrk procps util-linux faketime slowhttptest)

missing_packages() {
  local package
  for package in "${LAB_PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

install_packages() {
  local missing rc=0 policy=/usr/sbin/policy-rc.d ours=
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing Debian packages: ${missing[*]}"
  if ! [ -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=yes
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >/tmp/culvert-lab-apt.$$ 2>&1 || rc=$?
  if [ -n "$ours" ]; then rm -f "$policy"; fi
  if [ $rc -ne 0 ]; then tail -n 20 /tmp/culvert-lab-apt.$$ >&2; fi
  rm -f /tmp/culvert-lab-apt.$$
  leave_disabled "${missing[@]}"
  return $rc
}

# What was not there before must not start at the next boot either.
leave_disabled() { # PACKAGE…
  command -v systemctl >/dev/null || return 0
  local package
  for package; do
    case $package in
      nginx-light) systemctl -q disable nginx 2>/dev/null || true ;;
      openssh-server) systemctl -q disable ssh 2>/dev/null || true ;;
      bind9) systemctl -q disable named 2>/dev/null || true ;;
      haproxy | iperf3) systemctl -q disable "$package" 2>/dev/null || true ;;
    esac
  done
}
