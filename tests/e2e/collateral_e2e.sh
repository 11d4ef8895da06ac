#!/bin/sh
# Collateral from services: each way in which one can fail or lie, alone (the code) and before an honest one (a yes, and it is said who
# helped); what is asked for; the store. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
if ! command -v python3 >/dev/null 2>&1; then
    echo 'skipped all cases: python3 is not installed'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
. "$root/tests/chain/lib.sh"

ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export ASAN_OPTIONS UBSAN_OPTIONS
unset http_proxy https_proxy all_proxy ALL_PROXY BOOTGATE_CONFIG
passed=0 failed=0 skipped=0 patience=60
at=$real_at

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $build_name: $1"
}
is() { # NAME EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then ok; else bad "$1: $3, expected $2"; fi
}

# verify NAME STATUS CODE CONFIG [EVIDENCE [OPTIONS..]]: "-" stands for no code
verify() {
    name=$1 want=$2 code=$3 file=$4 evidence=${5:-$work/quote.json}
    [ $# -lt 5 ] && shift 4 || shift 5
    out=$work/out
    "$gate" verify "$evidence" --config "$file" --root "$work/own/root.der" --at $at --timeout "$patience" --json "$@" >"$out" 2>"$out.err" </dev/null
    got=$?
    said=$(sed -n 's/^ *"code": "\(BG-[0-9]*\)".*/\1/p' "$out" | tail -n 1)
    if [ $got -eq "$want" ] && [ "${said:--}" = "$code" ] && ! grep -qE 'Sanitizer|runtime error:' "$out.err"; then
        ok
    else
        bad "$name: exit status $got ${said:--}, expected $want $code ($(grep -vE 'token|✓' "$out.err" | head -c 200))"
    fi
}
has() { # NAME TEXT: the last run's JSON has it
    if grep -qF -- "$2" "$work/out"; then ok; else bad "$1: the output lacks $2"; fi
}
source_of() { # DOCUMENT: who had it
    python3 -c 'import json, sys
print(next((d["source"] for d in json.load(open(sys.argv[1]))["collateral"] or [] if d["document"] == sys.argv[2]), "nobody"))' "$work/out" "$1"
}
services() { # FILE URL..: a configuration
    file=$1 list=''
    shift
    for url in "$@"; do list="$list${list:+,}\"$url\""; done
    printf '{"collateral":[%s]}\n' "$list" >"$file"
}

faults() {
    while read -r name status code set fault; do
        case $name in '' | '#'*) continue ;; esac
        services "$work/c.json" "$first/$set/$fault"
        verify "$name" "$status" "$code" "$work/c.json"
        services "$work/c.json" "$first/$set/$fault" "$second/own/none"
        verify "$name-then-honest" 0 - "$work/c.json"
    done <"$root/tests/pcs/cases.txt"
}

good() {
    services "$work/c.json" "$first/own/none"
    : >"$work/log"
    verify good 0 - "$work/c.json"
    is 'good: what was asked' 4 "$(wc -l <"$work/log")"
    is 'good: the TCB info is from' "$first" "$(source_of tcb_info)"
    has 'good: ages are shown' '"age": 864000'
    has 'good: so is the check' '"id": "collateral"'
    # The forms that services are known to answer in.
    for form in pck:hex root:der tcb:old-header all:lower-header all:half-encoded; do
        services "$work/c.json" "$first/own/$form"
        verify "form-$form" 0 - "$work/c.json"
    done
    # An address as guides have it.
    services "$work/c.json" "$first/own/none/sgx/certification/v4/"
    verify long-address 0 - "$work/c.json"
    # Each document from where it holds.
    services "$work/c.json" "$first/own/tcb:garbled,root:404" "$second/own/qe:html,pck:404"
    verify mixed 0 - "$work/c.json"
    is 'mixed: TCB info' "$second" "$(source_of tcb_info)"
    is 'mixed: root CRL' "$second" "$(source_of root_ca_crl)"
    is 'mixed: QE identity' "$first" "$(source_of qe_identity)"
    is 'mixed: PCK CRL' "$first" "$(source_of pck_crl)"
    has 'mixed: who failed is said' 'BG-0242'
    # Dead, then slow, then honest: both have their share of the time and no more.
    services "$work/c.json" "$dead" "$second/own/none"
    verify dead-first 0 - "$work/c.json"
    services "$work/c.json" "$dead"
    verify dead 3 BG-1062 "$work/c.json"
    services "$work/c.json" "$first/own/all:slow" "$second/own/none"
    patience=16
    verify slow-first 0 - "$work/c.json"
    services "$work/c.json" "$first/own/tcb:slow"
    patience=4
    verify slow 3 BG-1063 "$work/c.json"
    patience=60
    # What is revoked is revoked, whoever says so: nobody else is asked.
    services "$work/c.json" "$first/pck-revoked/none" "$second/own/none"
    verify revoked 1 BG-0255 "$work/c.json"
    services "$work/c.json" "$first/tcb-revoked/none" "$second/own/none"
    verify tcb-revoked 1 BG-0256 "$work/c.json"
    # Eight that lie, each about another document or in another way, and no end of trouble.
    services "$work/c.json" "$first/own/tcb:garbled" "$first/own/qe:garbled,tcb:cut" "$first/own/pck:garbled,tcb:html" "$first/own/root:last,tcb:404" \
        "$first/own/all:html" "$first/own/all:500" "$first/tcb-info-expired/none" "$second/own/none"
    verify eight 0 - "$work/c.json"
}

