# Certificates of an authority of the lab's own, in $RUN/ca: ca.pem, and NAME.pem with NAME.key for whom they are issued.
# shellcheck shell=bash

lab_authority() {
  mkdir -p "$RUN/ca"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$RUN/ca/ca.key" -out "$RUN/ca/ca.pem" \
    -days 30 -subj '/CN=Lab CA' 2>/dev/null
}

# $SUBJECT_NAMES in place of NAME alone: `DNS:…,IP:…`.
lab_certificate() { # NAME
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$RUN/ca/$1.key" -out "$RUN/ca/$1.csr" \
    -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$RUN/ca/$1.csr" -CA "$RUN/ca/ca.pem" -CAkey "$RUN/ca/ca.key" -CAcreateserial -days 30 \
    -out "$RUN/ca/$1.pem" -extfile <(printf 'subjectAltName=%s' "${SUBJECT_NAMES:-DNS:$1}") 2>/dev/null
  chmod 600 "$RUN/ca/$1.key"
  chown "$NOBODY:$NOBODY" "$RUN/ca/$1.pem" "$RUN/ca/$1.key"
  chmod 755 "$RUN/ca"
}
