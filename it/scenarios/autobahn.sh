# shellcheck shell=bash
# A WebSocket through gateway and site behaves as without them: Autobahn's fuzzing client gives the same verdict, case by case.
# lab: long

# shellcheck source-path=SCRIPTDIR/../lib source=../lib/suites.sh
. "$LIB/suites.sh"
# shellcheck source-path=SCRIPTDIR/../../.mvn source=../../.mvn/find-jdk
. "$ROOT/.mvn/find-jdk"

# Pings, reserved bits, opcodes, fragmentation. All of them: scenario autobahn-all.
LAB_CASES=${LAB_CASES:-'"1.1.*", "2.*", "3.*", "4.1.*", "5.*"'}

# The suite's own server, since it answers each frame before it looks at the next: what others do with a message that is
# followed by an error depends on whether both arrive at once. It listens where visitors ask, as it compares ports.
prepare() {
  autobahn_fetch
  topology
  names_in visitor "$GATEWAY4" ws.lab.test
  suite server home -m testeeserver -w ws://127.0.0.1:8080
  until_ok 60 listens home 8080
}

suite() { # NAME NS ARGUMENTS…
  local name=$1 ns=$2
  shift 2
  spawn "$name" "$ns" "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -Xmx1g -Dpython.path="$RUN/suites/autobahn" \
    -Dpython.cachedir="$RUN/suites/cache" -jar "$RUN/suites/jython-standalone-2.7.4.jar" -u "$LIB/ws-suite.py" "$@"
}

publish() {
  gateway_services <<'YAML'
  ws: {host: ws.lab.test, site: home, target: "http://127.0.0.1:8080"}
YAML
  until_ok 10 echoes
}
echoes() { in_ns visitor "$PYTHON" "$LIB/ws-idle.py" "$GATEWAY4" 8080 ws://ws.lab.test:8080/ 0 >/dev/null 2>&1; }

fuzz() { # NAME NS URL: verdicts in $RUN/files/NAME/index.json
  cat >"$RUN/files/$1.json" <<JSON
{"options": {"failByDrop": false}, "outdir": "$RUN/files/$1", "servers": [{"agent": "$1", "url": "$3", "options": {"version": 18}}],
  "cases": [$LAB_CASES], "exclude-cases": [], "exclude-agent-cases": {}}
JSON
  suite "$1" "$2" -m fuzzingclient -s "$RUN/files/$1.json"
}

compare() {
  fuzz direct home ws://127.0.0.1:8080
  fuzz through visitor ws://ws.lab.test:8080
  until_ok "${LAB_BOUND:-900}" gone direct
  until_ok "${LAB_BOUND:-900}" gone through
  "$PYTHON" - "$RUN/files" "$RUN/measured" <<'PY'
import collections
import json
import sys

verdicts = {}
for name in ("direct", "through"):
    cases = json.load(open(f"{sys.argv[1]}/{name}/index.json"))[name]
    verdicts[name] = {case: (found["behavior"], found["behaviorClose"]) for case, found in cases.items()}
assert len(verdicts["direct"]) > 40, len(verdicts["direct"])
for case in sorted(verdicts["direct"].keys() | verdicts["through"].keys()):
    direct, through = (verdicts[name].get(case) for name in ("direct", "through"))
    if direct != through:
        print(case, "direct", direct, "through", through)
assert verdicts["direct"] == verdicts["through"]
counts = collections.Counter(behavior for behavior, _ in verdicts["through"].values())
assert counts["OK"] > 0.8 * sum(counts.values()), counts
open(sys.argv[2], "a").write(f" ({len(verdicts['through'])} cases: " + ", ".join(f"{n} {v}" for v, n in counts.most_common()) + ")")
PY
}

scenario() {
  step "visitor, gateway, home behind a NAT; the suite's server at home" prepare
  step "gateway and site" pair 127.0.0.1:8080
  step "service by host name" publish
  step "every case has the same verdict directly and through the tunnel" compare
}
