#!/bin/sh
# The command line from files alone: verbs, options, formats, exit statuses, bad input. Evidence of the tests' own make,
# and the published quotes where the vectors are. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
case $VECTORS in /*) ;; *) VECTORS=$root/$VECTORS ;; esac
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 70
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
LC_ALL=C
export LC_ALL
passed=0 failed=0 skipped=0
gate=$BUILD/test/bootgate
[ -x "$gate" ] || { echo "no $gate: run make test-build" >&2; exit 1; }

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
}
skip() { # COUNT WHY
    skipped=$((skipped + $1))
    echo "skipped $1 cases: $2"
}

# run NAME STATUS[|STATUS] ARGUMENTS..: leaves standard output in out, standard error in err. A sanitizer's word fails it.
run() {
    name=$1 want=$2
    shift 2
    "$gate" "$@" >out 2>err </dev/null
    got=$?
    case "|$want|" in
    *"|$got|"*) ok ;;
    *) bad "$name: exit status $got, expected $want ($(head -c 300 out err | tr '\n' ' '))" ;;
    esac
    ! grep -qE 'Sanitizer|runtime error:' err || bad "$name: $(head -n 3 err)"
}

# verdict NAME STATUS ARGUMENTS..: the same with --json; a whole JSON verdict has to be there, whatever happened.
verdict() {
    run "$@" --json
    if grep -q '^  "kind": "[a-z]*",$' out && [ "$(tail -n 1 out)" = '}' ] && grep -q '^  "config_sha256":' out; then
        ok
    else
        bad "$1: no JSON verdict ($(head -c 200 out))"
    fi
}

# says NAME TEXT: the last output has it (standard output or error).
says() {
    if grep -qF -- "$2" out err; then ok; else bad "$1: the output lacks: $2"; fi
}
lacks() {
    if grep -qF -- "$2" out err; then bad "$1: the output has: $2"; else ok; fi
}

# --- the command line -------------------------------------------------------------------------------------------
run no-verb 2
says no-verb BG-1001
run help 0 --help
says help 'usage: bootgate VERB'
for v in boot seal unseal verify check chain fetch hash log checkpoint explain version; do
    says "help-$v" "  $v  "
done
for v in boot seal unseal verify check chain fetch hash log checkpoint explain version; do
    run "help-of-$v" 0 $v --help
    says "help-of-$v" "usage: bootgate $v "
    [ $v = seal ] || lacks "help-of-$v" '--raise'
done
run help-of-verify 0 verify --help
says help-root '--root'
run version 0 version
says version '(test build)'
run version-option 0 -V
run version-json 0 version --json
says version-json '"build": "test"'
says version-json '"min_tcb_evaluation": 0'
for case in 'unknown-verb:BG-1002:frobnicate' 'unknown-option:BG-1003:verify x --frobnicate' 'short-option:BG-1003:verify x -z' \
    'option-of-another-verb:BG-1005:hash x --at 1' 'no-boot-info-in-verify:BG-1005:verify x --boot-info y' \
    'option-twice:BG-1006:verify x --at 1 --at 2' 'two-files:BG-1007:verify x y' 'no-file:BG-1007:hash' 'no-file:BG-1007:log' \
    'argument-of-version:BG-1007:version x' 'bad-time:BG-1008:verify x --at yesterday' 'no-time-at-all:BG-1486:check x --timeout 0' \
    'timeout-of-days:BG-1486:check x --timeout 3601' 'timeout-in-words:BG-1486:fetch x -o y --timeout 5s' \
    'timeout-negative:BG-1486:chain x --timeout -1' 'timeout-of-boot:BG-1005:boot --timeout 5' 'bad-as:BG-1009:verify x --as nobody' \
    'bad-mr:BG-1096:verify x --mr later' 'mr-of-a-stated-boot-info:BG-1097:chain --boot-info x --mr run' \
    'bad-color:BG-1010:verify x --color=red' 'no-output:BG-1093:fetch x' 'two-outputs:BG-1094:fetch x -o -' 'offline-fetch:BG-1005:fetch x --offline -o y' \
    'output-of-check:BG-1005:check x -o y' 'unknown-code:BG-1011:explain BG-9999' 'no-such-file:BG-1015:verify nowhere' \
    'a-directory:BG-1016:verify /' 'no-such-config:BG-1015:verify x --config nowhere'; do
    rest=${case#*:}
    # shellcheck disable=SC2086 # words
    verdict "${case%%:*}" 2 ${rest#*:}
    says "${case%%:*}" "\"code\": \"${rest%%:*}\""
done
run no-value 2 verify x --at
says no-value BG-1004
if [ "$(id -u)" -ne 0 ]; then
    echo x >locked && chmod 0 locked
    verdict unreadable 2 verify locked
else
    skip 2 'root reads every file'
fi
# The release differs in --root.
if [ -x "$BUILD/bootgate" ]; then
    for o in verify check chain; do
        if "$BUILD/bootgate" $o x --root y >out 2>err; [ $? -eq 2 ] && grep -q BG-1003 err; then ok; else bad "release $o knows --root"; fi
    done
    if "$BUILD/bootgate" --help | grep -q -- --root; then bad 'release help shows --root'; else ok; fi
    if "$BUILD/bootgate" version | grep -q '(release build)'; then ok; else bad 'release says what it is'; fi
    # The default of the installed program's boot; the test build has none.
    if [ "$("$BUILD/bootgate" version --json | sed -n 's/^ *"min_tcb_evaluation": //p')" -ge 18 ]; then ok; else bad 'release: oldest TCB set'; fi
fi

# --- every code has its manual entry -------------------------------------------------------------------------------
run explain-all 0 explain all
for code in $(sed -n 's/^\(BG-[0-9]*\) .*/\1/p' out | sed -n '1~9p'); do
    run "explain-$code" 0 explain "$code"
    says "explain-$code" 'Fix: '