what_is_given() {
    # A set that was given is what is asked about; services only mend what does not hold.
    services "$work/c.json" "$first/own/none"
    : >"$work/log"
    verify given 0 - "$work/c.json" "$work/own/bundle.json"
    is 'given: nobody is asked' 0 "$(wc -l <"$work/log")"
    is 'given: from' 'the bundle' "$(source_of tcb_info)"
    verify given-expired 0 - "$work/c.json" "$work/tcb-info-expired/bundle.json"
    is 'given expired: mended by' "$first" "$(source_of tcb_info)"
    is 'given expired: the rest is' 'the bundle' "$(source_of pck_crl)"
    verify given-offline 3 BG-0422 "$work/c.json" "$work/tcb-info-expired/bundle.json" --offline
    verify offline 3 BG-1082 "$work/c.json" "$work/quote.json" --offline
    echo '{}' >"$work/none.json"
    verify nobody-named 3 BG-1082 "$work/none.json"
    # The bundle that is saved has what was fetched.
    verify saved 0 - "$work/c.json" "$work/quote.json" --save-bundle "$work/saved.json"
    verify saved-offline 0 - "$work/c.json" "$work/saved.json" --offline
}

store() { # NAME STATUS CODE FIRST-URL CONTENT-COMMAND..: a store with this in it, and a service that answers or does not
    name=$1 status=$2 code=$3 url=$4
    shift 4
    rm -rf "$work/store"
    mkdir -m 700 "$work/store"
    "$@"
    printf '{"collateral":["%s"],"store":"%s"}\n' "$url" "$work/store" >"$work/c.json"
    "$gate" verify "$work/quote.json" --config "$work/c.json" --root "$work/own/root.der" --timeout 60 --json >"$work/out" 2>"$work/out.err" </dev/null
    got=$?
    said=$(sed -n 's/^ *"code": "\(BG-[0-9]*\)".*/\1/p' "$work/out" | tail -n 1)
    is "store $name" "$status ${code}" "$got ${said:--}"
}
as_stored() { # SET: what a run would have kept of this bundle
    python3 -c 'import json, sys
json.dump({"schema": 1, "collateral": json.load(open(sys.argv[1]))["collateral"]}, open(sys.argv[2], "w"))' \
        "$work/now/$1/bundle.json" "$work/store/collateral.json"
}
garbled() { echo '{"schema":1,"collateral":' >"$work/store/collateral.json"; }
foreign() { echo '{"schema":1,"collateral":{},"more":1}' >"$work/store/collateral.json"; }
large() { head -c 2000000 /dev/zero | tr '\0' ' ' >"$work/store/collateral.json"; }
nothing() { :; }

