#!/bin/sh
# measure, diff, hash and tcb, by the program itself: an image folder that a second implementation made and measured (tests/oracles/
# measure_oracle.mjs). Prints "N passed, N failed, N skipped".
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
export ASAN_OPTIONS
LC_ALL=C
export LC_ALL
passed=0 failed=0 skipped=0
gate=$BUILD/bootgate
[ -x "$gate" ] || { echo "no $gate: run make" >&2; exit 1; }
command -v node >/dev/null || { echo 'skipped 1 cases: no Node.js'; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
node "$root/tests/oracles/measure_oracle.mjs" image 1 || exit 1

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
    cat err
}
# run NAME STATUS ARGUMENTS..
run() {
    name=$1 want=$2
    shift 2
    "$gate" "$@" >out 2>err </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, not $want"; fi
}
# refuse NAME STATUS CODE ARGUMENTS..: by name
refuse() {
    refused=$1 status=$2 code=$3
    shift 3
    run "$refused" "$status" "$@"
    if grep -q "BG-$code" err; then ok; else bad "$refused: not BG-$code"; fi
}
# says NAME TEXT: it stands in out
says() { if grep -qF -- "$2" out; then ok; else bad "$1: no '$2'"; fi; }
# holds NAME EXPRESSION: true of j, the JSON that was printed, and e, what to expect
holds() {
    if node -e '
const fs = require("fs"), j = JSON.parse(fs.readFileSync("out")), e = JSON.parse(fs.readFileSync("image/expected.json"));
process.exit(eval(process.argv[1]) ? 0 : 1)' "$2" 2>>err; then ok; else bad "$1: not $2"; fi
}
acpi=$(node -p 'JSON.parse(require("fs").readFileSync("image/expected.json")).acpi.join(",")')

