// What a hostile node may answer in place of a good block, list, chunk or proof, each with the BG code
// that must come of it (0: none, the answer is as good as no answer). change(result, params, chain)
// gets a copy of the honest result. turn: only a block of another epoch than the checkpoint's shows it.
import { view } from './chain.mjs';
import { b58, keyOf, sha256 } from './format.mjs';

export const LIGHT = 'next_light_client_block', LISTS = 'EXPERIMENTAL_validators_ordered';
const strangers = Array.from({ length: 4 }, (_, i) => { const key = keyOf(`stranger ${i}`); return { account_id: `p${i}.near`, key, public_key: `ed25519:${b58(key.raw)}`, stake: '1' }; });
const block = (chain, r) => chain.blocks.find((b) => b.lite.height === r.inner_lite?.height);
// again: the same block, approved in another way.
const again = (r, chain, how) => { const b = block(chain, r); return b ? { ...chain.light(b.n, how(b)), next_bps: r.next_bps } : r; };
const other = b58(sha256('x'));
const lite = (fn) => (r) => { if (r.inner_lite) fn(r.inner_lite); return r; };
const list = (fn) => (r) => { if (r.next_bps) fn(r.next_bps); return r; };
const light = (code, change, more) => ({ method: LIGHT, code, change, ...more });
const query = (code, change) => ({ method: 'query', code, change });
const turn = { turn: true };

