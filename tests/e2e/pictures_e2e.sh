#!/bin/sh
# explain --html and --svg: every incident of tests/oracles/incidents.mjs, TCB, chain verdicts, hostile and empty input. pictures_check.py
# reads structure and values back out of the drawings and holds them against the JSON; pictures_render.mjs looks at them in Chromium.
# Prints "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
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
mkdir own old cases out || exit 70
node "$root/tests/oracles/measure_oracle.mjs" image 1 && "$BUILD/tools/mkbundle" own 1790000000 && "$BUILD/tools/mkbundle" old 1790000000 --tcb OutOfDate &&
    node "$root/tests/oracles/incidents.mjs" image own/bundle.json cases || exit 1

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAILED $1"
    cat err
}
run() { # NAME STATUS ARGUMENTS..
    name=$1 want=$2
    shift 2
    "$gate" "$@" >out.json 2>err </dev/null
    got=$?
    if [ $got -eq "$want" ]; then ok; else bad "$name: exit status $got, not $want"; fi
}
refuse() { # NAME CODE ARGUMENTS..
    refused=$1 code=$2
    shift 2
    run "$refused" 2 "$@"
    if grep -q "BG-$code" err out.json; then ok; else bad "$refused: not BG-$code"; fi
}
names='ladder diff matrix tcb trust validity strip'
svgs='' files=''
for n in $names; do
    svgs="$svgs --svg $n=$n.svg"
    files="$files $n=$n.svg"
done
hostile=
check() { # NAME: what out.json, page.html and the drawings say
    # shellcheck disable=SC2086
    if python3 "$root/tests/e2e/pictures_check.py" out.json page.html $hostile $files >err 2>&1; then ok; else bad "$1"; fi
}
draw() { # NAME STATUS ARGUMENTS..
    drawn=$1 status=$2
    shift 2
    rm -f page.html
    # shellcheck disable=SC2086
    run "$drawn" "$status" explain "$@" --json --html page.html $svgs
    check "$drawn"
    cp page.html "out/$pages.html" 2>/dev/null
    pages=$((pages + 1))
}
pages=0

# --- every incident, and the two sides of them ---
tab=$(printf '\t')
while IFS=$tab read -r dir first only options why name; do
    [ "$options" = - ] && options=
    options=$(printf '%s' "$options" | sed "s|AGAINST|$dir/against.json|; s|IMAGE|cases/image|")
    # shellcheck disable=SC2086
    draw "$name" "$([ "$first" = - ] && echo 0 || echo 1)" "$dir/evidence.json" $options
done <cases/cases.tsv
if [ $pages -ge 16 ]; then ok; else bad "$pages incidents"; fi

