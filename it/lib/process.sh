# Processes and files of one run: everything lives in $RUN and in namespaces named $LAB_ID-…, and ends with the run.
# shellcheck shell=bash disable=SC2034

unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
LAB_ID=culvert-$$
# Debian's interpreter: the one that has Debian's python3-websockets.
PYTHON=/usr/bin/python3
NOBODY=65534

open_run() {
  RUN=$(mktemp -d "${TMPDIR:-/tmp}/culvert-lab.XXXXXX")
  LOGS=$RUN/logs
  chmod 755 "$RUN"
  fresh_run
}

# As if nothing had been run yet.
fresh_run() {
  find "$RUN" -mindepth 1 -delete
  mkdir -p "$LOGS" "$RUN/pids" "$RUN/files"
}

in_ns() { # NS COMMAND…
  local ns=$1
  shift
  ip netns exec "$LAB_ID-$ns" "$@"
}

# Runs a command as an ordinary user: no capability, none to regain. Needs `env`-style words (VAR=… COMMAND…).
AS_NOBODY=(setpriv "--reuid=$NOBODY" "--regid=$NOBODY" --clear-groups --inh-caps=-all env)

spawn() { # NAME NS COMMAND…: starts it in the namespace; log in $LOGS/NAME.log, process id in $RUN/pids/NAME
  local name=$1 ns=$2
  shift 2
  # Not by in_ns: only a simple command has the process's own id in $!.
  ip netns exec "$LAB_ID-$ns" "$@" >>"$LOGS/$name.log" 2>&1 </dev/null &
  echo $! >"$RUN/pids/$name"
}

pid_of() { cat "$RUN/pids/$1"; }

alive() { # NAME: a zombie is not alive
  local state
  state=$(sed 's/.*) //; s/ .*//' "/proc/$(pid_of "$1")/stat" 2>/dev/null) && [ "$state" != Z ]
}

stop() { # NAME [SIGNAL]: sends it and waits for the end, 10 s at most
  kill "-${2:-TERM}" "$(pid_of "$1")" 2>/dev/null || true
  until_ok 10 gone "$1"
  rm -f "$RUN/pids/$1"
}

gone() { ! alive "$1"; }

signal() { kill "-$2" "$(pid_of "$1")"; } # NAME SIGNAL

logged() { grep -qE -- "$2" "$LOGS/$1.log"; } # NAME PATTERN

wait_log() { # NAME PATTERN SECONDS: also fails at once when the process has ended
  local end=$((SECONDS + $3))
  until logged "$1" "$2"; do
    alive "$1" || { echo "$1 ended before it said '$2'"; return 1; }
    [ $SECONDS -lt $end ] || { echo "$1 did not say '$2' within $3 s"; return 1; }
    sleep 0.1
  done
}

show_logs() {
  local file
  for file in "$LOGS"/*.log; do
    [ -s "$file" ] || continue
    echo "  ---- $(basename "$file")"
    tail -n 40 "$file" | cut -c1-400 | sed 's/^/  | /'
  done
}

our_namespaces() { ip netns list | awk -v id="$LAB_ID-" 'index($1, id) == 1 { print $1 }'; }
our_processes() {
  local ns
  for ns in $(our_namespaces); do ip netns pids "$ns"; done
}

end_namespaces() { # with all that runs in them
  local pids ns
  mapfile -t pids < <(our_processes)
  if [ ${#pids[@]} -gt 0 ]; then kill "${pids[@]}" 2>/dev/null || true; fi
  until_ok 5 no_process || true
  mapfile -t pids < <(our_processes)
  if [ ${#pids[@]} -gt 0 ]; then kill -KILL "${pids[@]}" 2>/dev/null || true; fi
  for ns in $(our_namespaces); do
    ip netns del "$ns"
    rm -rf "/etc/netns/$ns"
  done
}

cleanup() {
  trap '' INT TERM
  if [ -n "${STEP_PID:-}" ]; then kill "$STEP_PID" 2>/dev/null || true; fi
  end_namespaces
  if [ -n "${LAB_KEEP:-}" ] && [ -n "${FAILED:-}" ]; then echo "  kept: $RUN"; else rm -rf "$RUN"; fi
}

no_process() { [ -z "$(our_processes)" ]; }
