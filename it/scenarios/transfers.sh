# shellcheck shell=bash
# Over TLS by HTTP/1.1 and HTTP/2: WebDAV, uploads of half a GB in constant memory, events, cancelling, 1,000 downloads.
# lab: long

CA=$RUN/ca
UPLOAD_MIB=${LAB_UPLOAD_MIB:-$([ -n "${LAB_QUICK:-}" ] && echo 100 || echo 500)}
DAV=https://dav.lab.test:8443
LOG=$RUN/files/awkward
# The gateway takes 256 connections of an address, 200 of them at once.
SOURCES=()
for i in $(seq 100 111); do SOURCES+=("203.0.113.$i"); done

prepare() {
  names_in visitor "$GATEWAY4" 'dav.lab.test awkward.lab.test web.lab.test'
  topology
  local source i
  for source in "${SOURCES[@]}"; do ip -n "$LAB_ID-visitor" addr add "$source/24" dev public noprefixroute; done
  mkdir -p "$RUN/files/dav/many"
  for i in $(seq 64); do echo "$i" >"$RUN/files/dav/many/$i"; done
  webdav_start home 127.0.0.1
  nginx_start home 127.0.0.1
  spawn awkward home "$PYTHON" "$LIB/awkward-backend.py" 127.0.0.1 8091 "$LOG"
  wait_port home 8091
  make_file "$RUN/files/big" "$UPLOAD_MIB"
  head -c 262144 "$RUN/files/big" >"$RUN/files/www/part"
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/key.pem" -out "$CA/cert.pem" -days 30 \
    -subj "/CN=dav.lab.test" -addext "subjectAltName=DNS:dav.lab.test,DNS:awkward.lab.test,DNS:web.lab.test" 2>/dev/null
  chown -R "$NOBODY:$NOBODY" "$CA"
  chmod 755 "$CA"
  chmod 600 "$CA/key.pem"
}

publish() {
  gateway_services <<YAML
  dav: {host: dav.lab.test, site: home, target: "http://127.0.0.1:8084", tls: {certificate: $CA/cert.pem, key: $CA/key.pem}}
  awkward: {host: awkward.lab.test, site: home, target: "http://127.0.0.1:8091", tls: {certificate: $CA/cert.pem, key: $CA/key.pem}}
  web: {host: web.lab.test, site: home, target: "http://127.0.0.1:8085", tls: {certificate: $CA/cert.pem, key: $CA/key.pem}}
https:
  listen: [8443]
YAML
  until_ok 10 dav -f -o /dev/null "$DAV/"
}

dav() { in_ns visitor curl -sS --noproxy '*' --max-time 600 --cacert "$CA/cert.pem" -u u:p "$@"; } # CURL ARGUMENTS…
client() { in_ns visitor "$PYTHON" "$LIB/tls-visitor.py" "$1" "$2" "$GATEWAY4" 8443 "$3" "$CA/cert.pem" "${@:4}"; } # WHAT VERSION HOST…

propfind() {
  local version out
  for version in --http1.1 --http2; do
    out=$(dav "$version" -X PROPFIND -H 'Depth: 1' -w '\n%{http_code} %{http_version}' "$DAV/many/")
    expect_match status "^207 ${version#--http}" "${out##*$'\n'}"
    expect_equal 'files listed' 64 "$(grep -oE '<D:href>/many/[0-9]+</D:href>' <<<"$out" | wc -l)"
  done
}

# As a client of its own, which says https in its Destination.
rclone_moves() {
  local remote
  remote=":webdav,url='$DAV',user=u,pass=$(rclone obscure p):"
  head -c 5000000 "$RUN/files/big" >"$RUN/files/first"
  in_ns visitor rclone --config "$RUN/rclone.conf" --ca-cert "$CA/cert.pem" copyto "$RUN/files/first" "${remote}first"
  in_ns visitor rclone --config "$RUN/rclone.conf" --ca-cert "$CA/cert.pem" moveto "${remote}first" "${remote}second"
  expect_equal 'SHA-256 of what was moved' "$(sha "$RUN/files/first")" "$(sha "$RUN/files/dav/second")"
  refuse 'the old name' test -e "$RUN/files/dav/first"
  expect_equal 'read back' "$(sha "$RUN/files/first")" \
    "$(in_ns visitor rclone --config "$RUN/rclone.conf" --ca-cert "$CA/cert.pem" cat "${remote}second" | sha)"
}

