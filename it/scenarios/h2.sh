# shellcheck shell=bash
# HTTP/2 as its suites and clients see it: h2spec, nghttp, h2load, and gRPC both ways with deadlines and cancelled calls.
# lab: short

# shellcheck source-path=SCRIPTDIR/../lib source=../lib/certificates.sh
. "$LIB/certificates.sh"
# shellcheck source-path=SCRIPTDIR/../lib source=../lib/suites.sh
. "$LIB/suites.sh"
# shellcheck source-path=SCRIPTDIR/../lib source=../lib/packages.sh
. "$LIB/packages.sh"

prepare() {
  LAB_PACKAGES=(nghttp2-client python3-grpcio nginx-light)
  install_packages
  h2spec_fetch
  lab_authority
  SUBJECT_NAMES='DNS:*.lab.test' lab_certificate web
  SUBJECT_NAMES='IP:127.0.0.1' lab_certificate target
  topology
  names_in visitor "$GATEWAY4" 'one.lab.test plain.lab.test tls.lab.test grpc.lab.test'
  nginx_start home 127.0.0.1
  head -c 20480 /dev/urandom >"$RUN/files/www/page"
  spawn digest home "$PYTHON" "$LIB/digest.py" 127.0.0.1 7201
  wait_port home 7201
  http2_targets
  grpc_start
}

# nginx speaks HTTP/2 with and without TLS, and hands bodies to what adds them up.
http2_targets() {
  mkdir -p "$RUN/nginx2"
  cat >"$RUN/nginx2/nginx.conf" <<CONF
daemon off;
user root;
pid $RUN/nginx2/pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path $RUN/nginx2/body;
  proxy_temp_path $RUN/nginx2/proxy;
  fastcgi_temp_path $RUN/nginx2/fastcgi;
  uwsgi_temp_path $RUN/nginx2/uwsgi;
  scgi_temp_path $RUN/nginx2/scgi;
  server {
    listen 127.0.0.1:7202 http2;
    listen 127.0.0.1:7203 ssl http2;
    ssl_certificate $RUN/ca/target.pem;
    ssl_certificate_key $RUN/ca/target.key;
    keepalive_requests 1000000;
    location / { root $RUN/files/www; }
    location /sum { proxy_pass http://127.0.0.1:7201; proxy_request_buffering off; proxy_http_version 1.1; }
  }
}
CONF
  spawn nginx2 home nginx -p "$RUN/nginx2" -e stderr -c "$RUN/nginx2/nginx.conf"
  wait_port home 7203
}

grpc_start() {
  spawn grpc home "$PYTHON" "$LIB/grpc-peer.py" serve 127.0.0.1 7204 "$RUN/files/grpc.calls"
  wait_port home 7204
}

publish() {
  gateway_services <<YAML
  one: {host: one.lab.test, site: home, target: "http://127.0.0.1:8085", tls: {certificate: $RUN/ca/web.pem, key: $RUN/ca/web.key}}
  sum: {host: one.lab.test, path: /sum, site: home, target: "http://127.0.0.1:7201"}
  plain: {host: plain.lab.test, site: home, target: "h2c://127.0.0.1:7202", tls: {certificate: $RUN/ca/web.pem, key: $RUN/ca/web.key}}
  tls:
    host: tls.lab.test
    site: home
    target: https://127.0.0.1:7203
    target-ca: $RUN/ca/ca.pem
    tls: {certificate: $RUN/ca/web.pem, key: $RUN/ca/web.key}
  grpc: {host: grpc.lab.test, site: home, target: "h2c://127.0.0.1:7204", tls: {certificate: $RUN/ca/web.pem, key: $RUN/ca/web.key}}
https:
  listen: [8443]
YAML
  # nghttp ends well whatever comes of it.
  wait_port gateway 8443
  until_ok 10 in_ns visitor nghttp -n --no-verify-peer https://one.lab.test:8443/
}

h2spec() {
  local out
  out=$(in_ns visitor timeout 300 "$RUN/suites/h2spec" -h one.lab.test -p 8443 -P / -t -k --strict -o 3 || true)
  printf '%s\n' "$out" >"$LOGS/h2spec.log"
  measured "$(tail -n 1 <<<"$out")"
  expect_match 'the suite' '[0-9]+ tests, [0-9]+ passed, [0-9]+ skipped, 0 failed' "$out"
}


# What a visitor sent, byte for byte, by every way to a target: HTTP/1.1, HTTP/2, HTTP/2 within TLS.
uploads() {
  local host sum
  make_file "$RUN/files/body" 4
  sum="$((4 << 20)) $(sha "$RUN/files/body")"
  for host in one plain tls; do
    expect_equal "$host" "$sum" "$(in_ns visitor nghttp --no-verify-peer -d "$RUN/files/body" "https://$host.lab.test:8443/sum")"
    expect_equal "$host, of unknown length" "$sum" \
      "$(in_ns visitor nghttp --no-verify-peer --no-content-length -d "$RUN/files/body" "https://$host.lab.test:8443/sum")"
    expect_equal "$host, from HTTP/1.1" "$sum" "$(in_ns visitor curl -sS --http1.1 --cacert "$RUN/ca/ca.pem" \
      --data-binary "@$RUN/files/body" "https://$host.lab.test:8443/sum")"
  done
}

many_streams() {
  local host
  for host in one plain tls; do
    load "https://$host.lab.test:8443/page" 800
  done
  head -c 50000 "$RUN/files/body" >"$RUN/files/piece"
  load https://plain.lab.test:8443/sum 400 -d "$RUN/files/piece"
}

load() { # URL REQUESTS [ARGUMENTS…]: on 4 connections with 100 streams each
  local url=$1 requests=$2 out
  shift 2
  out=$(in_ns visitor timeout 120 h2load -n "$requests" -c 4 -m 100 "$@" "$url")
  echo "$out"
  expect_match "$url" "$requests succeeded, 0 failed, 0 errored, 0 timeout" "$out"
  expect_match "$url" "status codes: $requests 2xx" "$out"
}

ask_grpc() { # CASE
  in_ns visitor timeout 100 "$PYTHON" "$LIB/grpc-peer.py" ask "$GATEWAY4" 8443 "$RUN/ca/ca.pem" grpc.lab.test \
    "$RUN/files/grpc.calls" "$1"
}

grpc_calls() {
  local each
  for each in unary both one_way parallel; do ask_grpc "$each"; done
}

grpc_ends() {
  ask_grpc errors
  ask_grpc deadline
  measured "cancelled $(ask_grpc cancel)"
}

grpc_without_target() {
  stop grpc KILL
  ask_grpc unavailable
}

scenario() {
  step "visitor, gateway, home behind a NAT; targets of HTTP/1.1, h2c, h2 and gRPC" prepare
  step "gateway and site" pair 127.0.0.1:8085 127.0.0.1:7201 127.0.0.1:7202 127.0.0.1:7203 127.0.0.1:7204
  step "services with TLS" publish
  step "h2spec 2.2.0, strict" h2spec
  step "nghttp uploads 4 MiB to HTTP/1.1, h2c and h2, of known and unknown length" uploads
  step "h2load: 400 streams at a time" many_streams
  step "gRPC: unary, streams both ways at once, 500 calls at a time; metadata and trailers" grpc_calls
  step "gRPC: errors, a deadline, a cancelled call reach the other end" grpc_ends
  step "gRPC without its server is unavailable" grpc_without_target
}
