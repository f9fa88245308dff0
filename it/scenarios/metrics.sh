# shellcheck shell=bash
# Traffic, a denied visitor and a dead target show in the metrics, the JSON log and both access logs, as they were.
# lab: short

METRICS=127.0.0.1:9464

prepare() {
  topology
  nginx_start home 127.0.0.1
  socat_start echo home 127.0.0.1 7003 EXEC:cat
  make_file "$RUN/files/www/page" 1
}

publish() {
  # The folder is the gateway's own: access logs are made by its user.
  install -d -m 750 -o "$NOBODY" -g "$NOBODY" "$RUN/access"
  gateway_config <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
  dead:
    host: dead.lab.test
    site: home
    target: http://127.0.0.1:8099
  private:
    host: private.lab.test
    site: home
    target: http://127.0.0.1:8085
    access:
      allow: [192.0.2.0/24]
  echo:
    listen: 7003/tcp
    site: home
    target: tcp://127.0.0.1:7003
metrics:
  listen: $METRICS
log:
  format: json
access-log:
  file: $RUN/access/access.log
  format: combined
YAML
  culvert gateway check "$RUN/gateway.yaml"
  signal gateway HUP
  until_ok 10 answers web.lab.test
}

scrape() { in_ns gateway curl -sSf --max-time 5 "http://$METRICS/metrics"; }
value() { awk -v s="$1" '{ at = length($0) - length($NF); if (substr($0, 1, at - 1) == s) print $NF }' "$RUN/files/metrics"; } # SERIES
status_of() { visit -o /dev/null -w '%{http_code}' "$@"; }

expect_value() { # SERIES VALUE
  awk -v e="$2" -v a="$(value "$1")" 'BEGIN { exit !(a != "" && e + 0 == a + 0) }' ||
    { echo "$1: expected $2, was '$(value "$1")'"; return 1; }
}

traffic() {
  # Waiting for the service has made some requests, the first of them perhaps before there was a route.
  scrape >"$RUN/files/metrics"
  local before unrouted i
  before=$(value 'culvert_service_connections_total{service="web",site="home"}')
  unrouted=$(value 'culvert_denied_total{reason="no-route"}')
  for i in 1 2 3 4 5; do
    expect_equal status 200 "$(status_of -A 'lab "agent"' -e 'http://ref.test/?key=s3cret' "http://web.lab.test:8080/page?token=s3cret")"
  done
  expect_equal 'another host' 404 "$(status_of http://other.lab.test:8080/none)"
  expect_equal 'a denied visitor' 403 "$(status_of http://private.lab.test:8080/)"
  expect_equal 'a dead target' 502 "$(status_of http://dead.lab.test:8080/)"
  echo hello | in_ns visitor timeout 5 socat -t 2 - "TCP:$GATEWAY4:7003" >"$RUN/files/echo"
  expect_equal echo hello "$(cat "$RUN/files/echo")"
  echo "${before%.*}" "${unrouted%.*}" >"$RUN/files/counted-before"
}

counted() {
  scrape >"$RUN/files/metrics"
  local before unrouted
  read -r before unrouted <"$RUN/files/counted-before"
  expect_value 'culvert_service_connections_total{service="web",site="home"}' $((before + 5))
  expect_value 'culvert_http_responses_total{class="2xx",service="web",site="home"}' $((before + 5))
  expect_value 'culvert_http_request_duration_seconds_count{service="web",site="home"}' $((before + 5))
  expect_value 'culvert_http_responses_total{class="5xx",service="dead",site="home"}' 1
  expect_value 'culvert_dial_failures_total{reason="target-refused",service="dead",site="home"}' 1
  expect_value 'culvert_denied_total{reason="acl"}' 1
  expect_value 'culvert_denied_total{reason="no-route"}' $((${unrouted:-0} + 1))
  expect_value 'culvert_service_received_bytes_total{service="echo",site="home"}' 6
  expect_value 'culvert_service_sent_bytes_total{service="echo",site="home"}' 6
  expect_value 'culvert_peer_connected{peer="home",type="culvert"}' 1
  awk -v n="$(value 'culvert_service_sent_bytes_total{service="web",site="home"}')" 'BEGIN { exit !(n >= 5 * 1048576) }'
  awk -v n="$(value 'culvert_peer_round_trip_seconds{peer="home",type="culvert"}')" 'BEGIN { exit !(n > 0 && n < 1) }'
  expect_match OpenMetrics '# EOF' "$(in_ns gateway curl -sSf -H 'Accept: application/openmetrics-text; version=1.0.0' "http://$METRICS/metrics" | tail -n 1)"
  # Where Debian's package prometheus is installed; the strict reader of the unit tests is always there.
  if command -v promtool >/dev/null; then
    promtool check metrics <"$RUN/files/metrics"
    measured 'promtool agrees'
  fi
}

