// The EVM against @ethereumjs/evm: random programs on four forks, and single functions against
// BigInt. Usage: node evm_diff.mjs TOOL [programs] [seed]   (TOOL: build/tools/evm_tool)
// EVM_DIFF=full: 100,000 programs instead of 2,500, and that each opcode of each fork is among them.
// Exit 0: no difference. Each difference is printed as the tool's own input line.
import { createEVM } from '@ethereumjs/evm';
import { Common, Mainnet } from '@ethereumjs/common';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@ethereumjs/util';
import { FORKS, PRECOMPILES, address, askTool as ask, compare, oracle, shown } from './evm_oracle.mjs';

const full = process.env.EVM_DIFF === 'full';
const [tool, programsText = full ? '100000' : '2500', seedText = '1'] = process.argv.slice(2);
const askTool = (lines) => ask(tool, lines);

// xorshift128: the same programs for the same seed.
let s0 = (Number(seedText) * 2654435761 + 1) >>> 0, s1 = 0x9e3779b9, s2 = 0x243f6a88, s3 = 0xb7e15162;
const u32 = () => {
  let t = s3;
  const s = s0;
  s3 = s2; s2 = s1; s1 = s;
  t ^= t << 11; t ^= t >>> 8;
  s0 = (t ^ s ^ (s >>> 19)) >>> 0;
  return s0;
};
for (let i = 0; i < 64; i += 1) u32();
const below = (n) => u32() % n;
const pick = (list) => list[below(list.length)];
const chance = (percent) => below(100) < percent;
const TOP = 1n << 256n;
const hex = (v) => '0x' + v.toString(16);
const EDGES = [0n, 1n, 2n, 3n, 7n, 8n, 31n, 32n, 33n, 63n, 64n, 127n, 128n, 255n, 256n, 257n, 0xffffn, (1n << 32n) - 1n, 1n << 32n, (1n << 64n) - 1n,
  1n << 64n, (1n << 127n), (1n << 128n) - 1n, 1n << 128n, (1n << 192n) + 1n, (1n << 255n) - 1n, 1n << 255n, TOP - 1n, TOP - 2n, TOP - 256n];
const randomWord = () => {
  if (chance(35)) return pick(EDGES);
  const bytes = chance(50) ? 32 : 1 + below(32);
  let v = 0n;
  for (let i = 0; i < bytes; i += 1) v = (v << 8n) | BigInt(chance(15) ? pick([0, 255]) : below(256));
  if (chance(10)) v = (TOP - v) % TOP;
  return v;
};

// ---- u256 -----------------------------------------------------------------------------------
const signed = (v) => BigInt.asIntN(256, v);
const wrap = (v) => BigInt.asUintN(256, v);
const modpow = (b, e) => {
  let r = 1n;
  for (b = wrap(b); e > 0n; e >>= 1n) {
    if (e & 1n) r = wrap(r * b);
    b = wrap(b * b);
  }
  return r;
};
const FUNCTIONS = {
  add: (a, b) => wrap(a + b), sub: (a, b) => wrap(a - b), mul: (a, b) => wrap(a * b),
  div: (a, b) => (b ? a / b : 0n), mod: (a, b) => (b ? a % b : 0n),
  sdiv: (a, b) => (b ? wrap(signed(a) / signed(b)) : 0n), smod: (a, b) => (b ? wrap(signed(a) % signed(b)) : 0n),
  addmod: (a, b, m) => (m ? (a + b) % m : 0n), mulmod: (a, b, m) => (m ? (a * b) % m : 0n),
  exp: (a, b) => modpow(a, b), signextend: (k, v) => (k > 30n ? v : wrap(BigInt.asIntN(Number(k) * 8 + 8, v))),
  and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b, not: (a) => TOP - 1n - a,
  byte: (i, v) => (i > 31n ? 0n : (v >> (8n * (31n - i))) & 255n),
  shl: (s, v) => (s > 255n ? 0n : wrap(v << s)), shr: (s, v) => (s > 255n ? 0n : v >> s),
  sar: (s, v) => wrap(signed(v) >> (s > 255n ? 255n : s)),
  lt: (a, b) => (a < b ? 1n : 0n), slt: (a, b) => (signed(a) < signed(b) ? 1n : 0n),
  bits: (a) => BigInt(a ? a.toString(2).length : 0),
};
const SMALL_FIRST = new Set(['signextend', 'byte', 'shl', 'shr', 'sar']);

