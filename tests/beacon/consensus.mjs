// A consensus layer made by hand: whole BeaconState and BeaconBlockBody trees of @lodestar/types, so that every root and
// branch is the library's own; committees of test keys, signatures by blst. No state transition is run: what a light
// client can't see is left at its default.
// The preset (512 or 32 keys, 8192 or 64 slots a period) is the process's: LODESTAR_PRESET=mainnet|minimal.
import crypto from 'node:crypto';
import { Tree } from '@chainsafe/persistent-merkle-tree';
import { createBeaconConfig } from '@lodestar/config';
import * as defaults from '@lodestar/config/default';
import * as params from '@lodestar/params';
import { ssz } from '@lodestar/types';
import blst from 'blst-signer';

export { params, ssz };
export const hexToBytes = (hex) => Uint8Array.from(Buffer.from(hex.replace(/^0x/, ''), 'hex'));
export const bytesToHex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');
export const COMMITTEE_SIZE = params.SYNC_COMMITTEE_SIZE;
export const SLOTS_PER_EPOCH = params.SLOTS_PER_EPOCH;
export const SLOTS_PER_PERIOD = params.SLOTS_PER_EPOCH * params.EPOCHS_PER_SYNC_COMMITTEE_PERIOD;
export const periodOf = (slot) => Math.floor(slot / SLOTS_PER_PERIOD);
const epochOf = (slot) => Math.floor(slot / params.SLOTS_PER_EPOCH);
/// Generalized indices (consensus-specs sync-protocol.md, altair and electra); the payload's is the same in both.
export const GINDEX = {
  deneb: { finalizedRoot: 105, currentSyncCommittee: 54, nextSyncCommittee: 55 },
  electra: { finalizedRoot: 169, currentSyncCommittee: 86, nextSyncCommittee: 87 },
  executionPayloadInBody: 25,
};
/// The order of the group that the keys are in (draft-irtf-cfrg-pairing-friendly-curves, BLS12-381).
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const big = (bytes) => BigInt(bytesToHex(bytes));
const scalar = (number) => hexToBytes(number.toString(16).padStart(64, '0'));
const modulo = (number) => ((number % ORDER) + ORDER) % ORDER;

/// COMMITTEE_SIZE keys derived from a word, some of them twice, as it happens in small networks. Test keys only.
export function committeeFrom(word) {
  const secretKeys = Array.from({ length: COMMITTEE_SIZE }, (_, i) => blst.SecretKey.fromKeygen(
    crypto.createHash('sha256').update(`bootgate test committee ${word} ${i % ((COMMITTEE_SIZE * 7) / 8)}`).digest()));
  const publicKeys = secretKeys.map((key) => key.toPublicKey());
  const committee = { pubkeys: publicKeys.map((key) => key.toBytes()), aggregatePubkey: blst.aggregatePublicKeys(publicKeys).toBytes() };
  return { secrets: secretKeys.map((key) => big(key.toBytes())), committee };
}

/// The aggregate of all signers' signatures of one message is the signature by the sum of their keys.
export function signTogether(secrets, message) {
  const sum = modulo(secrets.reduce((total, one) => total + one, 0n));
  return blst.SecretKey.fromBytes(scalar(sum)).sign(message).toBytes();
}

export const branchOf = (node, gindex) => new Tree(node).getSingleProof(BigInt(gindex));
export const rootOf = (header) => ssz.phase0.BeaconBlockHeader.hashTreeRoot(header.beacon ?? header);

/// Everything that depends on the network: {genesisValidatorsRoot (hex), forks: [{name, version, epoch}]}; forks from Deneb on
/// may have epochs of their own, those before are there from the start.
export class Consensus {
  constructor({ genesisValidatorsRoot, forks, word }) {
    this.genesisValidatorsRoot = hexToBytes(genesisValidatorsRoot);
    this.word = word;
    const settings = { ...(defaults.defaultChainConfig ?? defaults.chainConfig) };
    for (const name of ['ALTAIR', 'BELLATRIX', 'CAPELLA', 'DENEB', 'ELECTRA', 'FULU']) settings[`${name}_FORK_EPOCH`] = Infinity;
    for (const { name, version, epoch } of forks) {
      settings[name === 'phase0' ? 'GENESIS_FORK_VERSION' : `${name.toUpperCase()}_FORK_VERSION`] = hexToBytes(version);
      if (name !== 'phase0') settings[`${name.toUpperCase()}_FORK_EPOCH`] = epoch;
    }
    this.config = createBeaconConfig(settings, this.genesisValidatorsRoot);
    this.committees = new Map();
    this.states = new Map();
  }

  forkAt(slot) {
    return this.config.getForkName(slot);
  }

