#!/bin/sh
# Release, whole: a software TPM, a live chain, the program. What leaves must be the key that an independent HKDF gives, and
# only after a yes; after everything else nothing is in any target, no other TPM client gets the seed until the next reset, and the
# gate PCR tells what happened. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
for tool in swtpm tpm2_unseal python3; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "skipped all cases: $tool is not installed"
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
done
. "$root/tests/chain/lib.sh"
. "$root/tests/live/swtpm.sh"
cd "$root" || exit 1

ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
passed=0 failed=0 skipped=0
memory=$(mktemp -d /dev/shm/bootgate-e2e.XXXXXX) || exit 1

finish() {
    tpm_off
    rm -rf "$memory"
    clean_up
}
trap finish EXIT

oracle() {
    python3 "$root/tests/e2e/release_oracle.py" "$@" || say_stop "oracle $*"
}

# is NAME EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $build_name $1: $3, expected $2"
        [ ! -s "$work/err" ] || head -n 3 "$work/err"
    fi
}

# --- the TPM --------------------------------------------------------------------------------------------------
tpm_prepare
closed=$(oracle sha256 'bootgate/gate/closed/v1')
zeros=0000000000000000000000000000000000000000000000000000000000000000

gate_pcr() {
    tpm2_pcrread sha256:12 | sed -n 's/^ *12: *0x//p' | tr 'A-F' 'a-f'
}

# other_client: what tpm2-tools gets out of the blob: the seed, or the TPM's refusal.
other_client() {
    rm -f "$work/tools.seed"
    oracle split "$work/seed.blob" "$work/pub" "$work/priv"
    oracle unique "$work/unique"
    {
        tpm2_createprimary -Q -C o -g sha256 -G ecc256:null:aes128cfb -u "$work/unique" -c "$work/srk.ctx" \
            -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' && tpm2_flushcontext -t &&
            tpm2_load -Q -C "$work/srk.ctx" -u "$work/pub" -r "$work/priv" -c "$work/seed.ctx" && tpm2_flushcontext -t &&
            tpm2_startauthsession --policy-session -S "$work/s.ctx" && tpm2_policypcr -Q -S "$work/s.ctx" -l sha256:4,7,12 &&
            tpm2_unseal -c "$work/seed.ctx" -p "session:$work/s.ctx" -o "$work/tools.seed"
    } >"$work/tools.log" 2>&1
    tpm2_flushcontext -t 2>/dev/null
    tpm2_flushcontext -l 2>/dev/null
    tpm2_flushcontext -s 2>/dev/null
    if [ -s "$work/tools.seed" ]; then
        od -An -tx1 "$work/tools.seed" | tr -d ' \n'
    else
        grep -oiE '0x0*99d' "$work/tools.log" | head -n 1 | tr 'A-Z' 'a-z' | sed 's/0x0*/0x/'
    fi
}

# --- the stage ------------------------------------------------------------------------------------------------
"$root/tests/chain/setup.sh" || exit 1
at=$real_at
make_evidence() { # NAME [mkbundle options..]
    mkdir "$work/$1"
    name=$1
    shift
    "$BUILD/tools/mkbundle" "$work/$name" $at "$@" >"$work/$name/log" 2>&1 || say_stop "mkbundle $*: $(cat "$work/$name/log")"
}
make_evidence own
make_evidence evil --app-id 5555555555555555555555555555555555555555
boot_infos own "$work/own/bundle.json" UpToDate
boot_infos evil "$work/evil/bundle.json" UpToDate
chain_start $((at - 3600)) "own=$work/own-app.json,$work/own-kms.json" "evil=$work/evil-app.json,$work/evil-kms.json"
liar_start
own_app=$(value evidence.own.app.appId)
evil_app=$(value evidence.evil.app.appId)
seed=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
printf '\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037' >"$work/seed"
chmod 400 "$work/seed"
own_key=$(oracle key $seed - pinned 31337 "$kms" "$own_app")
evil_key=$(oracle key $seed - pinned 31337 "$kms" "$evil_app")
target=$memory/target
mkdir -m 700 "$target"
file_target='{"type":"file","path":"'$target'/key"}'