# From the internet there is no such port, and a page's own name does not lead to it.
hidden() {
  refuse 'from the internet' in_ns visitor curl -sS --max-time 2 "http://$GATEWAY4:9464/metrics"
  expect_equal 'another name' 403 "$(in_ns gateway curl -s -o /dev/null -w '%{http_code}' -H 'Host: evil.test' "http://$METRICS/metrics")"
}

access_log() {
  local log=$RUN/access/access.log
  until_ok 5 grep -q '"TCP echo"' "$log"
  expect_equal mode 640 "$(stat -c %a "$log")"
  expect_equal 'pages by the real visitor' 5 \
    "$(grep -cE "^$VISITOR4 - - \[[^]]+\] \"GET /page HTTP/1.1\" 200 1048576 \"http://ref.test/\" \"lab \\\\\"agent\\\\\"\"\$" "$log")"
  grep -qE "^$VISITOR4 .*\"GET /none HTTP/1.1\" 404 " "$log"
  grep -qE "^$VISITOR4 .*\"GET / HTTP/1.1\" 403 " "$log"
  grep -qE "^$VISITOR4 .*\"GET / HTTP/1.1\" 502 " "$log"
  grep -qE "^$VISITOR4 .*\"TCP echo\" - 6 " "$log"
  refuse 'a token in the log' grep s3cret "$log"
}

# As logrotate does, and then with the other format.
rotate() {
  local log=$RUN/access/access.log
  mv "$log" "$log.1"
  signal gateway HUP
  until_ok 10 written '"GET /page HTTP/1.1" 200'
  sed -i 's/format: combined/format: json/' "$RUN/gateway.yaml"
  signal gateway HUP
  until_ok 10 written '"path":"/page"'
}
written() { answers web.lab.test /page && grep -q "$1" "$RUN/access/access.log"; } # PATTERN

json_logs() {
  grep -h '^{' "$RUN/access/access.log" >"$RUN/files/access.json"
  sed -n '/^{/,$p' "$LOGS/gateway.log" >"$RUN/files/log.json"
  "$PYTHON" - "$RUN/files/access.json" "$RUN/files/log.json" "$VISITOR4" <<'PY'
import json, sys
access = [json.loads(line) for line in open(sys.argv[1])]
assert any(a["path"] == "/page" and a["client"] == sys.argv[3] and a["service"] == "web" and a["site"] == "home"
           and a["end"] == "done" and a["id"] for a in access), access
log = [json.loads(line) for line in open(sys.argv[2])]
assert all({"time", "level", "logger", "message"} <= set(l) for l in log), log
dead = [l for l in log if l.get("kind") == "dial.failed"]
assert dead and dead[0]["subject"] == "dead" and dead[0]["level"] == "warn", log
assert any("configuration applied" in l["message"] for l in log), log
PY
}

scenario() {
  step "visitor, gateway, home behind a NAT; nginx and TCP echo at home" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085 127.0.0.1:8099 127.0.0.1:7003
  step "services; metrics, JSON log and access log by a reload" publish
  step "5 pages, an unknown host, a denied visitor, a dead target, a TCP echo" traffic
  step "each of them is in the metrics, once" counted
  step "metrics are neither on the internet nor under another name" hidden
  step "access log: the visitor's real address, no token" access_log
  step "the access log is rotated, and its format changed, while it runs" rotate
  step "every line of the JSON log and access log parses" json_logs
}
