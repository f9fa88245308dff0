# shellcheck shell=bash
# One host has many services, by path, method and header; they rewrite, redirect and edit; explain says the order.
# lab: short

prepare() {
  topology
  local port=7101 name
  for name in web api admin write; do
    backend_start "$name" home 127.0.0.1 $port
    port=$((port + 1))
  done
}

services() {
  cat <<'YAML'
  web: {host: [app.lab.test, "*.app.lab.test"], site: home, target: "http://127.0.0.1:7101"}
  api: {host: app.lab.test, path: /api, site: home, target: "http://127.0.0.1:7102", strip-prefix: true}
  admin:
    host: app.lab.test
    path: /admin
    site: home
    target: http://127.0.0.1:7103
    headers:
      request: {set: ["X-From: gateway"], remove: [Cookie]}
      response: {set: ["X-Frame-Options: DENY"], remove: [X-Powered-By]}
  write: {host: app.lab.test, path: /api, method: [PUT, POST], site: home, target: "http://127.0.0.1:7104", rewrite-prefix: /v2}
  old: {host: old.lab.test, redirect: "http://app.lab.test:8080", redirect-status: 308}
YAML
}

publish() {
  services | gateway_services
  until_ok 10 answers app.lab.test
}

body() { visit "${@:2}" "http://app.lab.test:8080$1" --path-as-is; } # TARGET [CURL ARGUMENTS…]
asked() { body "$@" | head -n 2 | tr '\n' ' '; }

routes() {
  expect_equal root 'web GET / HTTP/1.1 ' "$(asked /)"
  expect_equal 'other path' 'web GET /apis HTTP/1.1 ' "$(asked /apis)"
  expect_equal stripped 'api GET /x?y=1 HTTP/1.1 ' "$(asked '/api/x?y=1')"
  expect_equal 'stripped to the root' 'api GET / HTTP/1.1 ' "$(asked /api)"
  expect_equal method 'write PUT /v2/x HTTP/1.1 ' "$(asked /api/x -X PUT -d x)"
  expect_equal wildcard 'web GET /api HTTP/1.1 ' "$(visit http://a.b.app.lab.test:8080/api | head -n 2 | tr '\n' ' ')"
  expect_line prefix '^x-forwarded-prefix: /api$' "$(body /api/x)"
}

disguises() {
  local target
  for target in //admin /x/../admin /x/%2e%2e/admin /%61dmin /./admin; do
    expect_equal "$target" 'admin GET /admin HTTP/1.1 ' "$(asked "$target")"
  done
  for target in /x/..%2fadmin /x%2f..%2fadmin /..%5cadmin '/admin%00' '/..;/admin'; do
    expect_equal "$target" 400 "$(body "$target" -o /dev/null -w '%{http_code}')"
  done
}

headers() {
  local all
  all=$(body /admin -D - -H 'X-From: me' -b secret=1)
  expect_line 'set for the target' '^x-from: gateway' "$all"
  expect_line 'set for the visitor' '^x-frame-options: DENY' "$all"
  refuse 'a cookie at the target' grep -qi '^cookie:' <<<"$all"
  refuse 'a field that is removed' grep -qi '^x-powered-by:' <<<"$all"
}

redirected() {
  expect_equal redirect '308 http://app.lab.test:8080/a/b?c=d' \
    "$(visit -o /dev/null -w '%{http_code} %{redirect_url}' 'http://old.lab.test:8080/a/x/../b?c=d')"
}

order() {
  local text
  text=$(culvert gateway explain http://app.lab.test:8080/x/../api/y --from "$VISITOR4")
  expect_match 'the way' 'path /api leads to api' "$text"
  expect_match 'the order' 'write \(app.lab.test/api, method PUT POST\), api \(app.lab.test/api\), web' "$text"
}

maintenance() {
  echo '<h1>Painting the walls</h1>' >"$RUN/soon.html"
  chmod 644 "$RUN/soon.html"
  { services; echo "  soon: {host: soon.lab.test, site: home, target: \"http://127.0.0.1:7101\", maintenance: $RUN/soon.html}"; } |
    gateway_services
  until_ok 5 painting
  expect_equal status 503 "$(visit -o /dev/null -w '%{http_code}' http://soon.lab.test:8080/)"
}

painting() { visit http://soon.lab.test:8080/ | grep -q Painting; }

ambiguous() {
  local text
  { services; echo '  more: {host: app.lab.test, path: /api, site: home, target: "http://127.0.0.1:7101"}'; } | gateway_config
  text=$(culvert gateway check "$RUN/gateway.yaml" 2>&1 || true)
  expect_match 'both are named' 'services.more.host: .app.lab.test. is taken by services.api.host' "$text"
  signal gateway HUP
  sleep 1
  expect_equal 'the old one goes on' 'api GET /x HTTP/1.1 ' "$(asked /api/x)"
}

scenario() {
  step "visitor, gateway, home behind a NAT; four backends that say who they are" prepare
  step "gateway and site" pair 127.0.0.1:7101 127.0.0.1:7102 127.0.0.1:7103 127.0.0.1:7104
  step "five services, four of them on one host" publish
  step "host, wildcard, path and method lead to the right backend, with the right path" routes
  step "no disguise of a path leads elsewhere; what servers read differently is refused" disguises
  step "header fields are set and removed in both directions" headers
  step "a redirect keeps the path" redirected
  step "explain says which service, and the order" order
  step "a maintenance page of its own, with status 503" maintenance
  step "two services for one request are refused, both named; the old configuration goes on" ambiguous
}