done
run explain-number 0 explain 1001
run explain-symbol 0 explain USAGE_NO_VERB --json
says explain-symbol '"exit_status": 2'

# --- hash: against another SHA-256 -------------------------------------------------------------------------------
printf '{"a": 1}\n' >compose.json
sum=$(sha256sum <compose.json | cut -c1-64)
run hash 0 hash compose.json
says hash "$sum"
run hash-json 0 hash compose.json --json
says hash-json "\"compose_hash\": \"$sum\""
says hash-json "\"app_id\": \"$(echo "$sum" | cut -c1-40)\""
: >empty
run hash-empty 0 hash empty
says hash-empty e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
head -c 5000000 /dev/zero >large
run hash-large 4 hash large

# --- the environment is nobody's word ----------------------------------------------------------------------------
# An OpenSSL configuration that names a module to load, or that leaves no provider to hash with.
printf 'openssl_conf = a\n[a]\nproviders = b\n[b]\nnull = c\n[c]\nactivate = 1\n' >openssl.cnf
if ! command -v openssl >/dev/null; then
    skip 1 'no openssl(1) to show that this file has its effect'
elif openssl dgst -sha256 compose.json >/dev/null 2>&1 && ! OPENSSL_CONF=$work/openssl.cnf openssl dgst -sha256 compose.json >/dev/null 2>&1; then
    ok
else
    bad 'the hostile openssl.cnf has no effect on openssl(1) either'
fi
OPENSSL_CONF=$work/openssl.cnf
export OPENSSL_CONF
run hash-openssl-conf 0 hash compose.json
says hash-openssl-conf "$sum"
unset OPENSSL_CONF

# --- files that are no evidence ----------------------------------------------------------------------------------
printf '{"quote":7}' >quote-number
printf '{"quote":"0x123"}' >quote-odd
printf '{"quote":"00","quote":"00"}' >key-twice
printf '{}' >empty-object
printf '[]' >empty-list
printf '{"schema":1}' >no-parts
printf '{"schema":9,"evidence":{}}' >other-schema
printf '{"schema":1,"evidence":{"quote":"0400"},"surprise":1}' >unknown-member
printf '{"quote":"\0"}' >nul
printf '{"quote":"\377"}' >not-utf8
printf 'not a quote' >words
printf '\n \t\n' >spaces
printf '0x' >only-prefix
printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >bad-pem
printf '0400' >short-hex
head -c 5000 /dev/zero >zeros
head -c 5000 /dev/zero | tr '\0' '\377' >ones
head -c 17000000 /dev/zero >huge
{ head -c 100000 /dev/zero | tr '\0' '['; } >deep-list
{ i=0; while [ $i -lt 2000 ]; do printf '{"a":'; i=$((i + 1)); done; } >deep-object
for f in empty quote-number quote-odd key-twice empty-object empty-list no-parts other-schema unknown-member nul not-utf8 words \
    spaces only-prefix bad-pem short-hex zeros ones huge deep-list deep-object; do
    verdict "verify-$f" 4 verify $f
    [ $f = empty-list ] || verdict "log-$f" 4 log $f
