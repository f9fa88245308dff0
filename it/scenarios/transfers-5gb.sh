# shellcheck shell=bash
# As transfers, with uploads of 5 GB.
# lab: long

LAB_UPLOAD_MIB=${LAB_UPLOAD_MIB:-5120}

# shellcheck source-path=SCRIPTDIR source=transfers.sh
. "$LIB/../scenarios/transfers.sh"
