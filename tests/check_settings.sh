#!/bin/bash
# docs/settings.md is what the program says of its settings.
# usage: check_settings.sh SOURCE_ROOT NEXTBEST
set -euo pipefail
nextbest=$(realpath "$2")
cd "$1"
command -v python3 > /dev/null || { echo "python3 is missing"; exit 77; }
docs/settings --nextbest "$nextbest" --check
