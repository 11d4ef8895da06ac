#!/bin/sh
# Authenticated time: a chronyd of each kind that can be met, and real ones, where chrony is installed, that follow an NTS server of
# the tests' own without touching the clock. Prints "N passed, N failed, N skipped".
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
unset BOOTGATE_CONFIG
passed=0 failed=0 skipped=0 running=0 turn=0 started='' place=$work

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $build_name: $1"
}
is() { # NAME EXPECTED ACTUAL
    if [ "$2" = "$3" ]; then ok; else bad "$1: $3, expected $2"; fi
}
# check NAME SECONDS: leaves freshness and the note's code in $said
check() {
    printf '{"chain":{"source":"pinned","chain_id":1,"kms_contract":"0x%040d","block_hash":"0x%064d"},"policy":{"require_freshness":"authenticated-time"},
"guest":{"time":"%s","time_wait":%s}}\n' 7 7 "$folder/sock" "$2" >"$place/c.json"
    "$gate" check "$work/bundle.json" --root "$work/root.der" --config "$place/c.json" --json >"$place/out" 2>"$place/err" </dev/null
    ! grep -qE 'Sanitizer|runtime error:' "$place/err" || bad "$1: $(head -n 2 "$place/err")"
    said=$(python3 -c 'import json, re, sys
o = json.load(open(sys.argv[1]))
n = [m for m in o["notes"] if m.startswith("the time is")]
rule = [c["status"] for c in o["checks"] if c["id"] == "policy.require_freshness"]
print(o["freshness"], re.search("BG-[0-9]*", n[0]).group() if n else "-", *rule)' "$place/out")
    is "$1: our socket is gone" '' "$(find "$folder" -name 'bootgate.*')"
}
end() { # PID: a process that we started
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}
# one_fake MODE EXPECTED [SECONDS]
one_fake() {
    mkdir -m 700 "$folder"
    python3 "$root/tests/pcs/chronyd.py" "$1" "$folder/sock" 2>"$place/fake.err" &
    pid=$!
    trap 'kill $pid 2>/dev/null; exit 143' TERM
    tries=0
    while [ "$1" != late ] && [ ! -S "$folder/sock" ] && [ $tries -lt 1200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    check "$1" "${3:-5}"
    is "$1" "$2" "$said"
    is "$1: requests are as chronyd wants them" '' "$(grep AssertionError "$place/fake.err")"
    end $pid
}
# fake MODE EXPECTED [SECONDS]: side by side with others, since most of it is waiting. What came of it is in $work/fakes/N.
fake() {
    [ "$running" -lt 10 ] || fakes_end
    running=$((running + 1)) turn=$((turn + 1))
    (
        passed=0 failed=0 place=$work/fakes/$turn
        mkdir -p "$place"
        folder=$place/time
        one_fake "$@" >"$place/said"
        echo "$passed $failed" >"$place/counts"
    ) &
    started="$started $!"
    background="$others $started"
}
fakes_end() {
    for pid in $started; do wait "$pid"; done
    while [ $running -gt 0 ]; do
        one=$work/fakes/$((turn - running + 1)) p=0 f=1
        read -r p f 2>/dev/null <"$one/counts" || echo "FAILED $build_name: a fake did not come to its end"
        passed=$((passed + p)) failed=$((failed + f)) running=$((running - 1))
        cat "$one/said"
    done
    started='' background=$others
}

fakes() {
    yes='authenticated-time - pass'
    fake good "$yes" 60
    fake late "$yes" 60
    fake slow-start "$yes" 60
    fake repeats "$yes" 60
    no() { fake "$1" "host-clock $2 fail"; }
    no unsynchronised BG-2241
    no no-sources BG-2242
    no none-selected BG-2242
    no other-reference BG-2242
    no no-nts BG-2243
    no one-without BG-2243
    no key BG-2244
    no not-required BG-2245
    no old BG-2246
    no future BG-2246
    no huge-dispersion BG-2247
    no huge-offset BG-2248
    no many-sources BG-2240
    no silent BG-2233
    no refuses BG-2238
    no other-version BG-2236
    no old-version BG-2236
    no wrong-sequence BG-2237
    no wrong-command BG-2237
    no request BG-2237
    no wrong-format BG-2239
    no short BG-2239
    no long BG-2239
    no very-long BG-2239
    no header-only BG-2239
    no empty BG-2235
    fakes_end
    # Nobody there, no folder to be in, and a name that no socket can have.
    rm -rf "$folder"
    mkdir -m 700 "$folder"
    check nobody 1
    is nobody 'host-clock BG-2231 fail' "$said"
    folder=$work/gone
    mkdir -p "$work/empty"
    check no-folder 1 2>/dev/null
    is no-folder 'host-clock BG-2231 fail' "$said"
    folder=$work/$(printf '%0100d' 1)
    check long-name 1 2>/dev/null
    is long-name 'host-clock BG-2230 fail' "$said"
    folder=$work/time
}

# real NAME EXPECTED SECONDS CLIENT-LINES: a chronyd with these sources; -x: the clock is left alone
real() {
    rm -rf "$folder"
    mkdir -m 700 "$folder"
    printf 'port 0\ncmdport 0\nbindcmdaddress %s/sock\npidfile %s/pid\nntstrustedcerts %s/cert.pem\nnosystemcert\n%s\n' \
        "$folder" "$folder" "$work/ntp" "$4" >"$folder/conf"
    chronyd -x -d -u "$(id -un)" -f "$folder/conf" >"$folder/log" 2>&1 &
    pid=$!
    background="$background $pid"
    check "real $1" "$3"
    is "real $1" "$2" "$said"
    end $pid
}
port() {
    python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); t = socket.socket(); t.bind(("127.0.0.1", 0)); print(s.getsockname()[1], t.getsockname()[1])'
}
reals() {
    if ! command -v chronyd >/dev/null 2>&1 || ! command -v openssl >/dev/null 2>&1; then
        skipped=$((skipped + 6))
        echo 'skipped 6 cases: chrony is not installed'
        return
    fi
    server="server localhost port $ntp iburst minpoll 0 maxpoll 2"
    secure="$server ntsport $nts nts"
    real nts 'authenticated-time - pass' 30 "$secure
authselectmode require"
    real nts-and-another-noselect 'authenticated-time - pass' 30 "$secure
server 127.0.0.2 port $nobody
authselectmode require"
    real without-nts 'host-clock BG-2243 fail' 30 "$server"
    real may-select-another 'host-clock BG-2245 fail' 30 "$secure
server 127.0.0.2 port $nobody
authselectmode ignore"
    real wrong-certificate 'host-clock BG-2241 fail' 3 "ntstrustedcerts $work/ntp/other.pem
server 127.0.0.1 port $ntp iburst ntsport $nts nts
authselectmode require"
    real local-only 'host-clock BG-2242 fail' 3 'local stratum 3'
}
ntp_server() {
    command -v chronyd >/dev/null 2>&1 && command -v openssl >/dev/null 2>&1 || return 0
    mkdir -m 700 "$work/ntp"
    # shellcheck disable=SC2046 # two words
    set -- $(port)
    ntp=$1 nts=$2
    # shellcheck disable=SC2046
    set -- $(port)
    nobody=$1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ntp/key.pem" -out "$work/ntp/cert.pem" -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>/dev/null || say_stop 'openssl req'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -out "$work/ntp/other.pem" -days 2 -subj /CN=other 2>/dev/null
    printf 'port %s\ncmdport 0\nbindaddress 127.0.0.1\nbindcmdaddress %s/sock\npidfile %s/pid\nlocal stratum 2\nallow 127.0.0.0/8
ntsport %s\nntsserverkey %s/key.pem\nntsservercert %s/cert.pem\nntsprocesses 0\n' "$ntp" "$work/ntp" "$work/ntp" "$nts" "$work/ntp" "$work/ntp" >"$work/ntp/conf"
    chronyd -x -d -u "$(id -un)" -f "$work/ntp/conf" >"$work/ntp/log" 2>&1 &
    background="$background $!"
}

[ -x "$BUILD/test/bootgate" ] || say_stop "no $BUILD/test/bootgate: run make test-build"
"$BUILD/tools/mkbundle" "$work" "$(date +%s)" || say_stop mkbundle
folder=$work/time
ntp_server
for build in plain=$BUILD/test/bootgate asan=$BUILD/asan/test/bootgate; do
    build_name=${build%%=*} gate=${build#*=}
    [ -x "$gate" ] || continue
    others=$background
    fakes
    reals
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
