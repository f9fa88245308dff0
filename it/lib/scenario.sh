#!/usr/bin/env bash
# Runs one scenario: a file that defines `scenario`, in namespaces and a folder of its own, and cleans up after it.
set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
LIB=$(cd "$(dirname "$0")" && pwd)
SCENARIOS=$(cd "$LIB/../scenarios" && pwd)
for part in process assert topology culvert services; do
  # shellcheck disable=SC1090
  . "$LIB/$part.sh"
done
NAME=$1
BEGAN=$EPOCHREALTIME

end() {
  local rc=$?
  if [ $rc -ne 0 ]; then
    export FAILED=yes
    show_logs
  fi
  cleanup
  if [ $rc -eq 0 ]; then echo "  passed in $(since "$BEGAN") s"; else echo "  $NAME failed"; fi
  exit $rc
}

echo "$NAME: $(sed -n '2s/^# *//p' "$LIB/../scenarios/$NAME.sh")"
open_run
trap end EXIT
trap 'exit 130' INT TERM
# shellcheck disable=SC1090
. "$LIB/../scenarios/$NAME.sh"
scenario