done
run log-empty-list 0 log empty-list
verdict verify-nothing 4 verify
says verify-nothing BG-1080
verdict check-without-config 2 check words
says check-without-config BG-1048
printf '{"chain":{"source":"pinned","chain_id":1,"kms_contract":"%040d","block_hash":"%064d"}}' 7 7 >config.json
verdict check-nothing 4 check --config config.json
says check-nothing BG-1080
verdict chain-nothing 4 chain --config config.json
for f in empty words empty-list empty-object deep-object huge; do
    verdict "boot-info-$f" 2 chain --boot-info $f --config config.json
done
for f in empty words deep-object; do
    verdict "config-$f" 2 check --config $f words
done
printf '{"appId":"%040d","composeHash":"%064d","instanceId":"","deviceId":"%064d","mrAggregated":"%064d","osImageHash":"%064d"}' \
    1 2 3 4 5 >boot-info.json
verdict chain-offline 3 chain --boot-info boot-info.json --config config.json --offline
says chain-offline BG-1070
says chain-offline '"class": "CHAIN_MISSING"'
verdict checkpoint-nobody-may-sign 2 chain --boot-info boot-info.json --config config.json --checkpoint words
says checkpoint-nobody-may-sign BG-1490
printf '{"chain":{"source":"ethereum","network":"mainnet","chain_id":1,"kms_contract":"%040d","checkpoint_signers":{"keys":["0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"],"threshold":1}}}' \
    7 >signers.json
verdict checkpoint-none 3 chain --boot-info boot-info.json --config signers.json --offline
says checkpoint-none BG-1470
verdict checkpoint-no-file 2 chain --boot-info boot-info.json --config signers.json --offline --checkpoint nowhere
for f in empty words deep-object; do
    verdict "checkpoint-$f" 3 chain --boot-info boot-info.json --config signers.json --offline --checkpoint $f
    says "checkpoint-$f" BG-1488
done
verdict checkpoint-huge 3 chain --boot-info boot-info.json --config signers.json --offline --checkpoint huge
says checkpoint-huge BG-1487
verdict checkpoint-of-nothing 3 chain --boot-info boot-info.json --config signers.json --offline --checkpoint empty-object
says checkpoint-of-nothing CHECKPOINT
sed 's/"deviceId":"0/"deviceId":"/' boot-info.json >boot-info-short.json
verdict chain-short-boot-info 2 chain --boot-info boot-info-short.json --config config.json --offline
verdict chain-as-kms 3 chain --boot-info boot-info.json --config config.json --offline --as kms

# --- evidence of our own make ------------------------------------------------------------------------------------
at=1772496000
"$BUILD/tools/mkbundle" "$work" $at >mkbundle.log 2>&1 || { cat mkbundle.log; exit 1; }
run own 0 verify bundle.json --at $at --root root.der
says own 'AUTHENTIC'
says own "a root that is not Intel's"
says own '  + image.proven'

# The same hostile configuration as above, with certificates and signatures.
OPENSSL_CONF=$work/openssl.cnf
export OPENSSL_CONF
run own-openssl-conf 0 verify bundle.json --at $at --root root.der
says own-openssl-conf 'AUTHENTIC'
unset OPENSSL_CONF
verdict own-json 0 verify bundle.json --at $at --root root.der
says own-json '"anchor": "test-root"'
says own-json '"allowed": null'
run own-rfc3339 0 verify bundle.json --at 2026-03-03T00:00:00Z --root root.der
run own-by-option 0 verify --bundle bundle.json --at $at --root root.der
"$gate" verify - --at $at --root root.der <bundle.json >out 2>err
[ $? -eq 0 ] && ok || bad 'standard input'
verdict own-intel-root 4 verify bundle.json --at $at
verdict own-year-later 3 verify bundle.json --at $((at + 31536000)) --root root.der
says own-year-later '2027-03-03T00:00:00Z'
verdict own-year-before 5 verify bundle.json --at $((at - 31536000)) --root root.der
verdict own-twice 2 verify bundle.json --bundle bundle.json --at $at --root root.der
says own-twice BG-1052
verdict own-root-no-certificate '2|3|4' verify bundle.json --at $at --root words
verdict own-root-empty '2|3|4' verify bundle.json --at $at --root empty
verdict own-root-large 2 verify bundle.json --at $at --root large
run own-log 0 log bundle.json
says own-log 'RTMR3 = '
says own-log 'as in the quote'
lacks own-log 'NOT as in the quote'
says own-log 'RTMR0  EV_EFI_VARIABLE_DRIVER_CONFIG '
if awk 'length($0) > 105 { exit 1 }' out; then ok; else bad 'log is wider than 105 columns'; fi
run own-log-json 0 log bundle.json --json
says own-log-json '"rtmr3": true'
says own-log-json '"type_name": "EV_SEPARATOR"'
for path in uki efi-stub qemu-kernel grub; do
    "$BUILD/tools/boot_log_tool" make $path >boot-log
    run "boot-log-$path" 0 log boot-log
    says "boot-log-$path" "boot path $path; boot PCRs that cover it: 0,2,4,"
    says "boot-log-$path" 'PCR 4  = '
    if awk 'length($0) > 105 { exit 1 }' out; then ok; else bad 'boot log is wider than 105 columns'; fi
    run "boot-log-$path-json" 0 log boot-log --json
    says "boot-log-$path-json" '"what": "command line"'
    tpm2_eventlog boot-log 2>/dev/null | sed -n '/^pcrs:/,$s/^    4  : 0x/"4": "/p' >oracle
    for value in $(cut -d'"' -f4 oracle); do says "boot-log-$path-json" "$value"; done
