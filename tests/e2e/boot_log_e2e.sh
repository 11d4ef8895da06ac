#!/bin/sh
# The boot event logs of newer loaders, by our reading of their documents (boot_log_read.py): `log` names the path and the least set,
# and leads to the PCRs that Python computes. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
command -v python3 >/dev/null || { echo 'skipped 1 cases: no Python'; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$root/tests/e2e/boot_log_read.py" "$BUILD/bootgate" "$work" >"$work/said" || {
    cat "$work/said"
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
}
sed '$d' "$work/said"
counts=$(tail -n 1 "$work/said")
echo "$counts, 0 skipped"
[ "${counts#*, }" = '0 failed' ]
