# A gateway with TLS that a stranger attacks while a well-behaved visitor goes on; what both see, and what it costs.
# shellcheck shell=bash

CA=$RUN/ca
HOST=web.lab.test
# From another network than the visitor: limits of an address are none of this.
STRANGER=203.0.114.66
STRANGERS_GATEWAY=203.0.114.1
# Few, for latency is asked and not throughput.
RATE=100

attacked_prepare() {
  topology
  make_ns stranger
  link stranger wild "$STRANGER/24" gateway wild "$STRANGERS_GATEWAY/24"
  names_in stranger "$STRANGERS_GATEWAY" "$HOST"
  nginx_start home 127.0.0.1
  make_file "$RUN/files/www/big" 64
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/key.pem" -out "$CA/cert.pem" -days 30 \
    -subj "/CN=$HOST" -addext "subjectAltName=DNS:$HOST" 2>/dev/null
  chown -R "$NOBODY:$NOBODY" "$CA"
  chmod 755 "$CA"
  chmod 600 "$CA/key.pem"
}

attacked_publish() {
  gateway_services <<YAML
  web:
    host: $HOST
    site: home
    target: http://127.0.0.1:8085
    tls: {certificate: $CA/cert.pem, key: $CA/key.pem}
https:
  listen: [8443]
YAML
  until_ok 10 get -o /dev/null "https://$HOST/"
}

# At the lowest priority: a stranger's processors are not this machine's.
stranger() { in_ns stranger nice -n 19 "$@"; } # COMMAND…

get() { # CURL ARGUMENTS…
  in_ns visitor curl -sSf --max-time "${MAX_TIME:-20}" --cacert "$CA/cert.pem" --connect-to "::$GATEWAY4:8443" "$@"
}

rss_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of gateway)/status"; }
cpu_ticks() { sed 's/.*) //' "/proc/$(pid_of gateway)/stat" | awk '{ print $12 + $13 }'; }

visitor_begin() { # OUT [SECONDS [RATE]]
  rm -f "$1.end"
  in_ns visitor "$PYTHON" "$LIB/steady-visitor.py" "$GATEWAY4" 8443 "$HOST" "$CA/cert.pem" "${3:-$RATE}" "$1.end" \
    "${2:-600}" >"$1" &
  VISITOR=$!
}

visitor_end() { # OUT
  touch "$1.end"
  wait "$VISITOR"
}

of() { awk -v n="$1" '$1 == n { print $2 }' "$2"; } # NAME FILE

# Ordinary load first: what a gateway grows to by serving, and that the JVM compiles, is nobody's attack.
warm() {
  visitor_begin "$RUN/files/warm" 6 200
  wait "$VISITOR"
  get -Z --parallel-max 32 -o /dev/null "https://$HOST/?[1-5000]" 2>/dev/null
  MAX_TIME=120 get -Z --parallel-max 16 -r 0-8388607 -o "$RUN/files/got#1" "https://$HOST/big?[1-8]" 2>/dev/null
  rm -f "$RUN/files/got"*
  measured "$(($(rss_kib) / 1024)) MiB"
}

quiet() {
  visitor_begin "$RUN/files/quiet" 6
  wait "$VISITOR"
  cat "$RUN/files/quiet"
  expect_equal failed 0 "$(of failed "$RUN/files/quiet")"
  measured "p50 $(of p50 "$RUN/files/quiet"), p99 $(of p99 "$RUN/files/quiet") ms"
}

# Runs an attack beside the visitor and says what it did. A machine shared with others, generator and all, has no clock
# to judge by: no request may fail, which is to take 20 s. With LAB_STRICT, p99 must be at most twice as long as quiet,
# or as with the generator aimed elsewhere.
beside() { # OUT REASONS COMMAND…: REASONS are counters, with a comma in between
  local out=$1 reasons before cpu began after took
  IFS=, read -ra reasons <<<"$2"
  shift 2
  before=$(counter "${reasons[@]}")
  RSS_BEFORE=$(rss_kib)
  cpu=$(cpu_ticks)
  began=$EPOCHREALTIME
  visitor_begin "$out"
  "$@"
  RSS_AFTER=$(rss_kib)
  after=$(cpu_ticks)
  took=$(since "$began")
  visitor_end "$out"
  COUNTED=$(($(counter "${reasons[@]}") - before))
  cat "$out"
  measured "counted $COUNTED; p50 $(of p50 "$out"), p99 $(of p99 "$out") ms; +$(((RSS_AFTER - RSS_BEFORE) / 1024)) MiB;" \
    "CPU $(awk -v t=$((after - cpu)) -v s="$took" 'BEGIN { printf "%.0f", t / s }') %"
  expect_equal 'failed requests of the visitor' 0 "$(of failed "$out")"
  if [ -n "${LAB_STRICT:-}" ]; then
    expect_at_most 'p99 in ms' "$(cat "$RUN"/files/{quiet,elsewhere} 2>/dev/null |
      awk '$1 == "p99" && $2 > most { most = $2 } END { print 2 * most }')" "$(of p99 "$out")"
  fi
}

bounded() { # after `beside`
  # 64 MiB is the aim; the rest is for a collector that had no time.
  expect_at_most 'growth in KiB' "$([ -n "${LAB_STRICT:-}" ] && echo 65536 || echo 163840)" $((RSS_AFTER - RSS_BEFORE))
  expect_match 'counted' '^[1-9]' "$COUNTED"
}

# Nothing of the strangers is left.
recovered() { until_ok 30 none_left; }
none_left() { [ -z "$(in_ns gateway ss -Htn state established src "$STRANGERS_GATEWAY:8443")" ]; }