done
head -c 2000 boot-log >cut-log
run cut-log 4 log cut-log
run cut-log-quiet 4 log cut-log -q
printf '{"policy":{"device_ids":["%064d"],"min_tcb_evaluation":4000000}}' 7 >policy.json
verdict own-policy 1 verify bundle.json --at $at --root root.der --config policy.json
says own-policy '"DEVICE_ID"'
says own-policy '"TCB_EVALUATION"'
BOOTGATE_CONFIG=policy.json
export BOOTGATE_CONFIG
verdict own-policy-from-environment 1 verify bundle.json --at $at --root root.der
unset BOOTGATE_CONFIG
verdict own-check-offline 3 check bundle.json --at $at --root root.der --config config.json --offline
says own-check-offline '"would_be_allowed": false'
says own-check-offline BG-1070
# What is saved replaces a file only, and only once everything was read: the bundle may be the one that is read.
cp bundle.json saved.json
verdict own-save-unread 2 check --bundle saved.json --save-bundle saved.json --at $at --root root.der --config nowhere
cmp -s saved.json bundle.json && ok || bad 'a run without configuration changed the bundle'
mkfifo pipe
ln -s saved.json link
for f in pipe link .; do
    verdict "own-save-to-$f" '2|3' check --bundle bundle.json --save-bundle $f --at $at --root root.der --config config.json --offline
done
[ -p pipe ] && [ -h link ] && ok || bad 'a pipe or a link was replaced'
verdict own-save 3 check --bundle bundle.json --save-bundle saved.json --at $at --root root.der --config config.json --offline
cmp -s saved.json bundle.json && bad 'nothing was saved' || ok
# What policy refuses stays refused when the chain cannot be asked.
sed 's/}}$/},"policy":{"device_ids":["0000000000000000000000000000000000000000000000000000000000000007"]}}/' config.json >config-policy.json
verdict own-check-refused-offline 1 check bundle.json --at $at --root root.der --config config-policy.json --offline
for requirement in '"require_freshness":"nonce"' '"require_freshness":"floor"' '"app_id":"0000000000000000000000000000000000000007"'; do
    sed "s/}}\$/},\"policy\":{$requirement}}/" config.json >config-policy.json
    verdict "own-check-$requirement" 1 check bundle.json --at $at --root root.der --config config-policy.json --offline
done
# Without collateral: what is missing is said.
sed 's/"collateral"/"taken"/' bundle.json >no-collateral.json
verdict own-no-collateral 3 verify no-collateral.json --at $at --root root.der
says own-no-collateral BG-1082
says own-no-collateral 'TCB info for FMSPC 90c06f000000'
# Of a bundle given as collateral nothing else is taken.
verdict own-collateral-of-a-bundle 0 verify no-collateral.json --collateral bundle.json --at $at --root root.der
verdict own-collateral-alone 4 verify --collateral bundle.json --at $at --root root.der
says own-collateral-alone BG-1080
verdict own-collateral-twice 2 verify bundle.json --collateral bundle.json --at $at --root root.der
says own-collateral-twice BG-1052
verdict own-no-collateral-there 3 verify no-collateral.json --collateral no-collateral.json --at $at --root root.der
says own-no-collateral-there BG-1098
verdict own-collateral-unknown-member 4 verify no-collateral.json --collateral unknown-member --at $at --root root.der
# The examples in the manual and of the guest image are configurations.
sed -n '/^\.SH CONFIGURATION/,/^\.fi/p' "$root/docs/man/bootgate.5" | sed '/^\./d; s/\\-/-/g' >manual.json
verdict manual-config 4 check --config manual.json
says manual-config BG-1080
# The image's lacks what is for its maker to say: where to begin.
verdict image-config 2 check --config "$root/image/bootgate.json"
says image-config BG-1492
sed "s/\"head\": /\"checkpoint\": {\"root\": \"$(printf '%064d' 7)\", \"slot\": 7}, &/" "$root/image/bootgate.json" >image.json
verdict image-config-completed 4 check --config image.json
says image-config-completed BG-1080

