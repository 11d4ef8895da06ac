// The fields and the pairing of BLS12-381 against @noble/curves (which has the same tower).
// Usage: node blsfield_diff.mjs TOOL [seed]      (TOOL: build/tools/field_tool)
// Exit 0: no difference. Each difference is printed as the tool's own input line.
import { spawnSync } from 'node:child_process';
import { bls12_381 } from '@noble/curves/bls12-381.js';

const [tool, seedText = '1'] = process.argv.slice(2);
console.log(`seed ${seedText}`);
const { Fp, Fp2, Fp6, Fp12, Fr } = bls12_381.fields;
const G1 = bls12_381.G1.Point, G2 = bls12_381.G2.Point;
const p = Fp.ORDER;
let s = (BigInt(seedText) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn;
function word64() { // xorshift64
  s ^= (s << 13n) & 0xffffffffffffffffn;
  s ^= s >> 7n;
  s ^= (s << 17n) & 0xffffffffffffffffn;
  return s;
}
const below = (n) => Number((word64() >> 11n) % BigInt(n));
const bits = (n) => { let r = 0n; for (let i = 0; i < n; i += 64) r = (r << 64n) | word64(); return r & ((1n << BigInt(n)) - 1n); };
// Edges: small, near p, near p/2, limbs of zeros and of ones, and what Montgomery form makes of those.
const R = 1n << 384n, Rinv = Fp.inv(R % p);
const patterns = () => { let r = 0n; for (let i = 0; i < 6; i += 1) r = (r << 64n) | [0n, 1n, (1n << 64n) - 1n, 1n << 63n, word64()][below(5)]; return r; };
const edges = [0n, 1n, 2n, 3n, 4n, p - 1n, p - 2n, p - 3n, (p - 1n) / 2n, (p + 1n) / 2n, R % p, (p - R % p)];
function fp() {
  switch (below(6)) {
    case 0: return edges[below(edges.length)];
    case 1: return Fp.create(patterns());
    case 2: return Fp.mul(Fp.create(patterns()), Rinv); // so that the limbs themselves are the pattern
    case 3: return Fp.mul(edges[below(edges.length)], Rinv);
    default: return Fp.create(bits(512));
  }
}
const fp2 = () => ({ c0: fp(), c1: fp() });
const fp6 = () => (below(12) === 0 ? below(2) ? Fp6.ZERO : Fp6.ONE : { c0: fp2(), c1: fp2(), c2: fp2() });
const fp12 = () => (below(20) === 0 ? below(2) ? Fp12.ZERO : Fp12.ONE : { c0: fp6(), c1: fp6() });
// Elements of the cyclotomic subgroup: the easy part of the final exponentiation.
function cyclotomic() {
  for (;;) {
    const a = fp12();
    if (Fp12.is0(a)) continue;
    const t = Fp12.mul(Fp12.conjugate(a), Fp12.inv(a));
    return Fp12.mul(Fp12.frobeniusMap(t, 2), t);
  }
}

const hex = (n, bytes = 48) => n.toString(16).padStart(2 * bytes, '0');
const show = (v) => (typeof v === 'bigint' ? hex(v) : Object.keys(v).sort().map((k) => show(v[k])).join(''));
const bool = (b) => (b ? '1' : '0');

const cases = []; // layer, line, wanted: text, or a function of the answer
const ask = (layer, verb, args, want) => cases.push({ layer, line: [verb, ...args.map((a) => (typeof a === 'string' ? a : show(a)))].join(' '), want });
const inverse = (F, a) => (F.is0(a) ? F.ZERO : F.inv(a));
const large = (v) => v > (p - 1n) / 2n;
function root(F, a) { // either root will do; none when noble finds none
  let r;
  try { r = F.sqrt(a); } catch { return 'none'; }
  const other = show(F.neg(r));
  r = show(r);
  return (got) => got === r || got === other;
}

// ---- F_p ------------------------------------------------------------------------------------
const N = 1000;
for (let i = 0; i < N; i += 1) {
  const a = fp(), b = fp();
  ask('fp', 'fp.add', [a, b], show(Fp.add(a, b)));
  ask('fp', 'fp.sub', [a, b], show(Fp.sub(a, b)));
  ask('fp', 'fp.mul', [a, b], show(Fp.mul(a, b)));
  ask('fp', 'fp.sqr', [a], show(Fp.sqr(a)));
  ask('fp', 'fp.neg', [a], show(Fp.neg(a)));
  ask('fp', 'fp.dbl', [a], show(Fp.add(a, a)));
  ask('fp', 'fp.inv', [a], show(inverse(Fp, a)));
  ask('fp', 'fp.sqrt', [a], root(Fp, a));
  ask('fp', 'fp.sqrt', [Fp.sqr(a)], root(Fp, Fp.sqr(a)));
  ask('fp', 'fp.large', [a], bool(large(a)));
  ask('fp', 'fp.odd', [a], bool(a & 1n));
  const raw = [p, p + 1n, p + BigInt(below(1000)), bits(384), patterns(), bits(381)][below(6)] & (R - 1n);
  ask('fp', 'fp.read', [raw], raw < p ? show(raw) : 'bad');
  const wide = below(4) ? bits(512) : (patterns() << 128n) | [0n, 1n, (1n << 128n) - 1n, bits(128)][below(4)];
  ask('fp', 'fp.wide', [hex(wide, 64)], show(wide % p));
}

// ---- F_p2 -----------------------------------------------------------------------------------
for (let i = 0; i < N; i += 1) {
  const a = fp2(), b = fp2(), c = fp();
  ask('fp2', 'fp2.add', [a, b], show(Fp2.add(a, b)));
  ask('fp2', 'fp2.sub', [a, b], show(Fp2.sub(a, b)));
  ask('fp2', 'fp2.mul', [a, b], show(Fp2.mul(a, b)));
  ask('fp2', 'fp2.mulfp', [a, c], show(Fp2.mul(a, c)));
  ask('fp2', 'fp2.sqr', [a], show(Fp2.sqr(a)));
  ask('fp2', 'fp2.neg', [a], show(Fp2.neg(a)));
  ask('fp2', 'fp2.dbl', [a], show(Fp2.add(a, a)));
  ask('fp2', 'fp2.conj', [a], show(Fp2.frobeniusMap(a, 1)));
  ask('fp2', 'fp2.xi', [a], show(Fp2.mulByNonresidue(a)));
  ask('fp2', 'fp2.inv', [a], show(inverse(Fp2, a)));
  ask('fp2', 'fp2.sqrt', [a], root(Fp2, a));
  ask('fp2', 'fp2.sqrt', [Fp2.sqr(a)], root(Fp2, Fp2.sqr(a)));
  ask('fp2', 'fp2.large', [a], bool(large(a.c1 || a.c0)));
  ask('fp2', 'fp2.odd', [a], bool((a.c0 || a.c1) & 1n));
}

// ---- F_p6 -----------------------------------------------------------------------------------
for (let i = 0; i < 1200; i += 1) {
  const a = fp6(), b = fp6(), c = fp2(), d = fp2();
  ask('fp6', 'fp6.add', [a, b], show(Fp6.add(a, b)));
  ask('fp6', 'fp6.sub', [a, b], show(Fp6.sub(a, b)));
  ask('fp6', 'fp6.mul', [a, b], show(Fp6.mul(a, b)));
  ask('fp6', 'fp6.mul01', [a, show(c) + show(d)], show(Fp6.mul(a, { c0: c, c1: d, c2: Fp2.ZERO })));
  ask('fp6', 'fp6.mul1', [a, c], show(Fp6.mul(a, { c0: Fp2.ZERO, c1: c, c2: Fp2.ZERO })));
  ask('fp6', 'fp6.sqr', [a], show(Fp6.sqr(a)));
  ask('fp6', 'fp6.neg', [a], show(Fp6.neg(a)));
  ask('fp6', 'fp6.v', [a], show(Fp6.mul(a, { c0: Fp2.ZERO, c1: Fp2.ONE, c2: Fp2.ZERO })));
  ask('fp6', 'fp6.inv', [a], show(inverse(Fp6, a)));
}

// ---- F_p12 ----------------------------------------------------------------------------------
for (let i = 0; i < 1300; i += 1) {
  const a = fp12(), b = fp12(), l0 = fp2(), l2 = fp2(), l3 = fp2(), c = cyclotomic();
  const line = { c0: { c0: l0, c1: l2, c2: Fp2.ZERO }, c1: { c0: Fp2.ZERO, c1: l3, c2: Fp2.ZERO } };
  ask('fp12', 'fp12.mul', [a, b], show(Fp12.mul(a, b)));
  ask('fp12', 'fp12.line', [a, show(l0) + show(l2) + show(l3)], show(Fp12.mul(a, line)));
  ask('fp12', 'fp12.sqr', [a], show(Fp12.sqr(a)));
  ask('fp12', 'fp12.conj', [a], show(Fp12.conjugate(a)));
  ask('fp12', 'fp12.inv', [a], show(inverse(Fp12, a)));
  ask('fp12', 'fp12.frob', [a], show(Fp12.frobeniusMap(a, 1)));
  ask('fp12', 'fp12.frob2', [a], show(Fp12.frobeniusMap(a, 2)));
  ask('fp12', 'fp12.cyclo', [c], show(Fp12.sqr(c)));
}

// ---- pairings -------------------------------------------------------------------------------
const scalar = () => (below(8) ? 1n + bits(320) % (Fr.ORDER - 1n) : [1n, 2n, 3n, Fr.ORDER - 1n, Fr.ORDER - 2n, 0xd201000000010000n][below(6)]);
const P = (k) => G1.BASE.multiply(k), Q = (k) => G2.BASE.multiply(k);
const p1 = (pt) => { const { x, y } = pt.toAffine(); return show(x) + show(y); };
const p2 = (pt) => { const { x, y } = pt.toAffine(); return show(x) + show(y); };
const base = bls12_381.pairing(G1.BASE, G2.BASE);
for (let i = 0; i < 200; i += 1) {
  const a = scalar(), b = scalar();
  // noble's final exponentiation has our factor 3 in its exponent too: no conversion.
  ask('pairing', 'pair', [p1(P(a)), p2(Q(b))], i % 2 ? show(bls12_381.pairing(P(a), Q(b))) : show(Fp12.pow(base, (a * b) % Fr.ORDER)));
}
// Products: the last pair is made so that the exponents sum to 0, or to 1 .. 3.
for (let i = 0; i < 300; i += 1) {
  const n = 1 + below(4), off = [0n, 0n, 1n, 2n, BigInt(3 + below(5))][below(5)], words = [];
  let sum = 0n;
  for (let k = 1; k < n; k += 1) {
    const a = scalar(), b = scalar();
    if (below(6) === 0) { words.push(...[[p1(P(a)), '-'], ['-', p2(Q(b))], ['-', '-']][below(3)]); continue; }
    sum = (sum + a * b) % Fr.ORDER;
    words.push(p1(P(a)), p2(Q(b)));
  }
  const last = (off - sum + Fr.ORDER) % Fr.ORDER, b = scalar();
  if (last === 0n) words.push('-', p2(Q(b)));
  else words.push(p1(P((last * Fr.inv(b)) % Fr.ORDER)), p2(Q(b)));
  const at = 2 * below(n); // the pairs' order is free
  ask('pairing', 'one', [...words.slice(at), ...words.slice(0, at)], bool(off === 0n));
}
ask('pairing', 'one', [], '1');
ask('pairing', 'one', Array(5).fill(['-', '-']).flat(), '0'); // more than PAIRING_MAX

// ---- compare --------------------------------------------------------------------------------
// The portable code and the processor's own must both be right.
const input = `${cases.map((c) => c.line).join('\n')}\n`;
let passed = 0, failed = 0, skipped = 0;
for (const way of ['portable', 'x86']) {
  const run = spawnSync(tool, [way], { input, maxBuffer: 1 << 28, encoding: 'latin1' });
  if (run.status === 3) { console.log(`skipped ${cases.length} cases: no ${way} on this machine`); skipped += cases.length; continue; }
  if (run.status !== 0) { console.log(`${tool} failed: ${run.stderr}`); process.exit(1); }
  const answers = run.stdout.split('\n');
  const counts = {};
  cases.forEach(({ layer, line, want }, i) => {
    counts[layer] = (counts[layer] ?? 0) + 1;
    if (typeof want === 'function' ? want(answers[i]) : answers[i] === want) { passed += 1; return; }
    failed += 1;
    if (failed <= 10) console.log(`DIFFERS (${way}): ${line}\n  ours   ${answers[i]}\n  oracle ${typeof want === 'function' ? '(a root)' : want}`);
  });
  console.log(`compared with @noble/curves, ${way}: ${Object.entries(counts).map(([k, n]) => `${k} ${n}`).join(', ')}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed ? 1 : 0);
