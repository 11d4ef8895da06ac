#!/bin/sh
# One case of cases.sh, by name: prints what fails, leaves "PASSED FAILED" in WORK/NAME.counts.
# usage: case.sh WORK NAME
set -u
work=$1 case=$2 dir=$1/$2
. "$work/env"
mkdir -p "$dir"
. "$root/tests/vm/lib.sh"
. "$root/tests/vm/cases.sh"
began=$(date +%s%N)
"case_$case" || [ $passed -gt 0 ] || failed=1
[ $((passed + failed)) -gt 0 ] || { failed=1; echo "FAILED $case: nothing was looked at"; }
echo "   $case: $passed passed, $failed failed ($((($(date +%s%N) - began) / 1000000)) ms)"
[ $failed -eq 0 ] || { echo "-- the last lines of its log"; tail -n 25 "${one:-$dir}/log"; } 2>/dev/null
echo "$passed $failed" >"$work/$case.counts"