# Cut anywhere, a bundle is refused, with a verdict.
size=$(wc -c <bundle.json)
for part in 1 3 7 11 13 17 19; do
    head -c $((size * part / 20)) bundle.json >cut
    verdict "own-cut-$part" 4 verify cut --at $at --root root.der
done

# --- how it prints -------------------------------------------------------------------------------------------------
"$gate" verify bundle.json --at $at --root root.der -q >out 2>err
[ $? -eq 0 ] && [ ! -s out ] && [ ! -s err ] && ok || bad 'quiet yes'
"$gate" verify words -q >out 2>err
[ $? -eq 4 ] && [ ! -s out ] && [ ! -s err ] && ok || bad 'quiet no'
"$gate" log words -q --json >out 2>err
[ $? -eq 4 ] && [ ! -s out ] && [ ! -s err ] && ok || bad 'quiet error'
for one in "verify bundle.json" "check bundle.json --config config.json --offline"; do
    # shellcheck disable=SC2086 # words
    run width '0|3' $one --at $at --root root.der
    if sed '1d; /^ *Why /,$d' out | awk 'length($0) > 100 { exit 1 }'; then ok; else bad "$one is wider than 100 columns"; fi
done
escape=$(printf '\033')
run color-off 0 verify bundle.json --at $at --root root.der
lacks color-off "$escape"
run color-on 0 verify bundle.json --at $at --root root.der --color=always
says color-on "$escape[32m"
LC_ALL=C.UTF-8 "$gate" verify bundle.json --at $at --root root.der >out 2>err
grep -q "$(printf '  \342\234\223 ')" out && ok || bad 'marks in UTF-8'
run ascii 0 verify bundle.json --at $at --root root.der
LC_ALL=C tr -d '\11\12\40-\176' <out | grep -q . && bad 'not ASCII' || ok
run verbose 0 verify bundle.json --at $at --root root.der -v
says verbose MRSEAM
# A reader that goes away changes nothing; a full disk does.
for stage in 'verify bundle.json' 'log bundle.json' 'explain all'; do
    options=''
    [ "$stage" != 'verify bundle.json' ] || options="--at $at --root root.der"
    # shellcheck disable=SC2086 # words
    status=$({ { "$gate" $stage $options 2>/dev/null; echo $? >&3; } | :; } 3>&1)
    [ "$status" = 0 ] && ok || bad "$stage into a closed pipe: $status"
    # shellcheck disable=SC2086
    "$gate" $stage $options >/dev/full 2>/dev/null
    [ $? -eq 70 ] && ok || bad "$stage onto a full disk"
    # shellcheck disable=SC2086
    "$gate" $stage $options >&- 2>/dev/null
    [ $? -eq 0 ] && ok || bad "$stage with standard output closed"
    # shellcheck disable=SC2086
    "$gate" $stage $options >&- 2>&- <&-
    [ $? -eq 0 ] && ok || bad "$stage with everything closed"
done

