#!/bin/sh
# explain at length: a log of 100,000 events against one that has three edits, and against one that has nothing in common with it; the
# log as JSON. Time of the processor and memory at most. One line each, separated by "|": what|seconds|MiB|target
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
command -v node >/dev/null && [ -x "$BUILD/bootgate" ] || { echo 'skipped 1 cases: no Node.js, or no build'; exit 0; }
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
node -e '
const fs = require("fs"), { createHash } = require("crypto");
const u32 = (v) => { const b = Buffer.alloc(4); b.writeUInt32LE(v); return b; };
const spec = Buffer.concat([Buffer.from("Spec ID Event03\0", "latin1"), u32(0), Buffer.of(0, 2, 0, 2), u32(1), Buffer.of(0x0c, 0, 48, 0), Buffer.of(0)]);
const head = Buffer.concat([u32(1), u32(3), Buffer.alloc(20), u32(spec.length), spec]);
const event = (n, salt) => Buffer.concat([u32(1 + (n % 4)), u32(0xd), u32(1), Buffer.of(0x0c, 0), createHash("sha384").update(salt + n).digest(), u32(12), Buffer.from(String(n).padStart(12))]);
const log = (salt, edit) => Buffer.concat([head, ...edit(Array.from({ length: 100000 }, (_, n) => event(n, salt))), Buffer.alloc(64, 255)]);
fs.writeFileSync(process.argv[1] + "/a.ccel", log("a", (v) => v));
fs.writeFileSync(process.argv[1] + "/b.ccel", log("a", (v) => { v[50001] = event(50001, "x"); v.splice(30002, 1); v.splice(70002, 0, event(70002, "y")); return v; }));
fs.writeFileSync(process.argv[1] + "/c.ccel", log("c", (v) => v));
// The same in the JSON of dstack: firmware events and runtime events by turns.
const record = (n, salt) => n % 4 === 3 ? { imr: 3, event_type: 0x08000001, digest: "", event: `${salt}${n}`, event_payload: Buffer.from(`payload of ${n}`).toString("hex") }
    : { imr: n % 4, event_type: 0xd, digest: createHash("sha384").update(salt + n).digest("hex"), event: "", event_payload: Buffer.from(String(n).padStart(12)).toString("hex") };
const json = (salt, edit) => JSON.stringify(edit(Array.from({ length: 100000 }, (_, n) => record(n, salt))));
fs.writeFileSync(process.argv[1] + "/a.json", json("a", (v) => v));
fs.writeFileSync(process.argv[1] + "/b.json", json("a", (v) => { v[50001] = record(50001, "x"); v.splice(30002, 1); v.splice(70002, 0, record(70002, "y")); return v; }));
fs.writeFileSync(process.argv[1] + "/c.json", json("c", (v) => v));' "$work" || exit 1
# measure WHAT ARGUMENTS..: the processor's time, best of three, and the memory at most
measure() {
    what=$1
    shift
    python3 -c '
import resource, subprocess, sys
best, before = 1e9, 0.0
for _ in range(3):
    if subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode not in (0, 1, 4):
        sys.exit(1)
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    best, before = min(best, r.ru_utime + r.ru_stime - before), r.ru_utime + r.ru_stime
print("%s|%.2f|%d|target < 1 s, <= 256 MiB" % (sys.argv[1], best, r.ru_maxrss // 1024))' "$what" "$BUILD/bootgate" "$@" || exit 1
}
measure '100,000 events, three edits' explain "$work/a.ccel" --against "$work/b.ccel"
measure '100,000 events, the same, JSON' explain "$work/a.ccel" --against "$work/a.ccel" --json
measure '100,000 events, nothing in common' explain "$work/a.ccel" --against "$work/c.ccel"
measure '100,000 events as JSON, alone' explain "$work/a.json"
measure '100,000 events as JSON, three edits' explain "$work/a.json" --against "$work/b.json"
measure '100,000 events as JSON, nothing in common' explain "$work/a.json" --against "$work/c.json"
