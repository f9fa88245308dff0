# shellcheck shell=bash
# All of Wycheproof's X25519, ChaCha20-Poly1305 and XChaCha20-Poly1305 cases, on the JDK's cipher and on libcrypto.
# lab: long

# Fetched for the run and never kept; WYCHEPROOF=FOLDER names a checkout that is there already.
fetch() {
  local checkout=${WYCHEPROOF:-$RUN/files/wycheproof}
  [ -d "$checkout" ] || git clone -q --depth 1 https://github.com/C2SP/wycheproof "$checkout"
  "$PYTHON" "$LIB/wycheproof.py" "$checkout" "$RUN/files/rows"
  measured "$(cat "$RUN/files/rows"/*.txt | grep -vc '^#') cases"
}

cases() {
  cd "$ROOT"
  ./mvnw -q -B -pl proto,model,dataplane test -Dspotless.check.skip=true -Dwycheproof.rows="$RUN/files/rows" \
    -Dtest='WycheproofTest,LibcryptoAeadTest,LibcryptoFunctionsTest' -Dsurefire.failIfNoSpecifiedTests=false
}

scenario() {
  step "the cases, fetched from their project" fetch
  step "the handshake's primitives and both ciphers of packets answer each as expected" cases
}
