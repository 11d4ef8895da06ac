#!/bin/sh
# explain FILE, by the program itself: incidents that people met, made by tests/oracles/incidents.mjs: the first Why names the true
# cause, and no other cause is named; where nothing differs nothing is said, and what cannot be known is unknown. Then the verdict's
# denials, TCB, the forms of input, usage and the text. Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
VECTORS=${VECTORS:-../shared/vectors}
case $VECTORS in /*) ;; *) VECTORS=$root/$VECTORS ;; esac
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 70
ASAN_OPTIONS=exitcode=99:detect_leaks=1
LC_ALL=C
export ASAN_OPTIONS LC_ALL
unset COLUMNS
passed=0 failed=0 skipped=0
gate=$BUILD/test/bootgate
[ -x "$gate" ] || { echo "no $gate: run make test-build" >&2; exit 1; }
command -v node >/dev/null || { echo 'skipped 1 cases: no Node.js'; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
mkdir own old cases || exit 70
node "$root/tests/oracles/measure_oracle.mjs" image 1 && "$BUILD/tools/mkbundle" own 1790000000 && "$BUILD/tools/mkbundle" old 1790000000 --tcb OutOfDate &&
    MKACPI=$BUILD/tools/mkacpi node "$root/tests/oracles/incidents.mjs" image own/bundle.json cases || exit 1

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
    cat err
}
run() { # NAME STATUS ARGUMENTS..
    name=$1 want=$2
    shift 2
    "$gate" "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, not $want"; fi
}
refuse() { # NAME STATUS CODE ARGUMENTS..: by name
    refused=$1 status=$2 code=$3
    shift 3
    run "$refused" "$status" "$@"
    if grep -q "BG-$code" err; then ok; else bad "$refused: not BG-$code"; fi
}
says() { if grep -qF -- "$2" out; then ok; else bad "$1: no '$2'"; fi; }
silent() { if grep -qF -- "$2" out; then bad "$1: '$2'"; else ok; fi; }
holds() { # NAME EXPRESSION: true of j, the JSON that was printed
    if node -e 'const j = JSON.parse(require("fs").readFileSync("out")); process.exit(eval(process.argv[1]) ? 0 : 1)' "$2" 2>>err; then ok; else bad "$1: not $2"; fi
}

tab=$(printf '\t')
incidents=0
while IFS=$tab read -r dir first only options why name; do
    [ "$options" = - ] && options=
    options=$(printf '%s' "$options" | sed "s|AGAINST|$dir/against.json|; s|IMAGE|cases/image|")
    status=$([ "$first" = - ] && echo 0 || echo 1)
    # shellcheck disable=SC2086
    run "$name" "$status" explain "$dir/evidence.json" $options --json
    if [ "$first" = - ]; then
        holds "$name" 'j.causes.length === 0 && j.result !== "differs" && j.registers.every((r) => r.status !== "differs")'
    else
        holds "$name: $first" "\`\${j.causes[0].id} \${j.causes[0].confidence}\` === '$first' && j.result === 'differs'"
        [ "$only" = - ] || holds "$name: only $only" "[...new Set(j.causes.map((c) => c.id))].sort().join() === '$only'"
    fi
    # shellcheck disable=SC2086
    run "$name, text" "$status" explain "$dir/evidence.json" $options -v
    if [ "$first" = - ]; then
        silent "$name, text" '  Why'
    else
        [ "$(echo $name | cut -c1-7)" = unknown ] || incidents=$((incidents + 1))
        # The first Why, its lines joined.
        awk '/^  Why/ { on++ } /^  Fix/ { on = 9 } on == 1 { sub(/^ *(Why)? */, ""); printf "%s ", $0 }' out >why
        if grep -qF -- "$why" why; then ok; else bad "$name: the first Why is '$(cat why)'"; fi
    fi
done <cases/cases.tsv
if [ $incidents -ge 16 ]; then ok; else bad "$incidents incidents"; fi

