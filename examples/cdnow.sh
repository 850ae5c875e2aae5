#!/bin/bash
# The whole way from a purchase log to policies compared by customer lifetime value: fit, run, compare.
# The log is CDNOW's sample of 2,357 customers (Fader and Hardie), which is not part of this project.
set -euo pipefail

usage() {
    cat <<'TXT'
cdnow.sh [--trial] LOG [OUT]

Fits LOG up to 1997-09-30, switches the customer journey on so that the strategy `never` repeats
the log, runs experiment `cdnow` on those customers and compares its strategies.

LOG      CDNOW's sample as published: customer, its number in the sample, date as 19970101, CDs
         and dollars, separated by blanks
OUT      folder for cdnow_world.yaml and cdnow.h5, made where it is missing (cdnow); a run that
         was stopped goes on
--trial  few customers and two replications: seconds instead of minutes, to see that it works

The command is $NEXTBEST, else build/nextbest beside this script's folder, else nextbest on the PATH.
TXT
}

fail() {
    printf 'cdnow.sh: %s\n' "$*" >&2
    exit 2
}

find_command() {
    local built
    built=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../build/nextbest
    if [ -n "${NEXTBEST:-}" ]; then
        printf '%s' "$NEXTBEST"
    elif [ -x "$built" ]; then
        readlink -f "$built"
    else
        command -v nextbest || fail "there is no nextbest: build it, or say where it is in NEXTBEST"
    fi
}

pilot=()
sets=()
case "${1:-}" in
-h | --help)
    usage
    exit 0
    ;;
--trial)
    pilot=(--pilot-customers 2000)
    sets=(--set customers=200 --set replications=2 --set tail=false)
    shift
    ;;
-*)
    fail "unknown option $1; cdnow.sh --help says what there is"
    ;;
esac
[ $# -ge 1 ] || fail "which log? cdnow.sh --help says what is expected"
[ $# -le 2 ] || fail "one log and one folder, please"
log=$1
out=${2:-cdnow}
[ -r "$log" ] || fail "$log cannot be read; CDNOW_sample.txt is at brucehardie.com/datasets"
mkdir -p "$out" 2>/dev/null || fail "folder $out cannot be made"
nextbest=$(find_command)
world=$(readlink -f "$out")/cdnow_world.yaml

"$nextbest" fit "$log" --columns customer=1,date=3,spend=5 --date-format %Y%m%d \
    --calibration-end 1997-09-30 --journey full --status-quo never "${pilot[@]}" -o "$world"
"$nextbest" run cdnow --set "scenario=$world" "${sets[@]}" -o "$out/cdnow.h5" >/dev/null
"$nextbest" compare "$out/cdnow.h5"
