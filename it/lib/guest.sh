# A machine with Linux's own WireGuard, emulated: Debian's kernel, a runtime of Culvert's and nothing else, in memory.
# Its one network is 10.99.0.0/24 and 2001:db8:99::/64; namespace `outside` is the first address, the guest the second.
# Culvert runs there as an ordinary user with CAP_NET_ADMIN and CAP_NET_RAW.
# shellcheck shell=bash

GUEST=10.99.0.2
GUEST6=2001:db8:99::2
OUTSIDE=10.99.0.1
OUTSIDE6=2001:db8:99::1
GUEST_MEMORY=${GUEST_MEMORY:-1100}

guest_packages() {
  # shellcheck source-path=SCRIPTDIR source=packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES+=(qemu-system-x86 busybox-static cpio kmod socat)
  install_packages
}

# LAB_KERNEL names a folder in which a kernel's package was unpacked before.
# LAB_JARS names a folder of jars to take in place of those of ./culvert.
GUEST_JARS=${LAB_JARS:-$ROOT/app/target/run}
GUEST_KERNEL=${LAB_KERNEL:-$RUN/kernel}
guest_release() { ls "$GUEST_KERNEL/lib/modules"; }

guest_kernel() {
  if [ ! -d "$GUEST_KERNEL/boot" ]; then
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    mkdir -p "$GUEST_KERNEL"
    (cd "$GUEST_KERNEL" && apt-get download -qq "$package" >/dev/null 2>&1 && dpkg-deb -x "$package"_*.deb .)
  fi
  depmod -b "$GUEST_KERNEL" "$(guest_release)"
  measured "Linux $(guest_release)"
}

with_libraries() { # ROOT PROGRAM…: the libraries that they name, at their places
  local root=$1 file
  shift
  for file in $(ldd "$@" 2>/dev/null | grep -oE '/[^ ]+' | grep -v ':$' | sort -u); do
    [ -e "$root$file" ] || install -D "$(readlink -f "$file")" "$root$file"
  done
}

