// Points, hashes, keys and signatures of BLS12-381 against @chainsafe/blst and @noble/curves.
// Usage: node blscurve_diff.mjs TOOL [seed]      (TOOL: build/tools/curve_tool; EVM_DIFF=full: many more)
// Exit 0: no difference. Each difference is printed as the tool's own input line.
import { spawnSync } from 'node:child_process';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { expand_message_xmd } from '@noble/curves/abstract/hash-to-curve.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as blst from '@chainsafe/blst';

const [tool, seedText = '1'] = process.argv.slice(2);
const full = process.env.EVM_DIFF === 'full';
let s = (BigInt(seedText) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn;
function below(n) { // xorshift64
  s ^= (s << 13n) & 0xffffffffffffffffn;
  s ^= s >> 7n;
  s ^= (s << 17n) & 0xffffffffffffffffn;
  return Number((s >> 11n) % BigInt(n));
}
const chance = (percent) => below(100) < percent;
const bytes = (n) => Uint8Array.from({ length: n }, () => below(256));
const pick = (list) => list[below(list.length)];
const hex = (b) => Buffer.from(b).toString('hex');
const word = (b) => (b.length ? hex(b) : '-');
const unhex = (t) => Uint8Array.from(Buffer.from(t, 'hex'));
const num = (t) => BigInt(`0x${t}`);
const P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const be = (n, size) => unhex(n.toString(16).padStart(2 * size, '0'));

const lines = [], wanted = [], kinds = [];
function ask(kind, line, want) {
  kinds.push(kind); lines.push(line); wanted.push(want);
}

// ---- what the oracles say -----------------------------------------------------------------------
// blst says what a point is; noble has to agree for a sample (it is slow).
const G = {
  g1: { size: 48, read: (b) => blst.PublicKey.fromBytes(b, false), check: (p) => p.keyValidate(), point: bls12_381.G1.Point },
  g2: { size: 96, read: (b) => blst.Signature.fromBytes(b, false, false), check: (p) => p.sigValidate(false), point: bls12_381.G2.Point },
};
function does(f) {
  try { f(); return true; } catch { return false; }
}
const coordinates = (xy, size) => `${xy.slice(0, 2 * size)} ${xy.slice(2 * size)}`;
function affine1(answer) {
  const [x, y] = answer.split(' ');
  return { x: num(x), y: num(y) };
}
function affine2(answer) {
  const [x, y] = answer.split(' ').slice(0, 2).map((t) => ({ c1: num(t.slice(0, 96)), c0: num(t.slice(96)) }));
  return { x, y };
}
let agreed = 0;
function said(group, input, sample) {
  const { size, read, check, point } = G[group];
  let p, answer;
  try { p = read(input); } catch { answer = 'bad'; }
  // blst refuses (0, +-2) while it reads, for it has order 3; to us it is a point outside.
  if (group === 'g1' && /^[8a]00*$/.test(hex(input))) answer = `${hex(be(0n, 48))} ${hex(be(input[0] === 0xa0 ? P - 2n : 2n, 48))} out`;
  if (p) {
    const xy = hex(p.toBytes(false));
    if (xy.startsWith('40')) answer = 'infinity';
    else answer = `${coordinates(xy, size)} ${does(() => check(p)) ? 'in' : 'out'}`;
  }
  if (sample) {
    let other;
    try {
      const q = point.fromBytes(input);
      other = q.is0() ? 'infinity' : `${coordinates(hex(q.toBytes(false)), size)} in`;
    } catch (e) {
      other = 'bad';
      if (/subgroup/.test(e.message)) { // it does not say which point; so ask whether blst's is one
        const q = point.fromAffine(group === 'g2' ? affine2(answer) : affine1(answer));
        try { q.assertValidity(); } catch (e2) { if (e2.message === e.message) other = `${answer.slice(0, -4)} out`; }
      }
    }
    if (other !== answer) throw new Error(`the oracles disagree: ${group} ${hex(input)}: blst ${answer}, noble ${other}`);
    agreed += 1;
  }
  return answer;
}

// ---- decompression and subgroups ----------------------------------------------------------------
function withFlags(n, size, flags) {
  const b = be(n, size);
  b[0] = (b[0] & 0x1f) | (flags << 5);
  return b;
}
const randomX = () => num(hex(bytes(56))) % P;
const secret = () => be(1n + (num(hex(bytes(40))) % (R - 1n)), 32);
const keyOf = (sk) => blst.SecretKey.fromBytes(sk).toPublicKey();
const signed = (sk, msg) => blst.SecretKey.fromBytes(sk).sign(msg);
function candidate(group) {
  const two = group === 'g2', size = G[group].size;
  const wide = (n) => (two ? (n << 384n) | (chance(50) ? randomX() : BigInt(below(5))) : n);
  switch (below(12)) {
    case 0: return bytes(size);
    case 1: return withFlags(wide(BigInt(below(3000))), size, 4 + below(2)); // small x
    case 2: return withFlags(wide(P + BigInt(below(7)) - 3n), size, 4 + below(2)); // about p
    case 3: return two ? withFlags((randomX() << 384n) | (P + BigInt(below(7)) - 3n), size, 4 + below(2)) : withFlags(P - BigInt(below(3000)), size, 4);
    case 4: { // infinity, and almost
      const b = new Uint8Array(size);
      b[0] = [0xc0, 0xc0, 0xe0, 0x40, 0x80, 0xa0][below(6)];
      if (chance(50)) b[below(size)] ^= 1 << below(8);
      return b;
    }
    case 5: return withFlags(wide(randomX()), size, below(8));
    case 6: case 7: { // a point of the subgroup, now and then with a bit changed
      const b = two ? signed(secret(), bytes(8)).toBytes() : keyOf(secret()).toBytes();
      if (chance(40)) b[below(size)] ^= 1 << below(8);
      return b;
    }
    default: return withFlags(wide(randomX()), size, 4 + below(2));
  }
}
const pool = { g1: [], g2: [] }; // compressed points of the curve, in the subgroup or not
for (const group of ['g1', 'g2']) {
  for (let i = 0; i < 10000; i += 1) {
    const b = candidate(group), answer = said(group, b, i % (full ? 4 : 40) === 0);
    ask(`${group} ${answer === 'bad' || answer === 'infinity' ? answer : answer.slice(-3).trim()}`, `${group} ${hex(b)}`, answer);
    if (answer !== 'bad' && !/^0{96} /.test(answer) && pool[group].length < 2000) pool[group].push(hex(b));
    if (group === 'g1') {
      const y = answer.split(' ')[1];
      if (y) {
        ask('hint', `hint ${hex(b)} ${y}`, hex(b));
        const wrong = chance(50) ? be(P - num(y), 48) : unhex(y);
        if (hex(wrong) === y) wrong[below(48)] ^= 1 << below(8);
        ask('hint', `hint ${hex(b)} ${hex(wrong)}`, 'bad');
      } else if (answer === 'bad') ask('hint', `hint ${hex(b)} ${hex(be(randomX(), 48))}`, 'bad');
    }
  }
}

// ---- sums ---------------------------------------------------------------------------------------
const opposite = (h) => (h.startsWith('c0') ? h : (parseInt(h.slice(0, 2), 16) ^ 0x20).toString(16) + h.slice(2));
function blstSum(group, list) {
  const points = list.map((h) => G[group].read(unhex(h)));
  return hex((group === 'g1' ? blst.aggregatePublicKeys(points, false) : blst.aggregateSignatures(points, false)).toBytes());
}
function terms(group, n) {
  const list = [];
  while (list.length < n) {
    const h = pick(pool[group]);
    list.push(h);
    if (list.length < n && chance(8)) list.push(chance(50) ? h : opposite(h));
  }
  if (chance(30)) list.sort();
  return list;
}
for (let i = 0; i < 10000; i += 1) {
  const list = terms('g1', i % 100 === 0 ? 100 + below(1000) : 1 + below(6));
  ask('sum', `sum ${list.join(',')}`, blstSum('g1', list));
  const list2 = terms('g2', 1 + below(i % 100 === 0 ? 100 : 4));
  ask('sum2', `sum2 ${list2.join(',')}`, blstSum('g2', list2));
}

// ---- hashing ------------------------------------------------------------------------------------
const ETH = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const ethTag = new TextEncoder().encode(ETH);
const one = be(1n, 32); // this secret key's signature is the hash itself
const message = () => bytes(pick([0, 1, 31, 32, 32, 32, 33, 55, 56, 63, 64, 65, 119, 120, 128, 255, 256, 1000]));
for (let i = 0; i < 10000; i += 1) {
  const m = i < 300 ? bytes(i) : message();
  ask('hash, our tag', `hash ${word(m)} ${hex(ethTag)}`, hex(signed(one, m).toBytes()));
}
const tag = () => bytes(pick([1, 2, 16, 31, 32, 43, 64, 128, 254, 255, 255, 256, 257, 400]));
for (let i = 0; i < (full ? 4000 : 250); i += 1) {
  const m = message(), dst = tag();
  ask('hash, any tag', `hash ${word(m)} ${word(dst)}`, hex(bls12_381.G2.hashToCurve(m, { DST: dst }).toBytes()));
}
for (let i = 0; i < 10000; i += 1) {
  const m = message(), dst = tag(), n = chance(2) ? 8160 - below(40) : 1 + below(400);
  ask('xmd', `xmd ${word(m)} ${word(dst)} ${n}`, hex(expand_message_xmd(m, dst, n, sha256)));
}

// ---- keys and signatures ------------------------------------------------------------------------
function blstVerify(m, keys, sig) { // KeyValidate of each, and of the signature; no key: false
  try {
    const pks = keys.map((k) => blst.PublicKey.fromBytes(k, true));
    return pks.length > 0 && blst.fastAggregateVerify(m, pks, blst.Signature.fromBytes(sig, true, true), true);
  } catch { return false; }
}
for (let i = 0; i < (full ? 10000 : 1000); i += 1) {
  const sk = secret(), m = message(), pk = keyOf(sk).toBytes(), sig = signed(sk, m).toBytes();
  ask('public', `public ${hex(sk)}`, hex(pk));
  ask('sign', `sign ${hex(sk)} ${word(m)}`, hex(sig));
  ask('verify', `verify ${hex(pk)} ${word(m)} ${hex(sig)}`, String(blstVerify(m, [pk], sig)));
  const badKey = chance(30) ? unhex(pick(pool.g1)) : pk.slice(), badSig = chance(30) ? unhex(pick(pool.g2)) : sig.slice();
  if (chance(50)) badKey[below(48)] ^= 1 << below(8);
  else if (chance(50)) badSig[below(96)] ^= 1 << below(8);
  ask('verify', `verify ${hex(badKey)} ${word(m)} ${hex(badSig)}`, String(blstVerify(m, [badKey], badSig)));
  ask('key', `key ${hex(badKey)}`, String(does(() => blst.PublicKey.fromBytes(badKey, true))));
}
for (let i = 0; i < 200; i += 1) {
  const sks = Array.from({ length: 1 + below(8) }, secret), m = bytes(32);
  if (chance(30)) sks.push(sks[0]);
  const pks = sks.map(keyOf), sigs = sks.map((k) => signed(k, m));
  const pk = blst.aggregatePublicKeys(pks).toBytes(), sig = blst.aggregateSignatures(sigs).toBytes();
  ask('sign all', `signall ${hex(m)} ${sks.map(hex).join(',')}`, `${hex(pk)} ${hex(sig)}`);
  const keys = pks.map((k) => k.toBytes());
  if (chance(40)) keys[below(keys.length)] = unhex(pick(pool.g1));
  else if (chance(20)) keys.pop();
  else if (chance(20)) keys.push(keys[0]);
  ask('fast', `fast ${hex(m)} ${hex(sig)} ${keys.map(hex).join(',') || '-'}`, String(blstVerify(m, keys, sig)));
}

// ---- a committee of 512 -------------------------------------------------------------------------
const SIZE = 512;
const members = Array.from({ length: SIZE }, secret);
members[300] = members[7]; // a validator may sit twice
const keys = members.map(keyOf), messages = Array.from({ length: full ? 8 : 3 }, () => bytes(32));
const signatures = messages.map((m) => members.map((k) => signed(k, m)));
const all = hex(blst.aggregatePublicKeys(keys).toBytes());
const written = keys.map((k) => hex(k.toBytes())), ys = keys.map((k) => hex(k.toBytes(false)).slice(96));
ask('committee', `committee ${written.join(',')}`, `0 ${all}`);
const spoilt = ys.map((y, i) => (i % 5 ? y : hex(be(P - num(y), 48))));
ask('committee', `committee ${written.join(',')} ${spoilt.join(',')}`, `${Math.ceil(SIZE / 5)} ${all}`);
ask('committee', `committee ${[...written, written[0]].join(',')}`, 'bad');
ask('committee', `committee ${written.join(',')} ${ys.join(',')}`, `0 ${all}`);
let few = 0, many = 0;
for (let i = 0; i < (full ? 10000 : 1000); i += 1) {
  const percent = pick([0, 1, 2, 10, 40, 50, 60, 67, 90, 98, 99, 100]);
  let bits = Array.from({ length: SIZE }, () => chance(percent));
  if (i % 50 === 0) bits = bits.map((_, k) => k < 256); // as many present as absent
  if (i % 50 === 1) bits = bits.map((_, k) => k < 257);
  if (i % 50 === 2) bits = bits.map(() => false);
  let n = below(messages.length);
  const m = messages[n], who = bits.map((b, k) => k).filter((k) => bits[k]);
  let sig;
  if (i % 4 === 3) n = (n + 1) % messages.length; // signed something else
  if (who.length) sig = blst.aggregateSignatures(who.map((k) => signatures[n][k])).toBytes();
  else sig = chance(50) ? Uint8Array.from({ length: 96 }, (_, k) => (k ? 0 : 0xc0)) : signatures[n][0].toBytes();
  if (i % 4 === 2) { // a bit more or less, two keys exchanged, a changed signature
    const k = below(SIZE);
    if (chance(60)) bits[k] = !bits[k];
    else if (chance(50)) [bits[k], bits[(k + 1) % SIZE]] = [bits[(k + 1) % SIZE], bits[k]];
    else sig[below(96)] ^= 1 << below(8);
  }
  const present = keys.filter((_, k) => bits[k]);
  let want = false;
  try { want = present.length > 0 && blst.fastAggregateVerify(m, present, blst.Signature.fromBytes(sig, true, true), true); } catch { /* refused */ }
  if (2 * present.length > SIZE) many += 1; else few += 1;
  const vector = new Uint8Array(SIZE / 8);
  bits.forEach((b, k) => { if (b) vector[k >> 3] |= 1 << (k & 7); });
  ask(`signed ${want}`, `signed ${hex(vector)} ${hex(m)} ${hex(sig)}`, String(want));
}

const run = spawnSync(tool, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 });
if (run.status !== 0) throw new Error(`${tool}: exit ${run.status} ${run.signal ?? ''} ${run.stderr}`);
const got = run.stdout.toString().trimEnd().split('\n');
if (got.length !== lines.length) throw new Error(`${got.length} answers to ${lines.length} questions`);
let failed = 0;
const count = {};
for (let i = 0; i < lines.length; i += 1) {
  count[kinds[i]] = (count[kinds[i]] ?? 0) + 1;
  if (got[i] === wanted[i]) continue;
  failed += 1;
  if (failed <= 10) console.log(`FAILED ${kinds[i]}: ${lines[i].slice(0, 2000)}\n  got  ${got[i]}\n  want ${wanted[i]}`);
}
console.log(Object.entries(count).map(([k, n]) => `${k} ${n}`).join(', '));
console.log(`compared with blst 2.2.0, seed ${seedText}; noble 2.4.0 agreed on ${agreed} points; committee: ${few} with few present, ${many} with many`);
console.log(`${lines.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
