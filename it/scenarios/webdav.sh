# shellcheck shell=bash
# rclone's WebDAV at home by host name: PROPFIND, PUT and GET of 1 GiB, Range, MOVE, 64 GETs at once, home behind a NAT.
# lab: short

SIZE=$([ -n "${LAB_QUICK:-}" ] && echo 256 || echo 1024)

dav() { MAX_TIME=240 visit -u u:p "$@"; }
status_of() { dav -o /dev/null -w '%{http_code}' "$@"; }
DAV=http://dav.lab.test:8080

prepare() {
  topology
  webdav_start home 127.0.0.1
  make_file "$RUN/files/big" "$SIZE"
  sha "$RUN/files/big" >"$RUN/files/big.sha"
  mkdir "$RUN/files/dav/many"
  local i
  for i in $(seq 64); do head -c $((100000 + i)) "$RUN/files/big" >"$RUN/files/dav/many/$i"; done
}

publish() {
  gateway_services <<'YAML'
  dav:
    host: dav.lab.test
    site: home
    target: http://127.0.0.1:8084
YAML
  until_ok 10 dav_answers
}
dav_answers() { [ "$(status_of "$DAV/")" = 200 ]; }

wrong_password() { expect_equal status 401 "$(visit -u u:wrong -o /dev/null -w '%{http_code}' "$DAV/")"; }
unknown_host() { expect_match status '^4' "$(status_of http://other.lab.test:8080/)"; }

propfind() {
  local out
  out=$(dav -X PROPFIND -H 'Depth: 1' -w '\n%{http_code}' "$DAV/many/")
  expect_equal status 207 "${out##*$'\n'}"
  expect_equal 'files listed' 64 "$(grep -oE '<D:href>/many/[0-9]+</D:href>' <<<"$out" | wc -l)"
}

rate() { awk -v s="$1" 'BEGIN { printf "%.0f Mbit/s", s * 8 / 1e6 }'; } # BYTES_PER_SECOND

put() {
  local out
  out=$(dav -f -T "$RUN/files/big" -o /dev/null -w '%{http_code} %{speed_upload}' "$DAV/big")
  measured "$(rate "${out#* }")"
  expect_equal status 201 "${out%% *}"
  expect_equal 'SHA-256 at home' "$(cat "$RUN/files/big.sha")" "$(sha "$RUN/files/dav/big")"
}

put_chunked() {
  head -c 5000000 "$RUN/files/big" | dav -f -T - "$DAV/chunked"
  expect_equal SHA-256 "$(head -c 5000000 "$RUN/files/big" | sha)" "$(sha "$RUN/files/dav/chunked")"
}

get() {
  local began=$EPOCHREALTIME
  expect_equal SHA-256 "$(cat "$RUN/files/big.sha")" "$(dav -f "$DAV/big" | sha)"
  measured "$(awk -v m="$SIZE" -v s="$(since "$began")" 'BEGIN { printf "%.0f Mbit/s", m * 8.388608 / s }')"
}

range() {
  local out
  expect_equal SHA-256 "$(tail -c +5000001 "$RUN/files/big" | head -c 1000000 | sha)" \
    "$(dav -f -r 5000000-5999999 "$DAV/big" | sha)"
  out=$(dav -r 5000000-5999999 -o /dev/null -D - "$DAV/big")
  expect_match head ' 206 ' "$out"
  expect_match head "ontent-[Rr]ange: bytes 5000000-5999999/$((SIZE * 1048576))" "$out"
}

# The server itself refuses (502) a Destination whose host is not the request's.
move() {
  expect_equal status 201 "$(status_of -X MOVE -H "Destination: $DAV/moved" "$DAV/big")"
  expect_equal 'old name' 404 "$(status_of "$DAV/big")"
  [ -f "$RUN/files/dav/moved" ]
}

many_gets() {
  mkdir "$RUN/files/got"
  dav -f -Z --parallel-immediate --parallel-max 64 -o "$RUN/files/got/#1" "$DAV/many/[1-64]" 2>/dev/null
  diff -r "$RUN/files/got" "$RUN/files/dav/many"
}

scenario() {
  step "visitor, gateway, home behind a NAT; rclone serve webdav at home" prepare
  step "gateway, site add, join, site, both as an unprivileged user" pair 127.0.0.1:8084
  step "service by host name" publish
  step "a wrong password is refused by rclone" wrong_password
  step "another host name is refused by the gateway" unknown_host
  step "PROPFIND lists 64 files" propfind
  step "PUT of $SIZE MiB, equal SHA-256" put
  step "PUT in chunks, equal SHA-256" put_chunked
  step "GET of $SIZE MiB, equal SHA-256" get
  step "Range" range
  step "MOVE with its Destination" move
  step "64 GETs at once, all whole" many_gets
}
