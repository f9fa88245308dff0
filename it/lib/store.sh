# A process that writes into a store until it is killed or its disk is full, and what it was told meanwhile.
# shellcheck shell=bash

# The writer is a class of control's tests, so that nothing of it is shipped; the jars are those under test.
writer_compile() {
  # shellcheck source=/dev/null
  . "$ROOT/.mvn/find-jdk"
  JARS=$(dirname "$CULVERT")/app/target/run
  mkdir -p "$RUN/classes"
  "$JAVA_HOME/bin/javac" -nowarn -cp "$JARS/*" -d "$RUN/classes" \
    "$ROOT"/control/src/test/java/dev/culvert/control/store/testing/*.java
  printf '%s\n' "$JAVA_HOME/bin/java" "$RUN/classes:$JARS/*" >"$RUN/writer"
}

writer() { # ARGUMENTS…: replaces the shell
  local java classes
  { read -r java; read -r classes; } <"$RUN/writer"
  exec "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData --enable-native-access=ALL-UNNAMED \
    -Xlog:disable -cp "$classes" dev.culvert.control.store.testing.StoreWriter "$@"
}

# One lane: writers one after another over one store, each killed after a random number of writes. The next one holds
# the store against the ledger before it writes.
killed_writers() { # LANE KILLS SEED
  local lane=$1 kills=$2 i writes line pid
  RANDOM=$3
  mkdir -p "$RUN/store-$lane"
  for i in $(seq $((kills + 1))); do
    mkfifo "$RUN/store-$lane/says"
    (writer kill "$RUN/store-$lane/db" "$RUN/store-$lane/ledger" $(($3 + i))) \
      >"$RUN/store-$lane/says" 2>>"$LOGS/writer-$lane.log" &
    pid=$!
    exec 9<"$RUN/store-$lane/says"
    rm "$RUN/store-$lane/says"
    line=
    read -r -t 60 line <&9 || true
    for ((writes = RANDOM % 40; writes > 0; writes--)); do read -r -t 60 _ <&9 || break; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    exec 9<&-
    [ "$line" = verified ] || { echo "seed $3, after kill $((i - 1)): '$line'"; cat "$LOGS/writer-$lane.log"; return 1; }
  done
}

kill_writers() { # KILLS LANES SEED: the lanes side by side
  local lane pids=() pid
  for lane in $(seq "$2"); do
    killed_writers "$lane" $(($1 / $2)) $(($3 + lane * 1000)) &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  measured "$(cat "$RUN"/store-*/ledger | grep -c '^ack') writes acknowledged"
}

# A tmpfs of 1.8 MB in a mount namespace of its own; 1.1 MB of it is SQLite's library.
fill_disks() { # ROUNDS SEED
  local out
  mkdir -p "$RUN/small"
  out=$(
    export -f writer
    export RUN
    # shellcheck disable=SC2016
    unshare -m bash -c 'mount -t tmpfs -o size=1800k,mode=700 tmpfs "$RUN/small" &&
      writer fill "$RUN/small/db" "$RUN/full-ledger" "$1" "$2"' - "$2" "$1" 2>>"$LOGS/fill.log"
  )
  expect_match 'the writer' "^$1 full disks, [0-9]+ writes refused" "$out"
  measured "${out#*, }"
}