# In the manner of Nextcloud: a folder of pieces, which is given its name when all have come.
pieces() {
  mkdir "$RUN/files/pieces"
  head -c 40000000 "$RUN/files/big" | split -b 5000000 -d - "$RUN/files/pieces/"
  dav -f -X MKCOL "$DAV/upload"
  dav -f --http2 -T "$RUN/files/pieces/0[0-7]" "$DAV/upload/"
  expect_equal status 201 "$(dav -o /dev/null -w '%{http_code}' -X MOVE -H "Destination: $DAV/whole" "$DAV/upload")"
  expect_equal SHA-256 "$(head -c 40000000 "$RUN/files/big" | sha)" "$(cat "$RUN"/files/dav/whole/* | sha)"
}

memory() { awk -v n="$1:" '$1 == n { print $2 }' "/proc/$(pid_of gateway)/status"; } # VmRSS | VmHWM, in KiB

upload() { # --http1.1 | --http2
  local before out grown
  # From now on, the most.
  echo 5 >"/proc/$(pid_of gateway)/clear_refs"
  before=$(memory VmRSS)
  out=$(dav -f "$1" -H 'Transfer-Encoding: chunked' -T "$RUN/files/big" -o /dev/null -w '%{http_code} %{speed_upload}' "$DAV/big")
  expect_equal status 201 "${out%% *}"
  grown=$(($(memory VmHWM) - before))
  measured "$(awk -v s="${out#* }" 'BEGIN { printf "%.0f Mbit/s", s * 8 / 1e6 }'), at most +$((grown / 1024)) MiB"
  expect_equal SHA-256 "$(sha "$RUN/files/big")" "$(sha "$RUN/files/dav/big")"
  rm "$RUN/files/dav/big"
  # 32 MiB is the aim; the rest is for a collector that had no time.
  expect_at_most 'growth in KiB' $((48 * 1024)) "$grown"
}

first_event() {
  measured "h1 $(client events 1 awkward.lab.test "$LOG"), h2 $(client events 2 awkward.lab.test "$LOG")"
}

cancelled() {
  local version kind out
  for version in 1 2; do
    for kind in get put; do
      out=$(client cancel $version awkward.lab.test "$LOG" $kind)
      measured "h$version $kind $out"
      expect_at_most "ms until the backend notices h$version $kind" 5000 "${out% ms}"
    done
  done
}

many() { # VERSION
  ulimit -n 8192
  local out
  out=$(client many "$1" web.lab.test /part "$(sha "$RUN/files/www/part")" 1000 "${SOURCES[@]:0:6}")
  measured "$out"
}

idle() {
  ulimit -n 8192
  local before holding
  before=$(memory VmRSS)
  client hold 1 web.lab.test 1000 "${SOURCES[@]:6:6}" >"$RUN/files/held" &
  holding=$!
  until_ok 120 grep -q held "$RUN/files/held"
  local each=$((($(memory VmRSS) - before) / 1000))
  measured "$each KiB each"
  kill "$holding"
  wait "$holding" || true
  expect_at_most 'KiB of a connection' 60 "$each"
}

scenario() {
  step "visitor, gateway, home behind a NAT; WebDAV, nginx and a slow backend at home" prepare
  step "gateway and site" pair 127.0.0.1:8084 127.0.0.1:8085 127.0.0.1:8091
  step "three services with TLS" publish
  step "PROPFIND lists 64 files" propfind
  step "rclone puts, moves with its Destination, gets" rclone_moves
  step "pieces of an upload, then their MOVE" pieces
  step "HTTP/1.1: PUT of $UPLOAD_MIB MiB in chunks, in constant memory" upload --http1.1
  step "HTTP/2: PUT of $UPLOAD_MIB MiB without a length, in constant memory" upload --http2
  step "the first event comes before the second is sent" first_event
  step "a request that is given up ends at the backend" cancelled
  step "1,000 downloads by HTTP/1.1, each on a connection of its own, all whole" many 1
  step "1,000 downloads at once by HTTP/2, all whole" many 2
  step "1,000 idle connections" idle
}
