#!/bin/bash
# docs/settings.md and docs/policy-settings.md are what the program says of its settings, docs/policies.md of its policies; docs/model.md names every setting, none that is not there,
# and no default that it does not have.
# usage: check_settings.sh SOURCE_ROOT NEXTBEST
set -euo pipefail
nextbest=$(realpath "$2")
cd "$1"
command -v python3 > /dev/null || { echo "python3 is missing"; exit 77; }
docs/settings --nextbest "$nextbest" --check
docs/policies --nextbest "$nextbest" --check
docs/settings --nextbest "$nextbest" --names docs/model.md

# the check of names finds what it is there to find
bad=$(mktemp)
trap 'rm -f "$bad" "$bad.out"' EXIT
refuse() { # WHAT PATTERN: a page that says WHAT beside everything else is refused in these words
    { cat docs/model.md; printf '%s\n' "$1"; } > "$bad"
    if docs/settings --nextbest "$nextbest" --names "$bad" > "$bad.out"; then
        echo "not refused: $1"
        exit 1
    fi
    grep -q "$2" "$bad.out" || { cat "$bad.out"; exit 1; }
}
refuse 'a `need.nowhere` that nobody knows' 'no such setting'
refuse 'a default of `need.lost=0.16`' 'the default is 0.15'
refuse 'a value of `need.lost: 2`' 'expected 0 to 1'
sed 's/need\.lost/lost/g' docs/model.md > "$bad"
if docs/settings --nextbest "$nextbest" --names "$bad" > "$bad.out"; then
    echo "not refused: a page without need.lost"
    exit 1
fi
grep -q 'need.lost: a setting that no page names' "$bad.out"