function testU256(each) {
  let bad = 0;
  for (const [fn, f] of Object.entries(FUNCTIONS)) {
    const lines = [], want = [];
    for (let i = 0; i < each; i += 1) {
      const args = [randomWord(), randomWord(), randomWord()].slice(0, f.length);
      if (SMALL_FIRST.has(fn) && chance(80)) args[0] = BigInt(below(270));
      if (chance(5) && f.length > 1) args[1] = args[0];
      if (f.length > 1 && chance(15)) args[0] = wrap(args[f.length - 1] * BigInt(below(1 << 20)) + BigInt(below(3)) - 1n); // near multiples
      lines.push(JSON.stringify({ op: 'u256', fn, args: args.map(hex) }));
      want.push(f(...args));
    }
    askTool(lines).forEach(({ value }, i) => {
      if (BigInt(value) === want[i]) return;
      bad += 1;
      if (bad < 20) console.log(`u256 ${lines[i]}: ${value}, expected ${hex(want[i])}`);
    });
    console.log(`u256 ${fn}: ${each} compared`);
  }
  return bad;
}

// ---- programs -------------------------------------------------------------------------------
const CONTRACTS = [0xc0de01n, 0xc0de02n, 0xc0de03n, 0xc0de04n].map(address);
const PLAIN = address(0xe0a1n), EMPTY = address(0xdeadbeefn), DELEGATED = address(0x7702n), DELEGATED_TO_PRECOMPILE = address(0x7703n), DELEGATED_TWICE = address(0x7704n);
const COINBASE = address(0xc01bba5en), FROM = address(0x5e4de4n);
const REFUSED = [6n, 7n, 8n, 0xan, 0xbn, 0x11n];
// What is being written: for which fork, and which of the contracts (it calls later ones, mostly).
let level = 0, self = 0;
const opOf = (op, since) => (level >= since || chance(1) ? op : 0x5a);
const anyContract = () => (chance(12) ? pick(CONTRACTS) : CONTRACTS[Math.min(self + 1 + below(2), 3)]);
const anyAddress = () => (chance(60) ? BigInt(anyContract()) : chance(40) ? pick(PRECOMPILES) : BigInt(pick([PLAIN, EMPTY, DELEGATED, DELEGATED_TO_PRECOMPILE, DELEGATED_TWICE, COINBASE, FROM, address(BigInt(below(65536)) + 0x10000n)])));

class Code {
  constructor() { this.bytes = []; this.height = 0; }
  op(byte, pops = 0, pushes = 0) { this.bytes.push(byte); this.height += pushes - pops; }
  push(v) {
    v = BigInt(v);
    if (v === 0n && chance(60)) return this.op(0x5f, 0, 1);
    let text = v.toString(16);
    if (text.length % 2) text = '0' + text;
    let n = text.length / 2;
    if (chance(4)) n = n + below(33 - n);
    text = text.padStart(2 * n, '0');
    this.bytes.push(0x5f + n, ...Buffer.from(text, 'hex'));
    this.height += 1;
  }
  need(n) { while (this.height < n) this.push(randomWord()); }
}
const BINARY = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d];
const ENV = [0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x58, 0x59, 0x5a];
const STATIC = [[0x55, 2], [0x5d, 2], [0xa0, 2], [0xa1, 3], [0xa2, 4], [0xa3, 5], [0xa4, 6], [0xf0, 3], [0xf5, 4], [0xff, 1]];
const small = () => BigInt(chance(92) ? below(160) : chance(92) ? below(4096) : below(60000));
const offset = () => (below(400) ? small() : randomWord());

function range(c) { c.push(small()); c.push(offset()); }

function callTo(c, to) {
  const op = pick([0xf1, 0xf1, 0xf2, 0xf4, 0xfa, 0xfa]);
  range(c); // answer
  range(c); // input
  if (op === 0xf1) c.push(chance(97) ? 0n : 1n);
  if (op === 0xf2) c.push(chance(80) ? 0n : pick([1n, 1000n, 1n << 100n]));
  c.push(to);
  if (chance(60)) c.op(0x5a, 0, 1);
  else c.push(chance(90) ? BigInt(below(60000)) : randomWord());
  c.op(op, op === 0xf1 || op === 0xf2 ? 7 : 6, 1);
  if (chance(40)) { // RETURNDATACOPY of what is there, or of more
    const within = chance(94);
    if (within) c.op(0x3d, 0, 1);
    else c.push(BigInt(below(70)));
    c.push(within ? 0n : BigInt(below(40)));
    c.push(BigInt(below(200)));
    c.op(0x3e, 3, 0);
  }
}

