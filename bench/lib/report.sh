# docs/benchmarks.md: everything is written anew but what stands between the two markers, which people write.
# shellcheck shell=bash

WORDS_BEGIN='<!-- words: begin (kept by bench/run) -->'
WORDS_END='<!-- words: end -->'

kept_words() { # FILE
  if [ -f "$1" ] && grep -qF "$WORDS_BEGIN" "$1"; then
    awk -v from="$WORDS_BEGIN" -v to="$WORDS_END" '$0 == to { on = 0 } on; $0 == from { on = 1 }' "$1"
  else
    echo 'Not yet judged.'
  fi
}

machine() {
  local model
  model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
  echo "${model:-$(uname -m)}, $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB," \
    "kernel $(uname -r | cut -d- -f1)"
}

version() { dpkg-query -W -f '${Version}' "$1"; }

commit() {
  git -C "$ROOT" rev-parse --short HEAD
  git -C "$ROOT" diff --quiet HEAD -- . ':!docs/benchmarks.md' || echo "with changes that are not committed"
}

table() {
  local name ours peer
  echo '| figure | what it is | Culvert | peer | ratio |'
  echo '|---|---|--:|--:|--:|'
  for name in "${FIGURES[@]}"; do
    ours=$(median "$name" ours)
    peer=$(median "$name" peer)
    echo "| $name | ${MEANING[$name]} | $ours | $peer | $(ratio "$ours" "$peer") |"
  done
}

write_report() { # FILE
  local file=$1 words
  words=$(kept_words "$file")
  mkdir -p "$(dirname "$file")"
  cat >"$file.new" <<MD
# Benchmarks

Culvert's path (visitor → gateway → embedded WireGuard → site → backend) beside the stack of guide 002 (HAProxy in TCP
mode, WireGuard by Debian's wireguard-go) in the same run, interleaved, to the same backend, without TLS on either side.
Then, without a tunnel, its relay beside haproxy as it comes, haproxy tuned by hand and nginx's stream module, and its HTTP
beside nginx, haproxy and caddy as reverse proxies, each with one thread; figures that name one of them have it as their peer.

| | |
|---|---|
| date | $(date -u +%F) |
| commit | $(commit | paste -sd ' ') |
| machine | $(machine) |
| peers | haproxy $(version haproxy), wireguard-go $(version wireguard-go), nginx $(version nginx), caddy $(version caddy) |
| rounds | median of 3 after a warm-up |

$(table)

Ratio = Culvert / peer: above 1 is better for throughput, connections and requests; below 1 for CPU, memory and time.

## Where it stands

$WORDS_BEGIN
$words
$WORDS_END

## How it is measured, and how to repeat it

    sudo bench/run all            # writes this file, about 30 minutes
    sudo bench/run main --quick   # one short round, within a minute
    sudo bench/run wireguard      # WireGuard alone, and the main download by each driver

Three network namespaces joined by veth without a NAT, every route with the congestion control cubic; visitor, both stacks
and backend share the same cores. Throughput by iperf3 in the direction of a download, through a TCP service. CPU is user +
system of the stack's own processes (Culvert: gateway and site; guide 002: haproxy and both wireguard-go), per GiB that
arrived. Connections by \`ab\` without keep-alive, 32 at a time; requests by \`wrk\`, 64 connections with keep-alive, to the
HTTP service by host name (Culvert) and through the TCP proxy (guide 002), 1 KiB from nginx. Memory is VmRSS of what runs
on the gateway. Debian's wireguard-go is of 2022 and has no offloads; upstream's newest is several times faster.

WireGuard alone (\`wg-\`): \`culvert wg\` at both ends beside wireguard-go at both, in two namespaces, iperf3 straight through the
tunnel. CPU is that of both ends' processes. \`wg-jdk-\` is Culvert without libcrypto (\`-Dculvert.crypto=jdk\`). Small datagrams: as
many as iperf3 can send, those that arrive. With 1,000 peers one carries the stream; the others stand in the tables. Under load
both have the same stream beside the questions, 70 % of what wireguard-go carried. \`WIREGUARD_PARTS\` runs some of it.

Layer 4: the target is dialled by the gateway itself (\`site: here\`), as haproxy and nginx do it. The tuned haproxy has
\`option splice-request\`, \`option splice-response\` and \`tune.pipesize 1048576\`, and runs as root; Culvert is an ordinary user.
What a relay adds is the round trip of 64 bytes through it less that of the same, just before, straight to the target. UDP by
iperf3, as many datagrams as the visitor can send.

Layer 7: \`h2load\` with one thread, 64 connections for HTTP/1.1 and 16 of 8 streams for HTTP/2, to a proxy in a namespace
of its own and on to nginx. CPU is that of the proxy's processes; p99 at 70 % of the rate that nginx reached.
MD
  mv "$file.new" "$file"
  echo "wrote $file"
}
