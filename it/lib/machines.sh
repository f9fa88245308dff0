# Whole machines: a Debian with systemd as its first process, in a namespace of the lab, by systemd-nspawn.
# shellcheck shell=bash

# LAB_ROOT names a tree that debootstrap made before, for those who run this often.
machine_packages() {
  # shellcheck source-path=SCRIPTDIR source=packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES=(debootstrap systemd-container)
  install_packages
}

machine_base() { # a blank Debian in $RUN/base: 13, or 12 where that is not to be had
  if [ -n "${LAB_ROOT:-}" ]; then
    cp -a "$LAB_ROOT" "$RUN/base"
    return
  fi
  local suite
  for suite in trixie bookworm; do
    if debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,openssl "$suite" "$RUN/base" \
      >"$LOGS/debootstrap.log" 2>&1; then
      measured "Debian $(cat "$RUN/base/etc/debian_version")"
      return
    fi
    rm -rf "$RUN/base"
  done
  return 1
}

machine() { # NAME NAMESERVER: a blank root of its own, not yet running
  cp -a "$RUN/base" "$RUN/root-$1"
  rm -f "$RUN/root-$1/etc/resolv.conf"
  echo "nameserver $2" >"$RUN/root-$1/etc/resolv.conf"
  echo "$1" >"$RUN/root-$1/etc/hostname"
}

# Its log is the console. The cgroup of version 2 is mounted anew: the host may have the old one.
switch_on() { # NAME
  unshare -m bash -c "mount --make-rprivate /; umount -l /sys/fs/cgroup; mount -t cgroup2 c2 /sys/fs/cgroup
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    exec systemd-nspawn --quiet --register=no --keep-unit --network-namespace-path=/run/netns/$LAB_ID-$1 \
      --machine=$LAB_ID-$1 --resolv-conf=off --timezone=off --kill-signal=SIGRTMIN+3 -bD $RUN/root-$1 --console=pipe" \
    >>"$LOGS/$1-console.log" 2>&1 </dev/null &
  echo $! >"$RUN/pids/machine-$1"
}

switch_off() { # NAME: as a person would; what hangs is not waited for longer than systemd does
  kill -TERM "$(pid_of "machine-$1")"
  until_ok 45 gone "machine-$1"
}

first_process() { # NAME: the machine's process 1, as the host numbers it
  local pid
  for pid in $(ip netns pids "$LAB_ID-$1"); do
    if grep -qE '^NSpid:.*\s1$' "/proc/$pid/status" 2>/dev/null; then echo "$pid"; return; fi
  done
  return 1
}

at() { # NAME COMMAND…: typed by root on that machine
  local leader
  leader=$(first_process "$1")
  shift
  nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

# shellcheck disable=SC2317
booted() { at "$1" systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; }