cached() {
    # Of today: a store is not used with --at.
    mkdir -p "$work/now"
    today=$(date +%s)
    for set in own tcb-info-expired tcb-info-signature tcb-info-fmspc crl-expired; do
        [ -d "$work/now/$set" ] || { mkdir "$work/now/$set"; make_set "$work/now/$set" "$today" $set; }
    done
    cp "$work/now/own/bundle.json" "$work/now/quote-of.json"
    lone="$first/now-own/none"
    [ -d "$work/now-own" ] || cp -r "$work/now/own" "$work/now-own"
    python3 -c 'import json, sys
b = json.load(open(sys.argv[1])); del b["collateral"]; json.dump(b, open(sys.argv[2], "w"))' "$work/now/own/bundle.json" "$work/quote.json"
    store fills 0 - "$lone" nothing
    is 'store: the set is kept' yes "$([ -s "$work/store/collateral.json" ] && echo yes)"
    is 'store: nobody else reads it' 600 "$(stat -c %a "$work/store/collateral.json")"
    cp "$work/store/collateral.json" "$work/kept.json"
    store helps-when-all-are-gone 0 - "$dead" as_stored own
    is 'store: it is said' 'the store' "$(source_of tcb_info)"
    for content in 'as_stored own' 'as_stored tcb-info-expired' 'as_stored tcb-info-signature' 'as_stored tcb-info-fmspc' 'as_stored crl-expired' garbled foreign large; do
        # shellcheck disable=SC2086 # words
        store "with-a-service: $content" 0 - "$lone" $content
        is "store $content: not used" "$first" "$(source_of tcb_info)"
        is "store $content: replaced" yes "$(cmp -s "$work/store/collateral.json" "$work/kept.json" && echo yes)"
    done
    store alone-expired 3 BG-0422 "$dead" as_stored tcb-info-expired
    store alone-signature 3 BG-0242 "$dead" as_stored tcb-info-signature
    store alone-fmspc 3 BG-0423 "$dead" as_stored tcb-info-fmspc
    store alone-crl 3 BG-0358 "$dead" as_stored crl-expired
    store alone-garbled 3 BG-1062 "$dead" garbled
    store alone-large 3 BG-1062 "$dead" large
    store alone-nothing 3 BG-1062 "$dead" nothing
    cp "$work/quote-then.json" "$work/quote.json"
}

# tcb NAME STATUS TEXT OPTIONS..: what the platform lacks, with --early under the coming set, too
tcb() {
    name=$1 want=$2 text=$3
    shift 3
    "$gate" tcb "$@" --root "$work/own/root.der" --at $at --timeout 20 >"$work/out" 2>"$work/err" </dev/null
    is "tcb $name" "$want" $?
    if grep -qF -- "$text" "$work/out" "$work/err"; then ok; else bad "tcb $name lacks: $text ($(tail -n 3 "$work/out" "$work/err" | tr '\n' ' '))"; fi
    grep -qE 'Sanitizer|runtime error:' "$work/err" && bad "tcb $name: $(head -n 2 "$work/err")"
}

