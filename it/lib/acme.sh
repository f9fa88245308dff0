# A certificate authority of the lab's own, Pebble, and DNS servers for it. In namespace `ca`, at 192.0.2.2.
# shellcheck shell=bash disable=SC2034

CA=192.0.2.2
ACME_DIRECTORY=https://$CA:14000/dir

acme_packages() { # PACKAGE…
  # shellcheck source-path=SCRIPTDIR source=packages.sh
  . "$LIB/packages.sh"
  LAB_PACKAGES=("$@")
  install_packages
}

# On a network of its own behind the gateway's.
ca_net() {
  make_ns ca
  link gateway ca 192.0.2.1/24 ca internet "$CA/24"
  default_route ca 192.0.2.1
}

# The authority's own server has a certificate of another authority, which clients must be told of: $RUN/ca/trust.pem.
ca_keys() {
  mkdir -p "$RUN/ca"
  (
    cd "$RUN/ca"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout trust.key -out trust.pem -days 30 \
      -subj '/CN=lab' 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj '/CN=ca' 2>/dev/null
    openssl x509 -req -in server.csr -CA trust.pem -CAkey trust.key -CAcreateserial -days 30 -out server.pem \
      -extfile <(printf 'subjectAltName=IP:%s' "$CA") 2>/dev/null
  )
  chmod 644 "$RUN/ca/trust.pem"
}

# HTTP-01 is asked at port 8080 and TLS-ALPN-01 at 8443: the gateway is an ordinary user.
# Accounts have to be bound to a key of the authority if $EAB_KEY, in base64url, is set: `lab-key` is its name.
pebble_start() { # DNS SERVER [VARIABLE=VALUE…]
  local dns=$1 bound='"externalAccountBindingRequired": false'
  shift
  if [ -n "${EAB_KEY:-}" ]; then
    bound='"externalAccountBindingRequired": true, "externalAccountMACKeys": {"lab-key": "'$EAB_KEY'"}'
  fi
  cat >"$RUN/ca/pebble.json" <<JSON
{"pebble": {"listenAddress": "$CA:14000", "managementListenAddress": "$CA:15000",
  "certificate": "$RUN/ca/server.pem", "privateKey": "$RUN/ca/server.key",
  "httpPort": 8080, "tlsPort": 8443, "ocspResponderURL": "", $bound}}
JSON
  spawn pebble ca env PEBBLE_VA_NOSLEEP=1 PEBBLE_AUTHZREUSE=0 "$@" pebble -config "$RUN/ca/pebble.json" -dnsserver "$dns" -strict
  wait_port ca 14000
  wait_port ca 15000
  in_ns ca curl -sS --cacert "$RUN/ca/trust.pem" -o "$RUN/ca/roots.pem" "https://$CA:15000/roots/0"
  chmod 644 "$RUN/ca/roots.pem"
}

# Every name leads to the gateway.
challtestsrv_start() {
  spawn challtestsrv ca pebble-challtestsrv -http01 '' -https01 '' -tlsalpn01 '' -defaultIPv6 '' \
    -defaultIPv4 192.0.2.1 -dns01 "$CA:8053" -management "$CA:8055"
  wait_port ca 8055
}

name_leads() { # NAME ADDRESS
  in_ns ca curl -sS -d "{\"host\":\"$1.\"}" "http://$CA:8055/clear-a"
  in_ns ca curl -sS -d "{\"host\":\"$1.\",\"addresses\":[\"$2\"]}" "http://$CA:8055/add-a"
}

# bind9 for lab.test, to be changed with the key in $RUN/ca/tsig.key. Listens at port 53 of the namespace `ca`.
bind_start() {
  local named=$RUN/ca/named
  mkdir -p "$named"
  tsig-keygen -a hmac-sha256 acme >"$named/key.conf"
  sed -n 's/.*secret "\(.*\)".*/\1/p' "$named/key.conf" >"$RUN/ca/tsig.key"
  cat >"$named/named.conf" <<CONF
include "$named/key.conf";
options { directory "$named"; listen-on { $CA; }; listen-on-v6 { none; }; pid-file "$named/pid";
  session-keyfile "$named/session.key"; recursion no; dnssec-validation no; };
controls { };
zone "lab.test" { type master; file "$named/zone"; update-policy { grant acme zonesub TXT; }; };
CONF
  cat >"$named/zone" <<ZONE
\$TTL 60
@ IN SOA ns.lab.test. root.lab.test. 1 60 60 60 60
@ IN NS ns.lab.test.
ns IN A $CA
@ IN A 192.0.2.1
* IN A 192.0.2.1
ZONE
  spawn named ca named -g -4 -c "$named/named.conf"
  wait_log named 'running$' 10
}

# A visitor who trusts the authority and nobody else; its certificates are not asked for revocation.
visit_tls() { # CURL ARGUMENTS…
  in_ns visitor curl -sS --noproxy '*' --cacert "$RUN/ca/roots.pem" --max-time "${MAX_TIME:-10}" \
    --resolve "*:8443:$GATEWAY4" "$@"
}

trusted() { visit_tls -f -o /dev/null "https://$1:8443/" 2>/dev/null; } # HOST

serial() { # HOST: of the certificate that visitors are shown
  in_ns visitor timeout 5 openssl s_client -connect "$GATEWAY4:8443" -servername "$1" </dev/null 2>/dev/null |
    openssl x509 -noout -serial
}

certificate_of() { # END NAME KEY: of its status
  culvert "$1" status --json | "$PYTHON" -c '
import json, sys
for entry in json.load(sys.stdin)["certificates"]:
    if entry["name"] == sys.argv[1]:
        print(entry[sys.argv[2]])' "$2" "$3"
}

state_is() { [ "$(certificate_of "$1" "$2" state)" = "$3" ]; } # END NAME STATE