# --- forms of input, and usage ---
img=cases/image-pre202505
# What would make it match, in JSON and in the headline.
met() { # NAME WORDS
    where=$(awk -F"$tab" -v name="$1" '$6 == name { print $1 }' cases/cases.tsv)
    tables=$(awk -F"$tab" -v name="$1" '$6 == name { print $4 }' cases/cases.tsv | sed 's|IMAGE|cases/image|')
    # shellcheck disable=SC2086
    run "$1, again" 1 explain "$where/evidence.json" $tables --json
    holds "$1: $2" "j.causes.every((c) => c.matches_if === '$2')"
    # shellcheck disable=SC2086
    run "$1, again, text" 1 explain "$where/evidence.json" $tables
    says "$1: headline" "matches if $2"
}
met 'Datura-ai/lium#1106: four CPUs instead of one, the tables at hand' 'the machine has 4 CPUs'
met 'dstack#677: PIC off' 'pic=off'
met 'dstack#677: eight CPUs and PIC off' 'the machine has 8 CPUs and pic=off'
# The tables as QEMU's fw_cfg names them; and what they are not.
mkdir -p fw/etc/acpi bad none && cp cases/acpi-0/tables fw/etc/acpi/tables && cp cases/acpi-0/rsdp fw/etc/acpi/rsdp && cp cases/acpi-0/loader fw/etc/table-loader
run 'fw_cfg names' 0 measure $img -m 2G --acpi fw --json
cp out fw.json
run 'flat names' 0 measure $img -m 2G --acpi cases/acpi-0 --json
if cmp -s out fw.json; then ok; else bad 'fw_cfg names: another result'; fi
holds 'measured with tables' '/^[0-9a-f]{96}$/.test(j.registers.rtmr0) && j.inputs.cpus === 1'
run 'derived' 0 measure $img -m 2G --acpi fw -c 4 --json
holds 'derived' "j.registers.rtmr0 !== $(node -p 'JSON.stringify(JSON.parse(require("fs").readFileSync("fw.json")).registers.rtmr0)') && j.inputs.cpus === 4"
refuse 'no tables' 4 2370 measure $img -m 2G --acpi none
cp cases/acpi-0/tables bad/tables && cp cases/acpi-1/rsdp bad/rsdp
refuse "another machine's RSDP" 4 2374 measure $img -m 2G --acpi bad
rm bad/rsdp && cp cases/acpi-1/loader bad/loader
refuse "another machine's loader" 4 2375 measure $img -m 2G --acpi bad
refuse 'too many CPUs' 4 2380 measure $img -m 2G --acpi fw -c 4096
truncate -s 3M bad/tables
refuse 'too large a file' 4 2389 measure $img -m 2G --acpi bad
run 'a code' 0 explain BG-1823
says 'a code' 'IMAGE_LAYOUT'
run 'a symbol' 0 explain IMAGE_LAYOUT --json
holds 'a symbol' 'j.code === "BG-1823"'
refuse 'no such code' 2 1011 explain BG-9999
refuse 'no such word' 2 1011 explain NOTHING
refuse 'no such file' 2 1015 explain ./nothing
refuse 'image and file' 2 1847 explain cases/0/evidence.json --image $img -m 2G --against cases/1/evidence.json
refuse 'a guest without an image' 2 1852 explain cases/0/evidence.json -m 2G
refuse 'an image for no memory' 2 1829 explain cases/0/evidence.json --image $img
refuse 'two from standard input' 2 1849 explain - --against -
truncate -s 33M large
refuse 'too large' 4 1848 explain ./large
refuse 'too large to compare with' 4 1851 explain cases/0/evidence.json --against ./large
refuse 'an option of others' 2 1005 explain cases/0/evidence.json --slot 1
"$gate" explain - --image $img -m 2G --json <cases/2/evidence.json >out 2>err
holds 'standard input' 'j.file === "-" && j.causes[0].id === "kernel-header"'
node -e '
const fs = require("fs"), e = JSON.parse(fs.readFileSync("cases/2/evidence.json"));
fs.writeFileSync("log.json", e.event_log);
fs.writeFileSync("quote.hex", e.quote);
fs.writeFileSync("settings.json", JSON.stringify({ ...e, vm_config: JSON.stringify({ memory_size: 2147483648, qemu_version: "10.2.1" }) }));'
for f in log.json quote.hex; do
    run "$f" 1 explain $f --image $img -m 2G --qemu 9.1 --json --acpi "$(node -p 'JSON.parse(JSON.parse(require("fs").readFileSync("cases/2/evidence.json")).event_log).slice(8, 11).map((x) => x.digest).join()')"
    holds "$f" 'j.causes.length === 1 && j.causes[0].id === "kernel-header"'