function precompileInput(c, number) {
  const put = (at, v) => { c.push(v); c.push(BigInt(at)); c.op(0x52, 2, 0); };
  if (number === 5n) {
    const lens = [below(40), below(40), below(40)];
    if (chance(5)) lens[below(3)] = below(2000);
    lens.forEach((n, i) => put(32 * i, BigInt(n)));
    for (let i = 3; i < 7; i += 1) put(32 * i, randomWord());
  } else if (number === 9n) {
    put(0, (BigInt(below(30)) << 224n) | (randomWord() >> 32n));
    for (let i = 1; i < 6; i += 1) put(32 * i, randomWord());
    put(181, chance(80) ? BigInt(below(2)) : randomWord());
  } else if (number === 1n) {
    put(0, randomWord()); put(32, BigInt(26 + below(4)));
    put(64, randomWord()); put(96, randomWord());
  } else for (let i = 0; i < 5; i += 1) put(32 * i, randomWord());
}

function callPrecompile(c, number) {
  precompileInput(c, number);
  const op = pick([0xf1, 0xf2, 0xf4, 0xfa]);
  c.push(chance(50) ? 64n : small()); c.push(BigInt(below(300)));
  c.push(number === 9n && chance(90) ? 213n : number === 0x100n && chance(80) ? 160n : chance(50) ? 128n : BigInt(below(300)));
  c.push(0n);
  if (op === 0xf1 || op === 0xf2) c.push(0n);
  c.push(number);
  if (chance(80)) c.op(0x5a, 0, 1);
  else c.push(BigInt(below(4000)));
  c.op(op, op === 0xf1 || op === 0xf2 ? 7 : 6, 1);
}

function statement(c, depth) {
  const kind = below(100);
  if (kind < 26) { const op = pick(BINARY); c.need(2); if (chance(50)) c.push(randomWord()); c.need(2); c.op(op, 2, 1); }
  else if (kind < 30) { c.need(3); c.op(pick([0x08, 0x09]), 3, 1); }
  else if (kind < 34) { const op = pick([0x15, 0x19, opOf(0x1e, 3)]); if (op !== 0x5a) c.need(1); c.op(op, op === 0x5a ? 0 : 1, 1); }
  else if (kind < 42) c.op(pick(ENV), 0, 1);
  else if (kind < 45) { const n = 1 + below(16); c.need(n); c.op(0x7f + n, 0, 1); }
  else if (kind < 48) { const n = 1 + below(16); c.need(n + 1); c.op(0x8f + n); }
  else if (kind < 50) { c.need(1); c.op(0x50, 1, 0); }
  else if (kind < 57) { c.need(1); c.push(offset()); c.op(pick([0x52, 0x52, 0x53]), 2, 0); }
  else if (kind < 60) { c.push(offset()); c.op(0x51, 1, 1); }
  else if (kind < 63) { range(c); c.op(0x20, 2, 1); }
  else if (kind < 65) { c.push(chance(90) ? small() : randomWord()); c.op(0x35, 1, 1); }
  else if (kind < 70) { c.push(small()); c.push(chance(85) ? small() : randomWord()); c.push(offset()); const op = pick([0x37, 0x39, opOf(0x5e, 1), opOf(0x5e, 1), below(20) ? 0x39 : 0x3e]); c.op(op, op === 0x5a ? 0 : 3, op === 0x5a ? 1 : 0); }
  else if (kind < 76) { c.push(chance(85) ? BigInt(below(6)) : randomWord()); const op = chance(85) ? 0x54 : opOf(0x5c, 1); c.op(op, op === 0x5a ? 0 : 1, 1); }
  else if (kind < 80) { c.push(anyAddress() | (chance(10) ? randomWord() << 160n & (TOP - 1n) : 0n)); c.op(pick([0x31, 0x3b, 0x3f]), 1, 1); }
  else if (kind < 82) { range(c); c.push(offset()); c.push(anyAddress()); c.op(0x3c, 4, 0); }
  else if (kind < 83) c.op(opOf(0x4a, 1), 0, 1);
  else if (kind < 84) { const op = opOf(0x49, 1); if (op !== 0x5a) c.need(1); c.op(op, op === 0x5a ? 0 : 1, 1); }
  else if (kind < 90) callTo(c, anyAddress());
  else if (kind < 93) callPrecompile(c, pick(PRECOMPILES));
  else if (kind < 97 && depth > 0) branch(c, depth);
  else if (kind < 98 && depth > 0) loop(c, depth);
  else if (chance(self ? 12 : 2)) { const [op, n] = pick(STATIC); c.need(n); c.op(op, n, op === 0xf0 || op === 0xf5 ? 1 : 0); }
  else if (chance(2)) { c.push(BigInt(below(300))); c.op(0x40, 1, 1); }
  else if (chance(4)) callTo(c, pick(REFUSED));
  else if (chance(self ? 6 : 1)) c.op(below(256));
  else if (chance(self ? 6 : 1)) { c.push(randomWord()); c.op(0x56, 1, 0); }
  else c.op(0x5b);
}