# early MEMBERS OUTPUT-FILE: members of "early", or of explain's early_set
early() {
    python3 -c 'import json, sys
j = json.load(open(sys.argv[2])); e = j["tcb"]["early_set"] if "tcb" in j else j["early"]
print(" ".join(json.dumps(e[k]) for k in sys.argv[1].split()))' "$1" "$2"
}
# When the coming set becomes the standard: 12 months after the event, 100 days ago, that its number belongs to.
numbers() {
    dates='recovery_event becomes_standard days_until due'
    days=$(python3 -c 'import datetime, json, sys
now = datetime.datetime.fromtimestamp(int(sys.argv[1]), datetime.timezone.utc); event = now - datetime.timedelta(days=100)
then = event.replace(year=event.year + 1) if (event.month, event.day) != (2, 29) else event.replace(year=event.year + 1, day=28)
text = lambda t: json.dumps(t.strftime("%Y-%m-%dT%H:%M:%SZ"))
print(text(event), text(then), (then - now) // datetime.timedelta(days=1), "false")' $at)
    services "$work/c.json" "$first/own/none"
    tcb numbers 0 '"becomes_standard"' "$work/quote.json" --config "$work/c.json" --early --json
    is 'numbers: the dates' "$days" "$(early "$dates" "$work/out")"
    is 'numbers: nothing is wrong' '' "$(cat "$work/err")"
    tcb numbers-text 0 'it becomes the standard in ' "$work/quote.json" --config "$work/c.json" --early
    services "$work/c.json" "$first/numbers-due/none"
    tcb numbers-due 0 '"due": true' "$work/quote.json" --config "$work/c.json" --early --json
    is 'numbers: a leap day, past' '"2020-02-29T00:00:00Z" "2021-02-28T00:00:00Z" 0 true' "$(early "$dates" "$work/out")"
    tcb numbers-due-text 0 'it was due to become the standard on 2021-02-28' "$work/quote.json" --config "$work/c.json" --early
    # Faults: the set is there all the same, and it is said what is wrong with its numbers.
    while read -r set fault code; do
        services "$work/c.json" "$first/$set/$fault"
        tcb "numbers $set $fault" 0 "$code" "$work/quote.json" --config "$work/c.json" --early --json
        is "numbers $set $fault: no date" 'true null null null null' "$(early "coming $dates" "$work/out")"
        # An honest service behind it has them.
        services "$work/c.json" "$first/$set/$fault" "$second/own/none"
        tcb "numbers $set $fault, two" 0 '"coming": true' "$work/quote.json" --config "$work/c.json" --early --json
        is "numbers $set $fault, two: the dates" "$days" "$(early "$dates" "$work/out")"
    done <<'END'
own numbers:404 BG-1064
own numbers:html BG-2208
own numbers:garbled BG-2208
own numbers:spaces BG-2394
own numbers:twice BG-2208
own numbers:no-signature BG-2211
own numbers:short-signature BG-2394
own numbers:no-chain BG-2202
own numbers:other-chain BG-0314
own numbers:huge BG-1065
numbers-sgx none BG-2396
numbers-other none BG-2398
numbers-twice none BG-2393
numbers-expired none BG-2397
numbers-early none BG-2397
numbers-by-pck none BG-2394
END
}

coming() {
    services "$work/c.json" "$first/own/none"
    tcb fetched 0 UpToDate "$work/quote.json" --config "$work/c.json"
    tcb offline 3 BG-1842 "$work/quote.json" --config "$work/c.json" --offline
    tcb early 0 'not UpToDate when it comes into force' "$work/quote.json" --config "$work/c.json" --early
    for line in 'number 18' 'sgx 0' '1 short' 'good for 20'; do
        if grep -qF -- "$line" "$work/out"; then ok; else bad "tcb early lacks: $line"; fi
    done
    tcb early-json 0 '"coming": true' "$work/quote.json" --config "$work/c.json" --early --json
    is 'early: the standard set decides' True "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["up_to_date"])' "$work/out")"
    is 'early: what is short' '[["sgx", 0, 1]] OutOfDate 20' "$(python3 -c 'import json, sys
e = json.load(open(sys.argv[1]))["early"]
print(json.dumps([[m["kind"], m["index"], m["need"] - m["have"]] for m in e["platform"]["missing"]]), e["status"], e["standard_days_left"])' "$work/out")"
    numbers
    tcb early-nobody 0 BG-2226 "$work/quote.json" --config "$work/c404.json" --collateral "$work/own/bundle.json" --early
    # One that lies about the coming set, and one that has it.
    services "$work/c.json" "$first/own/tcb:garbled" "$second/own/none"
    tcb early-liar 0 'not UpToDate when it comes into force' "$work/own/bundle.json" --config "$work/c.json" --early
    services "$work/c.json" "$first/own/tcb:garbled"
    tcb early-liar-alone 0 'BG-0242' "$work/own/bundle.json" --config "$work/c.json" --early
    # In the bundle, offline.
    python3 -c 'import json, sys
b, e = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))["collateral"]
b["collateral_early"] = {k: v for k, v in e.items() if k[:2] in ("tc", "qe")}; json.dump(b, open(sys.argv[3], "w"))
b["collateral_early"] = []; json.dump(b, open(sys.argv[4], "w"))' "$work/own/bundle.json" "$work/coming/bundle.json" "$work/both.json" "$work/bad.json"
    tcb early-offline 0 'not UpToDate when it comes into force' "$work/both.json" --early --offline
    tcb early-bad 3 BG-2225 "$work/bad.json" --early --offline
    verify both 0 - "$work/none.json" "$work/both.json" --save-bundle "$work/again.json"
    is 'a bundle with both is kept' same "$(python3 -c 'import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:]); print("same" if a["collateral_early"] == b["collateral_early"] else "other")' "$work/both.json" "$work/again.json")"
}

