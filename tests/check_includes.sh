#!/bin/bash
# Who may include whom: core knows core; sim and policies know core and themselves; bench and tests know all. Third-party
# headers stay in the few files that wrap them, and out of every header of ours.
# usage: check_includes.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
status=0
complain() {
    printf '%s\n' "$*"
    status=1
}

# folders that a folder's files may include
declare -A may=([core]='core' [sim]='core sim' [policies]='core policies'
    [bench]='core sim policies bench' [examples]='core sim policies bench'
    [tests]='core sim policies bench tests')

# files that may include a third-party header, by the header's first part
declare -A only=([hdf5]='core/store*.c tests/*.c' [hdf5_hl]='core/store*.c' [H5DSpublic]='core/store*.c'
    [cblas]='core/linalg*.c' [lapacke]='core/linalg*.c'
    [gsl]='core/rng*.c core/dist*.c core/stats*.c bench/fit*.c sim/bgnbd*.c sim/gammagamma*.c tests/*.c'
    [libfyaml]='core/config*.c' [Random123]='core/rng*.c tests/*.c' [openssl]='core/*.c'
    [omp]='core/parallel*.c' [dlfcn]='policies/*.c' [mpi]='bench/mpi*.c' [glpk]='tests/*.c'
    [argp]='bench/*.c' [cmocka]='tests/*')

check_own() { # FILE INCLUDED
    local folder=${1%%/*} target=${2%%/*}
    [[ $2 == */* ]] || { complain "$1: \"$2\" lacks its folder"; return; }
    [[ " ${may[$folder]} " == *" $target "* ]] || complain "$1: $folder may not include \"$2\""
    [ -f "$2" ] || complain "$1: \"$2\" is not in the project"
}

check_foreign() { # FILE INCLUDED
    local first=${2%%/*} pattern
    first=${first%.h}
    [ -n "${only[$first]-}" ] || return 0
    for pattern in ${only[$first]}; do
        # shellcheck disable=SC2053
        [[ $1 != $pattern ]] || return 0
    done
    complain "$1: <$2> belongs in ${only[$first]}"
}

check_own_first() { # FILE FIRST_INCLUDED
    local header=${1%.c}.h
    [[ $1 == *.c && -f $header ]] || return 0
    [ "$2" = "$header" ] || complain "$1: includes \"$header\" first"
}

count=0
shopt -s globstar
for file in {core,sim,policies,bench,examples,tests}/**/*.[ch]; do
    [ -f "$file" ] || continue
    count=$((count + 1))
    first=
    while read -r quote name; do
        [ -n "$first" ] || first=$name
        case $quote in
        '"') check_own "$file" "$name" ;;
        '<') check_foreign "$file" "$name" ;;
        esac
    done < <(sed -nE 's/^[ \t]*#[ \t]*include[ \t]*(["<])([^">]*)[">].*/\1 \2/p' "$file")
    check_own_first "$file" "$first"
done
[ "$count" -gt 0 ] || complain "no C files found in $PWD"
exit $status
