# shellcheck shell=bash
# Jazzer on the WireGuard device, the stack and its connections, offloads and each parser: FUZZ_SECONDS each, from the kept corpus, no finding.
# lab: long

JAZZER=0.30.0
# 600 is what a release asks for: then LAB_BOUND must be 9000.
FUZZ_SECONDS=${FUZZ_SECONDS:-60}
# Or some of them alone, by name.
FUZZ_TARGETS=${FUZZ_TARGETS:-device stack headers options fragments connection offload uapi proxy_header hop_request client_hello quic http wg_quick}
# What was found worth keeping stays in this folder, by target, if it is named.
FUZZ_CORPUS=${FUZZ_CORPUS:-$RUN/files/corpus}

# Fetched for the run, and no part of the build.
prepare() {
  local artifact
  cd "$ROOT"
  ./mvnw -q -B -pl proto,model test-compile -Dspotless.check.skip=true
  for artifact in jazzer jazzer-api; do
    ./mvnw -q -B -N org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy \
      -Dartifact="com.code-intelligence:$artifact:$JAZZER" -DoutputDirectory="$RUN/files/jazzer"
  done
  ls "$RUN/files/jazzer/jazzer-$JAZZER.jar"
}

fuzz() { # TARGET: the constant's name, in small letters
  local corpus=$FUZZ_CORPUS/$1 out=$RUN/files/$1.out
  mkdir -p "$corpus" "$RUN/files/$1"
  local seeds=$ROOT/proto/src/test/resources/fuzz/$1 class=dev.culvert.proto.fuzz.Fuzz path
  if [ "$1" = wg_quick ]; then
    seeds=$ROOT/model/src/test/resources/wgquick/valid class=dev.culvert.model.wgquick.WgQuickFuzz
  fi
  cp "$seeds"/* "$corpus/"
  path=$(printf "$ROOT/%s:" {proto,model}/target/{classes,test-classes})
  cd "$RUN/files/$1"
  "$JAVA_HOME/bin/java" -Dfuzz.target="${1^^}" -cp "$RUN/files/jazzer/*:$path$ROOT/app/target/run/*" \
    com.code_intelligence.jazzer.Jazzer "--target_class=$class" '--instrumentation_includes=dev.culvert.**' \
    -max_total_time="$FUZZ_SECONDS" -max_len=8192 -print_final_stats=1 "$corpus" >"$out" 2>&1 || { tail -n 60 "$out"; return 1; }
  measured "$(sed -n 's/^stat::number_of_executed_units: *//p' "$out") runs, $(find "$corpus" -type f | wc -l) inputs kept"
}

scenario() {
  local target
  # shellcheck source=/dev/null
  . "$ROOT/.mvn/find-jdk"
  export JAVA_HOME
  step "the targets, and Jazzer $JAZZER" prepare
  for target in $FUZZ_TARGETS; do
    step "$target, $FUZZ_SECONDS s" fuzz "$target"
  done
}