done
run 'memory of vm_config' 1 explain settings.json --image $img --json
holds 'memory of vm_config' 'j.guest.memory === 2147483648 && j.stated.qemu === "10.2.1" && j.causes[0].id === "kernel-header"'
"$gate" measure $img -m 4G --json >m4.json
run 'a measurement' 1 explain m4.json --image $img -m 2G --json
holds 'a measurement' 'j.file_kind === "measurement" && j.causes.every((c) => c.id === "memory") && j.registers[4].status === "not-compared"'
"$gate" verify own/bundle.json --root own/root.der --at 1790000000 --json >verdict.json 2>/dev/null
run 'a verdict' 1 explain verdict.json --image $img -m 2G --json
holds 'a verdict' 'j.file_kind === "quote" && j.verdict.kind && j.causes[0].id === "firmware" && j.registers[1].log === "absent"'
run 'a verdict alone' 0 explain verdict.json --json
holds 'a verdict alone' 'j.result === "not-compared" && j.registers.length === 6 && j.fixes.length === 0'
node -e '
const fs = require("fs"), v = JSON.parse(fs.readFileSync("verdict.json"));
const make = (name, f) => { const c = structuredClone(v); f(c); fs.writeFileSync(name, JSON.stringify(c)); };
make("v-td.json", (c) => { c.td.rtmr1 = "00"; });
make("v-mrtd.json", (c) => { delete c.td.mr_td; });
make("v-schema.json", (c) => { c.schema = 2; });
make("v-odd.json", (c) => { c.code = 7; c.reason = []; c.contract = { slots: [1, {}, { label: 5 }], fix: 3, is_allowed: false, question: 1 }; c.chain = "x"; c.time = 1; c.checks = [1, {}, { status: "fail", id: 3 }]; });
make("v-code.json", (c) => { c.code = "BG-x"; });
make("v-inject.json", (c) => { c.chain = { kms_contract: "12\"; rm -rf /" }; c.boot_info = { ...c.boot_info, osImageHash: "$(id)" };
  c.contract = { question: "isAppAllowed", is_allowed: false, slots: [{ label: "allowedOsImages[osImageHash]", value: "0".repeat(64), slot: "00", address: "00" }] }; });
make("v-notd.json", (c) => { c.td = null; });'
refuse 'a verdict with a short register' 4 1850 explain v-td.json
refuse 'a verdict without MRTD' 4 1850 explain v-mrtd.json
refuse 'a verdict of another version' 4 1853 explain v-schema.json
run 'an odd verdict' 0 explain v-odd.json --json
run 'an odd verdict, text' 0 explain v-odd.json
# Each limit of a log is named where it is met.
node -e '
const fs = require("fs"), one = JSON.stringify({ imr: 3, event_type: 10, digest: "00".repeat(48), event: "", event_payload: "" });
fs.writeFileSync("most.json", `[${Array(131072).fill(one).join()}]`);
fs.writeFileSync("more.json", `[${Array(131073).fill(one).join()}]`);
fs.writeFileSync("cut.json", `[${Array(100000).fill(one).join()}`);
fs.writeFileSync("bent.json", `[${Array(100000).fill(one).join()},{"imr":}]`);' || bad 'the logs'
run 'as many records as there may be' 0 explain most.json --json
holds 'as many records as there may be' 'j.registers[4].events_total === 131072 && j.registers[4].events.length === 1024'
refuse 'one record more' 4 0603 explain more.json
if grep -q '131073, at most 131072' err && grep -q '131072 (32 MiB) explained' err; then ok; else bad 'one record more: the limits are not named'; fi
refuse 'a log that ends early' 4 0601 explain cut.json
if grep -q 'at byte 16[0-9]*: neither a comma' err; then ok; else bad 'a log that ends early: where'; fi
refuse 'a record that is none' 4 0601 explain bent.json
if grep -q 'record 100000: ' err; then ok; else bad 'a record that is none: which'; fi
run 'a code that is none' 70 explain v-code.json
run 'nothing to paste from words that are no hex' 0 explain v-inject.json --json
holds 'nothing to paste from words that are no hex' 'j.fixes.length === 0'
run 'no TD' 0 explain v-notd.json --json
holds 'no TD' 'j.registers.length === 0 && j.file_kind === "verdict"'

