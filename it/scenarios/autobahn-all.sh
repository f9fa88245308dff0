# shellcheck shell=bash
# As autobahn, with all cases: texts that are no UTF-8, and messages of up to 16 MiB.
# lab: long

LAB_CASES='"*"'

# shellcheck source-path=SCRIPTDIR source=autobahn.sh
. "$LIB/../scenarios/autobahn.sh"
