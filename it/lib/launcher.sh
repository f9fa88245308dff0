# The launcher under test: $CULVERT, or ./culvert. Ordinary users must reach it; a clone under /root is shown elsewhere.
# shellcheck shell=bash

SHOWN=/run/culvert-lab-$$

show_launcher() {
  CULVERT=${CULVERT:-$ROOT/culvert}
  [ -x "$CULVERT" ] || { echo "no launcher at $CULVERT" >&2; exit 69; }
  if ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$CULVERT"; then
    mkdir -p "$SHOWN"
    mount --bind "$(dirname "$CULVERT")" "$SHOWN"
    CULVERT=$SHOWN/$(basename "$CULVERT")
  fi
  export CULVERT
}

hide_launcher() {
  if mountpoint -q "$SHOWN"; then umount "$SHOWN"; fi
  rmdir "$SHOWN" 2>/dev/null || true
}