// Statements that leave alone what lies on the stack.
function body(c, n, depth) {
  const below = c.height;
  c.height = 0;
  for (let i = 0; i < n; i += 1) statement(c, depth);
  while (c.height > 0) c.op(0x50, 1, 0);
  c.height = below;
}

// PUSH2 label, JUMPI over a block that leaves the stack as high as it found it.
function branch(c, depth) {
  c.push(randomWord() & (chance(50) ? 1n : TOP - 1n));
  c.bytes.push(0x61, 0, 0, 0x57);
  c.height -= 1;
  const patch = c.bytes.length - 3;
  body(c, 1 + below(4), depth - 1);
  c.bytes[patch] = c.bytes.length >> 8;
  c.bytes[patch + 1] = c.bytes.length & 255;
  c.op(0x5b);
}

// counter; JUMPDEST; body; counter-1; DUP1; PUSH2 label; JUMPI
function loop(c, depth) {
  c.push(BigInt(1 + below(12)));
  const label = c.bytes.length;
  c.op(0x5b);
  body(c, 1 + below(3), 0);
  c.bytes.push(0x60, 1, 0x90, 0x03, 0x80, 0x61, label >> 8, label & 255, 0x57);
}

function program(length) {
  if (chance(self ? 6 : 1)) return Uint8Array.from({ length: below(200) }, () => (chance(40) ? 0x5f + below(3) : below(256)));
  const c = new Code();
  for (let i = 0; i < length; i += 1) statement(c, 2);
  const end = below(100);
  if (end < 75) {
    const n = Math.min(c.height, 8);
    for (let i = 0; i < n; i += 1) { c.push(BigInt(32 * i)); c.op(0x52, 2, 0); }
    c.push(BigInt(32 * n + below(100)));
    c.push(chance(90) ? 0n : small());
    c.op(chance(80) ? 0xf3 : 0xfd, 2, 0);
  } else if (end < 80) c.op(0x00);
  else if (end < 83) c.op(0xfe);
  if (chance(3)) c.bytes.push(0x7f, 1, 2); // a PUSH that runs over the end
  return Uint8Array.from(c.bytes);
}

