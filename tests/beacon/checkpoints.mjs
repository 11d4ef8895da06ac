// Signed checkpoint documents, good and bad, by Node's own secp256k1 (bootgate/checkpoint/v1, DESIGN section 5).
import crypto from 'node:crypto';

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const flip = (text) => text.slice(0, -1) + (parseInt(text.slice(-1), 16) ^ 1).toString(16);
const DAY = 86400;

/// Test keys: the secret is the SHA-256 of a word.
export function signer(word) {
  const ecdh = crypto.createECDH('secp256k1');
  ecdh.setPrivateKey(crypto.createHash('sha256').update(`bootgate test checkpoint signer ${word}`).digest());
  const point = ecdh.getPublicKey();
  const key = crypto.createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'secp256k1', d: ecdh.getPrivateKey('base64url'),
    x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') } });
  return { public: hex(ecdh.getPublicKey(null, 'compressed')), key };
}
export const SIGNERS = ['0', '1', '2'].map(signer);

function u64(value) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
}

function message({ genesis_validators_root: root, fork_version: version, slot, root: block, issued, not_after: until }) {
  const bytes = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex');
  return Buffer.concat([Buffer.from('bootgate/checkpoint/v1'), bytes(root), bytes(version), u64(slot), bytes(block), u64(issued), u64(until)]);
}

function sign(document, { key, public: name }, high = false) {
  const made = crypto.sign('sha256', message(document), { key, dsaEncoding: 'ieee-p1363' });
  let s = BigInt(`0x${hex(made.subarray(32))}`);
  if (s > N / 2n !== high) s = N - s;
  return { key: name, signature: hex(made.subarray(0, 32)) + s.toString(16).padStart(64, '0') };
}
const by = (...signers) => (document) => signers.map((one) => sign(document, one));
const good = by(SIGNERS[0], SIGNERS[1]);
const stranger = signer('stranger');

/// name: {change: what of the document is other, signatures: of the document}. context: {now, foreign, ago}
const KINDS = {
  good: {},
  'signed-by-all': { signatures: by(...SIGNERS) },
  'one-signature': { signatures: by(SIGNERS[0]) },
  'same-key-twice': { signatures: (document) => [sign(document, SIGNERS[0]), sign(document, SIGNERS[0])] },
  'wrong-key': { signatures: by(SIGNERS[0], stranger) },
  'wrong-key-under-known-name': { signatures: (document) => [sign(document, SIGNERS[0]), { ...sign(document, stranger), key: SIGNERS[1].public }] },
  'no-signature': { signatures: () => [] },
  'high-s': { signatures: (document) => [sign(document, SIGNERS[0], true), sign(document, SIGNERS[1], true)] },
  'signature-flipped': { signatures: (document) => good(document).map(({ key, signature }) => ({ key, signature: flip(signature) })) },
  'signature-zero': { signatures: (document) => good(document).map(({ key }) => ({ key, signature: '00'.repeat(64) })) },
  expired: { change: ({ now }) => ({ not_after: now - 1 }) },
  'not-yet': { change: ({ now }) => ({ issued: now + 3600, not_after: now + 2 * DAY }) },
  'lives-too-long': { change: (context, { issued }) => ({ not_after: issued + 14 * DAY + 1 }) },
  'other-network': { change: ({ foreign }) => ({ genesis_validators_root: foreign.network.genesis_validators_root }) },
  'other-fork': { change: () => ({ fork_version: '0x00000099' }) },
  'slot-in-the-future': { change: ({ slotNow }) => ({ slot: slotNow + 1000 }) },
  'slot-not-its-own': { change: (context, document) => ({ slot: document.slot + 1 }) },
  'root-of-nothing': { change: () => ({ root: '0x' + '77'.repeat(32) }) },
  'slot-changed-after': { after: (document) => ({ ...document, slot: document.slot + 1 }) },
  'root-changed-after': { after: (document) => ({ ...document, root: flip(document.root) }) },
  'schema-2': { after: (document) => ({ ...document, schema: 2 }) },
  'member-gone': { after: ({ not_after: gone, ...document }) => document },
};
export const NAMES = Object.keys(KINDS);

/// The document for a block of the world, as this kind has it.
export function checkpoint(kind, block, root, context) {
  const { world, now } = context;
  const { change = () => ({}), signatures = good, after = (one) => one } = KINDS[kind];
  const fork = world.consensus.config.forks[world.consensus.forkAt(block.slot)];
  const usual = { schema: 1, genesis_validators_root: world.network.genesis_validators_root, fork_version: `0x${hex(fork.version)}`,
    slot: block.slot, root,
    issued: block.payload.timestamp + 12, not_after: now + DAY };
  const document = { ...usual, ...change(context, usual) };
  return after({ ...document, signatures: signatures(document) });
}
