#!/bin/sh
# The TPM suite: sealing and unsealing on a software TPM, each refusal, and everything between the program and the TPM
# that can go wrong (tests/live/tpm*_test.c). Both builds are run where there are two (with the sanitizers: BUILD/asan).
# Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
set --
for dir in "$BUILD" "$BUILD/asan"; do
    for t in "$dir"/tests/live/tpm*_test; do
        [ ! -x "$t" ] || set -- "$@" "$t"
    done
done
[ $# -gt 0 ] || {
    echo "tpm_suite.sh: build first: make test-build" >&2
    exit 2
}
exec "$root/tests/run.sh" "$@"
