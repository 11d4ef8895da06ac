# shellcheck shell=sh disable=SC2034,SC2154
# The head of a suite that boots with a software TPM: sourced with $root set; $needs names tools beside the usual ones. Where one is
# missing the suite is skipped. Sets $BUILD, $passed, $failed, $memory (a folder in memory), $seed and its file, and cleans up at the end.
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
for tool in swtpm tpm2_pcrread python3 ${needs:-}; do
    command -v "$tool" >/dev/null 2>&1 && continue
    echo "skipped all cases: $tool is not installed"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
done
. "$root/tests/chain/lib.sh"
. "$root/tests/beacon/lib.sh"
. "$root/tests/live/swtpm.sh"
. "$root/tests/live/boot.sh"
cd "$root" || exit 1

ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
passed=0 failed=0
memory=$(mktemp -d /dev/shm/bootgate-suite.XXXXXX) || exit 1

finish() {
    tpm_off
    rm -rf "$memory"
    clean_up
}
trap finish EXIT

seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
printf '\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037' >"$work/seed"
chmod 400 "$work/seed"
