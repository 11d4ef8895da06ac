// NEAR's formats, written from their descriptions with Node's crypto and npm borsh; nothing here
// comes from the program under test. base58, header and producer hashes, trie nodes, contract state.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { serialize } from 'borsh';

export const sha256 = (...parts) => {
  const h = createHash('sha256');
  for (const p of parts) h.update(p);
  return h.digest();
};
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
export function b58(bytes) {
  let n = BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`), out = '';
  for (; n > 0n; n /= 58n) out = ALPHABET[Number(n % 58n)] + out;
  for (const b of bytes) { if (b) break; out = `1${out}`; }
  return out;
}
export function unb58(text, size) {
  let n = 0n;
  for (const c of text) n = n * 58n + BigInt(ALPHABET.indexOf(c));
  return Buffer.from(n.toString(16).padStart(2 * size, '0'), 'hex');
}
export const borsh = (schema, value) => Buffer.from(serialize(schema, value));

// ---- keys -----------------------------------------------------------------------------------
export function keyOf(seed) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), sha256(seed)]);
  const secret = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const der = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return { secret, raw: der.subarray(der.length - 32) };
}
export const signText = (key, message) => `ed25519:${b58(sign(null, message, key.secret))}`;
export function verifyText(publicKey, message, signature) {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), unb58(publicKey.slice(8), 32)]);
  return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), unb58(signature.slice(8), 64));
}

// ---- headers --------------------------------------------------------------------------------
const HASH = { array: { type: 'u8', len: 32 } };
const LITE = { struct: { height: 'u64', epoch_id: HASH, next_epoch_id: HASH, prev_state_root: HASH, outcome_root: HASH, timestamp: 'u64',
  next_bp_hash: HASH, block_merkle_root: HASH } };
// lite: height and timestamp numbers or BigInt, hashes Buffers.
export const innerHash = (lite, rest) => sha256(sha256(borsh(LITE, { ...lite, height: BigInt(lite.height), timestamp: BigInt(lite.timestamp) })), rest);
export const blockHash = (lite, rest, prev) => sha256(innerHash(lite, rest), prev);
export const approvalMessage = (nextInner, hash, height, kind = 0) => {
  const target = Buffer.alloc(8);
  target.writeBigUInt64LE(BigInt(height) + 2n);
  return Buffer.concat([Buffer.of(kind), sha256(nextInner, hash), target]);
};
export function liteFromJson(j) {
  const out = { height: j.height, timestamp: j.timestamp_nanosec };
  for (const k of ['epoch_id', 'next_epoch_id', 'prev_state_root', 'outcome_root', 'next_bp_hash', 'block_merkle_root']) out[k] = unb58(j[k], 32);
  return out;
}
// producers: [{ account_id, public_key: "ed25519:..", stake: decimal }] as in JSON.
const STAKES = { array: { type: { struct: { version: 'u8', account_id: 'string', kind: 'u8', key: { array: { type: 'u8', len: 32 } }, stake: 'u128' } } } };
export const bpHash = (producers) => sha256(borsh(STAKES, producers.map((p) => ({ version: 0, account_id: p.account_id, kind: 0,
  key: unb58(p.public_key.slice(8), 32), stake: BigInt(p.stake) }))));
export function merklize(roots) {
  let level = roots.map((r) => sha256(r));
  while (level.length > 1) {
    const up = [];
    for (let i = 0; i < level.length; i += 2) up.push(i + 1 < level.length ? sha256(level[i], level[i + 1]) : level[i]);
    level = up;
  }
  return level[0];
}

// ---- trie -----------------------------------------------------------------------------------
export const nibbles = (bytes) => [...bytes].flatMap((b) => [b >> 4, b & 15]);
export function encodeNibbles(list, leaf) {
  const odd = list.length % 2, flag = (leaf ? 0x20 : 0) | (odd ? 0x10 | list[0] : 0), out = [flag];
  for (let i = odd; i < list.length; i += 2) out.push(list[i] << 4 | list[i + 1]);
  return Buffer.from(out);
}
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
export const rawLeaf = (key, length, hash, memory) => Buffer.concat([Buffer.of(0), u32(key.length), key, u32(length), hash, u64(memory)]);
export const rawExtension = (key, child, memory) => Buffer.concat([Buffer.of(3), u32(key.length), key, child, u64(memory)]);
export function rawBranch(children, value, memory) { // children: [nibble, hash] in rising order; value: undefined or [length, hash]
  const bitmap = Buffer.alloc(2);
  bitmap.writeUInt16LE(children.reduce((m, [i]) => m | 1 << i, 0));
  const head = value ? [Buffer.of(2), u32(value[0]), value[1]] : [Buffer.of(1)];
  return Buffer.concat([...head, bitmap, ...children.map(([, h]) => h), u64(memory)]);
}
// A trie of Map(hex of key -> value). spoil(raw, kind, where): may return other bytes for a node.
export class Trie {
  constructor(entries, spoil = (raw) => raw) {
    this.nodes = new Map();
    this.spoil = spoil;
    const list = [...entries].map(([k, v]) => [nibbles(Buffer.from(k, 'hex')), v]);
    this.root = list.length ? this.build(list, 0) : Buffer.alloc(32);
  }
  keep(raw, kind, at) {
    const bytes = this.spoil(raw, kind, at), hash = sha256(bytes);
    this.nodes.set(hash.toString('hex'), { bytes, kind });
    return hash;
  }
  build(list, depth) {
    const memory = 50 + list.length;
    if (list.length === 1) {
      const [k, v] = list[0];
      return this.keep(rawLeaf(encodeNibbles(k.slice(depth), true), v.length, sha256(v), memory), 'leaf', list);
    }
    let common = depth;
    while (list.every(([k]) => k.length > common && k[common] === list[0][0][common])) common += 1;
    const own = list.find(([k]) => k.length === common), children = [];
    for (let i = 0; i < 16; i += 1) {
      const below = list.filter(([k]) => k.length > common && k[common] === i);
      if (below.length) children.push([i, this.build(below, common + 1)]);
    }
    const branch = this.keep(rawBranch(children, own && [own[1].length, sha256(own[1])], memory), 'branch', list);
    if (common === depth) return branch;
    return this.keep(rawExtension(encodeNibbles(list[0][0].slice(depth, common), false), branch, memory + 1), 'extension', list);
  }
  // path: the nodes from the root on, as far as they lead towards the key.
  path(key) {
    const out = [];
    walk((h) => { const n = this.nodes.get(h.toString('hex')); if (n) out.push(n.bytes); return n?.bytes; }, this.root, key);
    return out;
  }
}
// walk: { length, hash } of the value, null (absent), or undefined (a node is missing).
export function walk(nodeOf, root, key) {
  let rest = nibbles(key), want = root;
  for (;;) {
    const raw = nodeOf(want);
    if (!raw) return undefined;
    let at = 1;
    const take = (n) => raw.subarray(at, at += n);
    if (raw[0] === 0 || raw[0] === 3) {
      const enc = take(take(4).readUInt32LE()), odd = enc[0] & 0x10, part = nibbles(enc).slice(odd ? 1 : 2);
      const fits = part.every((n, i) => rest[i] === n) && part.length <= rest.length;
      if (raw[0] === 0) return fits && part.length === rest.length ? { length: take(4).readUInt32LE(), hash: take(32) } : null;
      if (!fits) return null;
      rest = rest.slice(part.length);
      want = take(32);
      continue;
    }
    const value = raw[0] === 2 ? { length: take(4).readUInt32LE(), hash: take(32) } : null;
    if (!rest.length) return value;
    const bitmap = take(2).readUInt16LE();
    if (!(bitmap >> rest[0] & 1)) return null;
    for (let i = 0; i < rest[0]; i += 1) if (bitmap >> i & 1) take(32);
    want = take(32);
    rest = rest.slice(1);
  }
}
export const contractKey = (account, key) => Buffer.concat([Buffer.of(9), Buffer.from(account), Buffer.of(0x2c), Buffer.from(key)]);

// ---- near-kms' state (facts of its layout: our reading of the source) -------------------------
const SET = { struct: { length: 'u32', elements: { array: { type: 'u8' } }, index: { array: { type: 'u8' } } } };
const setValue = (prefix, n) => ({ length: n, elements: [prefix, 0x76], index: [prefix, 0x6d] });
export function setEntries(prefix, members) { // store::IterableSet: [key, value] pairs
  return members.flatMap((m, i) => {
    const value = borsh('string', m);
    return [[sha256(Buffer.of(prefix, 0x6d), value), u32(i)], [Buffer.concat([Buffer.of(prefix, 0x76), u32(i)]), value]];
  });
}
const BYTES = { array: { type: 'u8' } };
const KMS = { struct: { mpc_contract_id: 'string', mpc_domain_id: 'u64', compose: SET, apps: SET, gateway_app_id: { option: 'string' },
  kms_info: { option: { struct: { k256_pubkey: BYTES, ca_pubkey: BYTES, quote: BYTES, eventlog: BYTES } } }, images: SET, mrs: SET, devices: SET } };
const APP = { struct: { compose: SET, allow_any_device: 'bool', devices: SET, upgrades_disabled: 'bool', kms_contract_id: { option: 'string' } } };
const STATE = Buffer.from('STATE');
export const kmsEntries = (k) => [...setEntries(0, k.compose), ...setEntries(1, k.apps), ...setEntries(2, k.images), ...setEntries(3, k.mrs),
  ...setEntries(4, k.devices), [STATE, borsh(KMS, { mpc_contract_id: 'mpc.near', mpc_domain_id: 2n, compose: setValue(0, k.compose.length),
    apps: setValue(1, k.apps.length), gateway_app_id: k.gateway ?? null, kms_info: k.info ?? null, images: setValue(2, k.images.length),
    mrs: setValue(3, k.mrs.length), devices: setValue(4, k.devices.length) })]];
export const appEntries = (a) => [...setEntries(0, a.compose), ...setEntries(1, a.devices), [STATE, borsh(APP, { compose: setValue(0, a.compose.length),
  allow_any_device: !!a.anyDevice, devices: setValue(1, a.devices.length), upgrades_disabled: !!a.frozen, kms_contract_id: a.kms ?? null })]];
