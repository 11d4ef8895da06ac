// Signed checkpoints against @noble/curves secp256k1 and Node's SHA-256: canonical bytes, signatures
// both ways, and the rules of policy/beacon/checkpoint.h as a model written from DESIGN section 5.
// TOOL: build/tools/checkpoint_tool
// Usage: node checkpoint_diff.mjs TOOL [seed]
// Exit 0: no difference. Each difference is printed as the tool's own input line.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';

const [tool, seedText = '1'] = process.argv.slice(2);
let s = (BigInt(seedText) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn;
function below(n) { // xorshift64
  s ^= (s << 13n) & 0xffffffffffffffffn;
  s ^= s >> 7n;
  s ^= (s << 17n) & 0xffffffffffffffffn;
  return Number((s >> 11n) % BigInt(n));
}
const chance = (percent) => below(100) < percent;
const pick = (list) => list[below(list.length)];
const bytes = (n) => Uint8Array.from({ length: n }, () => below(256));
const hex = (b) => Buffer.from(b).toString('hex');
const unhex = (t) => Buffer.from(t.replace(/^0x/, ''), 'hex');
const ask = (text) => Buffer.from(text).toString('hex');

// ---- mainnet: consensus-specs configs/mainnet.yaml -------------------------------------------
const GENESIS = 1606824023, SLOT = 12, EPOCH = 32, N = secp256k1.Point.Fn.ORDER;
const ROOT = '4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95';
const forks = [['00000000', 0], ['01000000', 74240], ['02000000', 144896], ['03000000', 194048], ['04000000', 269568],
  ['05000000', 364032], ['06000000', 411392]];
const forkAt = (slot) => forks.findLast(([, epoch]) => Math.floor(slot / EPOCH) >= epoch)[0];
const DAYS14 = 14 * 86400;

// ---- documents -------------------------------------------------------------------------------
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; };
function message(d) {
  return Buffer.concat([Buffer.from('bootgate/checkpoint/v1', 'ascii'), unhex(d.genesis_validators_root), unhex(d.fork_version),
    u64(d.slot), unhex(d.root), u64(d.issued), u64(d.not_after)]);
}
const digest = (d) => createHash('sha256').update(message(d)).digest();
const RAW = { prehash: false, lowS: true };
const signature = (d, secret) => secp256k1.sign(digest(d), secret, RAW);
const entry = (d, secret) => ({ key: '0x' + hex(secp256k1.getPublicKey(secret)), signature: '0x' + hex(signature(d, secret)) });
function randomSlot() {
  const [, epoch] = pick(forks);
  if (chance(40)) return Math.max(0, epoch * EPOCH + below(3) - 1);
  return below(420000 * EPOCH);
}
function randomDoc() {
  const slot = randomSlot(), issued = GENESIS + slot * SLOT + (chance(30) ? 0 : below(30 * 86400));
  return { schema: 1, genesis_validators_root: '0x' + ROOT, fork_version: '0x' + forkAt(slot), slot, root: '0x' + hex(bytes(32)),
    issued, not_after: issued + (chance(30) ? DAYS14 : 1 + below(DAYS14)), signatures: [] };
}
const secretKey = () => { for (;;) { const k = bytes(32); if (secp256k1.utils.isValidSecretKey(k)) return k; } };

const lines = [], checks = [], kinds = [];
function question(kind, line, check) { kinds.push(kind); lines.push(line); checks.push(check); }
const is = (want) => (got) => (got === want ? null : want);
const refused = (got) => (got.startsWith('bad BG-14') ? null : 'bad BG-14..');

// ---- bytes, and signatures of ours -----------------------------------------------------------
for (let i = 0; i < 400; i += 1) {
  const d = randomDoc(), secret = secretKey();
  // What is signed binds any values, also those that no network has.
  if (chance(50)) Object.assign(d, { genesis_validators_root: hex(bytes(32)), fork_version: hex(bytes(4)), slot: below(2 ** 47) });
  for (let n = below(3); n > 0; n -= 1) d.signatures.push(entry(d, secretKey()));
  const text = ask(JSON.stringify(d, null, below(3)));
  question('message', `message ${text}`, is(hex(message(d))));
  question('rewrite', `rewrite ${text}`, (got) => {
    const want = structuredClone(d);
    for (const k of ['genesis_validators_root', 'fork_version']) want[k] = '0x' + want[k].replace(/^0x/, '');
    return got === JSON.stringify(want) ? null : JSON.stringify(want);
  });
  // RFC 6979 leaves no choice: the bytes are the same; and noble takes them.
  question('sign', `sign ${hex(secret)} ${text}`, (got) => {
    const [key, sig] = got.split(' ').map(unhex), e = entry(d, secret);
    const good = sig && secp256k1.verify(sig, digest(d), key, RAW);
    return good && got === `${e.key.slice(2)} ${e.signature.slice(2)}` ? null : `${e.key} ${e.signature}`;
  });
}
for (const bad of [0n, N, N + 1n, 2n ** 256n - 1n])
  question('sign: no secret', `sign ${bad.toString(16).padStart(64, '0')} ${ask(JSON.stringify(randomDoc()))}`, is('bad BG-1426'));
question('sign: 1', `sign ${'1'.padStart(64, '0')} ${ask(JSON.stringify(randomDoc()))}`, (got) =>
  (got.startsWith('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798 ') ? null : 'the generator'));