  /// Gindices of what a header at this slot proves.
  gindexAt(slot) {
    return params.isForkPostElectra(this.forkAt(slot)) ? GINDEX.electra : GINDEX.deneb;
  }

  typesAt(slot) {
    return ssz[this.forkAt(slot)];
  }

  committeeOf(period) {
    if (!this.committees.has(period)) this.committees.set(period, committeeFrom(`${this.word} ${period}`));
    return this.committees.get(period);
  }

  /// {root, node} of a state that holds what a light client asks for. `committees`: other ones than the network's own.
  state({ slot, finalizedRoot, finalizedSlot, committees = {} }) {
    const period = periodOf(slot);
    const { current = this.committeeOf(period).committee, next = this.committeeOf(period + 1).committee } = committees;
    const own = !committees.current && !committees.next;
    const key = `${this.forkAt(slot)} ${period}`;
    let view = own ? this.states.get(key) : null;
    if (!view) {
      const { version, prevVersion, epoch } = this.config.forks[this.forkAt(slot)];
      view = this.typesAt(slot).BeaconState.defaultViewDU();
      view.genesisValidatorsRoot = this.genesisValidatorsRoot;
      view.fork = ssz.phase0.Fork.toViewDU({ previousVersion: prevVersion, currentVersion: version, epoch });
      view.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(current);
      view.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(next);
      view.commit();
      if (own) this.states.set(key, view);
    }
    view = view.clone();
    view.slot = slot;
    view.finalizedCheckpoint = ssz.phase0.Checkpoint.toViewDU({ epoch: epochOf(finalizedSlot), root: finalizedRoot });
    view.commit();
    return { root: view.hashTreeRoot(), node: view.node };
  }

  /// A LightClientHeader; its body root and branch come from a whole body that holds the payload.
  header({ slot, parentRoot, stateRoot, payload }) {
    const type = this.typesAt(slot).BeaconBlockBody;
    const body = type.defaultValue();
    Object.assign(body.executionPayload, payload);
    const view = type.toView(body);
    const { transactions, withdrawals, ...same } = payload;
    return {
      beacon: { slot, proposerIndex: slot % 64, parentRoot, stateRoot, bodyRoot: view.hashTreeRoot() },
      execution: {
        ...same, transactionsRoot: ssz.bellatrix.Transactions.hashTreeRoot(transactions),
        withdrawalsRoot: ssz.capella.Withdrawals.hashTreeRoot(withdrawals),
      },
      executionBranch: branchOf(view.node, GINDEX.executionPayloadInBody),
    };
  }

  /// What a committee signs: `domain` overrides the one of the signature's slot.
  signingRoot(beacon, signatureSlot, domain = this.config.getDomain(signatureSlot - 1, params.DOMAIN_SYNC_COMMITTEE)) {
    const objectRoot = ssz.phase0.BeaconBlockHeader.hashTreeRoot(beacon);
    return ssz.phase0.SigningData.hashTreeRoot({ objectRoot, domain });
  }

  /// The members with these indices sign; default: all of the committee of the signature's period.
  aggregate(beacon, signatureSlot, { signers, period = periodOf(signatureSlot), domain, secrets } = {}) {
    const keys = secrets ?? this.committeeOf(period).secrets;
    const indices = signers ?? keys.map((_, i) => i);
    const bits = ssz.altair.SyncAggregate.fields.syncCommitteeBits.defaultValue();
    for (const i of indices) bits.set(i, true);
    const message = this.signingRoot(beacon, signatureSlot, domain);
    return { syncCommitteeBits: bits, syncCommitteeSignature: signTogether(indices.map((i) => keys[i]), message) };
  }
}

/// The execution payload of a block as JSON-RPC gives it, with its transactions as bytes.
export function payloadOf(block, transactions) {
  const bytes = (name) => hexToBytes(block[name]);
  if (block.withdrawals?.length) throw new Error('a block with withdrawals');
  return {
    parentHash: bytes('parentHash'), feeRecipient: bytes('miner'), stateRoot: bytes('stateRoot'), receiptsRoot: bytes('receiptsRoot'),
    logsBloom: bytes('logsBloom'), prevRandao: bytes('mixHash'), blockNumber: Number(block.number), gasLimit: Number(block.gasLimit),
    gasUsed: Number(block.gasUsed), timestamp: Number(block.timestamp), extraData: bytes('extraData'),
    baseFeePerGas: BigInt(block.baseFeePerGas), blockHash: bytes('hash'), blobGasUsed: BigInt(block.blobGasUsed),
    excessBlobGas: BigInt(block.excessBlobGas), transactions, withdrawals: [],
  };
}
