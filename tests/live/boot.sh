# shellcheck shell=sh disable=SC2154,SC2034
# `boot` with a software TPM, case by case: sourced after tests/chain/lib.sh and tests/live/swtpm.sh. The caller sets $program,
# $build_name, $work (with config.json, seed.blob), $target, $seed and $key (hex), and counts with $passed and $failed.

is() { # NAME EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $build_name $1: $3, expected $2"
        [ ! -s "$work/err" ] || head -n 3 "$work/err"
    fi
}

member() {
    node "$root/tests/chain/flat.mjs" "$work/out" 2>/dev/null | sed -n "s/^$1=//p"
}

# boot NAME STATUS CODE BUNDLE [OPTIONS..]: a power cycle and a boot; the key is in the target after status 0 and at no other time.
boot() {
    name=$1 expected=$2 code=$3 boot_from=$4
    shift 4
    rm -rf "$target"
    mkdir -m 700 "$target"
    tpm_on
    "$program" boot --config "$work/config.json" --tcti "$tcti" --bundle "$boot_from" --root "$work/own/root.der" --json "$@" \
        >"$work/out" 2>"$work/err" </dev/null
    is "$name: status" "$expected" $?
    ! grep -qE 'Sanitizer|runtime error:' "$work/err" || is "$name: sanitizer" none "$(grep -E -m 1 'Sanitizer|runtime error:' "$work/err")"
    is "$name: code" "$code" "$(member code)"
    is "$name: the verdict" "$([ "$expected" = 0 ] && echo true || echo false)" "$(member allowed)"
    is "$name: what is in the target" "$([ "$expected" != 0 ] || echo "$key")" "$([ ! -e "$target/key" ] || od -An -tx1 -v "$target/key" | tr -d ' \n')"
    ! grep -qE "$seed|$key" "$work/out" "$work/err" || is "$name: key material in the output" no yes
}