# decide NAME STATUS VERB ARGUMENTS..: against the live chain
decide() {
    name=$1 want=$2
    shift 2
    "$gate" "$@" --root "$work/own/root.der" --config "$work/live.json" --at $at >"$work/out" 2>"$work/err" </dev/null
    got=$?
    grep -qE 'Sanitizer|runtime error:' "$work/err" && got=99
    is "$name" "$want" $got
}
live() {
    printf '{"chain":{"source":"pinned","chain_id":31337,"kms_contract":"%s","block_hash":"%s"},"rpc":["%s"],"collateral":["%s","%s"]}\n' \
        "$kms" "$(value evidence.own.states.allowed.hash)" "$rpc" "$first/own/qe:500" "$second/own/none" >"$work/live.json"
    decide check 10 check "$work/quote.json" --json
    is 'check: who had the QE identity' "$second" "$(source_of qe_identity)"
    decide fetch 0 fetch "$work/quote.json" -o "$work/whole.json"
    is 'fetch: both sets' 'True True' "$(python3 -c 'import json, sys
b = json.load(open(sys.argv[1])); print("collateral" in b, "collateral_early" in b)' "$work/whole.json")"
    is 'fetch: the numbers, too' 'tcb_numbers tcb_numbers_issuer_chain tcb_numbers_signature' "$(python3 -c 'import json, sys
print(*sorted(k for k in json.load(open(sys.argv[1]))["collateral_early"] if "numbers" in k))' "$work/whole.json")"
    decide explain-early 0 explain "$work/whole.json" --json
    is 'explain: the dates' "$days" "$(early "$dates" "$work/out")"
    decide explain-early-text 0 explain "$work/whole.json"
    has 'explain: the days' 'it becomes the standard in '
    python3 -c 'import json, sys
b = json.load(open(sys.argv[1])); e = b["collateral_early"]
for i, change in enumerate((lambda: e.pop("tcb_numbers_signature"), lambda: e.update(tcb_numbers=e["tcb_numbers"].replace("2024", "2023")))):
    kept = dict(e); change(); json.dump(b, open(sys.argv[2] + str(i), "w")); e.clear(); e.update(kept)' "$work/whole.json" "$work/numbers.json"
    tcb numbers-member 3 BG-2399 "$work/numbers.json0" --early --offline
    tcb numbers-changed 0 BG-2394 "$work/numbers.json1" --early --offline
    decide explain-changed 0 explain "$work/numbers.json1" --json
    is 'explain: not signed, not shown' 'null null null null' "$(early "$dates" "$work/out")"
    decide fetched-offline 10 check --bundle "$work/whole.json" --offline
    decide fetched-tcb 0 tcb "$work/whole.json" --early --offline
    # The set that can't be had makes no bundle.
    sed -i "s|\"collateral\":.*|\"collateral\":[\"$first/own/all:404\"]}|" "$work/live.json"
    rm -f "$work/none.bundle"
    decide fetch-nothing 3 fetch "$work/quote.json" -o "$work/none.bundle"
    is 'fetch: nothing is written' no "$([ -e "$work/none.bundle" ] && echo yes || echo no)"
}

make_set() { # FOLDER TIME SET
    [ "$3" = own ] && set -- "$1" "$2" || set -- "$1" "$2" --defect "$3"
    "$BUILD/tools/mkbundle" "$@" || say_stop "mkbundle $*"
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
for set in own coming numbers-sgx numbers-other numbers-twice numbers-expired numbers-early numbers-by-pck numbers-due $(awk '!/^#/ && NF { print $4 }' "$root/tests/pcs/cases.txt" | sort -u) pck-revoked tcb-revoked; do
    [ -d "$work/$set" ] || { mkdir "$work/$set"; make_set "$work/$set" $at "$set"; }
done
python3 -c 'import json, sys
b = json.load(open(sys.argv[1])); del b["collateral"]; json.dump(b, open(sys.argv[2], "w"))' "$work/own/bundle.json" "$work/quote-then.json"
cp "$work/quote-then.json" "$work/quote.json"
python3 "$root/tests/pcs/serve.py" "$work" "$work/ports" >"$work/ports.log" 2>&1 &
background="$background $!"
wait_for "$work/ports" $!
read -r port1 port2 <"$work/ports"
first=http://127.0.0.1:$port1 second=http://127.0.0.1:$port2
# A port that was free a moment ago, below the range of connections, with nobody behind it.
dead=http://127.0.0.1:$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

services "$work/c404.json" "$first/own/all:404"
"$root/tests/chain/setup.sh" || exit 1
boot_infos own "$work/own/bundle.json" UpToDate
chain_start $((at - 3600)) "own=$work/own-app.json,$work/own-kms.json"
for build in plain=$BUILD/test/bootgate asan=$BUILD/asan/test/bootgate; do
    build_name=${build%%=*} gate=${build#*=}
    [ -x "$gate" ] || continue
    good
    faults
    what_is_given
    coming
    live
    cached
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
