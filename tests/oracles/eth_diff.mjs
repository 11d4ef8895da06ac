// RLP, Keccak and Merkle-Patricia proofs against @ethereumjs/rlp, @ethereumjs/mpt, @noble/hashes.
// Usage: node eth_diff.mjs TOOL [seed]      (TOOL: build/tools/eth_tool)
// Exit 0: no difference. Each difference is printed as the tool's own input line.
import { spawnSync } from 'node:child_process';
import { RLP } from '@ethereumjs/rlp';
import { createMPT, createMerkleProof, verifyMerkleProof } from '@ethereumjs/mpt';
import { keccak_256 } from '@noble/hashes/sha3.js';

const [tool, seedText = '1'] = process.argv.slice(2);
const DEPTH = 8; // LIMIT_RLP_DEPTH of base/limits.h: deeper is refused on purpose
let s = (BigInt(seedText) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn;
function below(n) { // xorshift64
  s ^= (s << 13n) & 0xffffffffffffffffn;
  s ^= s >> 7n;
  s ^= (s << 17n) & 0xffffffffffffffffn;
  return Number((s >> 11n) % BigInt(n));
}
const chance = (percent) => below(100) < percent;
const bytes = (n) => Uint8Array.from({ length: n }, () => below(256));
const hex = (b) => Buffer.from(b).toString('hex');
const word = (b) => (b.length ? hex(b) : '-');

const lines = [], wanted = [], kinds = [];
function ask(kind, line, want) {
  kinds.push(kind); lines.push(line); wanted.push(want);
}

// ---- Keccak ---------------------------------------------------------------------------------
for (let n = 0; n < 700; n += 1) {
  const b = bytes(n);
  ask('keccak', `keccak ${word(b)}`, hex(keccak_256(b)));
}

// ---- RLP ------------------------------------------------------------------------------------
const show = (v) => (Array.isArray(v) ? `[${v.map(show).join(',')}]` : hex(v));
const depth = (v) => (Array.isArray(v) ? 1 + Math.max(0, ...v.map(depth)) : 0);
function randomItem(level) {
  if (level === 0 || chance(45)) {
    const n = [0, 1, 1, 2, 3, 20, 32, 33, 54, 55, 56, 57, 255, 256, 257][below(15)];
    return chance(50) ? new Uint8Array(n).fill(below(256)) : bytes(n);
  }
  return Array.from({ length: below(6) }, () => randomItem(level - 1));
}
// The oracle's decoder is lenient in places: what it cannot write back to the same bytes is no
// minimal encoding, and must be refused.
function oracleRlp(input) {
  try {
    const v = RLP.decode(input);
    return depth(v) <= DEPTH && hex(RLP.encode(v)) === hex(input) ? show(v) : 'bad';
  } catch { return 'bad'; }
}
// sloppy writes the same value, but not always in the shortest way.
function sloppy(v) {
  const list = Array.isArray(v), body = list ? Buffer.concat(v.map(sloppy)) : Buffer.from(v), base = list ? 0xc0 : 0x80;
  const odd = chance(12);
  if (!list && body.length === 1 && body[0] < 0x80 && !odd) return body;
  if (body.length < 56 && (!odd || chance(30))) return Buffer.concat([Buffer.of(base + body.length), body]);
  let digits = [];
  for (let n = body.length; n; n >>= 8) digits.unshift(n & 255);
  if (digits.length === 0 || (odd && chance(60))) digits = [...Array(1 + below(8 - digits.length)).fill(0), ...digits];
  return Buffer.concat([Buffer.of(base + 55 + digits.length, ...digits), body]);
}
function mutate(b) {
  const out = Uint8Array.from(b);
  switch (below(4)) {
    case 0: out[below(out.length)] = [0, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xc1, 0xf7, 0xf8, 0xff][below(12)]; return out;
    case 1: out[below(Math.min(4, out.length))] += 1 + below(3); return out;
    case 2: return out.slice(0, below(out.length));
    default: return Uint8Array.from([...out, ...bytes(1 + below(2))]);
  }
}
for (let i = 0; i < 4000; i += 1) {
  const good = RLP.encode(randomItem(1 + below(9)));
  if (good.length > 60000) continue;
  ask('rlp', `rlp ${word(good)}`, oracleRlp(good));
  const other = sloppy(RLP.decode(good));
  ask('rlp sloppy', `rlp ${word(other)}`, oracleRlp(other));
  let bad = mutate(good);
  if (bad.length && chance(30)) bad = mutate(bad);
  ask('rlp mutant', `rlp ${word(bad)}`, oracleRlp(bad));
  const noise = bytes(below(12));
  ask('rlp noise', `rlp ${word(noise)}`, oracleRlp(noise));
}

// ---- tries ----------------------------------------------------------------------------------
// Key shapes: like a hash; a long common start; two children a branch; parting at any depth.
function randomKey(shape) {
  const k = bytes(32);
  if (shape === 1) k.fill(0xab, 0, 30);
  if (shape === 2) return k.map((b) => b & 0x11);
  if (shape === 3) k.fill(0x10, 0, 20 + below(12));
  return k;
}
for (let round = 0; round < 240; round += 1) {
  const shape = round % 4, trie = await createMPT();
  const pairs = new Map();
  for (let n = 1 + below(shape === 0 && chance(20) ? 300 : 40); n > 0; n -= 1) {
    const value = bytes(1 + below(chance(50) ? 2 : 70));
    value[0] |= 1;
    pairs.set(hex(randomKey(shape)), value);
  }
  let input = [];
  for (const [k, v] of pairs) {
    await trie.put(Buffer.from(k, 'hex'), v);
    input.push(`${k}=${hex(v)}`);
  }
  for (const k of [...pairs.keys()].filter(() => chance(10))) {
    if (pairs.size === 1) break;
    await trie.del(Buffer.from(k, 'hex'));
    pairs.delete(k);
    input.push(`${k}=`);
  }
  const root = hex(trie.root());
  input = input.join(',');
  ask('trie root', `trie ${input}`, root);
  const some = [...pairs.keys()].slice(0, 8);
  for (let i = 0; i < 8; i += 1) some.push(hex(randomKey(shape)));
  for (const k of some) {
    const key = Buffer.from(k, 'hex'), nodes = await createMerkleProof(trie, key);
    const value = await verifyMerkleProof(key, nodes, { root: trie.root() }).catch(() => undefined);
    const there = pairs.get(k);
    if (hex(value ?? []) !== hex(there ?? [])) throw new Error(`the oracle contradicts itself: ${input} ${k}`);
    const list = nodes.map(hex);
    ask('proof nodes', `proof ${k} ${input}`, list.join(','));
    ask('prove', `prove ${root} ${k} ${list.join(',')}`, there ? `present ${hex(there)}` : 'absent');
    // Nodes left out, twice, exchanged or changed: no proof. Only a node that stands in its parent
    // as well (shorter than 32 bytes) may be left out.
    const at = below(list.length), changed = Buffer.from(nodes[at]);
    changed[below(changed.length)] ^= 1 << below(8);
    const mutants = [
      [...list, list[at]],
      [...list, hex(bytes(33))],
      list.map((x, i) => (i === at ? changed.toString('hex') : x)),
    ];
    if (nodes[at].length >= 32 || at === 0) mutants.push(list.filter((_, i) => i !== at));
    if (list.length > 1 && at > 0) mutants.push(list.map((x, i) => (i === at ? list[at - 1] : i === at - 1 ? list[at] : x)));
    for (const m of mutants) ask('mutant', `prove ${root} ${k} ${m.join(',')}`, 'bad');
  }
}

const run = spawnSync(tool, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 });
if (run.status !== 0) throw new Error(`${tool}: exit ${run.status} ${run.signal ?? ''} ${run.stderr}`);
const got = run.stdout.toString().trimEnd().split('\n');
if (got.length !== lines.length) throw new Error(`${got.length} answers to ${lines.length} questions`);
let failed = 0;
const count = {};
for (let i = 0; i < lines.length; i += 1) {
  count[kinds[i]] = (count[kinds[i]] ?? 0) + 1;
  const answer = wanted[i] === 'bad' ? got[i].split(' ')[0] : got[i];
  if (answer === wanted[i]) continue;
  failed += 1;
  if (failed <= 10) console.log(`FAILED ${kinds[i]}: ${lines[i]}\n  got  ${got[i]}\n  want ${wanted[i]}`);
}
console.log(Object.entries(count).map(([k, n]) => `${k} ${n}`).join(', '));
console.log(`${lines.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