function makeCase(i) {
  const fork = FORKS[i % FORKS.length];
  level = i % FORKS.length;
  const accounts = {};
  CONTRACTS.forEach((a, k) => {
    const slots = {};
    self = k;
    for (let s = 0; s < 4; s += 1) slots[hex(BigInt(s))] = hex(chance(40) ? BigInt(pick(CONTRACTS)) : randomWord());
    accounts[a] = { code: bytesToHex(program(k === 0 ? 10 + below(40) : 3 + below(20))), balance: hex(chance(50) ? 0n : randomWord() >> 100n), nonce: 1, slots };
  });
  accounts[PLAIN] = { code: '0x', balance: hex(randomWord() >> 20n), nonce: below(2), slots: {} };
  if (chance(50)) accounts[COINBASE] = { code: '0x', balance: '0x5', nonce: 0, slots: {} };
  accounts[DELEGATED] = { code: '0xef0100' + pick([...CONTRACTS, PLAIN, EMPTY]).slice(2), balance: '0x1', nonce: 1, slots: { '0x1': '0x1234' } };
  accounts[DELEGATED_TO_PRECOMPILE] = { code: '0xef0100' + address(pick(PRECOMPILES)).slice(2), balance: '0x0', nonce: 1, slots: {} };
  accounts[DELEGATED_TWICE] = { code: '0xef0100' + DELEGATED.slice(2), balance: '0x0', nonce: 1, slots: {} };
  const input = new Uint8Array(below(300)).map(() => below(256));
  const to = chance(94) ? CONTRACTS[0] : chance(50) ? DELEGATED : address(anyAddress());
  return {
    op: 'run', fork,
    block: { chainId: '0x1', number: hex(BigInt(u32())), timestamp: hex(1764000000n + BigInt(below(5000000))), gasLimit: hex(BigInt(u32())), baseFee: hex(BigInt(u32())),
      excessBlobGas: hex(chance(30) ? 0n : BigInt(below(300000000))), coinbase: COINBASE, prevRandao: hex(randomWord()) },
    from: chance(30) ? address(0n) : FROM, to, input: bytesToHex(input),
    gas: chance(6) ? below(5000) : chance(15) ? 5000 + below(60000) : 60000 + below(900000),
    accounts,
  };
}

const coverage = new Map();
let steps = 0;

async function testPrograms(count) {
  let bad = 0, unsupported = 0, done = 0;
  const outcomes = {};
  for (let start = 0; start < count; start += 500) {
    const cases = [], want = [];
    for (let i = start; i < Math.min(start + 500, count); i += 1) {
      const c = makeCase(i);
      cases.push(c);
      want.push(await oracle(c, (op) => {
        const key = `${c.fork} ${op}`;
        steps += 1;
        coverage.set(key, (coverage.get(key) ?? 0) + 1);
      }));
    }
    askTool(cases.map((c) => JSON.stringify(c))).forEach((got, i) => {
      const w = want[i];
      done += 1;
      const verdict = compare(got, w);
      if (verdict === 'refused') { unsupported += 1; return; }
      const end = (w.error ?? w.outcome).replace(/ at .*/, '');
      outcomes[end] = (outcomes[end] ?? 0) + 1;
      if (verdict === 'same') return;
      bad += 1;
      if (bad < 10) console.log(`DIFFERENT: ${JSON.stringify(cases[i])}\n  got ${JSON.stringify(got)}\n  expected ${shown(w)}`);
    });
  }
  console.log(`compared: ${done} programs (${steps} steps), ${unsupported} of them refused by name, ${bad} different; ${JSON.stringify(outcomes)}`);
  return bad;
}

function reportCoverage() {
  const since = { 0x49: 1, 0x4a: 1, 0x5c: 1, 0x5d: 1, 0x5e: 1, 0x1e: 3 };
  const codes = [];
  for (let op = 0; op < 256; op += 1) if (op <= 0x0b || (op >= 0x10 && op <= 0x1e) || op === 0x20 || (op >= 0x30 && op <= 0x4a) || (op >= 0x50 && op <= 0xa4) || [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xfa, 0xfd, 0xfe, 0xff].includes(op)) codes.push(op);
  let missing = 0, least = Infinity;
  FORKS.forEach((fork, level) => {
    for (const op of codes) {
      if ((since[op] ?? 0) > level) continue;
      const n = coverage.get(`${fork} ${op}`) ?? 0;
      least = Math.min(least, n);
      if (n === 0) { missing += 1; console.log(`NOT COVERED: ${fork} 0x${op.toString(16)}`); }
    }
  });
  console.log(`coverage: ${codes.length} opcodes on ${FORKS.length} forks, ${missing} not reached, the rarest ran ${least} times`);
  return missing;
}

// ---- precompiles ----------------------------------------------------------------------------
const randomBytes = (n) => Uint8Array.from({ length: n }, () => below(256));
const word = (v) => hexToBytes('0x' + (v % TOP).toString(16).padStart(64, '0'));
const joined = (...parts) => Uint8Array.from(parts.flatMap((p) => [...p]));

