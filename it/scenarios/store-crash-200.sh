# shellcheck shell=bash
# As store-crash, with 200 writers and 25 gateways killed.
# lab: long

LAB_KILLS=${LAB_KILLS:-200}
LAB_GATEWAY_KILLS=${LAB_GATEWAY_KILLS:-25}

# shellcheck source-path=SCRIPTDIR source=store-crash.sh
. "$LIB/../scenarios/store-crash.sh"
