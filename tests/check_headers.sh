#!/bin/bash
# every header compiles alone
# usage: check_headers.sh SOURCE_ROOT COMPILER...
set -euo pipefail
cd "$1"
shift
status=0
shopt -s globstar
for header in {core,sim,policies,bench,tests}/**/*.h; do
    printf '#include "%s"\nextern int unused_;\n' "$header" |
        "$@" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I. -x c - ||
        { printf '%s does not compile alone\n' "$header"; status=1; }
done
exit $status
