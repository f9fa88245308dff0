# shellcheck shell=bash
# As autobahn, with all cases but those that only measure: closing, texts that are no UTF-8, messages of up to 1 MiB.
# lab: long

# Without what outlasts the suite's own patience under Jython: messages of 4 MiB and more, and those in tiny pieces.
LAB_CASES='"1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3", "9.7.1", "9.7.2",
  "9.8.1", "9.8.2", "10.*"'

# shellcheck source-path=SCRIPTDIR source=autobahn.sh
. "$LIB/../scenarios/autobahn.sh"