export const lies = {
  // approvals
  'stake-too-small': light(1605, (r, p, chain) => again(r, chain, () => ({ signers: [0, 1] }))),
  'no-approvals': light(1605, (r) => (r.inner_lite ? { ...r, approvals_after_next: [] } : r)),
  'one-signer-short-list': light(1605, (r, p, chain) => { const s = again(r, chain, () => ({ signers: [0] })); s.approvals_after_next?.splice(1); return s; }),
  'next-epoch-signs': light(1604, (r, p, chain) => again(r, chain, (b) => ({ keys: chain.producers(b.epoch + 1) })), turn),
  'past-epoch-signs': light(1604, (r, p, chain) => again(r, chain, (b) => ({ keys: chain.producers(Math.max(0, b.epoch - 1)) })), turn),
  'strangers-sign': light(1604, (r, p, chain) => again(r, chain, () => ({ keys: strangers }))),
  'approvals-moved': light(1604, (r) => { r.approvals_after_next?.push(r.approvals_after_next.shift()); return r; }),
  'approvals-of-a-skip': light(1604, (r, p, chain) => again(r, chain, () => ({ kind: 1 }))),
  'approvals-of-another-height': light(1604, (r, p, chain) => again(r, chain, () => ({ height: 5 }))),
  'approvals-no-list': light(1614, (r) => (r.inner_lite ? { ...r, approvals_after_next: 'all' } : r)),
  'approval-no-signature': light(1615, (r) => { r.approvals_after_next?.splice(0, 1, 'ed25519:1'); return r; }),
  // the block
  'the-head-again': light(0, (r, p, chain) => chain.light(chain.byHash(p.last_block_hash).n)),
  'an-older-block': light(0, (r, p, chain) => chain.light(chain.byHash(p.last_block_hash).n - 1)),
  'epoch-skipped': light(1607, (r, p, chain) => chain.light(11, { withBps: true }), turn),
  'another-epoch': light(1607, lite((l) => { l.epoch_id = other; })),
  'no-next-producers': light(1608, (r) => (r.inner_lite ? { ...r, next_bps: null } : r), turn),
  'next-stake-changed': light(1610, list((v) => { v[1].stake = '1'; }), turn),
  'next-order-changed': light(1610, list((v) => v.reverse()), turn),
  'next-one-more': light(1610, list((v) => v.push(v[0])), turn),
  'next-of-version-2': light(1611, list((v) => { v[0].validator_stake_struct_version = 'V2'; }), turn),
  'next-stake-no-number': light(1612, list((v) => { v[0].stake = '1e3'; }), turn),
  'next-empty': light(1613, list((v) => v.splice(0)), turn),
  'time-left-out': light(1617, lite((l) => { delete l.timestamp_nanosec; })),
  'time-rounded': light(1604, lite((l) => { l.timestamp_nanosec = l.timestamp_nanosec.replace(/\d{6}$/, '000000'); })),
  'header-newer': light(1616, lite((l) => { l.chunk_execution_root = other; })),
  'inner-lite-missing': light(1617, (r) => { delete r.inner_lite; return { x: 1, ...r }; }),
  'hash-too-short': light(1618, (r) => (r.inner_lite ? { ...r, prev_block_hash: r.prev_block_hash.slice(5) } : r)),
  'hashes-exchanged': light(1604, (r) => (r.inner_lite ? { ...r, prev_block_hash: r.inner_rest_hash, inner_rest_hash: r.prev_block_hash } : r)),
  'state-root-changed': light(1604, lite((l) => { l.prev_state_root = other; })),
  'block-null': light(0, () => null),
  'block-empty': light(0, () => ({})),
  'block-a-list': light(1617, () => []),
  'block-a-word': light(1617, () => 'x'),
  'block-a-number': light(1617, () => 7),
  'block-true': light(1617, () => true),
  'inner-lite-a-number': light(1617, () => ({ inner_lite: 3 })),
  // the list of producers that the checkpoint names by its hash
  'list-of-another-epoch': { method: LISTS, code: 1609, change: (r, p, chain) => chain.producers(3).map(view) },
  'list-stake-changed': { method: LISTS, code: 1609, change: (r) => { r[0].stake = '9'.repeat(30); return r; } },
  // chunks
  'no-chunks': { method: 'block', code: 1643, change: (r) => { delete r.chunks; return r; } },
  'chunk-left-out': { method: 'block', code: 1642, change: (r) => { r.chunks.pop(); return r; } },
  'chunks-in-another-order': { method: 'block', code: 1642, change: (r) => { r.chunks.reverse(); return r; } },
  'chunk-changed': { method: 'block', code: 1642, change: (r) => { r.chunks[0].prev_state_root = other; return r; } },
  // state
  'no-proof': query(1644, (r) => { delete r.proof; return r; }),
  'proof-of-257-nodes': query(1644, (r) => ({ ...r, proof: [...r.proof, ...Array(257 - r.proof.length).fill('AA==')] })),
  'proof-empty': query(1645, (r) => ({ ...r, proof: [] })),
  'proof-no-base64': query(1646, (r) => ({ ...r, proof: r.proof.map((x) => `${x} `) })),
  'node-too-large': query(1659, (r) => ({ ...r, proof: [...r.proof, Buffer.alloc(5000).toString('base64')] })),
  'nodes-with-a-trailing-byte': query(1658, (r) => ({ ...r, proof: r.proof.map((x) => Buffer.concat([Buffer.from(x, 'base64'), Buffer.of(0)]).toString('base64')) })),
  'last-node-left-out': query(1620, (r) => ({ ...r, proof: r.proof.slice(1) })),
  'values-left-out': query(1647, (r) => ({ ...r, values: [] })),
  'values-changed': query(1647, (r) => ({ ...r, values: r.values.map((v) => ({ ...v, value: Buffer.from('xxxx').toString('base64') })) })),
  'values-under-another-key': query(1647, (r) => ({ ...r, values: r.values.map((v) => ({ ...v, key: 'AAAA' })) })),
};
// A hostile server names the true producers for blocks that do not exist: signatures must decide.
export function answer(chain, lie, method, params) {
  const result = chain.rpc(method, params) ?? (lie && method === LISTS ? chain.producers(0).map(view) : undefined);
  return lie && method === lie.method && result !== undefined ? lie.change(structuredClone(result), params, chain) : result;
}
