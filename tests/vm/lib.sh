# shellcheck shell=sh disable=SC2154,SC2034
# One case: sourced by case.sh, which has set `case` and `dir` (the case's own folder) and read $work/env.
# A case makes what its guest is to have and do, boots it, and holds the serial log, the machine's end and the TPM against what
# must be.

passed=0 failed=0
is() { # NAME EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $case, $1: $3, expected $2"
    fi
}

flat() {
    node "$root/tests/chain/flat.mjs" "$1" 2>/dev/null
}
oracle() {
    python3 "$root/tests/e2e/release_oracle.py" "$@"
}
value() {
    sed -n "s/^$1=//p" "$work/chain.flat"
}

# new NAME: what follows goes into a guest of this name: its additions are in $one/add, its log in $one/log
new() {
    one=$dir/$1
    mkdir -p "$one/add/usr/lib/bootgate" "$one/add/evidence"
    cp "$work/own/bundle.json" "$work/own/root.der" "$work/seed.blob" "$one/add/evidence/"
}

# config [CHAIN [POLICY [RELEASE [MEMBERS]]]]: the measured configuration; JSON members. Each of the first three replaces the usual.
usual_policy='"require_freshness":"host-clock"'
file_target='"targets":[{"type":"file","path":"/run/bootgate/key"}]'
config() {
    printf '{"chain":{"kms_contract":"%s",%s},"rpc":["http://10.0.2.100:80/"],"policy":{%s},"release":{"tpm":{%s},%s}%s}\n' \
        "$kms" "${1:-"$(pinned allowed)"}" "${2:-$usual_policy}" "$tpm_members" "${3:-$file_target}" "${4:+,$4}" \
        >"$one/add/usr/lib/bootgate/bootgate.json"
}
tpm_members='"class":"host","accept_host_tpm":true,"boot_pcrs":[0,4,7],"gate_pcr":12,"boot_log":"none","blob":"/evidence/seed.blob","srk_name":"'$srk'"'
pinned() { # STATE
    printf '"source":"pinned","chain_id":31337,"block_hash":"%s"' "$(value "evidence.own.states.$1.hash")"
}

# boot KERNEL [OPTIONS of guest.py..]: with what the standard input says as the case, and a TPM of its own unless OPTIONS has one.
# $base: another archive than the kernel's; $more: one more, between that and the case's. Leaves $one/log (without carriage returns), $one/verdict, and $one/flat: the result.
more='' base=''
boot() {
    kernel=$1
    shift
    {
        cat
        echo 'step case'
    } >"$one/add/case"
    "$root/tests/vm/image.sh" add "$one/add.img" "$one/add"
    with_tpm=''
    case " $* " in
    *' --tpm '* | *' --no-tpm '*) ;;
    *)
        [ -d "$one/tpm" ] || cp -r "$work/tpm" "$one/tpm"
        with_tpm="--tpm $one/tpm --blob $work/seed.blob"
        ;;
    esac
    [ "${1:-}" != --no-tpm ] || shift
    for try in 1 2 3; do
        # shellcheck disable=SC2086
        python3 "$root/tests/vm/guest.py" --kernel "$kernels/$kernel/vmlinuz" --initrd "${base:-$work/$kernel.img}" ${more:+--initrd "$more"} \
            --initrd "$one/add.img" --log "$one/raw" --result "$one/result" --forward "$port" $with_tpm "$@" >"$one/runner" 2>&1 ||
            echo "   $case: $(tail -n 1 "$one/runner") $(tail -n 3 "$one/raw" 2>/dev/null)"
        # Such a guest has run nothing yet (init, guest-devices).
        grep -q '^TPM-NOT-FOUND' "$one/raw" || break
        echo "   $case: the guest's kernel found no TPM, try $try"
    done
    read_result
}
# read_result: what boot leaves of a guest that came to its end
read_result() {
    tr -d '\r' <"$one/raw" >"$one/log"
    # The last lines between a brace and a brace: around them there may be whatever else the guest says.
    awk '$0 == "{" { n = 0; inside = 1 } inside { line[n++] = $0 } $0 == "}" { inside = 0 }
        END { for (i = 0; i < n; i++) print line[i] }' "$one/log" >"$one/verdict"
    flat "$one/result" >"$one/flat"
    flat "$one/verdict" >"$one/verdict.flat"
}
ended() {
    sed -n 's/^end=//p' "$one/flat"
}
pcr() {
    sed -n "s/^pcrs\\.$1=//p" "$one/flat"
}
unsealed() {
    sed -n 's/^unseal=//p' "$one/flat"
}
member() {
    sed -n "s/^$1=//p" "$one/verdict.flat"
}
says() { # NAME TEXT
    is "$1" "says: $2" "$(grep -qF -- "$2" "$one/log" && echo "says: $2" || tail -n 5 "$one/log")"
}
says_not() { # NAME EXTENDED-REGULAR-EXPRESSION
    is "$1" '' "$(grep -m 1 -E -- "$2" "$one/log")"
}

# closed STATUS: the verdict of this status stands in the gate PCR over `closed`, and the seed is out of reach for whoever comes.
closed() {
    is 'gate PCR' "$(oracle pcr "$closed" "$(oracle record "$one/verdict" "$1" 31337 "$kms" "$(member time.now)")")" "$(pcr 12)"
    is 'the seed for others' 0x99d "$(unsealed)"
    says_not 'a key in the log' "$seed"
}

# figures WHAT: the stages of a guest in seconds of its own clock, its memory, QEMU's.
figures() {
    echo "figures: $1: $(sed -n 's/^STEP //p' "$one/log" | awk '{ printf "%s %s s, ", $1, $2 }')$(
        sed -n 's/^MEMORY \(.*\)/\1; /p' "$one/log")machine $(sed -n 's/^seconds=//p' "$one/flat") s, $(sed -n 's/^memory_kib=//p' "$one/flat") KiB" \
        >>"$work/$case.figures"
}