function signatureInput(curve, isP256) {
  const key = curve.utils.randomSecretKey(randomBytes(48)), hash = randomBytes(32);
  const sig = curve.sign(hash, key, { prehash: false, lowS: false, format: 'recovered' });
  const point = curve.getPublicKey(key, false).subarray(1);
  const parts = isP256 ? [hash, sig.subarray(1), point] : [hash, word(27n + BigInt(sig[0])), sig.subarray(1)];
  const input = joined(...parts);
  const n = curve.Point.Fn.ORDER, at = isP256 ? 64 : 96;
  if (chance(15)) input.set(word(n - BigInt(bytesToHex(input.subarray(at, at + 32)))), at); // the other s
  if (chance(25)) input[below(input.length)] ^= 1 << below(8);
  if (chance(5)) input.set(word(pick([0n, 1n, n, n - 1n, n + 1n, TOP - 1n])), 32 * (isP256 ? 1 + below(4) : 2 + below(2)));
  return chance(5) ? input.subarray(0, below(input.length)) : chance(5) ? joined(input, randomBytes(1 + below(40))) : input;
}

function modexpInput() {
  const len = () => (chance(70) ? below(70) : chance(70) ? below(300) : 1000 + below(50));
  const lens = [len(), chance(80) ? len() % 100 : len(), chance(25) ? below(10) : len()]; // one word is a path of its own
  const input = joined(...lens.map((n) => word(BigInt(n))), ...lens.map((n) => randomBytes(n)));
  if (chance(20) && lens[2]) input[input.length - 1] &= 0xfe;
  if (chance(10)) input.fill(0, 96, 96 + below(1 + input.length - 96));
  if (chance(5)) input.fill(255, 32 * below(3), 32 * (1 + below(3)));
  return chance(10) ? input.subarray(0, below(input.length)) : input;
}

const INPUTS = new Map([
  [1n, () => signatureInput(secp256k1, false)], [2n, () => randomBytes(below(300))], [3n, () => randomBytes(below(300))], [4n, () => randomBytes(below(300))],
  [5n, modexpInput], [9n, () => joined([0, 0, 0, below(40)], randomBytes(208), [chance(90) ? below(2) : below(256)]).subarray(0, chance(95) ? 213 : 212)],
  [0x100n, () => signatureInput(p256, true)],
]);

async function testPrecompiles(each) {
  let bad = 0;
  for (const [number, make] of INPUTS) {
    const lines = [], want = [], counts = { ok: 0, failed: 0, empty: 0 };
    const evms = {};
    for (const fork of FORKS) evms[fork] = await createEVM({ common: new Common({ chain: Mainnet, hardfork: fork }) });
    for (let i = 0; i < each; i += 1) {
      const fork = number === 0x100n ? 'osaka' : pick(FORKS), data = make(), gas = pick([100, 300, 3500, 7000, 100000, 2000000]);
      const res = await evms[fork].getPrecompile(address(number))({ data, gasLimit: BigInt(gas), common: evms[fork].common, _EVM: evms[fork] });
      lines.push(JSON.stringify({ op: 'precompile', fork, to: address(number), input: bytesToHex(data), gas }));
      want.push({ outcome: res.exceptionError ? 'failed' : 'ok', gas: Number(res.executionGasUsed), output: res.exceptionError ? '0x' : bytesToHex(res.returnValue) });
    }
    askTool(lines).forEach((got, i) => {
      counts[got.outcome] += 1;
      if (got.outcome === 'ok' && got.output === '0x') counts.empty += 1;
      if (got.outcome === want[i].outcome && got.output === want[i].output && (got.outcome === 'failed' || got.gas === want[i].gas)) return;
      bad += 1;
      if (bad < 10) console.log(`DIFFERENT: ${lines[i].slice(0, 2000)}\n  got ${JSON.stringify(got)}\n  expected ${JSON.stringify(want[i])}`);
    });
    console.log(`precompile ${address(number).slice(-3)}: ${each} compared, ${JSON.stringify(counts)}`);
  }
  return bad;
}

let bad = testU256(full ? 10000 : 3000);
bad += await testPrecompiles(full ? 2000 : 600);
bad += await testPrograms(Number(programsText));
if (Number(programsText) >= 10000) bad += reportCoverage();
console.log(bad ? `${bad} DIFFERENCES` : 'no difference');
process.exit(bad ? 1 : 0);
