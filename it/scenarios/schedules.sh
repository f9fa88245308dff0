# shellcheck shell=bash
# A night of the stack: 1,000,000 seeded schedules, of two stacks and of a stack with another TCP; no byte lost or twice, nothing left.
# lab: long

SCHEDULES=${SCHEDULES:-1000000}
# Where to begin: each night others.
FIRST_SEED=${FIRST_SEED:-$(($(date +%s) / 86400 * 1000000))}

schedules() { # TEST COUNT
  cd "$ROOT"
  ./mvnw -q -B -pl proto test -Dspotless.check.skip=true "-Dtest=$1" "-Dsimnet.schedules=$2" "-Dsimnet.start=$FIRST_SEED" \
    >"$RUN/files/$1.out" 2>&1 || { grep -m 5 'seed' "$RUN/files/$1.out" || tail -n 40 "$RUN/files/$1.out"; return 1; }
  measured "$2 schedules, from seed $FIRST_SEED"
}

scenario() {
  # shellcheck source=/dev/null
  . "$ROOT/.mvn/find-jdk"
  export JAVA_HOME
  mkdir -p "$RUN/files"
  step 'two stacks' schedules SimNetTest $((SCHEDULES * 3 / 4))
  step 'a stack and another TCP' schedules ModelTcpTest $((SCHEDULES / 4))
}