# release_config STATE [POLICY [TARGETS [RELEASE-MEMBERS [RPC [EVIDENCE]]]]]; policy `strict`: nothing about freshness
release_config() {
    policy='"require_freshness":"host-clock"'${2:+,$2}
    [ "${2:-}" != strict ] || policy=''
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":["%s"],"policy":{%s},
"release":{"tpm":{"class":"host","accept_host_tpm":true,"boot_pcrs":[4,7],"gate_pcr":12,"boot_log":"none","blob":"%s","srk_name":"%s"},"targets":[%s]%s}}\n' \
        "$kms" "$(value "evidence.${6:-own}.states.$1.hash")" "${5:-$rpc}" "$policy" "$work/seed.blob" "$srk" "${3:-$file_target}" \
        "${4:+,$4}" >"$work/config.json"
}
srk=000b$zeros

# gate ARGUMENTS..: the program with TPM and configuration; sets status, leaves out and err.
gate() {
    verb=$1
    shift
    "$program" "$verb" --config "$work/config.json" --tcti "$tcti" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    ! grep -qE 'Sanitizer|runtime error:' "$work/err" || is "$verb: sanitizer" none "$(grep -E -m 1 'Sanitizer|runtime error:' "$work/err")"
}

member() {
    node "$root/tests/chain/flat.mjs" "$work/out" 2>/dev/null | sed -n "s/^$1=//p"
}

in_target() {
    [ -e "$target/key" ] || return 0
    od -An -tx1 -v "$target/key" | tr -d ' \n'
}

empty_target() {
    rm -rf "$target"
    mkdir -m 700 "$target"
}

# boot NAME STATUS KEY EVIDENCE [OPTIONS..]: a power cycle, a boot, and all that must hold after it. KEY `none`: nothing left.
boot() {
    name=$1 expected=$2 key=$3 evidence=$4
    shift 4
    empty_target
    tpm_on
    gate boot --bundle "$work/$evidence/bundle.json" --root "$work/$evidence/root.der" --at $at --json "$@"
    is "$name: status" "$expected" "$status"
    is "$name: what is in the target" "$([ "$key" = none ] || echo "$key")" "$(in_target)"
    is "$name: files in the target's directory" "$([ "$key" = none ] && echo 0 || echo 1)" "$(find "$target" -mindepth 1 | wc -l)"
    is "$name: the verdict" "$([ "$expected" = 0 ] || [ "$expected" = 6 ] && echo true || echo false)" "$(member allowed)"
    decided=$status
    [ "$decided" != 6 ] || decided=0
    is "$name: gate PCR" "$(oracle pcr "$closed" "$(oracle record "$work/out" "$decided" 31337 "$kms" $at)")" "$(gate_pcr)"
    is "$name: the seed for others" 0x99d "$(other_client)"
    ! grep -qE "$seed|$own_key|$evil_key" "$work/out" "$work/err" || is "$name: key material in the output" no yes
}

provision() {
    tpm_on
    rm -f "$work/seed.blob" "$work/wrapped"
    srk=000b$zeros
    release_config allowed
    gate seal --seed "$work/seed"
    is 'seal under another storage key: status' 6 "$status"
    is 'seal under another storage key: blob' no "$([ -e "$work/seed.blob" ] && echo yes || echo no)"
    sed 's/,"srk_name":"[0-9a-f]*"//' "$work/config.json" >"$work/unpinned" && mv "$work/unpinned" "$work/config.json"
    cp "$work/config.json" "$work/none.json"
    sed 's/"boot_log":"none",//' "$work/none.json" >"$work/config.json"
    # Nothing tells what was booted: this machine has no log, or one that is not of this TPM.
    gate seal --seed "$work/seed" --json
    is 'seal without a boot log: refused' yes "$([ "$status" != 0 ] && echo yes || echo no)"
    [ -e /sys/kernel/security/tpm0 ] || is 'seal without a boot log: code' BG-2114 "$(member error.code)"
    is 'seal without a boot log: blob' no "$([ -e "$work/seed.blob" ] && echo yes || echo no)"
    mv "$work/none.json" "$work/config.json"
    gate seal --seed "$work/seed" --json
    is 'seal: status' 0 "$status"
    srk=$(member srk_name)
    release_config allowed
    cp "$work/seed.blob" "$work/first.blob"
    gate seal --seed "$work/seed"
    is 'a second seal: status' 2 "$status"
    cmp -s "$work/seed.blob" "$work/first.blob"
    is 'a second seal leaves the blob' 0 $?
    is 'seal: gate PCR' $zeros "$(gate_pcr)"
    gate unseal
    is 'unseal: status' 0 "$status"
    empty_target
    gate unseal --target "$target/key"
    is 'unseal to a target: status' 0 "$status"
    is 'unseal to a target: the seed' $seed "$(in_target)"
    is 'unseal: gate PCR' $zeros "$(gate_pcr)"
    is 'before the door is shut, the seed for others' $seed "$(other_client)"
    ! grep -q "$seed" "$work/out" "$work/err" || is 'the seed in the output' no yes
    printf short >"$work/short"
    chmod 400 "$work/short"
    rm "$work/seed.blob"
    gate seal --seed "$work/short"
    is 'seal of a short seed: status' 2 "$status"
    mv "$work/first.blob" "$work/seed.blob"
}

