# shellcheck shell=bash
# aarch64: `culvert demo --check` on Debian 13's JDK 25 under qemu's user emulation.
# lab: long

tools() {
  # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES=(debootstrap qemu-user-static)
  install_packages
}

# Only unpacked: Debian's own set-up would run thousands of emulated programs, and Java needs none of it.
root() { # LAB_ROOT_ARM64 names a tree that was made so before
  ROOT_ARM64=$RUN/arm64
  if [ -n "${LAB_ROOT_ARM64:-}" ]; then
    cp -a "$LAB_ROOT_ARM64" "$ROOT_ARM64"
  else
    debootstrap --arch=arm64 --foreign --variant=minbase --include=openjdk-25-jre-headless,libssl3t64 trixie "$ROOT_ARM64" \
      >"$LOGS/debootstrap.log" 2>&1
    local package
    for package in "$ROOT_ARM64"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$ROOT_ARM64"; done
  fi
  cp "$(command -v qemu-aarch64-static)" "$ROOT_ARM64/qemu"
  mkdir -p "$ROOT_ARM64/opt/culvert" "$ROOT_ARM64/tmp"
  cp "$ROOT"/app/target/run/*.jar "$ROOT/packaging/jvm-options" "$ROOT_ARM64/opt/culvert/"
}

# A namespace's own view of mounts ends with the command: nothing to undo.
emulated() { # JAVA ARGUMENTS…
  in_ns alone sh -c 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; root=$1; shift
    exec chroot "$root" /qemu /usr/lib/jvm/java-25-openjdk-arm64/bin/java @/opt/culvert/jvm-options -XX:TieredStopAtLevel=1 \
      -cp "/opt/culvert/*" "$@"' emulated "$RUN/arm64" "$@"
}

version() { emulated dev.culvert.app.Main --version | tee "$RUN/files/version" && grep -q 'Linux aarch64' "$RUN/files/version"; }

# Emulated, a start takes half a minute (the second compiler would only add to that): more time for the tunnel.
demo() {
  emulated -Dculvert.demo.seconds=240 dev.culvert.app.Main demo --check | tee "$RUN/files/demo"
  measured "$(tail -n 1 "$RUN/files/demo")"
}

scenario() {
  step "debootstrap and qemu-user-static" tools
  step "Debian 13 for aarch64, unpacked" root
  step "a namespace with nothing but loopback" make_ns alone
  step "culvert --version, on aarch64" version
  step "demo --check, on aarch64" demo
}
