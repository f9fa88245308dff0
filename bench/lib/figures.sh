# Samples and figures: each measurement is appended to $SAMPLES/FIGURE.SIDE; a figure is the median of its samples.
# shellcheck shell=bash disable=SC2034

FIGURES=()
declare -A MEANING

figure() { # NAME MEANING: declares it; figures are printed in the order of their declaration
  FIGURES+=("$1")
  MEANING[$1]=$2
}

sample() { # FIGURE SIDE VALUE
  echo "$3" >>"$SAMPLES/$1.$2"
  printf '  %-24s %-5s %s\n' "$1" "$2" "$3"
}

median() { # FIGURE SIDE
  [ -f "$SAMPLES/$1.$2" ] || { echo -; return; }
  sort -g "$SAMPLES/$1.$2" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

ratio() { # OURS PEER
  awk -v a="$1" -v b="$2" 'BEGIN { if (a == "-" || b == "-" || b == 0) print "-"; else printf "%.2f\n", a / b }'
}

print_figures() {
  local name ours peer
  for name in "${FIGURES[@]}"; do
    ours=$(median "$name" ours)
    peer=$(median "$name" peer)
    echo "FIGURE $name ours=$ours peer=$peer ratio=$(ratio "$ours" "$peer")"
  done
}

cpu_seconds() { # PROCESS NAME…: user + system of all their threads, so far
  local name hz
  hz=$(getconf CLK_TCK)
  for name; do sed 's/.*) //' "/proc/$(pid_of "$name")/stat"; done |
    awk -v hz="$hz" '{ ticks += $12 + $13 } END { printf "%.2f\n", ticks / hz }'
}

rss_mib() { # PROCESS NAME…
  local name
  for name; do grep '^VmRSS:' "/proc/$(pid_of "$name")/status"; done |
    awk '{ kib += $2 } END { printf "%.0f\n", kib / 1024 }'
}

calculate() { awk "BEGIN { printf \"%.$1f\\n\", $2 }"; } # DECIMALS EXPRESSION
