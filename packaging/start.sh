#!/bin/sh
# Starts an installed Culvert with its own Java. Its folder can be anywhere; @CLASSPATH@ was trained in this order.
set -eu
script=$(readlink -f "$0")
home=${script%/bin/culvert}
export MALLOC_ARENA_MAX=1
# A site hardly makes garbage: room for that is memory in vain.
initial=16m
if [ "${1:-}" = site ]; then initial=8m; fi
# shellcheck disable=SC2086 # options are words
exec "$home/runtime/bin/java" "@$home/jvm-options" -Xms$initial -Xmx"${CULVERT_HEAP:-192m}" "-XX:AOTCache=$home/culvert.aot" \
  "-Dculvert.launcher=$home/bin/culvert" "-Djava.security.properties=$home/security.properties" \
  "-Djava.library.path=$home/native" "-Dorg.sqlite.lib.path=$home/native" ${CULVERT_JAVA_OPTIONS:-} \
  -cp "@CLASSPATH@" dev.culvert.app.Main "$@"
