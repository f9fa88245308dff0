# Steps and expectations. A step is a function that ends at its first failing command; what it prints shows on failure.
# shellcheck shell=bash

until_ok() { # SECONDS COMMAND…: tries every 0.1 s
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || { echo "not within the time: $*"; return 1; }
    sleep 0.1
  done
}

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; } # EPOCHREALTIME

measured() { printf ' (%s)' "$*" >>"$RUN/measured"; } # what the step's line shall say beside its time

step() { # TEXT COMMAND…: prints one line; a failure ends the scenario
  local text=$1 rc=0 began=$EPOCHREALTIME
  shift
  : >"$RUN/measured"
  # In the background, so that an interrupt ends the wait and not only the command.
  (
    set -e
    "$@"
  ) >"$LOGS/00-step.log" 2>&1 &
  STEP_PID=$!
  wait "$STEP_PID" || rc=$?
  STEP_PID=
  if [ $rc -eq 0 ]; then
    echo "  ok    $text  $(since "$began") s$(cat "$RUN/measured")"
  else
    echo "  FAIL  $text  $(since "$began") s$(cat "$RUN/measured")"
    exit 1
  fi
}

expect_equal() { # WHAT EXPECTED ACTUAL
  [ "$2" = "$3" ] || { printf '%s: expected %q, was %q\n' "$1" "$2" "$3"; return 1; }
}

expect_match() { # WHAT PATTERN TEXT
  [[ $3 =~ $2 ]] || { printf '%s: expected a match of %q, was %q\n' "$1" "$2" "$3"; return 1; }
}

expect_line() { # WHAT PATTERN TEXT: one of its lines, in any case of letters
  grep -qiE -- "$2" <<<"$3" || { printf '%s: no line like %q in %q\n' "$1" "$2" "$3"; return 1; }
}

expect_no_match() { # WHAT PATTERN TEXT
  if [[ $3 =~ $2 ]]; then printf '%s: expected no match of %q, was %q\n' "$1" "$2" "$3"; return 1; fi
}

expect_at_most() { # WHAT LIMIT ACTUAL (decimals allowed)
  awk -v limit="$2" -v actual="$3" 'BEGIN { exit !(actual <= limit) }' || { echo "$1: $3 is more than $2"; return 1; }
}

refuse() { # WHAT COMMAND…: expects that the command fails
  local what=$1
  shift
  if "$@"; then echo "$what: succeeded and must not"; return 1; fi
}

sha() { sha256sum "$@" | cut -d' ' -f1; } # [FILE]

make_file() { # FILE MIB: bytes that do not repeat, made fast
  { openssl enc -aes-128-ctr -pass pass:culvert -nosalt -md sha256 </dev/zero 2>/dev/null || true; } | head -c "$2M" >"$1"
}