# --- the published quotes --------------------------------------------------------------------------------------------
quotes=$VECTORS/tdx/real/quotes collateral=$VECTORS/tdx/real/collateral
real() { # QUOTE COLLATERAL TIME STATUS TEXT..
    file=$1 with=$2 time=$3 want=$4
    shift 4
    verdict "$file at $time" "$want" verify "$quotes/$file.bin" --collateral "$collateral/$with.json" --at "$time"
    for text in "$@"; do says "$file" "$text"; done
}
if [ -d "$quotes" ]; then
    b0=dcap-qvl-b0c06f000000-2025-06 t=2025-07-08T18:40:00Z
    real dcap-qvl-tdx-v4 $b0 $t 0 '"status": "UpToDate"' '"allowed": null'
    real dcap-qvl-tdx-v4 $b0 2025-11-22T08:26:39Z 3 '"class": "TCB_INFO_EXPIRED"'
    real dcap-qvl-tdx-v4 $b0 2025-05-23T11:33:20Z 5 '"class": "TCB_INFO_NOT_YET_VALID"'
    real dcap-qvl-tdx-v5-outdated dcap-qvl-90c06f000000-2026-02 2026-03-03 1 '"class": "TCB_NOT_SUPPORTED"'
    real dcap-qvl-near dcap-qvl-20a06f000000-2025-09 2025-09-10T10:26:40Z 0 '"status": "UpToDate"'
    real dcap-qvl-tappd $b0 $t 1 '"class": "TCB_NOT_SUPPORTED"'
    real flashbots-1 $b0 $t 0 '"status": "UpToDate"'
    real dcap-qvl-sgx-v3 $b0 $t 1 '"class": "TEE_NOT_TDX"'
    real dstack-quote-report dcap-qvl-90c06f000000-2026-02 2026-03-03 0 '"status": "UpToDate"'
    real dstack-tdx-lite dcap-qvl-90c06f000000-2026-02 2026-03-03 5 '"class": "CERT_EXPIRED"'
    real azure-v4 teepot-00806f050000-2025-05 2025-06-11 1 '"status": "OutOfDate"' '"SEPT_VE_DISABLE_CLEAR"' INTEL-SA-00982
    real edgeless-v4-tdx10 teepot-00806f050000-2025-05 2025-06-11 0 '"status": "OutOfDate"' INTEL-SA-00837
    real dcap-qvl-tdx-v4 dcap-qvl-90c06f000000-2026-02 2026-03-03 3 '"class": "TCB_INFO_MISMATCH"'
    real dcap-qvl-tdx-v4 dcap-qvl-sgx-00a067110000-2025-06 $t 3 '"class": "CRL_ISSUER"'
    report=$VECTORS/tdx/dstack/quote-report.json c=$collateral/dcap-qvl-90c06f000000-2026-02.json
    verdict dstack-app 0 verify "$report" --collateral "$c" --at 2026-03-03
    says dstack-app '"mrAggregated": "f9a9159f75a175a0a65052b7'
    verdict dstack-kms 0 verify "$report" --collateral "$c" --at 2026-03-03 --as kms
    says dstack-kms '"mrAggregated": "233c659f'
    run dstack-log 0 log "$report"
    lacks dstack-log 'NOT as in the quote'
    # The same quote in hex, with and without prefix, and behind white space.
    od -An -v -tx1 "$quotes/dcap-qvl-tdx-v4.bin" | tr -d ' \n' >hex
    { printf '\n 0x'; cat hex; printf '\n'; } >hex-prefixed
    for f in hex hex-prefixed; do
        verdict "quote-$f" 0 verify $f --collateral "$collateral/$b0.json" --at $t
    done
    # Cut anywhere; a byte changed anywhere that is signed.
    n=0
    while [ $n -lt 5006 ]; do
        head -c $n "$quotes/dcap-qvl-tdx-v4.bin" >cut
        "$gate" verify cut --collateral "$collateral/$b0.json" --at $t --json >out 2>err
        status=$?
        if [ $n -lt 4900 ] && { [ $status -ne 4 ] || ! grep -q '"config_sha256"' out; }; then
            bad "quote cut at $n: exit status $status"
        else
            ok
        fi
        n=$((n + 139))
    done
    run missing-collateral 3 verify "$quotes/dcap-qvl-tdx-v4.bin" --at $t
    says missing-collateral 'TCB info for FMSPC b0c06f000000, TD QE identity'
    for f in "$VECTORS"/tdx/eventlog/dstack.ccel "$VECTORS"/tdx/eventlog/trustee-grub.ccel "$VECTORS"/tdx/eventlog/trustee-td-shim.ccel; do
        run "log-${f##*/}" 0 log "$f" --json
        says "log-${f##*/}" '"rtmr2": "'
        says "log-${f##*/}" '"type_name": "EV_EFI_'
    done
    run log-names 0 log "$VECTORS/tdx/eventlog/trustee-grub.ccel"
    for text in 'SecureBoot (1 byte)' 'BootOrder (' 'MokListTrusted' 'LOADED_IMAGE::LoadOptions' 'Linux initrd' 'TdxTable'; do
        says log-names "  $text"
    done
    verdict log-without-sha384 4 log "$VECTORS/tdx/eventlog/trustee-csv-sm3.ccel"
else
    skip 115 "no vectors at $VECTORS, so no published quotes"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
