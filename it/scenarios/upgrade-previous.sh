# shellcheck shell=bash
# From the previous commit to this one and back, twice, under fresh connections: none refused, state kept.
# lab: long

# shellcheck source-path=SCRIPTDIR source=../lib/upgrade.sh
. "$LIB/upgrade.sh"

# CULVERT_PREVIOUS: another commit. CULVERT_OTHER: a launcher that is built already.
PREVIOUS=${CULVERT_PREVIOUS:-HEAD~1}

# A commit that knows no upgrade cannot be upgraded from: then a second build of HEAD stands in, and the line says so.
build_other() {
  local commit=$PREVIOUS
  if [ -n "${CULVERT_OTHER:-}" ]; then
    "$CULVERT_OTHER" --version
    echo "$CULVERT_OTHER" >"$RUN/other"
    measured "$CULVERT_OTHER"
    return
  fi
  git -C "$ROOT" grep -q 'interface HandoverMessage' "$commit" -- control || commit=HEAD
  git clone -q --no-hardlinks "$ROOT" "$RUN/previous"
  git -C "$RUN/previous" checkout -q --detach "$(git -C "$ROOT" rev-parse "$commit")"
  chmod 755 "$RUN/previous"
  HOME=${HOME:-/root} "$RUN/previous/culvert" --version
  chmod -R go-w "$RUN/previous"
  echo "$RUN/previous/culvert" >"$RUN/other"
  measured "$commit: $(git -C "$RUN/previous" log -1 --format=%h)$([ "$commit" = "$PREVIOUS" ] || echo ", for $PREVIOUS has no upgrade")"
}

start_with_other() {
  CULVERT=$(cat "$RUN/other")
  upgrade_ends
}

forth_and_back() {
  local i end
  for i in 1 2; do
    for end in gateway home; do
      upgrade "$end" "$CULVERT"
      until_ok 10 answers web.lab.test
      answers plain.lab.test
    done
    for end in gateway home; do
      upgrade "$end" "$(cat "$RUN/other")"
      until_ok 10 answers web.lab.test
      answers plain.lab.test
    done
  done
  measured "visitors waited for $(waits gateway) ms at the gateway, $(waits home) ms at the site"
}

scenario() {
  step "the other build" build_other
  step "visitor, gateway, home and a plain peer behind a NAT" upgrade_prepare
  step "gateway, Culvert site and plain peer of the other build; three services" start_with_other
  step "fresh and kept connections from the visitor, without a pause" load_begin
  step "gateway and site, to this build and back, twice" forth_and_back
  step "no connection was refused, reset or failed" load_unharmed
  step "names, keys, addresses, sites and services are what they were, and all answer" state_kept
}
