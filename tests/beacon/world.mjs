// A beacon chain over a running execution chain: each execution block is the payload of one beacon block, at the slot of
// its own time; each state's finalized checkpoint is the block before. So for any execution block there are a finality
// update that finalizes it, a bootstrap at it, and the update of its period: real ones, all of one chain.
import * as C from './consensus.mjs';
import { hexNumber, rpcTo } from '../chain/node.mjs';

const ZERO_ROOT = new Uint8Array(32);

export class World {
  /// network: as in bootgate's configuration, {preset, seconds_per_slot, genesis_time, genesis_validators_root, forks}
  constructor(url, network, word) {
    this.rpc = rpcTo(url);
    this.network = network;
    this.consensus = new C.Consensus({ genesisValidatorsRoot: network.genesis_validators_root, forks: network.forks, word });
    this.blocks = []; // by rising slot: {number, slot, header, root, node}
    this.byNumber = new Map();
    this.signed = new Map();
  }

  slotAt(time) {
    const slot = (time - this.network.genesis_time) / this.network.seconds_per_slot;
    return Number.isInteger(slot) && slot > 0 ? slot : null;
  }

  /// Takes over all blocks up to the execution chain's head, from the first that has the time of a slot after `since`.
  async follow(since) {
    const head = Number(await this.rpc('eth_blockNumber'));
    for (let number = this.blocks.length ? this.head.number + 1 : 1; number <= head; number += 1) {
      const block = await this.rpc('eth_getBlockByNumber', hexNumber(number), false);
      const slot = this.slotAt(Number(block.timestamp));
      if (slot === null || Number(block.timestamp) < since) continue;
      const raw = await Promise.all(block.transactions.map((hash) => this.rpc('eth_getRawTransactionByHash', hash)));
      this.append(number, slot, C.payloadOf(block, raw.map(C.hexToBytes)));
    }
  }

  get head() {
    return this.blocks[this.blocks.length - 1];
  }

  append(number, slot, payload) {
    const parent = this.head;
    const parentRoot = parent?.root ?? ZERO_ROOT;
    const state = this.consensus.state({ slot, finalizedRoot: parentRoot, finalizedSlot: parent?.slot ?? 0 });
    const header = this.consensus.header({ slot, parentRoot, stateRoot: state.root, payload });
    const block = { number, slot, payload, header, root: C.rootOf(header), node: state.node, parent };
    this.blocks.push(block);
    this.byNumber.set(number, block);
  }

  block(number) {
    const block = this.byNumber.get(Number(number));
    if (!block) throw new Error(`block ${number} is in no slot`);
    return block;
  }

  after(block) {
    const next = this.blocks[this.blocks.indexOf(block) + 1];
    if (!next) throw new Error(`nothing after block ${block.number}`);
    return next;
  }

  byRoot(hex) {
    return this.blocks.find((block) => C.bytesToHex(block.root) === hex.toLowerCase());
  }

  bootstrap(block) {
    const { currentSyncCommittee } = this.consensus.gindexAt(block.slot);
    return {
      header: block.header, currentSyncCommittee: this.consensus.committeeOf(C.periodOf(block.slot)).committee,
      currentSyncCommitteeBranch: C.branchOf(block.node, currentSyncCommittee),
    };
  }

  /// Signed by all of the committee in the slot after it.
  optimistic(attested) {
    const signatureSlot = attested.slot + 1;
    if (!this.signed.has(attested)) this.signed.set(attested, this.consensus.aggregate(attested.header.beacon, signatureSlot));
    return { attestedHeader: attested.header, syncAggregate: this.signed.get(attested), signatureSlot };
  }

  /// The finality update whose finalized block this is; the next block attests it.
  finality(finalized) {
    const attested = this.after(finalized);
    const { finalizedRoot } = this.consensus.gindexAt(attested.slot);
    return { ...this.optimistic(attested), finalizedHeader: finalized.header, finalityBranch: C.branchOf(attested.node, finalizedRoot) };
  }

  update(finalized) {
    const attested = this.after(finalized);
    const { nextSyncCommittee } = this.consensus.gindexAt(attested.slot);
    return {
      ...this.finality(finalized), nextSyncCommittee: this.consensus.committeeOf(C.periodOf(attested.slot) + 1).committee,
      nextSyncCommitteeBranch: C.branchOf(attested.node, nextSyncCommittee),
    };
  }

  /// The block whose update stands for a period, where `finalized` is the newest finalized one: all of it in that period.
  best(period, finalized) {
    const inside = (block) => block.number <= finalized.number && C.periodOf(block.slot) === period
      && C.periodOf(this.after(block).slot + 1) === period;
    if (period === C.periodOf(finalized.slot) && inside(finalized)) return finalized;
    const first = this.blocks.findIndex((block) => C.periodOf(block.slot) === period);
    // Not the very first: a checkpoint may be there.
    return first < 0 ? null : this.blocks.slice(first + 1, -1).find(inside) ?? null;
  }

  /// At most `count` updates from a period on, as far as there are any. `finalized`: the newest finalized block.
  updates(start, count, finalized) {
    const list = [];
    for (let period = start; period < start + Math.min(count, 128); period += 1) {
      const block = this.best(period, finalized);
      if (!block) break;
      list.push(this.update(block));
    }
    return list;
  }
}
