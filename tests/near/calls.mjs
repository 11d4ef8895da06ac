// Calls on the tests' chain: transactions that a relay sends, run by contracts written here after near-kms' views, and the
// proofs of what came of them: outcomes in each block, blocks under the head. Formats: facts of nearcore, with npm borsh.
import { Chain } from './chain.mjs';
import { b58, blockHash, borsh, keyOf, liteFromJson, sha256, unb58 } from './format.mjs';
import { KMS, appAccount, appState, kmsState } from './world.mjs';

const HASH = { array: { type: 'u8', len: 32 } }, BYTES = { array: { type: 'u8' } };
const KEY = { struct: { kind: 'u8', data: HASH } };
const ACTION = { struct: { kind: 'u8', method_name: 'string', args: BYTES, gas: 'u64', deposit: 'u128' } };
const TRANSACTION = { struct: { signer_id: 'string', public_key: KEY, nonce: 'u64', receiver_id: 'string', block_hash: HASH, actions: { array: { type: ACTION } } } };
const HASHES = { array: { type: HASH } };
const status = (s) => (s.SuccessValue !== undefined ? Buffer.concat([Buffer.of(2), borsh(BYTES, Buffer.from(s.SuccessValue, 'base64'))])
  : s.SuccessReceiptId ? Buffer.concat([Buffer.of(3), unb58(s.SuccessReceiptId, 32)]) : Buffer.of(s.Failure ? 1 : 0));
const partial = (o) => Buffer.concat([borsh(HASHES, o.receipt_ids.map((r) => unb58(r, 32))), borsh('u64', BigInt(o.gas_burnt)), borsh('u128', BigInt(o.tokens_burnt)),
  borsh('string', o.executor_id), status(o.status)]);
export const outcomeLeaf = ({ id, outcome }) => sha256(borsh(HASHES, [unb58(id, 32), sha256(partial(outcome)), ...outcome.logs.map((l) => sha256(l))]));

// tree: the root over leaves (an odd last one moves up), and the way from each leaf to it.
export function tree(leaves) {
  const paths = leaves.map(() => []);
  let level = leaves.map((hash, i) => ({ hash, of: [i] }));
  while (level.length > 1) {
    const up = [];
    for (let i = 0; i < level.length; i += 2) {
      const [l, r] = [level[i], level[i + 1]];
      if (!r) { up.push(l); continue; }
      for (const k of l.of) paths[k].push({ hash: b58(r.hash), direction: 'Right' });
      for (const k of r.of) paths[k].push({ hash: b58(l.hash), direction: 'Left' });
      up.push({ hash: sha256(l.hash, r.hash), of: [...l.of, ...r.of] });
    }
    level = up;
  }
  return { root: level[0]?.hash ?? Buffer.alloc(32), paths };
}

export const encode = ({ signer = 'relay.near', receiver, method, args, nonce = 1n, actions }) => borsh(TRANSACTION, { signer_id: signer, public_key: { kind: 0, data: keyOf(signer).raw }, nonce,
  receiver_id: receiver, block_hash: sha256('recent'), actions: actions ?? [{ kind: 2, method_name: method, args: Buffer.from(args), gas: 30000000000000n, deposit: 0n }] });
export const signed = (tx) => Buffer.concat([tx, Buffer.of(0), sha256('signature'), sha256('of it')]);

// The views of near-kms (our reading), on states as kmsState and appState make them.
export function run(states, account, method, args) {
  const s = states[account];
  if (!s) throw new Error('no such account');
  const boot = args.boot_info;
  if (boot && ['app_id', 'instance_id'].some((k) => !/^(?=.{2,64}$)[a-z0-9]+([-_.][a-z0-9]+)*$/.test(boot[k]))) throw new Error('not an account id');
  if (boot && ['compose_hash', 'device_id', 'mr_aggregated', 'mr_system', 'os_image_hash', 'tcb_status'].some((k) => typeof boot[k] !== 'string')) throw new Error('a field is missing');
  if (boot && !Array.isArray(boot.advisory_ids)) throw new Error('advisory_ids');
  switch (method) {
    case 'is_app_registered': return s.apps.includes(args.app_id);
    case 'is_os_image_allowed': return s.images.includes(args.os_image_hash);
    case 'is_kms_allowed':
      return boot.tcb_status !== 'UpToDate' ? [false, 'TCB status is not up to date'] : !s.images.includes(boot.os_image_hash) ? [false, 'OS image is not allowed']
        : !s.mrs.includes(boot.mr_aggregated) ? [false, 'Aggregated MR not allowed'] : !s.devices.includes(boot.device_id) ? [false, 'KMS is not allowed to boot on this device'] : [true, ''];
    case 'is_app_allowed':
      return !s.compose.includes(boot.compose_hash) ? [false, 'Compose hash not allowed'] : !s.anyDevice && !s.devices.includes(boot.device_id) ? [false, 'Device not allowed'] : [true, ''];
    default: throw new Error('no such method');
  }
}