# A Java with the modules that the package's has.
guest_runtime() { # ROOT
  local java=${JAVA_HOME:?} home=$1/culvert jar
  mkdir -p "$home/jars"
  for jar in "$GUEST_JARS"/*.jar; do
    case $jar in *aarch_64* | *riscv64*) ;; *) cp "$jar" "$home/jars/" ;; esac
  done
  cp -r "$GUEST_JARS/native" "$home/native"
  cp "$ROOT/packaging/jvm-options" "$home/"
  "$java/bin/jlink" --add-modules "$("$java/bin/jdeps" --print-module-deps --ignore-missing-deps --multi-release 25 \
    --module-path "$home/jars" "$home"/jars/*.jar 2>/dev/null | tail -n 1)" --strip-debug --no-man-pages --no-header-files \
    --generate-cds-archive --output "$home/runtime"
  rm -rf "$home/runtime/legal"
  cat >"$home/culvert" <<'SH'
#!/bin/sh
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+net_admin,+net_raw \
  --bounding-set=-all,+net_admin,+net_raw --ambient-caps=-all,+net_admin,+net_raw /culvert/runtime/bin/java @/culvert/jvm-options -Xmx160m -XX:TieredStopAtLevel=1 -Djava.library.path=/culvert/native \
  -Dorg.sqlite.lib.path=/culvert/native -cp '/culvert/jars/*' dev.culvert.app.Main "$@"
SH
  chmod 755 "$home/culvert"
  with_libraries "$1" "$home/runtime/bin/java" "$home"/runtime/lib/*.so "$home"/runtime/lib/server/*.so "$home"/native/*
}

# GUEST_MODULES names further modules of the kernel's. LAB_IMAGE names an initramfs that was kept from an earlier run of the same kind.
guest_image() { # [culvert]: with its runtime
  local root=$RUN/guest module
  if [ -n "${LAB_IMAGE:-}" ]; then
    cp "$LAB_IMAGE" "$RUN/initrd"
    return
  fi
  mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,run,etc,state,modules,var/run}
  cp "$(command -v busybox)" "$root/bin/busybox"
  # Busybox's own shell would take its applets before programs.
  cp "$(command -v dash)" "$root/bin/sh"
  # shellcheck disable=SC2086 # names of modules
  for module in $(modprobe -d "$GUEST_KERNEL" -S "$(guest_release)" --show-depends -a \
    virtio_pci virtio_net wireguard nf_tables tun af_packet ipv6 ${GUEST_MODULES:-} | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'); do
    cp "$module" "$root/modules/"
    basename "$module" >>"$root/modules/order"
  done
  cp "$(command -v wg)" "$(command -v nft)" "$(command -v ip)" "$(command -v setpriv)" "$root/sbin/"
  if [ "${1:-}" = culvert ]; then guest_runtime "$root"; fi
  with_libraries "$root" "$root"/sbin/* "$root/bin/sh"
  mkdir -p "$root/lib/x86_64-linux-gnu"
  cp /lib/x86_64-linux-gnu/libnss_files.so.2 /lib/x86_64-linux-gnu/libnss_dns.so.2 /lib/x86_64-linux-gnu/libcrypto.so.3 \
    "$root/lib/x86_64-linux-gnu/" 2>/dev/null || true
  printf 'root:x:0:0:root:/state:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n' >"$root/etc/passwd"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
  cat >"$root/init" <<'SH'
#!/bin/sh
/bin/busybox --install -s /bin
export PATH=/sbin:/bin:/culvert HOME=/state CULVERT_STATE=/state
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for m in $(cat /modules/order); do insmod "/modules/$m"; done
ip link set lo up; ip link set eth0 up
ip addr add 10.99.0.2/24 dev eth0; ip addr add 2001:db8:99::2/64 dev eth0 nodad
ip route add default via 10.99.0.1; ip route add default via 2001:db8:99::1
chown -R 65534:65534 /state; chmod 1777 /tmp
nc -ll -p 7000 -e /bin/sh &
echo guest ready
while :; do sleep 3600; done
SH
  chmod 755 "$root/init"
  (cd "$root" && find . | cpio -o -H newc --quiet) >"$RUN/initrd"
  measured "initramfs $(du -m "$RUN/initrd" | cut -f 1) MB"
}

guest_start() {
  local outside=$LAB_ID-outside
  ip -n "$outside" tuntap add guest mode tap
  ip -n "$outside" addr add "$OUTSIDE/24" dev guest
  ip -n "$outside" addr add "$OUTSIDE6/64" dev guest nodad
  ip -n "$outside" link set guest up
  spawn guest outside qemu-system-x86_64 -accel tcg -M pc -cpu max -m "$GUEST_MEMORY" -smp 1 -nographic -nodefaults \
    -no-user-config -serial stdio -no-reboot -kernel "$GUEST_KERNEL/boot/vmlinuz-$(guest_release)" -initrd "$RUN/initrd" \
    -append 'console=ttyS0 quiet panic=-1 random.trust_cpu=on mitigations=off net.ifnames=0 tsc=reliable no_timer_check' \
    -netdev tap,id=n,ifname=guest,script=no,downscript=no -device virtio-net-pci,netdev=n
  wait_log guest 'guest ready' 600
  # Its shell listens a moment later.
  until_ok 120 guest true
}

guest() { # COMMAND…, typed in the guest's shell; its output, and its success
  local out
  out=$(printf '%s\necho "ended $?"\n' "$*" | in_ns outside socat -t "${GUEST_PATIENCE:-600}" - "TCP:$GUEST:7000" 2>&1)
  sed '$d' <<<"$out"
  [ "${out##*ended }" = 0 ]
}

guest_file() { # PATH, its text on standard input
  { printf "cat >'%s' <<'GUEST_FILE'\n" "$1"; cat; printf 'GUEST_FILE\nchown 65534:65534 %s\nchmod 600 %s\necho "ended $?"\n' "$1" "$1"; } |
    in_ns outside socat -t 20 - "TCP:$GUEST:7000" | grep -q 'ended 0'
}

guest_kill() { guest "kill -$2 \$(cat /tmp/$1.pid)"; } # NAME SIGNAL

guest_log() { guest "cat /tmp/$1.log"; } # NAME

guest_spawn() { # NAME COMMAND…: its log is /tmp/NAME.log in the guest
  local name=$1
  shift
  guest "$* >/tmp/$name.log 2>&1 </dev/null & echo \$! >/tmp/$name.pid"
}

guest_said() { guest "grep -qE -- '$2' /tmp/$1.log"; } # NAME PATTERN

guest_alive() { guest "kill -0 \$(cat /tmp/$1.pid)"; } # NAME