# What the contract, the chain, the evidence or the configuration do to a boot.
decisions() {
    release_config allowed
    began=$(date +%s%N)
    boot allowed 0 "$own_key" own
    # A deadline that is met, and long enough to come there: twice what all of that took, of which the boot is a part.
    short=$((2 + ($(date +%s%N) - began) / 500000000))
    is 'allowed: mode' 400 "$(stat -c %a "$target/key")"
    is 'allowed: key protection' none-against-host "$(member key_protection)"
    gate boot --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $at --json
    is 'a second boot without a reset: status' 6 "$status"
    is 'a second boot without a reset leaves the target' "$own_key" "$(in_target)"
    tpm_on
    is 'after a reset, the seed for others' $seed "$(other_client)"
    tpm_on "$(oracle sha256 'another kernel')"
    empty_target
    gate boot --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $at --json
    is 'other boot PCRs: status' 6 "$status"
    is 'other boot PCRs: target' '' "$(in_target)"
    is 'other boot PCRs: the door is shut all the same' "$(oracle pcr "$closed")" "$(gate_pcr)"

    release_config allowed
    sed 's/"boot_log":"none"/"boot_log":"required"/' "$work/config.json" >"$work/required.json"
    mv "$work/required.json" "$work/config.json"
    tpm_on
    empty_target
    gate boot --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $at --json
    is 'no boot log: refused' yes "$([ "$status" != 0 ] && echo yes || echo no)"
    [ -e /sys/kernel/security/tpm0 ] || is 'no boot log: code' BG-2114 "$(member error.code)"
    is 'no boot log: target' '' "$(in_target)"
    is 'no boot log: the door is shut all the same' "$(oracle pcr "$closed")" "$(gate_pcr)"
    is 'no boot log: the seed for others' 0x99d "$(other_client)"

    release_config allowed '"as":"app"'
    boot app-view 0 "$own_key" own
    for state in not-registered compose-denied device-denied os-image-denied no-code; do
        release_config $state
        boot $state 1 none own
    done
    release_config allowed strict
    boot freshness 1 none own
    is 'freshness: code' BG-1089 "$(member code)"
    release_config allowed '' '' '' http://127.0.0.1:$((port + 1))/
    boot no-chain 3 none own
    release_config allowed '' '' "\"deadline_s\":$short" "$liar/hang"
    boot slow-chain 3 none own
    for lie in "truncated" "id-wrong" "endless" "results-swapped" "rpc-error"; do
        release_config allowed '' '' '"deadline_s":600' "$liar/$lie"
        boot "lie-$lie" 3 none own
    done
    release_config allowed
}

bad_evidence() {
    release_config allowed
    "$BUILD/tools/mkbundle" --defects >"$work/defects"
    while read -r defect expected; do
        [ -d "$work/defect-$defect" ] || make_evidence "defect-$defect" --defect "$defect"
        boot "defect-$defect" "$expected" none "defect-$defect"
    done <"$work/defects"
}

