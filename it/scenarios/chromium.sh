# shellcheck shell=bash
# Chromium by HTTP/3: a page, and by its script 8 MiB down, 2 MiB up and back, every one of them by h3.
# lab: long

HOST=web.lab.test
CA=$RUN/ca
# shellcheck source-path=SCRIPTDIR source=../lib/certificates.sh
. "$LIB/certificates.sh"
BIG=8
UP=2097152

prepare() {
  (
    # shellcheck source-path=SCRIPTDIR source=../lib/packages.sh
    . "$LIB/packages.sh"
    LAB_PACKAGES=(chromium)
    install_packages
  )
  topology
  lab_authority
  lab_certificate "$HOST"
  nginx_start home 127.0.0.1
  webdav_start home 127.0.0.1
  make_file "$RUN/files/www/big" $BIG
  page >"$RUN/files/www/index.html"
}

# It waits for each answer before it goes on, so that what Chromium prints in the end is the whole.
page() {
  cat <<HTML
<!doctype html><title>lab</title><pre id="out">nothing</pre><script>
const lines = [];
function adler(text) {
  let a = 1, b = 0;
  for (let i = 0; i < text.length; i++) { a = (a + (text.charCodeAt(i) & 255)) % 65521; b = (b + a) % 65521; }
  return b * 65536 + a;
}
function ask(name, method, url, body) {
  const request = new XMLHttpRequest();
  request.open(method, url, false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  if (url.startsWith("/dav")) request.setRequestHeader("Authorization", "Basic " + btoa("u:p"));
  request.send(body);
  lines.push(name + " " + request.status + " " + request.responseText.length + " " + adler(request.responseText));
}
const up = new Uint8Array($UP);
for (let i = 0; i < up.length; i++) up[i] = i * 7 + (i >> 11);
let text = "";
for (let i = 0; i < up.length; i++) text += String.fromCharCode(up[i]);
lines.push("sent " + adler(text));
ask("down", "GET", "/big", null);
ask("up", "PUT", "/dav/up", up);
ask("back", "GET", "/dav/up", null);
window.onload = () => setTimeout(() => {
  for (const entry of performance.getEntries())
    if (entry.nextHopProtocol) lines.push("by " + entry.entryType + " " + entry.nextHopProtocol);
  document.getElementById("out").textContent = lines.join("\n") + "\n";
}, 100);
</script>
HTML
}

publish() {
  gateway_services <<YAML
  web:
    host: $HOST
    site: home
    target: http://127.0.0.1:8085
    tls: {certificate: $CA/$HOST.pem, key: $CA/$HOST.key}
  dav:
    host: $HOST
    path: /dav
    strip-prefix: true
    site: home
    target: http://127.0.0.1:8084
    tls: {certificate: $CA/$HOST.pem, key: $CA/$HOST.key}
https:
  listen: [8443]
YAML
  listens_udp() { in_ns gateway ss -Hlun 'sport = :8443' | grep -q .; }
  until_ok 10 listens_udp
}

# Told to begin by QUIC: by Alt-Svc it comes only to certificates of public authorities, which a lab has not (see `h3`).
visit() { # what the page says in the end
  local pin
  pin=$(openssl x509 -in "$CA/$HOST.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
  in_ns visitor timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --user-data-dir="$RUN/chromium" --enable-quic --host-resolver-rules="MAP $HOST $GATEWAY4" \
    --ignore-certificate-errors-spki-list="$pin" --virtual-time-budget=20000 --dump-dom \
    --origin-to-force-quic-on="$HOST:8443" "https://$HOST:8443/" 2>"$LOGS/chromium.log" >"$RUN/files/dom"
  sed -n '/<pre/,/<\/pre>/p' "$RUN/files/dom" | sed 's/<[^>]*>/\n/g' | grep . >"$RUN/files/page"
  cat "$RUN/files/page"
}

adler() { "$PYTHON" -c 'import sys, zlib; print(zlib.adler32(open(sys.argv[1], "rb").read()))' "$1"; } # FILE

by_quic() {
  visit
  local said sent
  said=$(cat "$RUN/files/page")
  sent=$(sed -n 's/^sent //p' "$RUN/files/page")
  expect_line 'down' "^down 200 $((BIG << 20)) $(adler "$RUN/files/www/big")\$" "$said"
  expect_line 'up' '^up 201 ' "$said"
  expect_line 'back' "^back 200 $UP $sent\$" "$said"
  expect_equal 'the file at home' "$sent" "$(adler "$RUN/files/dav/up")"
  expect_line 'the page' '^by navigation h3$' "$said"
  expect_match 'what its script asked' '^([3-9])$' "$(grep -c '^by resource h3$' "$RUN/files/page")"
  expect_no_match 'by another version' 'by [a-z]* h(2|ttp)' "$said"
  expect_line 'whom the target sees' "^/big .* xff=$VISITOR4 .*proto=https" "$(cat "$RUN/nginx/headers.log")"
}

scenario() {
  step "Chromium; visitor, gateway, home behind a NAT" prepare
  step "gateway and site" pair 127.0.0.1:8085 127.0.0.1:8084
  step "a name with TLS, and a path of it" publish
  step "a page, 8 MiB down, 2 MiB up and back: all by HTTP/3" by_quic
}
