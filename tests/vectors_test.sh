#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs the project's own vector suites and, where they lie beside the repository, the shared ones. TAP.
set -u
suites=
for directory in "$top_srcdir"/tests/suites/*/ "$top_srcdir"/../shared/vectors/*/; do
  [ -f "$directory/vectors.json" ] && suites="$suites $directory"
done
if [ -z "$suites" ]; then
  echo "1..0 # SKIP no vector suites"
  exit 0
fi
# shellcheck disable=SC2086
exec "$top_builddir/tests/vectors" --tap $suites