# Somebody registers an app of his own, a genuine one that allows anything, and boots our image with its id.
own_app_of_an_attacker() {
    release_config allowed '' '' '' '' evil
    "$program" check --config "$work/config.json" --bundle "$work/evil/bundle.json" --root "$work/evil/root.der" --at $at --json >"$work/out" 2>"$work/err"
    is 'evil app: check' 10 $?
    is 'evil app: whose choice the id is' host-chosen "$(node "$root/tests/chain/flat.mjs" "$work/out" |
        sed -nE 's/^anchors\.([0-9]+)\.fact=app_id$/\1/p' | while read -r i; do member "anchors.$i.anchor"; done)"
    release_config allowed "\"app_id\":\"$own_app\"" '' '' '' evil
    boot 'evil app, id pinned' 1 none evil
    release_config allowed '' '' '' '' evil
    boot 'evil app, id not pinned' 0 "$evil_key" evil
    is 'evil app: another key' differs "$([ "$evil_key" = "$own_key" ] && echo same || echo differs)"
}

targets() {
    exec_target='{"type":"exec","argv":["/bin/dd","of='$target'/key","status=none"]}'
    release_config allowed '' "$exec_target"
    boot exec 0 "$own_key" own
    release_config allowed '' "$file_target,{\"type\":\"exec\",\"argv\":[\"/bin/false\"]}"
    boot exec-fails 6 none own
    release_config allowed '' "$file_target,{\"type\":\"unix\",\"path\":\"$target/socket\"}" "\"deadline_s\":$short"
    boot unix-nobody-comes 6 none own
    mkdir -m 755 "$memory/open"
    release_config allowed '' "$file_target,{\"type\":\"file\",\"path\":\"$memory/open/key\"}"
    boot open-directory 6 none own
    rmdir "$memory/open"
    release_config allowed '' "{\"type\":\"file\",\"path\":\"$work/disk/key\"}"
    mkdir -p -m 700 "$work/disk"
    if [ "$(stat -f -c %T "$work/disk")" = tmpfs ]; then
        skipped=$((skipped + 1))
    else
        boot disk 6 none own
        is 'disk: nothing on it' 0 "$(find "$work/disk" -type f | wc -l)"
    fi

    printf '%040d' 7 >"$work/share"
    chmod 400 "$work/share"
    share=$(od -An -tx1 -v "$work/share" | tr -d ' \n')
    release_config allowed '' '' "\"second_share\":\"$work/share\""
    boot second-share 0 "$(oracle key $seed "$share" pinned 31337 "$kms" "$own_app")" own
    is 'second share: key protection' second-share "$(member key_protection)"
    release_config allowed '' '' "\"second_share\":\"$work/no-share\""
    boot second-share-missing 6 none own

    release_config allowed '' '' "\"wrapped\":\"$work/wrapped\""
    boot wrapped-missing 6 none own
    mv "$work/seed.blob" "$work/first.blob"
    tpm_on
    release_config allowed "\"app_id\":\"$own_app\"" '' "\"wrapped\":\"$work/wrapped\""
    printf 'a passphrase' >"$work/passphrase"
    chmod 400 "$work/passphrase"
    gate seal --seed "$work/seed" --wrap "$work/passphrase"
    is 'seal --wrap: status' 0 "$status"
    boot wrapped 0 "$(printf 'a passphrase' | od -An -tx1 | tr -d ' \n')" own
    release_config allowed '' '' "\"wrapped\":\"$work/wrapped\"" '' evil
    boot wrapped-for-another 6 none evil
    mv "$work/first.blob" "$work/seed.blob"
}

# A TPM that answers no more, one that is gone, and the program told to end.
interrupted() {
    release_config allowed '' '' "\"deadline_s\":$short"
    empty_target
    tpm_on
    kill -STOP "$tpm_pid"
    gate boot --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $at --json
    is 'stopped TPM: status' 6 "$status"
    is 'stopped TPM: target' '' "$(in_target)"
    kill -CONT "$tpm_pid"
    tpm_off
    gate boot --bundle "$work/own/bundle.json" --root "$work/own/root.der" --at $at --json
    is 'no TPM: status' 6 "$status"
    is 'no TPM: target' '' "$(in_target)"
    is 'no TPM: the verdict' false "$(member allowed)"
    printf '{"chain":1}' >"$work/config.json"
    gate boot --bundle "$work/own/bundle.json" --json
    is 'bad configuration: status' 2 "$status"
}