# --- text: colour, width, words; and the members that pictures are made of ---
e="cases/2/evidence.json --image $img -m 2G"
# shellcheck disable=SC2086
{
    run quiet 1 explain $e -q
    if [ -s out ]; then bad quiet; else ok; fi
    run colour 1 explain $e --color=always
    says colour "$(printf '\033[31m')"
    NO_COLOR=1
    export NO_COLOR
    run 'no colour' 1 explain $e
    silent 'no colour' "$(printf '\033')"
    unset NO_COLOR
    for width in 50 72 120; do
        COLUMNS=$width
        export COLUMNS
        run "width $width" 1 explain $e
        # Rows of values keep together; sentences are wrapped.
        if sed -n '/^  Why/,/^  Fix/p' out | awk -v w=$width 'length($0) > w { exit 1 }'; then ok; else bad "width $width"; fi
    done
    unset COLUMNS
    run ASCII 1 explain $e
    if LC_ALL=C grep -q '[^ -~]' out; then bad ASCII; else ok; fi
    LC_ALL=C.UTF-8
    run 'check marks' 1 explain $e
    says 'check marks' '✗'
    LC_ALL=C
    run JSON 1 explain $e --json
}
holds 'JSON: ladder' 'j.registers[2].events.length === 5 && j.registers[2].events[4].running === j.registers[2].actual && j.registers[2].expected_events[4].running === j.registers[2].expected && j.registers[2].first_difference === 0'
holds 'JSON: rows' 'j.registers[2].rows.map((r) => r.op + r.count).join() === "changed1,same4" && j.registers[1].rows.map((r) => r.op + r.count).join() === "same13"'
holds 'JSON: matrix' 'j.matrix.inputs.length === 14 && j.matrix.cells.every((r) => r.length === 6) && j.matrix.cells[j.matrix.inputs.indexOf("qemu")][j.matrix.registers.indexOf("RTMR1")] === "differs" && j.matrix.cells[j.matrix.inputs.indexOf("cmdline")][j.matrix.registers.indexOf("RTMR2")] === "matches" && j.matrix.cells[j.matrix.inputs.indexOf("cmdline")][0] === "none"'
for kind in text json; do
    # shellcheck disable=SC2086
    run "golden $kind" 1 explain $e $([ $kind = text ] || echo --json)
    if [ -n "${GOLDEN:-}" ]; then cp out "$root/tests/e2e/golden/explain.$kind"; fi
    if cmp -s out "$root/tests/e2e/golden/explain.$kind"; then ok; else bad "golden $kind: $(diff out "$root/tests/e2e/golden/explain.$kind" | head -20)"; fi
done

# --- published logs and a published guest ---
v=$VECTORS/tdx
if [ -f "$v/dstack/tdx-lite-getquote.json" ]; then
    lite=$v/dstack/tdx-lite-getquote.json
    run 'a published guest is as its own material says' 0 explain "$lite" --json
    holds 'a published guest' 'j.expected_from === "evidence" && j.result === "same" && j.causes.length === 0 && j.registers.slice(0, 4).every((r) => r.status === "same")'
    # Its host would lie about the memory: the TD HOB of the real guest tells.
    node -e 'const fs = require("fs"), e = JSON.parse(fs.readFileSync(process.argv[1])), c = JSON.parse(e.vm_config); c.memory_size = 8 * 2 ** 30; e.vm_config = JSON.stringify(c); fs.writeFileSync("lied.json", JSON.stringify(e));' "$lite"
    run 'another memory size in vm_config' 1 explain lied.json --json
    holds 'another memory size in vm_config' 'j.causes.length === 1 && j.causes[0].id === "memory" && j.causes[0].matches_if === "-m 2G" && j.causes[0].registers.join() === "RTMR0"'
    for log in "$v"/eventlog/*.ccel; do
        case $log in *csv-sm3* | *aael*) continue ;; esac # no SHA-384 bank
        run "$(basename "$log") against itself" 0 explain "$log" --against "$log" --json
        holds "$(basename "$log") against itself" 'j.causes.length === 0 && j.result === "same"'
    done
    run 'virtee/tdx-measure#52, a real log' 1 explain "$v/eventlog/trustee-ovmf-direct.ccel" --image $img -m 2G --json
    holds 'virtee/tdx-measure#52, a real log' 'j.causes[0].id === "firmware-layout" && j.causes[0].matches_if === "ovmf_variant pre202411"'
else
    skipped=$((skipped + 20))
    echo 'skipped 20 cases: no vectors'
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