# Memory and QEMU: each column of the expectations.
for row in '1G 1073741824' '2G 2147483648' '4096M 4294967296' '4294967296 4294967296'; do
    size=${row% *} bytes=${row#* }
    for q in '8.2.2 two_pass patched' '9.0 single_pass patched' '10.1.3 single_pass patched' '10.2 single_pass as-is' '11.0.0 single_pass as-is'; do
        # shellcheck disable=SC2086
        set -- $q
        run "$size, QEMU $1" 0 measure image -c 4 -m "$size" --qemu "$1" --acpi "$acpi" --json
        holds "$size, QEMU $1" "j.registers.mrtd === e.mrtd['$2'] && [0, 1, 2].every((r) => j.registers['rtmr' + r] === e.rtmr['$bytes-$3'][r])"
        holds "$size, QEMU $1: events" "[0, 1, 2].every((r) => j.events.filter((x) => x.rtmr === r).map((x) => x.digest).join() === e.events['$bytes-$3'][r].join())"
        holds "$size, QEMU $1: the rest" "j.schema === 1 && j.kind === 'measurement' && j.inputs.memory === $bytes && j.inputs.cpus === 4 && j.inputs.page_order === '$2' && j.inputs.kernel_header === '$3' && j.inputs.acpi_from === 'given' && !j.inputs.qemu_assumed && j.unknown.length === 0 && j.os_image_hash === e.os_image_hash && j.os_image_hash_from === 'sha256sum.txt' && j.material_as_in_image === true && j.version === '0.6.0'"
    done
done
run 'nothing known of ACPI' 0 measure image -m 2G --json
holds 'nothing known of ACPI' "j.registers.rtmr0 === null && j.registers.rtmr1 === e.rtmr['2147483648-patched'][1] && j.unknown.join() === 'acpi-loader,acpi-rsdp,acpi-tables' && j.inputs.qemu_assumed && j.inputs.cpus === null && j.inputs.acpi_from === null"
holds 'inputs of an event' "j.events.find((x) => x.event === 'initrd').depends_on.join() === 'initrd' && j.events.find((x) => x.event === 'td-hob').depends_on.join() === 'memory,firmware' && j.events.find((x) => x.event === 'kernel').depends_on.includes('memory')"
run 'QEMU 10.2 leaves the kernel alone' 0 measure image -m 2G --qemu 10.2 --json
holds 'QEMU 10.2 leaves the kernel alone' "!j.events.find((x) => x.event === 'kernel').depends_on.includes('memory')"
run text 0 measure image -m 2G -c 2
says text 'RTMR0 = unknown: QEMU makes the ACPI tables'
says text 'QEMU 9.1 (assumed)'
says text 'measurement.tdx.cbor says the same of these files'
run 'text, in full' 0 measure image -m 2G -v --acpi "$acpi"
says 'text, in full' "RTMR1 = $(node -p 'JSON.parse(require("fs").readFileSync("image/expected.json")).rtmr["2147483648-patched"][1]')"
run quiet 0 measure image -m 2G -q
if [ -s out ]; then bad quiet; else ok; fi

# Material: written, the same for every memory, and to standard output.
for size in 1G 2G 64G; do
    run "material for $size" 0 measure image -m $size --qemu 10.2 --lite m.cbor
    if cmp -s m.cbor image/measurement.tdx.cbor; then ok; else bad "material for $size differs"; fi
done
run 'material to standard output' 0 measure image -m 2G --lite -
if cmp -s out image/measurement.tdx.cbor; then ok; else bad 'material to standard output differs'; fi

# A log: that of a published guest, in whose RTMR0 the three digests are.
log=$VECTORS/tdx/dstack/tdx-lite-getquote.json
if [ -f "$log" ]; then
    run 'digests from a log' 0 measure image -m 2G --log "$log" --json
    holds 'digests from a log' "/^[0-9a-f]{96}\$/.test(j.registers.rtmr0) && j.inputs.acpi_from === 'log' && j.unknown.length === 0"
else
    skipped=$((skipped + 2))
    echo 'skipped 2 cases: no vectors'
fi

# Usage.
refuse 'no memory' 2 1829 measure image
for size in 2 0G 1G1 G -1G 2T 63M 99999999999999999999 2g 67108865 16385G ''; do refuse "memory '$size'" 2 1830 measure image -m "$size"; done
for n in 0 4097 x 2x ''; do refuse "CPUs '$n'" 2 1831 measure image -m 2G -c "$n"; done
for v in 7.2 9 nine 9. .1 9.x ''; do refuse "QEMU '$v'" 2 1832 measure image -m 2G --qemu "$v"; done
for d in "$acpi," "${acpi%??}" "${acpi#*,}" "x${acpi#?}" ''; do refuse "digests '$d'" 2 1833 measure image -m 2G --acpi "$d"; done
refuse 'digests twice' 2 1834 measure image -m 2G --acpi "$acpi" --log image/metadata.json
refuse 'an option of others' 2 1005 measure image -m 2G --config x

# Images that are not as they should be.
copy() { rm -rf other && cp -r image other; }
edit() { copy && node -e '
const fs = require("fs"), j = JSON.parse(fs.readFileSync("other/metadata.json"));
eval(process.argv[1]); fs.writeFileSync("other/metadata.json", JSON.stringify(j))' "$1" && rm other/sha256sum.txt other/digest.txt; }
for f in ovmf.fd bzImage initramfs.cpio.gz metadata.json measurement.tdx.cbor; do
    copy
    printf ' ' >>other/$f # what the hash sees
    refuse "$f changed" 4 1826 measure other -m 2G
done
copy; rm other/sha256sum.txt other/digest.txt
run 'no list' 0 measure other -m 2G --json
holds 'no list' 'j.os_image_hash === null && j.os_image_hash_from === null'
copy; rm other/sha256sum.txt
run 'digest.txt alone' 0 measure other -m 2G --json
holds 'digest.txt alone' "j.os_image_hash === e.os_image_hash && j.os_image_hash_from === 'digest.txt'"
copy; echo 00 >other/digest.txt
refuse 'digest.txt is no hash' 4 1827 measure other -m 2G
copy; printf '%064d\n' 1 >other/digest.txt
refuse 'digest.txt is of another list' 4 1828 measure other -m 2G
copy; echo 'not a line' >>other/sha256sum.txt
refuse 'a line that is none' 4 1825 measure other -m 2G
copy; rm other/measurement.tdx.cbor
run 'no material' 0 measure other -m 2G --json
holds 'no material' 'j.material_as_in_image === null'
edit 'j.cmdline += " quiet"'
run 'another command line' 0 measure other -m 2G --json
holds 'another command line' "j.material_as_in_image === false && j.registers.rtmr2 !== e.rtmr['2147483648-patched'][2] && j.registers.rtmr1 === e.rtmr['2147483648-patched'][1]"
run 'another command line, text' 0 measure other -m 2G
says 'another command line, text' 'says OTHERWISE'
edit 'delete j.cmdline'; refuse 'no command line' 4 1822 measure other -m 2G
edit 'j.cmdline = "a\nb"'; refuse 'command line of two lines' 4 1814 measure other -m 2G
edit 'j.ovmf_variant = "stable209905"'; refuse 'layout that is not known' 4 1823 measure other -m 2G
edit 'j.version = "1\u001b]0;x\u0007\u009b"'; run 'version that speaks to terminals' 0 measure other -m 2G
says 'version that speaks to terminals' 'image 1?]0;x??? for 2048 MiB'
edit 'delete j.ovmf_variant'; run 'old metadata' 0 measure other -m 2G
for name in ../image/bzImage /etc/passwd . .. ''; do edit "j.kernel = '$name'"; refuse "kernel '$name'" 4 1820 measure other -m 2G; done
edit 'j.initrd = 5'; refuse 'initrd of another type' 4 1820 measure other -m 2G
copy; echo '{' >other/metadata.json; refuse 'metadata that is no JSON' 4 1821 measure other -m 2G
copy; rm other/bzImage
refuse 'no kernel' 2 1015 measure other -m 2G
refuse 'no folder' 2 1015 measure nowhere -m 2G
copy; truncate -s 33554433 other/ovmf.fd; refuse 'firmware over the limit' 4 1818 measure other -m 2G
copy; truncate -s 1048577 other/sha256sum.txt; refuse 'list over the limit' 4 1819 measure other -m 2G
edit 'j.x = 1'; head -c 3000 image/bzImage >other/bzImage; refuse 'kernel cut off' 4 1809 measure other -m 2G

# diff: measurements, logs, quotes. Status 0: the same, 1: they differ, 4: not known.
"$gate" measure image -m 2G --acpi "$acpi" --json >m2.json
"$gate" measure image -m 1G --acpi "$acpi" --json >m1.json
"$gate" measure image -m 2G --qemu 8.2.2 --acpi "$acpi" --json >old.json
"$gate" measure image -m 2G --json >open.json
edit 'j.cmdline += " quiet"' && "$gate" measure other -m 2G --acpi "$acpi" --json >quiet.json
differs() { # NAME FILE FILE CAUSES: the inputs of all that differs, joined
    run "$1" 1 diff "$2" "$3" --json
    holds "$1" "j.result === 'differ' && [...new Set([...(j.mrtd.status === 'differs' ? j.mrtd.depends_on : []), ...j.registers.flatMap((r) => r.rows.filter((x) => x.op !== 'unknown').flatMap((x) => x.depends_on))])].sort().join() === '$4'"
}
run 'the same measurement' 0 diff m2.json m2.json --json
holds 'the same measurement' "j.result === 'same' && j.kind === 'diff' && j.schema === 1 && j.mrtd.status === 'same' && j.registers.slice(0, 3).every((r) => r.status === 'same' && r.rows.length === 0) && j.registers[3].status === 'not-compared'"
run 'ACPI not known' 4 diff m2.json open.json --json
holds 'ACPI not known' "j.result === 'unknown' && j.registers[0].rows.map((x) => x.op + x.a.event).join() === 'unknownacpi-loader,unknownacpi-rsdp,unknownacpi-tables' && j.registers[0].status === 'unknown' && j.registers[0].same_events === 10"
run 'ACPI not known, text' 4 diff m2.json open.json
says 'ACPI not known, text' 'not all is known'
differs 'memory' m1.json m2.json 'firmware,initrd,kernel,memory,qemu'
holds 'memory: two events' "j.registers[0].rows.length === 1 && j.registers[0].rows[0].a.event === 'td-hob' && j.registers[1].rows.length === 1 && j.registers[1].rows[0].op === 'changed' && j.registers[2].rows.length === 0"
differs 'order of pages' old.json m2.json 'firmware,qemu'
differs 'command line' m2.json quiet.json 'cmdline'
differs 'command line, and ACPI not known' open.json quiet.json 'cmdline'
run 'text' 1 diff m2.json quiet.json
says text '~ command line'
says text '  from cmdline'
run quiet 1 diff m2.json quiet.json -q
if [ -s out ]; then bad quiet; else ok; fi
node -e '
const fs = require("fs"), m = JSON.parse(fs.readFileSync("m2.json"));
const make = (name, f) => { const c = structuredClone(m); f(c); fs.writeFileSync(name, JSON.stringify(c)); };
make("schema.json", (c) => { c.schema = 2; });
make("input.json", (c) => { c.events[0].depends_on = ["weather"]; });
make("register.json", (c) => { c.events[0].rtmr = 3; });
make("short.json", (c) => { c.events[0].digest = "00"; });
make("none.json", (c) => { delete c.events[0].digest; });
make("value.json", (c) => { delete c.registers.rtmr1; });
make("mrtd.json", (c) => { c.registers.mrtd = null; });
make("list.json", (c) => { c.events = {}; });
make("many.json", (c) => { c.events = Array(16385).fill(c.events[0]); });
const event = (imr, name, payload) => ({ imr, event_type: 134217729, digest: "", event: name, event_payload: payload });
const log = ["system-preparing", "app-id", "compose-hash", "boot-mr-done"].map((n, i) => event(3, n, "0" + i));
fs.writeFileSync("log1.json", JSON.stringify(log));
log.splice(1, 0, event(3, "init-script-hash", "aa"));
log[3].event_payload = "7b7d";
fs.writeFileSync("log2.json", JSON.stringify(log));
fs.writeFileSync("long1.json", JSON.stringify(Array.from({ length: 4000 }, (_, i) => event(3, "e", "01" + i.toString(16).padStart(6, "0")))));
fs.writeFileSync("long2.json", JSON.stringify(Array.from({ length: 4000 }, (_, i) => event(3, "e", "02" + i.toString(16).padStart(6, "0")))));'
for f in schema input register short none value mrtd list many; do refuse "measurement: $f" 4 1835 diff m2.json $f.json; done
run 'logs' 1 diff log1.json log2.json --json
holds 'logs' "j.registers[3].same_events === 3 && j.registers[3].rows.map((x) => x.op + (x.a ?? x.b).event).join() === 'addedinit-script-hash,changedcompose-hash' && j.mrtd.status === 'not-compared'"
run 'logs, text' 1 diff log1.json log2.json
says 'logs, text' 'B: {}'
says 'logs, text' '+ init-script-hash'
run 'logs that have nothing in common' 1 diff long1.json long2.json --json
holds 'logs that have nothing in common' 'j.registers[3].aligned === false && j.registers[3].rows.length === 4000'
run 'one from standard input' 4 diff - m2.json
refuse 'both from standard input' 2 1837 diff - -
refuse 'no such file' 2 1015 diff m2.json nowhere.json
if [ -f "$log" ]; then
    run 'evidence and itself' 0 diff "$log" "$log" --json
    holds 'evidence and itself' "j.a.kind === 'evidence' && j.registers.every((r) => r.status === 'same' && r.compared && r.aligned)"
    "$gate" measure image -m 2G --log "$log" --json >ml.json
    differs 'a measurement and evidence of another image' ml.json "$log" 'cmdline,firmware,initrd,kernel,memory,qemu'
    node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).quote' "$log" >quote.hex
    run 'a quote alone' 0 diff "$log" quote.hex --json
    holds 'a quote alone' "j.result === 'same' && j.b.kind === 'quote' && j.registers.every((r) => !r.compared)"
    run 'a quote alone, another image' 1 diff ml.json quote.hex
    says 'a quote alone, another image' 'B has no events: which one it is cannot be told'
else
    skipped=$((skipped + 8))
    echo 'skipped 8 cases: no vectors'
fi

# hash of two compose files.
cat >a.json <<'T'
{"name": "app", "features": ["kms", "tproxy"], "docker_compose_file": "services:\n  web:\n    image: a\n", "n": 1, "gone": null}
T
cat >b.json <<'T'
{"name": "app", "features": ["local", "kms", "tproxy"], "docker_compose_file": "services:\n  web:\n    image: b\n    tty: true\n", "n": "1", "new": {"x": [1]}}
T
node -e 'const fs = require("fs"); fs.writeFileSync("a2.json", JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(fs.readFileSync("a.json"))).reverse()), null, 2));
const many = (x) => Object.fromEntries(Array.from({ length: 700 }, (_, i) => ["k" + i, x])); fs.writeFileSync("many1.json", JSON.stringify(many(1))); fs.writeFileSync("many2.json", JSON.stringify(many(2)));'
hash_of() { sha256sum "$1" | cut -d' ' -f1; }
run 'two compose files' 1 hash a.json b.json --json
holds 'two compose files' "j.compose_hash === '$(hash_of a.json)' && j.other.compose_hash === '$(hash_of b.json)' && j.other.app_id === '$(hash_of b.json | cut -c1-40)' && !j.same_bytes && !j.same_values"
holds 'what changed' "j.changes.map((c) => c.op + c.path + (c.line ?? '')).sort().join() === 'added.docker_compose_file4,added.features[0],added.new,changed.docker_compose_file3,changed.n,removed.gone' && j.num_changes === 6"
holds 'values' "j.changes.find((c) => c.path === '.n').from === 1 && j.changes.find((c) => c.path === '.n').to === '1' && j.changes.find((c) => c.line === 3).to === '    image: b\\n' && j.changes.find((c) => c.path === '.features[0]').to === 'local'"
run 'two compose files, text' 1 hash a.json b.json
says 'two compose files, text' '+ .features[0]'
says 'two compose files, text' '    + 3:     image: b'
run 'the same values' 1 hash a.json a2.json --json
holds 'the same values' 'j.same_values && !j.same_bytes && j.changes.length === 0'
run 'the same values, text' 1 hash a.json a2.json
says 'the same values, text' 'the hash is of the bytes'
run 'the same bytes' 0 hash a.json a.json
says 'the same bytes' 'the same bytes'
run 'many changes' 1 hash many1.json many2.json --json
holds 'many changes' 'j.changes.length === 500 && j.num_changes === 700'
run 'many changes, text' 1 hash many1.json many2.json
says 'many changes, text' '.. and 200 more'
# Each list takes 16 MiB to align: what is no longer kept is not aligned, so a run's memory is enough.
for k in a b; do node -e 'console.log(JSON.stringify([...Array(40)].map((_, i) => [...Array(1500)].map((_, n) => process.argv[1] + i + "-" + n))))' $k >lists-$k.json; done
run 'many long lists' 1 hash lists-a.json lists-b.json --json
holds 'many long lists' "j.changes.length === 500 && j.num_changes === 1539 && j.changes[499].path === '.[0][499]'"
run 'quiet' 1 hash a.json b.json -q
run 'one file' 0 hash a.json --json
holds 'one file' "j.compose_hash === '$(hash_of a.json)' && Object.keys(j).length === 2"
echo '{' >broken.json
run 'one file that is no JSON' 0 hash broken.json
refuse 'the first is no JSON' 4 1839 hash broken.json a.json
refuse 'the second is no JSON' 4 1840 hash a.json broken.json
refuse 'three files' 2 1007 hash a.json a.json a.json

# tcb: published quotes against published collateral; what is missing is computed again from the documents.
gate=$BUILD/test/bootgate # it takes another root
t=$VECTORS/tdx
again() { # COLLATERAL: the shortfall of JSON `out`, by another program
    if COLLATERAL=$1 node -e '
const fs = require("fs"), j = JSON.parse(fs.readFileSync("out")), c = JSON.parse(fs.readFileSync(process.env.COLLATERAL)), doc = c.collateral ?? c;
const ti = typeof doc.tcb_info === "string" ? JSON.parse(doc.tcb_info) : doc.tcb_info, info = ti.tcbInfo ?? ti;
const p = j.platform.svns, from = p.tdx[1] > 0 ? 2 : 0;
const short = (l) => [...l.tcb.sgxtcbcomponents.flatMap((x, i) => (p.sgx[i] < x.svn ? ["sgx" + i + ":" + (x.svn - p.sgx[i])] : [])),
  ...(p.pcesvn < l.tcb.pcesvn ? ["pcesvn0:" + (l.tcb.pcesvn - p.pcesvn)] : []),
  ...l.tcb.tdxtcbcomponents.flatMap((x, i) => (i >= from && p.tdx[i] < x.svn ? ["tdx" + i + ":" + (x.svn - p.tdx[i])] : []))];
const order = (x, y) => { // highest first, as Intel appraises them: SGX components, PCESVN, TDX components
  const v = (l) => [...l.tcb.sgxtcbcomponents.map((k) => k.svn), l.tcb.pcesvn, ...l.tcb.tdxtcbcomponents.map((k) => k.svn)];
  const a = v(x), b = v(y), i = a.findIndex((k, n) => k !== b[n]);
  return i < 0 ? 0 : b[i] - a[i];
};
info.tcbLevels.sort(order);
const sum = (list) => list.reduce((n, m) => n + Number(m.split(":")[1]), 0);
const level = info.tcbLevels.find((l) => short(l).length === 0), good = info.tcbLevels.filter((l) => l.tcbStatus === "UpToDate");
const want = level?.tcbStatus === "UpToDate" ? [] : good.length ? good.map(short).sort((x, y) => x.length - y.length || sum(x) - sum(y))[0] : null;
const got = j.platform.missing.map((m) => m.kind + m.index + ":" + (m.need - m.have));
process.exit((level?.tcbStatus ?? null) === j.platform.status && (want === null || got.join() === want.join()) && j.platform.missing.every((m) => m.update.length > 3) ? 0 : 1);' 2>>err
    then ok; else bad "shortfall, computed again: $name"; fi
}
if [ -f "$t/index.json" ]; then
    node -e '
const d = JSON.parse(require("fs").readFileSync(process.argv[1]));
for (const c of d.cases) {
  const e = c.expect;
  const fs = require("fs"), b = fs.readFileSync(process.argv[2] + "/" + c.quote), sgx = b.length < 8 || b.readUInt16LE(0) === 3 || b.readUInt32LE(4) !== 0x81;
  if (!sgx && (e.outcome === "appraised" || e.outcome === "revoked" || e.error === "TCB_NOT_SUPPORTED")) console.log([c.name, c.quote, c.collateral, c.root, c.time, e.outcome === "appraised" ? e.status : "-"].join(" "));
}' "$t/index.json" "$t" >rows
    while read -r name quote collateral root time status; do
        case $status in
        UpToDate) want=0 ;;
        *) want=1 ;;
        esac
        "$gate" tcb "$t/$quote" --collateral "$t/$collateral" --root "$t/$root" --at "$time" --json >out 2>err </dev/null
        got=$?
        if [ "$status" = - ]; then # refused: the shortfall is told all the same
            if [ $got -ne 0 ]; then ok; else bad "$name: accepted"; fi
            holds "$name" '!j.verified && j.status === null && /^BG-[0-9]{4}$/.test(j.error) && !j.up_to_date'
            again "$t/$collateral"
            continue
        fi
        if [ $got -eq $want ]; then ok; else bad "$name: exit status $got, not $want"; fi
        holds "$name" "j.status === '$status' && j.verified && j.error === null && j.up_to_date === ($want === 0)"
        again "$t/$collateral"
    done <rows
    if [ "$(wc -l <rows)" -gt 40 ]; then ok; else bad 'few rows'; fi
    azure="$t/$(awk '$1 == "real_azure_v4" {print $2}' rows)" col="$t/$(awk '$1 == "real_azure_v4" {print $3}' rows)"
    run 'out of date, text' 1 tcb "$azure" --collateral "$col" --at 1749600000
    says 'out of date, text' 'sgx 0   is 6, needs 7 (1 short): update microcode (with a BIOS)  [Early Microcode Update]'
    says 'out of date, text' 'needs 4 (2 short), of 2024-03-13: update the TDX module'
    says 'out of date, text' 'INTEL-SA-00960'
    says 'out of date, text' 'verified; merged status OutOfDate'
    run 'collateral of another time' 3 tcb "$azure" --collateral "$col" --at 2026-11-01T00:00:00Z
    says 'collateral of another time' 'NOT verified'
    says 'collateral of another time' 'sgx 0   is 6, needs 7'
    refuse 'TCB info of another platform' 3 1844 tcb "$azure" --collateral "$t/real/collateral/dcap-qvl-b0c06f000000-2025-06.json" --at 1752000000
    refuse 'no collateral' 3 1842 tcb "$azure"
else
    skipped=$((skipped + 150))
    echo 'skipped 150 cases: no vectors'
fi
mkdir own && "$BUILD/tools/mkbundle" own 1790000000 >err 2>&1 && run 'evidence of our own make' 0 tcb own/bundle.json --root own/root.der --at 1790000000
says 'evidence of our own make' 'verified; merged status UpToDate'
run 'not on this root' 4 tcb own/bundle.json --at 1790000000
says 'not on this root' 'NOT verified'
run quiet 0 tcb own/bundle.json --root own/root.der --at 1790000000 -q
if [ -s out ]; then bad quiet; else ok; fi
echo '{"kind":"bootgate-bundle"}' >nothing.json
truncate -s 20000 large.der
refuse 'a root that is too large' 2 1845 tcb own/bundle.json --root large.der
mkdir old && "$BUILD/tools/mkbundle" old 1790000000 --tcb OutOfDate >err 2>&1 && run 'evidence of our own make, out of date' 1 tcb old/bundle.json --root old/root.der --at 1790000000 --json
holds 'evidence of our own make, out of date' "j.status === 'OutOfDate' && !j.up_to_date"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
