// Images measured by quote/ and by measure_oracle.mjs: random ones, and the same damaged.
// Usage: node measure_diff.mjs TOOL [seed]      (TOOL: build/tools/measure_tool)
import { spawnSync } from 'node:child_process';
import * as oracle from './measure_oracle.mjs';

const [tool, seed = '1'] = process.argv.slice(2);
const d = oracle.dice(seed), hex = (b) => (b.length ? Buffer.from(b).toString('hex') : '-');
const MEMORY = [256n << 20n, 1n << 30n, 2n << 30n, (2n << 30n) + 4096n, 0xb0000000n - 4096n, 0xb0000000n, 4n << 30n, 64n << 30n, 163840n, 9n << 20n];
const lines = [], wanted = [], kinds = [];
function ask(kind, line, compute) {
  let want = 'bad';
  try { want = compute(); } catch { /* refused */ }
  kinds.push(kind); lines.push(line); wanted.push(want);
}
// damage: some bytes where the structure is, not only in the padding.
function damage(b, from, to) {
  const out = Buffer.from(b);
  for (let i = 0; i <= d.below(2); i += 1) { const at = from + d.below(to - from); out[at] = d.chance(50) ? d.below(256) : out[at] ^ (1 << d.below(8)); }
  return d.chance(10) ? out.subarray(0, d.below(out.length)) : out;
}
const askFirmware = (kind, fw) => ask(kind, `tdvf ${hex(fw)}`, () => {
  const s = oracle.readFirmware(fw), w = oracle.witness(s);
  return `${oracle.mrtd(fw, s, false)} ${oracle.mrtd(fw, s, true)} ${oracle.cfv(fw, s) ?? '-'} ${hex(w)}`;
});
const askKernel = (kind, k) => {
  const memory = MEMORY[d.below(MEMORY.length)], size = d.chance(10) ? 0n : BigInt(d.chance(80) ? d.below(1 << 26) : d.below(2 ** 32)), patched = d.chance(70);
  ask(kind, `kernel ${memory} ${size} ${patched ? 1 : 2} ${hex(k)}`, () => oracle.kernel(k, memory, size, patched));
};

for (let i = 0; i < 500; i += 1) {
  const fw = oracle.randomFirmware(d), meta = fw.length - Number(fw.readUInt32LE(fw.lastIndexOf(oracle.METADATA) - 6));
  askFirmware('firmware', fw);
  askFirmware('damaged firmware', d.chance(60) ? damage(fw, meta, meta + 176) : damage(fw, fw.length - 128, fw.length));
}
for (let i = 0; i < 800; i += 1) {
  const k = oracle.randomKernel(d);
  askKernel('kernel', k);
  askKernel('damaged kernel', damage(k, 0, 0x240));
}
for (let i = 0; i < 120; i += 1) {
  const text = Array.from({ length: d.below(300) }, () => String.fromCharCode(d.chance(99) ? 32 + d.below(95) : d.below(256))).join('');
  ask('command line', `cmdline ${hex(Buffer.from(text, 'latin1'))}`, () => oracle.cmdline(text));
}
for (let i = 0; i < 500; i += 1) {
  const image = { firmware: oracle.randomFirmware(d), kernel: oracle.randomKernel(d), initrd: d.bytes(1 + d.below(300)), cmdline: `a=${d.below(1000)}` };
  const memory = MEMORY[d.below(MEMORY.length)], patched = d.chance(70), acpi = [0, 1, 2].map(() => d.bytes(48).toString('hex'));
  ask('image', `image ${memory} ${patched ? 1 : 2} ${acpi.join('')} ${hex(Buffer.from(image.cmdline))} ${hex(image.initrd)} ${hex(image.firmware)} ${hex(image.kernel)}`,
    () => oracle.events(image, memory, patched, acpi).map((l) => `${l.join(',')} ${oracle.register(l)}`).join(' '));
  ask('material', `material ${hex(Buffer.from(image.cmdline))} ${hex(image.initrd)} ${hex(image.firmware)} ${hex(image.kernel)}`, () => hex(oracle.material(image)));
}

const run = spawnSync(tool, [], { input: `${lines.join('\n')}\n`, maxBuffer: 1 << 28, encoding: 'latin1' });
if (run.status !== 0) { console.log(run.stderr); console.log(`the tool ended with ${run.status ?? run.signal}`); process.exit(1); }
const got = run.stdout.split('\n'), seen = {};
let passed = 0, failed = 0;
lines.forEach((line, i) => {
  const count = (seen[kinds[i]] ??= { same: 0, bad: 0 });
  if (got[i] === wanted[i]) { passed += 1; count[wanted[i] === 'bad' ? 'bad' : 'same'] += 1; return; }
  failed += 1;
  if (failed <= 5) console.log(`${kinds[i]}: ${line.slice(0, 200)}\n  ours ${got[i]?.slice(0, 400)}\n  want ${wanted[i].slice(0, 400)}`);
});
console.log(`compared ${Object.entries(seen).map(([k, v]) => `${k} ${v.same} (refused by both ${v.bad})`).join(', ')}`);
// A comparison in which nearly everything is refused shows nothing.
for (const [k, v] of Object.entries(seen)) if (v.same < (v.same + v.bad) / 20) { failed += 1; console.log(`${k}: nearly all refused`); }
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
