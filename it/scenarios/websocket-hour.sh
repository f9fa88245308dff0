# shellcheck shell=bash
# As websocket-idle, with an hour of silence; LAB_BOUND has to be more than that.
# lab: long

LAB_IDLE=${LAB_IDLE:-3600}

# shellcheck source-path=SCRIPTDIR source=websocket-idle.sh
. "$LIB/../scenarios/websocket-idle.sh"
