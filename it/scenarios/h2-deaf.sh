# shellcheck shell=bash
# A hundred big pages a connection for who opens all windows of HTTP/2 and does not read the socket: closed after 30 s.
# lab: long

# shellcheck source-path=SCRIPTDIR source=h2-attacks.sh
. "$LIB/../scenarios/h2-attacks.sh"

ATTACKS=("deaf http.stalled 60")
