# shellcheck shell=bash
# testssl.sh with the lab's CA finds nothing above LOW.
# lab: long

CA=$RUN/ca

prepare() {
  command -v testssl >/dev/null || apt-get install -qq -y testssl.sh >/dev/null
  mkdir -p "$CA"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/ca.key" -out "$CA/ca.pem" -days 300 \
    -subj '/CN=Lab CA' 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$CA/web.key" -out "$CA/web.csr" \
    -subj "/CN=web.lab.test" 2>/dev/null
  openssl x509 -req -in "$CA/web.csr" -CA "$CA/ca.pem" -CAkey "$CA/ca.key" -CAcreateserial -days 200 -out "$CA/web.pem" \
    -extfile <(printf 'subjectAltName=DNS:web.lab.test\nextendedKeyUsage=serverAuth\n') 2>/dev/null
  chmod 600 "$CA/web.key"
  chown -R "$NOBODY:$NOBODY" "$CA"
  topology
  names_in visitor "$GATEWAY4" web.lab.test
  nginx_start home 127.0.0.1
}

publish() {
  gateway_services <<YAML
  web:
    host: web.lab.test
    site: home
    target: http://127.0.0.1:8085
    tls: {certificate: $CA/web.pem, key: $CA/web.key}
https:
  listen: [8443]
YAML
  until_ok 10 in_ns visitor curl -sS --max-time 5 --cacert "$CA/ca.pem" -o /dev/null https://web.lab.test:8443/
}

# Findings that are not the server's: a lab's CA has no lists of revocation and no entry in DNS or transparency logs; which
# headers a page has is for the target to say.
examined() {
  local found
  in_ns visitor testssl --quiet --warnings off --color 0 --add-ca "$CA/ca.pem" --ip "$GATEWAY4" \
    --jsonfile "$RUN/testssl.json" web.lab.test:8443 >"$LOGS/testssl.log" 2>&1 || true
  [ -s "$RUN/testssl.json" ]
  found=$("$PYTHON" - "$RUN/testssl.json" <<'PY'
import json, sys
not_the_servers = ("cert_revocation", "cert_crlDistributionPoints", "cert_ocspURL", "DNS_CAArecord", "cert_notAfter", "security_headers",
                   "certificate_transparency", "overall_grade", "grade_cap", "final_score", "scanTime")
for finding in json.load(open(sys.argv[1])):
    if finding["severity"] in ("MEDIUM", "HIGH", "CRITICAL") and not finding["id"].startswith(not_the_servers):
        print(finding["severity"], finding["id"], finding["finding"])
PY
  )
  expect_equal 'findings above LOW' '' "$found"
}

scenario() {
  step "visitor, gateway, home behind a NAT; a CA" prepare
  step "gateway and site, both as an unprivileged user" pair 127.0.0.1:8085
  step "one name with a certificate" publish
  step "testssl finds nothing above LOW" examined
}