export class CallChain extends Chain {
  constructor(options = {}) {
    super(options);
    this.states = options.states ?? { [KMS]: kmsState(), [appAccount()]: appState() };
    this.pool = []; // of the next block
    this.where = new Map(); // id -> { block, proof, paths }
  }
  // answerOf(account, method, args): another answer than the contract's own, for those who want one.
  answerOf(account, method, args) { return run(this.states, account, method, args); }
  relay({ contract_id: receiver, method_name: method, args }, change = (tx) => tx) {
    const tx = encode(change({ receiver, method, args: Buffer.from(args, 'base64'), nonce: BigInt(this.where.size + this.pool.length + 1) }));
    this.send(tx, { receiver, method, args: JSON.parse(Buffer.from(args, 'base64')) });
    return { signed_transaction: signed(tx).toString('base64') };
  }
  send(tx, call) {
    const id = b58(sha256(tx)), receipt = b58(sha256('receipt of', tx));
    this.pool.push({ id, outcome: { logs: ['sent'], receipt_ids: [receipt], gas_burnt: 308066207802, tokens_burnt: '30806620780200000000', executor_id: 'relay.near', status: { SuccessReceiptId: receipt } },
      then: { id: receipt, call } });
  }
  ranOutcome({ receiver, method, args }) {
    let result;
    try { const v = this.answerOf(receiver, method, args); result = { SuccessValue: (Buffer.isBuffer(v) ? v : Buffer.from(JSON.stringify(v))).toString('base64') }; } catch (e) { result = { Failure: { ActionError: { index: 0, kind: e.message } } }; }
    return { logs: ['ran', method], receipt_ids: [b58(sha256('refund'))], gas_burnt: 2428086459116, tokens_burnt: '242808645911600000000', executor_id: receiver, status: result };
  }
  // What a block's outcomes and its root over the blocks before are, instead of made-up hashes.
  outcomeRoot(n) {
    const ran = this.pool.map((p) => ({ id: p.id, outcome: p.outcome, shard: this.shardOf(p.outcome.executor_id), then: p.then }));
    this.pool = ran.filter((p) => p.then).map(({ then }) => ({ id: then.id, outcome: this.ranOutcome(then.call) }));
    const shards = Array.from({ length: this.shards }, (_, s) => ran.filter((p) => p.shard === s).concat({ id: b58(sha256(`other ${n} ${s}`)), outcome: { logs: [], receipt_ids: [], gas_burnt: 1, tokens_burnt: '1', executor_id: 'x.near', status: { SuccessValue: '' } } }));
    const trees = shards.map((list) => tree(list.map(outcomeLeaf))), all = tree(trees.map((t) => sha256(t.root)));
    shards.forEach((list, s) => list.forEach((p, i) => this.where.set(p.id, { n, proof: trees[s].paths[i], outcome: p.outcome, rootProof: all.paths[s] })));
    return all.root;
  }
  blocksRoot(n) { return tree(this.blocks.slice(0, n).map((b) => b.hash)).root; }
  // EXPERIMENTAL_light_client_proof
  proof({ type, transaction_hash: tx, receipt_id: receipt, light_client_head: head }) {
    const at = this.where.get(type === 'transaction' ? tx : receipt), top = this.byHash(head);
    if (!at || !top || at.n >= top.n) return undefined;
    const b = this.blocks[at.n], hashes = Object.fromEntries(['epoch_id', 'next_epoch_id', 'prev_state_root', 'outcome_root', 'next_bp_hash', 'block_merkle_root'].map((k) => [k, b58(b.lite[k])]));
    return { outcome_proof: { proof: at.proof, block_hash: b58(b.hash), id: type === 'transaction' ? tx : receipt, outcome: at.outcome }, outcome_root_proof: at.rootProof,
      block_header_lite: { prev_block_hash: b58(b.prev), inner_rest_hash: b58(b.rest), inner_lite: { height: b.lite.height, ...hashes, timestamp: Number(b.lite.timestamp / 1000n), timestamp_nanosec: String(b.lite.timestamp) } },
      block_proof: tree(this.blocks.slice(0, top.n).map((x) => x.hash)).paths[at.n] };
  }
  rpc(method, params) {
    if (method === 'bootgate_relay') return this.relay(params);
    return method === 'EXPERIMENTAL_light_client_proof' ? this.proof(params) : super.rpc(method, params);
  }
  static question(need) {
    const { kind, hash, head, account, key, args } = need;
    if (kind === 'relay') return ['bootgate_relay', { contract_id: account, method_name: Buffer.from(key, 'base64').toString(), args }];
    if (kind === 'tx-outcome') return ['EXPERIMENTAL_light_client_proof', { type: 'transaction', transaction_hash: hash, sender_id: account, light_client_head: head }];
    if (kind === 'receipt-outcome') return ['EXPERIMENTAL_light_client_proof', { type: 'receipt', receipt_id: hash, receiver_id: account, light_client_head: head }];
    return Chain.question(need);
  }
}
// held: a recorded proof leads to the recorded root by this file's rules; for tests of this file itself.
export function held(proof, root) {
  const walk = (hash, path) => path.reduce((h, s) => (s.direction === 'Left' ? sha256(unb58(s.hash, 32), h) : sha256(h, unb58(s.hash, 32))), hash);
  const shard = walk(outcomeLeaf(proof.outcome_proof), proof.outcome_proof.proof);
  const outcomes = b58(walk(sha256(shard), proof.outcome_root_proof)) === proof.block_header_lite.inner_lite.outcome_root;
  const b = proof.block_header_lite, hash = blockHash(liteFromJson(b.inner_lite), unb58(b.inner_rest_hash, 32), unb58(b.prev_block_hash, 32));
  return outcomes && b58(hash) === proof.outcome_proof.block_hash && b58(walk(unb58(proof.outcome_proof.block_hash, 32), proof.block_proof)) === root;
}