killed() {
    release_config compose-denied
    cp "$work/config.json" "$work/denied.json"
    release_config allowed
    empty_target
    command="\"$program\",\"boot\",\"--tcti\",\"$tcti\",\"--bundle\",\"$work/own/bundle.json\",\"--root\",\"$work/own/root.der\",\"--at\",\"$at\",\"--quiet\",\"--config\""
    printf '{"seed":20261122,"tpm_folder":"%s","port":%d,"digest":"%s","target":"%s","key":"%s","blob":"%s","gate_pcr":%d,"run":"%s","shut":["%s","shut","--tcti","%s","--config","%s"],"allowed":[%s,"%s"],"denied":[%s,"%s"]}' \
        "$work/tpm" "$tpm_port" "$tpm_measured" "$target/key" "$own_key" "$work/seed.blob" 12 "$work/kill-run" "$program" "$tcti" "$work/config.json" "$command" "$work/config.json" "$command" "$work/denied.json" >"$work/kill.json"
    tpm_off
    python3 "$root/tests/e2e/release_kill.py" "$work/kill.json" >"$work/kill.log" 2>&1
    counts=$(tail -n 1 "$work/kill.log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, .*/\1 \2/p')
    [ -n "$counts" ] || { is 'kills' 'a closing line' "$(tail -n 3 "$work/kill.log")"; return; }
    sed '$d' "$work/kill.log"
    passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
}

# The program as installed: one measured configuration, this guest's evidence, the device.
released() {
    build_name=release program=$BUILD/bootgate
    [ -x "$program" ] || say_stop "no $program: run make"
    for option in "--config $work/config.json" "--bundle $work/own/bundle.json" "--at $at" '--as app'; do
        # shellcheck disable=SC2086
        "$program" boot $option --json >"$work/out" 2>"$work/err"
        is "boot $option" 2 $?
        is "boot $option: code" BG-1194 "$(member code)"
    done
    for option in '--offline' "--tcti $tcti" "--root $work/own/root.der"; do
        # shellcheck disable=SC2086
        "$program" boot $option --json >"$work/out" 2>"$work/err"
        is "boot $option" 2 $?
    done
    release_config allowed
    # A private view of /usr/lib, in which the one path exists: on an overlay, then in ramfs.
    cat >"$work/view.sh" <<'END'
set -e
mount -t tmpfs none "$1/view"
mount -t tmpfs none /run
mkdir "$1/view/upper" "$1/view/work"
mount -t overlay overlay -o "lowerdir=/usr/lib,upperdir=$1/view/upper,workdir=$1/view/work" /usr/lib
mkdir /usr/lib/bootgate
cp "$1/config.json" /usr/lib/bootgate/bootgate.json
"$2" boot --json >"$1/out.overlay" 2>"$1/err" || echo $? >"$1/status.overlay"
mount -t ramfs none /usr/lib/bootgate
cp "$1/config.json" /usr/lib/bootgate/bootgate.json
"$2" boot --json >"$1/out.ramfs" 2>"$1/err" || echo $? >"$1/status.ramfs"
mv /usr/lib/bootgate/bootgate.json /usr/lib/bootgate/real
ln -s real /usr/lib/bootgate/bootgate.json
"$2" boot --json >"$1/out.link" 2>"$1/err" || echo $? >"$1/status.link"
END
    mkdir "$work/view"
    if unshare -m sh "$work/view.sh" "$work" "$program" 2>"$work/err"; then
        for place in overlay=2=BG-1205 link=2=BG-1203; do
            name=${place%%=*}
            cp "$work/out.$name" "$work/out"
            is "configuration on $name" "${place#*=}" "$(cat "$work/status.$name")=$(member code)"
        done
        # Measured: it goes on to the TPM, which is no device here. What counts is that the place was not its objection.
        cp "$work/out.ramfs" "$work/out"
        case $(member code) in BG-12*) code=refused ;; BG-11*) code=taken ;; *) code=$(member code) ;; esac
        is 'configuration in ramfs' taken "$code"
    else
        echo "skipped 3 cases: no right to mount ($(head -n 1 "$work/err"))"
        skipped=$((skipped + 3))
    fi
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
builds="plain=$BUILD/test/bootgate"
[ ! -x "$BUILD/asan/test/bootgate" ] || builds="$builds asan=$BUILD/asan/test/bootgate"
for build in $builds; do
    build_name=${build%%=*} program=${build#*=}
    provision
    decisions
    bad_evidence
    own_app_of_an_attacker
    targets
    interrupted
    [ "$build_name" != plain ] || killed
done
released
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