// ---- verification ----------------------------------------------------------------------------
// The rules again, as a model: the number of distinct configured keys, or null.
function model(d, signers, threshold, minSlot, now) {
  if (unhex(d.genesis_validators_root).toString('hex') !== ROOT) return null;
  if (unhex(d.fork_version).toString('hex') !== forkAt(d.slot)) return null;
  if (!(d.not_after > d.issued && d.not_after - d.issued <= DAYS14)) return null;
  if (d.issued < GENESIS + d.slot * SLOT || d.issued > now + 60 || now > d.not_after || d.slot < minSlot) return null;
  const who = new Set();
  for (const e of d.signatures) {
    const i = signers.indexOf(hex(unhex(e.key)));
    if (i < 0) continue;
    let good = false;
    try { good = secp256k1.verify(unhex(e.signature), digest(d), unhex(e.key), RAW); } catch { /* r or s out of range */ }
    if (!good) return null;
    who.add(i);
  }
  return who.size >= threshold ? who : null;
}
function mutate(d, secrets) {
  const e = d.signatures.length ? pick(d.signatures) : null, sig = e && unhex(e.signature);
  const set = (x) => { e.signature = '0x' + hex(x); };
  const flip = (text) => { const b = unhex(text); b[below(b.length)] ^= 1 << below(8); return '0x' + hex(b); };
  const put = (n, at) => { const x = Buffer.from(sig); Buffer.from(n.toString(16).padStart(64, '0'), 'hex').copy(x, at); set(x); };
  switch (below(e ? 14 : 7)) {
    case 0: d.root = flip(d.root); return 'root';
    case 1: d.genesis_validators_root = flip(d.genesis_validators_root); return 'network';
    case 2: d.fork_version = pick([flip(d.fork_version), '0x' + pick(forks)[0]]); return 'fork';
    case 3: d.slot = Math.max(0, d.slot + pick([-1, 1, EPOCH, -EPOCH])); return 'slot';
    case 4: d.issued += pick([-1, 1]); return 'issued';
    case 5: d.not_after += pick([-1, 1]); return 'not_after';
    case 6: d.signatures.push({ key: '0x02' + hex(bytes(32)), signature: '0x' + hex(bytes(64)) }); return 'unknown key';
    case 7: put(N - BigInt('0x' + hex(sig.subarray(32))), 32); return 'high s';
    case 8: set(unhex(flip(e.signature))); return 'signature';
    case 9: put(pick([0n, N, 2n ** 256n - 1n]), pick([0, 32])); return 'range';
    case 10: d.signatures.push({ ...e }); return 'twice';
    case 11: e.key = pick(d.signatures).key; return 'key of another';
    case 12: e.key = flip(e.key); return 'key';
    default: Object.assign(e, entry(d, pick(secrets))); return 'one replaced';
  }
}
let allowed = 0;
for (let i = 0; i < 1600; i += 1) {
  const d = randomDoc(), n = 1 + below(chance(80) ? 5 : 12), secrets = Array.from({ length: n }, secretKey);
  const signers = secrets.map((k) => hex(secp256k1.getPublicKey(k)));
  const threshold = 1 + below(n);
  const order = secrets.filter(() => chance(75)).sort(() => below(3) - 1);
  d.signatures = order.map((k) => entry(d, k));
  const life = d.not_after - d.issued;
  const now = d.issued + pick([-61, -60, -1, 0, 1, life - 1, life, life + 1, below(life), below(life), below(life)]);
  const minSlot = Math.max(0, pick([0, 0, 0, d.slot - 1, d.slot, d.slot + 1]));
  let kind = 'verify';
  if (chance(55)) kind = `verify, ${mutate(d, secrets)}`;
  if (d.signatures.length > 16) continue;
  const who = model(d, signers, threshold, minSlot, now);
  const line = `verify ${threshold} ${signers.join(',')} ${minSlot} ${now} ${ask(JSON.stringify(d))}`;
  if (!who) { question(kind, line, refused); continue; }
  allowed += 1;
  const others = d.signatures.filter((e) => !signers.includes(hex(unhex(e.key)))).length;
  question(kind, line, is(`ok ${d.slot} ${d.root.replace(/^0x/, '')} ${who.size} ${others} ${signers.map((_, k) => (who.has(k) ? 1 : 0)).join('')}`));
}

const run = spawnSync(tool, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 });
if (run.status !== 0) throw new Error(`${tool}: exit ${run.status} ${run.signal ?? ''} ${run.stderr}`);
const got = run.stdout.toString().trimEnd().split('\n');
if (got.length !== lines.length) throw new Error(`${got.length} answers to ${lines.length} questions`);
let failed = 0;
const count = {};
for (let i = 0; i < lines.length; i += 1) {
  count[kinds[i]] = (count[kinds[i]] ?? 0) + 1;
  const want = checks[i](got[i]);
  if (want === null) continue;
  failed += 1;
  if (failed <= 10) console.log(`FAILED ${kinds[i]}: ${lines[i]}\n  got  ${got[i]}\n  want ${want}`);
}
// Both answers have to come up often, or nothing was compared.
if (allowed < 300) { failed += 1; console.log(`FAILED only ${allowed} documents were good`); }
console.log(`compared ${allowed} good documents and ${count.message * 3} bytes and signatures`);
console.log(Object.entries(count).map(([k, n]) => `${k} ${n}`).join(', '));
console.log(`${lines.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
