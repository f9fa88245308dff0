# Programs of a newer Debian, unpacked beside the machine's own from the mirror that it uses: nothing of it is installed.
# shellcheck shell=bash

# LAB_NEWER names a folder that keeps what was unpacked before.
NEWER=${LAB_NEWER:-$RUN/newer}

newer() { # SUITE PACKAGE…: into $NEWER/SUITE
  local apt=$NEWER/$1.apt root=$NEWER/$1 suite=$1 mirror package
  shift
  if [ -e "$apt/has-$*" ]; then return 0; fi
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts" "$root"
  : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
  cat >"$apt/conf" <<CONF
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::Etc::preferencesparts "$apt/parts";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$apt/conf apt-get -qq update >>"$LOGS/apt.log" 2>&1
  APT_CONFIG=$apt/conf apt-get -qq -y -d install "$@" >>"$LOGS/apt.log" 2>&1
  for package in "$apt"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  rm -f "$apt"/archives/*.deb
  : >"$apt/has-$*"
}

# The words before a program of that suite, so that it runs with its own libraries.
newer_words() { # SUITE
  local libraries
  libraries=$(echo "$NEWER/$1"/usr/lib/*-linux-gnu)
  echo "$libraries"/ld-linux-*.so.* --library-path "$libraries"
}

# Debian 12's curl speaks no HTTP/3, 13's does. CA is the authority's file.
curl3() {
  # shellcheck disable=SC2046 # words
  in_ns visitor $(newer_words trixie) "$NEWER/trixie/usr/bin/curl" -sS --max-time "${MAX_TIME:-30}" --cacert "$CA/ca.pem" "$@"
}