# --- TCB, the coming set, a verdict, nothing to compare with ---
at='--at 1790000000 --root own/root.der'
# shellcheck disable=SC2086
{
    draw 'as it should be' 0 own/bundle.json $at
    cp out.json good.json
    cp page.html good.html
    draw 'out of date' 0 old/bundle.json $at
    draw 'collateral that has expired' 3 own/bundle.json --root own/root.der --at 2027-06-01
    draw 'a clock from before' 5 own/bundle.json --root own/root.der --at 2020-01-01
    "$gate" verify own/bundle.json $at --json >verdict.json 2>/dev/null
    draw 'a verdict' 0 verdict.json
}
draw 'nothing to compare with' 0 cases/0/evidence.json
node -e '
const fs = require("fs"), b = JSON.parse(fs.readFileSync("own/bundle.json")), t = JSON.parse(b.collateral.tcb_info_raw ?? b.collateral.tcb_info ?? "null");
const raise = (text) => text.replace(/"svn":(\d+)/g, (_, n) => `"svn":${+n + 1}`);
b.collateral_early = JSON.parse(raise(JSON.stringify(b.collateral)).replace(/\\"svn\\":(\d+)/g, (_, n) => `\\"svn\\":${+n + 1}`));
fs.writeFileSync("early.json", JSON.stringify(b));
const v = JSON.parse(fs.readFileSync("verdict.json"));
const make = (name, f) => { const c = structuredClone(v); f(c); fs.writeFileSync(name, JSON.stringify(c)); };
make("empty.json", (c) => { for (const k of Object.keys(c)) if (!["schema", "kind", "checks"].includes(k)) c[k] = null; });
make("old-verdict.json", (c) => { delete c.stages; delete c.anchors; delete c.time; });
const evil = "</text></svg></style><script>alert(1)</script>\" onload=\"alert(2)\u0000 &amp; ]]> \u202e\u2066\u200b\u0301\u0301 <img src=http://127.0.0.1:9/x onerror=alert(3)> \ufffe";
make("evil-verdict.json", (c) => {
  c.reason = evil; c.code = null; c.kind = evil;
  c.anchors = [{ fact: evil, anchor: evil, assurance: evil }, { fact: 1, anchor: null, assurance: [] }, 7, null, { fact: "x".repeat(1 << 20), anchor: "signed", assurance: "signed" }, ...Array.from({ length: 60 }, (_, i) => ({ fact: `f${i}`, anchor: `a${i}`, assurance: "signed" }))];
  c.stages = [{ stage: evil, status: evil, us: -1 }, { stage: 1, status: "pass", us: 1e300 }, 5, null, { stage: "y".repeat(1 << 20), status: "fail", us: 9007199254740991 }, { stage: "z", status: "pass", us: "1" }, ...Array(100).fill({ stage: "s", status: "pass", us: 1 })];
  c.time = { now_text: evil, source: evil, valid_from: evil, valid_until: evil, valid_from_what: evil };
});
make("odd-time.json", (c) => { c.time = { now_text: "1970-01-01T00:00:00Z", source: evil, valid_from: "9999-12-31T23:59:59Z", valid_until: "1970-01-01T00:00:00Z" }; });
make("same-time.json", (c) => { c.time = { now_text: "2026-01-01T00:00:00Z", source: "argument", valid_from: "2026-01-01T00:00:00Z", valid_until: "2026-01-01T00:00:00Z" }; });
make("far-time.json", (c) => { c.time = { now_text: "9999-12-31T23:59:59Z", source: "argument", valid_from: "1970-01-01T00:00:00Z", valid_until: "9999-12-31T23:59:59Z" }; });
const e = JSON.parse(fs.readFileSync("cases/2/evidence.json")), log = JSON.parse(e.event_log);
const { createHash } = require("crypto");
const hex = (s) => Buffer.from(s).toString("hex");
const odd = [evil, "a".repeat(1 << 20), "\u202e".repeat(2000), "<".repeat(400), "&".repeat(400), "\"".repeat(400), "\\u{202e}", "العربية", "\u0000", "漢字".repeat(100)];
const events = (list) => list.map((n, i) => ({ imr: 3, event_type: 0x08000001, digest: "", event: n, event_payload: hex(odd[(i + 1) % odd.length].slice(0, 4000)) }));
fs.writeFileSync("evil-log.json", JSON.stringify([...log.filter((x) => x.imr !== 3), ...events(odd)]));
fs.writeFileSync("many.json", JSON.stringify(Array.from({ length: 40000 }, (_, i) => ({ imr: i % 2 ? 3 : 0, event_type: i % 2 ? 0x08000001 : 10, digest: i % 2 ? "" : createHash("sha384").update(String(i)).digest("hex"), event: i % 2 ? `e${i}` : "", event_payload: "" }))));
fs.writeFileSync("many-other.json", JSON.stringify(Array.from({ length: 40000 }, (_, i) => ({ imr: i % 2 ? 3 : 0, event_type: i % 2 ? 0x08000001 : 10, digest: i % 2 ? "" : createHash("sha384").update(String(i === 5000 ? -1 : i)).digest("hex"), event: i % 2 ? `e${i === 30001 ? "other" : i}` : "", event_payload: "" }))));
fs.writeFileSync("no-digest.json", JSON.stringify(log.map((x) => ({ ...x, event: evil }))));
fs.writeFileSync("none.json", "[]");
fs.writeFileSync("\"><script>alert(4)<'"'"'script>.json", e.event_log);
' || bad 'the inputs'
# shellcheck disable=SC2086
draw 'the coming TCB set' 0 early.json $at
if [ "$(node -p 'JSON.parse(require("fs").readFileSync("out.json")).tcb.components[0].early')" != null ]; then ok; else bad 'no coming set'; fi
draw 'a verdict with nothing in it' 0 empty.json
draw 'a verdict of before there were stages' 0 old-verdict.json
draw 'a time that is no time' 0 same-time.json
draw 'all of time' 0 far-time.json
draw '40,000 events' 0 many.json
draw '40,000 events, two of them others' 1 many.json --against many-other.json
draw '40,000 events, the same' 0 many.json --against many.json
hostile=hostile
for f in evil-verdict odd-time evil-log no-digest none; do
    rm -f page.html
    # shellcheck disable=SC2086
    "$gate" explain $f.json --json --html page.html $svgs >out.json 2>err </dev/null
    got=$?
    if [ $got -lt 6 ] || { [ $got -ne 70 ] && [ $got -lt 11 ]; }; then ok; else bad "$f: exit status $got"; fi
    if [ -f page.html ]; then
        check "$f"
        cp page.html "out/$pages.html"
        pages=$((pages + 1))
        if [ "$(wc -c <page.html)" -lt 1000000 ]; then ok; else bad "$f: $(wc -c <page.html) bytes"; fi
    elif grep -q '"code": "BG-' out.json; then ok; else bad "$f: neither drawn nor refused"; fi
done
# shellcheck disable=SC2086
draw 'a file name that is markup' 1 "\"><script>alert(4)<'script>.json" --against cases/0/evidence.json
hostile=

# --- the check can fail: one value of the JSON is another than was drawn ---
cp good.html page.html
# shellcheck disable=SC2086
"$gate" explain own/bundle.json $at $svgs -q
for edit in 'j.registers[2].events[1].running = null, j.registers[2].events[1].digest = "00".repeat(48)' 'j.registers[1].events[3].event = "x"' 'j.registers[0].actual = "00".repeat(48)' \
    'j.registers[1].first_difference = 2' 'j.registers[1].events_total++' 'j.registers[1].rows[0].count++' 'j.matrix.cells[0][1] = "differs"' 'j.tcb.components[4].platform++' 'j.tcb.components[0].short = 1' \
    'j.tcb.tdx_module.standard++' 'j.verdict.anchors[0].fact = "x"' 'j.verdict.anchors[0].anchor = "host"' 'j.validity.periods[0].until = "2026-10-12T14:13:20Z"' 'j.validity.now = "2026-09-25T00:00:00Z"' \
    'j.verdict.stages[0].stage = "x"' 'j.verdict.stages[2].us += 2000' 'j.verdict.stages.pop()' 'j.verdict.anchors.pop()' 'j.tcb = null'; do
    node -e 'const fs = require("fs"), j = JSON.parse(fs.readFileSync("good.json")); eval(process.argv[1]); fs.writeFileSync("out.json", JSON.stringify(j))' "$edit"
    # shellcheck disable=SC2086
    if python3 "$root/tests/e2e/pictures_check.py" out.json page.html >err 2>&1; then bad "the check takes: $edit"; else ok; fi
done

# --- usage, and where it goes ---
e=cases/2/evidence.json
refuse 'no file' 1854 explain $e --svg matrix
refuse 'an empty file' 1854 explain $e --svg matrix=
refuse 'no such picture' 1855 explain $e --svg matrices=x.svg
refuse 'two to standard output' 1856 explain $e --svg matrix=- --html -
refuse 'JSON and a page to standard output' 1856 explain $e --html - --json
refuse 'a page of a code' 1858 explain BG-1001 --html x.html
refuse 'an eighth' 1006 explain $e $svgs --svg matrix=x.svg
refuse 'twice' 1006 explain $e --html x.html --html y.html
refuse 'of another verb' 1005 verify $e --html x.html
run 'the page to standard output' 0 explain $e --html -
if [ "$(head -c 15 out.json)" = '<!DOCTYPE html>' ] && [ "$(tail -c 8 out.json)" = '</html>' ]; then ok; else bad 'the page to standard output'; fi
run 'quiet' 0 explain $e --html quiet.html -q
if [ -s quiet.html ] && [ ! -s out.json ]; then ok; else bad quiet; fi
run 'nowhere to write' 2 explain $e --html nowhere/x.html
ln -s quiet.html link.html
run 'a link' 2 explain $e --html link.html
if [ -L link.html ]; then ok; else bad 'a link was replaced'; fi

# --- in Chromium ---
chromium=$(command -v chromium || true)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # About 20 s; not a package of scripts/deps.sh, because nothing else needs it.
    { DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium fonts-dejavu-core ||
        { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium fonts-dejavu-core; }; } >apt.log 2>&1
    chromium=$(command -v chromium || true)
fi
browser=$BUILD/browser
if [ -n "$chromium" ] && [ ! -d "$browser/node_modules/playwright-core" ]; then
    mkdir -p "$browser"
    npm install --prefix "$browser" --no-audit --no-fund --no-package-lock --no-save --loglevel=error playwright-core@1 >npm.log 2>&1 || rm -rf "$browser/node_modules"
fi
# One of each kind is enough of the incidents.
few=$(cd out && ls | awk -F. '$1 % 9 == 0 || $1 > 50 { print }' | sed "s|^|$work/out/|")
if [ -z "$chromium" ] || [ ! -d "$browser/node_modules/playwright-core" ]; then
    n=$(($(echo "$few" | wc -w) * 8))
    skipped=$((skipped + n))
    echo "skipped $n cases: no Chromium, or no playwright-core: nobody looked at the pictures"
else
    # shellcheck disable=SC2086
    (cd "$browser" && timeout 600 node "$root/tests/e2e/pictures_render.mjs" "$chromium" $few) >render.log 2>&1
    grep -v ' skipped$' render.log
    read -r p _ f _ <<END
$(grep ' skipped$' render.log || echo '0 passed 1 failed')
END
    passed=$((passed + p)) failed=$((failed + f))
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
