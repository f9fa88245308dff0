# shellcheck shell=bash
# Every row of enrolment: reply lost, used twice, expired, stolen for a site that exists, replayed after a removal. Each
# has its declared answer, and a line at both ends.
# lab: short

prepare() {
  topology
  behind_nat thief 78
  gateway_start
  state_for home
  state_for thief
}

token_for() { # NAME ARGUMENTS…: into $RUN/NAME.token, for whoever may steal it
  local name=$1
  shift
  culvert gateway site add "$name" "$@" --json | sed -n 's/.*"token" *: *"\([^"]*\)".*/\1/p' >"$RUN/$name.token"
  [ -s "$RUN/$name.token" ]
  chown "$NOBODY" "$RUN/$name.token"
}

joins() { culvert "$1" join - <"$RUN/$2.token"; } # END TOKEN

refused() { # END TOKEN PATTERN
  local said
  if said=$(joins "$1" "$2" 2>&1); then
    echo "joined and must not: $said"
    return 1
  fi
  expect_line 'what the home is told' "$3" "$said"
}

reply_lost() { # the gateway has stored the site, the home has heard nothing: the same again
  token_for home
  joins home home >"$RUN/files/first"
  rm -rf "$RUN/state/home/store"
  joins home home >"$RUN/files/second"
  expect_equal 'what the home is told' "$(cat "$RUN/files/first")" "$(cat "$RUN/files/second")"
  local print
  print=$(sed -n 's/^fingerprint \([0-9a-f-]*\).*/\1/p' "$RUN/files/first")
  logged gateway "site home: joined, fingerprint $print"
}

used_twice() { # by somebody who has another key
  refused thief home 'this token was used at 20.*culvert site add home --replace'
  logged gateway 'site home: a token used at .* was shown again with another key: refused'
}

stolen() { # made before the site existed, shown after it did
  token_for cabin
  mv "$RUN/cabin.token" "$RUN/early.token"
  token_for cabin
  state_for cabin
  in_ns home "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/cabin" "$CULVERT" join - <"$RUN/cabin.token"
  refused thief early 'site cabin has got another key since this token was made'
  logged gateway 'site cabin: a token that does not replace it was shown with another key: refused'
  refuse 'a token for a site that exists' culvert gateway site add cabin
}

replaced() { # only with --replace is a site taken over, and the old key is out
  token_for home --replace
  joins thief home
  expect_match 'one site' '^home' "$(culvert gateway site list | grep home)"
  refused home home 'this token was used at'
}

after_removal() {
  culvert gateway site remove home
  refused thief home 'site home was removed at 20.*, and its tokens with it'
  logged gateway 'site home: a token of before it was removed was shown again: refused'
  stop gateway KILL
  gateway_launch
  refused thief home 'site home was removed at 20'
}

expired() { # the gateway's clock moves on; the home believes the token still good
  token_for late
  stop gateway
  spawn gateway gateway "${AS_NOBODY[@]}" HOME="$RUN/state" CULVERT_STATE="$RUN/state/gateway" \
    FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f +20m "$CULVERT" gateway --config "$RUN/gateway.yaml"
  wait_log gateway 'gateway ready' 30
  refused thief late 'this token expired at 20'
  logged gateway 'site late: a token that expired at .* was shown: refused'
}

scenario() {
  step "gateway, a home and a thief behind the NAT" prepare
  step "reply lost: the same token and key get the same answer" reply_lost
  step "used twice: 410 with the time of the first use" used_twice
  step "stolen for a site that exists: refused" stolen
  step "--replace: the new key takes the site over" replaced
  step "replayed after removal, also after a restart: 410" after_removal
  step "expired: 410 with the time" expired
}
