# shellcheck shell=bash
# Passwords, a login service in Authelia's manner, addresses, rates and sizes: who is not let in never reaches a target.
# lab: short

prepare() {
  topology
  backend_start app home 127.0.0.1 7101
  spawn portal home "$PYTHON" "$LIB/portal.py" 127.0.0.1 9091 http://login.lab.test:8080/
  wait_port home 9091
  # The password is U*U; the hash is of crypt_blowfish's tests.
  echo 'ann:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' >"$RUN/users"
  install -d -m 755 "$RUN/state"
  install -m 600 -o "$NOBODY" -g "$NOBODY" "$RUN/users" "$RUN/state/users"
}

publish() {
  gateway_services <<YAML
  open: {host: app.lab.test, site: home, target: "http://127.0.0.1:7101"}
  admin: {host: app.lab.test, path: /admin, site: home, target: "http://127.0.0.1:7101", access: {allow: [192.0.2.0/24]}}
  basic: {host: basic.lab.test, site: home, target: "http://127.0.0.1:7101", access: {basic: {users-file: $RUN/state/users}}}
  login: {host: login.lab.test, site: home, target: "http://127.0.0.1:9091"}
  wiki:
    host: wiki.lab.test
    site: home
    target: http://127.0.0.1:7101
    access: {forward-auth: {url: "http://127.0.0.1:9091/api/authz/forward-auth", site: home}}
  slow: {host: slow.lab.test, site: home, target: "http://127.0.0.1:7101", access: {rate: 5/m}}
  small: {host: small.lab.test, site: home, target: "http://127.0.0.1:7101", max-body: 1 KiB}
YAML
  until_ok 10 answers app.lab.test
}

status_of() { visit -o /dev/null -w '%{http_code}' "$@"; }
asked() { cat "$RUN/files/app.asked" 2>/dev/null || true; }

passwords() {
  expect_equal 'no password' 401 "$(status_of http://basic.lab.test:8080/p)"
  expect_equal 'a wrong one' 401 "$(status_of -u ann:wrong http://basic.lab.test:8080/p)"
  expect_no_match 'at the target' ' /p ' "$(asked)"
  expect_equal 'the right one' 200 "$(status_of -u 'ann:U*U' http://basic.lab.test:8080/p)"
  expect_no_match 'credentials at the target' 'Authorization' "$(visit -u 'ann:U*U' http://basic.lab.test:8080/p)"
  local i last
  for i in $(seq 25); do last=$(status_of -u "ann:guess$i" http://basic.lab.test:8080/p); done
  expect_equal 'after many guesses' 429 "$last"
  expect_equal 'who is known goes on' 200 "$(status_of -u 'ann:U*U' http://basic.lab.test:8080/p)"
}

changed_users() {
  : >"$RUN/state/users.new"
  echo 'bob:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' >"$RUN/state/users"
  until_ok 10 is_401
}

is_401() { [ "$(status_of -u 'ann:U*U' http://basic.lab.test:8080/p)" != 200 ]; }

login() {
  local jar=$RUN/files/session all
  expect_equal 'the way to the login' '302 http://login.lab.test:8080/?rd=http%3A%2F%2Fwiki.lab.test%3A8080%2Fpage%3Fa' \
    "$(visit -o /dev/null -w '%{http_code} %{redirect_url}' 'http://wiki.lab.test:8080/x/../page?a')"
  expect_no_match 'at the target' ' /page' "$(asked)"
  visit -f -c "$jar" -d 'user=ann&password=secret' http://login.lab.test:8080/login
  all=$(visit -b "$jar" -H 'Remote-User: root' -H 'remote_user: root' -H 'Remote.Groups: admins' 'http://wiki.lab.test:8080/page')
  expect_line 'who it is' '^remote-user: ann$' "$all"
  expect_line 'of which groups' '^remote-groups: people$' "$all"
  expect_no_match 'what the visitor claims' 'root|admins' "$all"
  grep -q "^GET http://wiki.lab.test:8080/page $VISITOR4\$" "$LOGS/portal.log"
}

without_portal() {
  stop portal KILL
  expect_equal 'without an answer' 502 "$(status_of -b "$RUN/files/session" http://wiki.lab.test:8080/gone)"
  expect_no_match 'at the target' ' /gone' "$(asked)"
}

addresses() {
  local target
  for target in /admin //admin /x/../admin /%61dmin /admin/ /x/%2e%2e/admin; do
    expect_equal "$target" 403 "$(status_of --path-as-is "http://app.lab.test:8080$target")"
  done
  for target in /x/..%2fadmin /x%5c..%5cadmin '/x;/..;/admin' '/admin%23'; do
    expect_equal "$target" 400 "$(status_of --path-as-is "http://app.lab.test:8080$target")"
  done
  expect_equal 'absolute form' 403 \
    "$(printf 'GET http://app.lab.test:8080//admin HTTP/1.1\r\nHost: app.lab.test:8080\r\nConnection: close\r\n\r\n' |
      in_ns visitor socat -t 5 - "TCP4:$GATEWAY4:8080" | sed -n '1s/^HTTP.1.1 \([0-9]*\).*/\1/p')"
  expect_equal 'over IPv6' 403 "$(VIA="[$GATEWAY6]" status_of http://app.lab.test:8080/admin)"
  expect_no_match 'at the target' '[Aa]dmin|%61' "$(asked)"
  expect_match 'explain' 'kept out by access: of admin' \
    "$(culvert gateway explain http://app.lab.test:8080/x/../admin --from "$VISITOR4" || true)"
}

limits() {
  local codes
  codes=$(for _ in $(seq 7); do echo "$(status_of http://slow.lab.test:8080/)"; done | sort | uniq -c | awk '{ print $2 "=" $1 }' | paste -sd ' ')
  expect_equal 'requests beyond the rate' '200=5 429=2' "$codes"
  head -c 1024 /dev/zero >"$RUN/files/fits"
  head -c 1025 /dev/zero >"$RUN/files/large"
  expect_equal 'what fits' 200 "$(status_of -T "$RUN/files/fits" http://small.lab.test:8080/fits)"
  expect_equal 'what is larger' 413 "$(status_of -T "$RUN/files/large" http://small.lab.test:8080/large)"
  expect_equal 'larger than it says' 413 "$(status_of -T "$RUN/files/large" -H 'Transfer-Encoding: chunked' http://small.lab.test:8080/chunked)"
  expect_no_match 'at the target' '/large' "$(asked)"
}

scenario() {
  step "visitor, gateway, home behind a NAT; a recording backend and a login service" prepare
  step "gateway and site" pair 127.0.0.1:7101 127.0.0.1:9091
  step "seven services, each with an access of its own" publish
  step "passwords: none, wrong, right, guessed; the target sees none of them" passwords
  step "a user who is taken out of the file is refused, without a reload" changed_users
  step "the login service decides, and says who it is; a visitor's own word is gone" login
  step "without the login service nobody gets in" without_portal
  step "a closed path is closed in every disguise" addresses
  step "rate and size" limits
}
