// A NEAR chain of the tests' own: producers with stakes that change every epoch, shards, tries, and
// the answers of a node to the four methods that the program uses. Formats: format.mjs.
import { approvalMessage, b58, blockHash, bpHash, contractKey, innerHash, keyOf, merklize, sha256, signText, Trie } from './format.mjs';

const view = (p) => ({ account_id: p.account_id, public_key: p.public_key, stake: String(p.stake), validator_stake_struct_version: 'V1' });
// producersOf: four of them, one leaves and one comes with each epoch; the stakes vary.
function producersOf(epoch) {
  return Array.from({ length: 4 }, (_, i) => {
    const who = epoch + i, key = keyOf(`producer ${who}`);
    return { account_id: `producer-${who}.pool.near`, key, public_key: `ed25519:${b58(key.raw)}`,
      stake: (BigInt(30 + (who * 7) % 11) * 10n ** 30n + BigInt(who)).toString() };
  });
}

export class Chain {
  // time: seconds of the first block, step: from one to the next. spoil: see Trie. producers(epoch): another choice.
  constructor({ time = 1790000000, step = 1, shards = 3, spoil, producers = producersOf, epochBlocks = 6, missing = () => false, noStateRoot = false } = {}) {
    Object.assign(this, { time, step, shards, spoil, producersFn: producers, epochBlocks, missing, noStateRoot, blocks: [], accounts: new Map(), lists: new Map() });
    this.epochIds = [sha256('epoch 0'), sha256('epoch 1')];
    for (const name of ['alice.near', 'aurora', 'bob.near', 'kms', 'wrap.near', 'zed.near']) this.setAccount(name, [[Buffer.from('STATE'), Buffer.from(name)]]);
  }
  producers(epoch) {
    if (!this.lists.has(epoch)) this.lists.set(epoch, this.producersFn(epoch));
    return this.lists.get(epoch);
  }
  setAccount(name, entries) { this.accounts.set(name, entries); this.tries = undefined; }
  shardOf(name) { return sha256(`shard of ${name}`)[0] % this.shards; }
  buildTries() {
    const maps = Array.from({ length: this.shards }, () => new Map());
    for (const [name, entries] of this.accounts) {
      const map = maps[this.shardOf(name)];
      map.set(Buffer.concat([Buffer.of(0), Buffer.from(name)]).toString('hex'), sha256(`record of ${name}`));
      for (const [k, v] of entries) map.set(contractKey(name, k).toString('hex'), v);
    }
    this.values = maps;
    return maps.map((m) => new Trie(m, this.spoil));
  }
  // mine: one block on top. Its prev_state_root is the state as it was after the block before.
  mine(count = 1) {
    for (let i = 0; i < count; i += 1) {
      const n = this.blocks.length, epoch = Math.floor(n / this.epochBlocks), before = this.blocks[n - 1];
      if (n && n % this.epochBlocks === 0) this.epochIds[epoch + 1] = before.hash; // the id of the epoch after this one
      const state = before ? before.after : (this.tries ??= this.buildTries());
      // A chunk that is missing keeps the header of the one before, with its older root.
      const tries = state.map((t, shard) => (before && this.missing(n, shard) ? before.tries[shard] : t));
      this.tries ??= this.buildTries();
      const lite = { height: 1000 + n, epoch_id: this.epochIds[epoch], next_epoch_id: this.epochIds[epoch + 1],
        prev_state_root: this.noStateRoot ? Buffer.alloc(32) : merklize(tries.map((t) => t.root)), outcome_root: this.outcomeRoot(n),
        timestamp: BigInt(this.seconds(n)) * 1000000000n + 123456789n, next_bp_hash: bpHash(this.producers(epoch + 1)), block_merkle_root: this.blocksRoot(n) };
      const rest = sha256(`rest ${n}`), prev = before ? before.hash : sha256('genesis');
      this.blocks.push({ n, epoch, lite, rest, prev, hash: blockHash(lite, rest, prev), tries, after: this.tries, values: before ? before.valuesAfter : this.values, valuesAfter: this.values });
    }
    return this;
  }
  outcomeRoot(n) { return sha256(`outcomes ${n}`); } // calls.mjs has real ones
  blocksRoot(n) { return sha256(`blocks ${n}`); }
  seconds(n) { return this.time + this.step * n; }
  tip() { return this.blocks.length - 1; }
  byHash(text) { return this.blocks.find((b) => b58(b.hash) === text); }
  checkpoint(n) {
    const { lite, hash, epoch } = this.blocks[n];
    return { hash: b58(hash), epoch_id: b58(lite.epoch_id), next_epoch_id: b58(lite.next_epoch_id), bp_hash: b58(bpHash(this.producers(epoch))),
      next_bp_hash: b58(lite.next_bp_hash), height: lite.height, timestamp: String(lite.timestamp) };
  }
  // light: the block as a light client sees it; signers: indices of those who approved, in `keys`.
  light(n, { withBps = false, signers, keys, kind = 0, height } = {}) {
    const b = this.blocks[n], next = this.blocks[n + 1], list = keys ?? this.producers(b.epoch), inner = innerHash(next.lite, next.rest);
    const message = approvalMessage(inner, b.hash, height ?? b.lite.height, kind);
    const who = signers ?? list.map((_, i) => i).filter((i) => i !== b.n % 4);
    const hashes = Object.fromEntries(['epoch_id', 'next_epoch_id', 'prev_state_root', 'outcome_root', 'next_bp_hash', 'block_merkle_root'].map((k) => [k, b58(b.lite[k])]));
    return { prev_block_hash: b58(b.prev), next_block_inner_hash: b58(inner), inner_rest_hash: b58(b.rest),
      inner_lite: { height: b.lite.height, ...hashes, timestamp: Number(b.lite.timestamp / 1000n), timestamp_nanosec: String(b.lite.timestamp) },
      next_bps: withBps ? this.producers(b.epoch + 1).map(view) : null,
      approvals_after_next: list.map((p, i) => (who.includes(i) ? signText(p.key, message) : null)) };
  }
  // rpc: what an honest node says; undefined: it has nothing.
  rpc(method, params) {
    if (method === 'next_light_client_block') {
      const from = this.byHash(params.last_block_hash), last = this.tip() - 2;
      if (!from) return undefined;
      const n = Math.min(last, (from.epoch + 2) * this.epochBlocks - 3);
      return n <= from.n ? {} : this.light(n, { withBps: this.blocks[n].epoch !== from.epoch });
    }
    if (method === 'EXPERIMENTAL_validators_ordered') {
      const b = this.byHash(params.block_id);
      return b && this.producers(b.epoch).map(view);
    }
    if (method === 'block') {
      const b = this.byHash(params.block_id);
      return b && { header: { hash: params.block_id, height: b.lite.height }, chunks: b.tries.map((t, i) => ({ shard_id: i, height_included: b.lite.height, prev_state_root: b58(t.root) })) };
    }
    if (method === 'query') return this.viewState(params);
    return undefined;
  }
  viewState({ block_id: id, account_id: account, prefix_base64: prefix }) {
    const b = this.byHash(id), shard = this.shardOf(account);
    if (!b) return undefined;
    const key = contractKey(account, Buffer.from(prefix, 'base64')), value = b.valuesAfter[shard].get(key.toString('hex'));
    const proof = b.after[shard].path(key).map((n) => n.toString('base64')).reverse();
    return { block_hash: id, block_height: b.lite.height, values: value ? [{ key: prefix, value: value.toString('base64'), proof: [] }] : [], proof };
  }
  // question: a need of the program's as a JSON-RPC question.
  static question({ kind, hash, account, key }) {
    if (kind === 'light') return ['next_light_client_block', { last_block_hash: hash }];
    if (kind === 'producers') return ['EXPERIMENTAL_validators_ordered', { block_id: hash }];
    if (kind === 'block') return ['block', { block_id: hash }];
    return ['query', { request_type: 'view_state', block_id: hash, account_id: account, prefix_base64: key, include_proof: true }];
  }
}
export { view };
