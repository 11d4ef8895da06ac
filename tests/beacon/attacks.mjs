// Lies of a beacon node that are well-formed objects: each takes (value, kind, context) and gives what is sent instead.
// kind: bootstrap, update, finality, optimistic. context: {world, foreign, finalized, alt, now} - the newest finalized
// block, the block that the liar would rather have (another state of the contracts), and the clock's slot.
// Those that are about signed objects leave the bootstrap alone.
import blst from 'blst-signer';
import * as C from './consensus.mjs';

const { params, ssz } = C;
const flipped = (bytes, at = 20) => Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
const first = (count) => Array.from({ length: count }, (_, i) => i);
const branchFlipped = (branch) => branch.map((node, i) => (i === branch.length - 1 ? flipped(node) : node));
/// Flags of BLS signatures and keys in 48 or 96 bytes: compressed, infinity.
const infinity = (length) => Uint8Array.from({ length }, (_, i) => (i ? 0 : 0xc0));
/// x = 2 is on the curve over the quadratic extension, and its points are not in the group that signatures are in.
const outsideGroup = () => Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xa0 : i === 95 ? 2 : 0));
/// No point of the curve that keys are on has x = 1: 1 + 4 is no square.
const offCurve = () => Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0x80 : i === 47 ? 1 : 0));

const signed = (change) => (value, kind, context) => (kind === 'bootstrap' ? value : change(value, kind, context));
const withKind = (wanted, change) => (value, kind, context) => (kind === wanted ? change(value, context) : value);
const aggregate = (change) => signed((value, kind, context) => ({ ...value, syncAggregate: { ...value.syncAggregate, ...change(value.syncAggregate, context) } }));
/// Signed anew, `how` as Consensus.aggregate takes it.
const resigned = (how) => signed((value, kind, context) => ({
  ...value, syncAggregate: context.world.consensus.aggregate(value.attestedHeader.beacon, value.signatureSlot, how(value, context)) }));
const bits = (change) => aggregate(({ syncCommitteeBits }) => {
  const copy = ssz.altair.SyncAggregate.fields.syncCommitteeBits.defaultValue();
  for (let i = 0; i < C.COMMITTEE_SIZE; i += 1) copy.set(i, change(syncCommitteeBits.get(i), i));
  return { syncCommitteeBits: copy };
});
const signature = (change) => aggregate(({ syncCommitteeSignature }, context) => ({ syncCommitteeSignature: change(syncCommitteeSignature, context) }));
const member = (name, change) => (value, kind, context) => (value[name] === undefined ? value : { ...value, [name]: change(value[name], value, context) });
const execution = (...changes) => (header) => ({ ...header, execution: { ...header.execution, ...Object.assign({}, ...changes.map((change) => change(header.execution))) } });
/// The header that the client is to take for its head, whichever of both that is.
const heads = (change) => (value, kind, context) => signed((one) => {
  const out = { ...one, attestedHeader: change(one.attestedHeader, context, one) };
  if (one.finalizedHeader) out.finalizedHeader = change(one.finalizedHeader, context, one);
  return out;
})(value, kind, context);
const committee = (name, change) => member(name, (one, value, context) => change(one, value, context));
const ofPeriod = (context, period) => context.world.consensus.committeeOf(period).committee;
const swapKeys = ({ pubkeys, aggregatePubkey }) => ({ pubkeys: [pubkeys[1], pubkeys[0], ...pubkeys.slice(2)], aggregatePubkey });
const withKey = (key) => ({ pubkeys, aggregatePubkey }) => ({ pubkeys: [key, ...pubkeys.slice(1)], aggregatePubkey });
const domainOf = (type, version, root) => Uint8Array.from([...type, ...ssz.phase0.ForkData.hashTreeRoot({ currentVersion: version, genesisValidatorsRoot: root }).subarray(0, 28)]);
const versionAt = ({ world }, value, step) => {
  const names = Object.keys(world.consensus.config.forks);
  const name = names[names.indexOf(world.consensus.forkAt(value.signatureSlot - 1)) + step] ?? names[0];
  return world.consensus.config.forks[name].version;
};

/// A second chain of the same committee: another block in the attested one's slot, with the liar's state.
function twin(context, slot) {
  const { world, alt, finalized } = context;
  const state = world.consensus.state({ slot, finalizedRoot: alt.root, finalizedSlot: alt.slot });
  const header = world.consensus.header({ slot, parentRoot: finalized.root, stateRoot: state.root, payload: alt.payload });
  return { header, node: state.node };
}

function twinUpdate(value, context, how) {
  const { world, alt } = context;
  const { header, node } = twin(context, value.attestedHeader.beacon.slot);
  const gindex = world.consensus.gindexAt(header.beacon.slot);
  const out = { ...value, attestedHeader: header, syncAggregate: world.consensus.aggregate(header.beacon, value.signatureSlot, how) };
  if (value.finalizedHeader) Object.assign(out, { finalizedHeader: alt.header, finalityBranch: C.branchOf(node, gindex.finalizedRoot) });
  if (value.nextSyncCommittee) out.nextSyncCommitteeBranch = C.branchOf(node, gindex.nextSyncCommittee);
  return out;
}
const twins = (how) => signed((value, kind, context) => twinUpdate(value, context, how(value, context)));
const half = (from) => first(C.COMMITTEE_SIZE).filter((i) => (from ? i >= C.COMMITTEE_SIZE / 2 : i < C.COMMITTEE_SIZE / 2));
const least = Math.ceil((C.COMMITTEE_SIZE * 2) / 3);

export const ATTACKS = {
  none: (value) => value,

  // Who signed, how many, and what.
  'two-thirds': resigned(() => ({ signers: first(least) })),
  'one-less-than-two-thirds': resigned(() => ({ signers: first(least - 1) })),
  'sixty-percent': resigned(() => ({ signers: first(Math.floor(C.COMMITTEE_SIZE * 0.6)) })),
  'half': resigned(() => ({ signers: half(0) })),
  'one-signer': resigned(() => ({ signers: [0] })),
  'committee-of-next-period': resigned((value) => ({ period: C.periodOf(value.signatureSlot) + 1 })),
  'committee-of-last-period': resigned((value) => ({ period: C.periodOf(value.signatureSlot) - 1 })),
  'committee-of-our-own': resigned((value, { foreign }) => ({ secrets: foreign.consensus.committeeOf(C.periodOf(value.signatureSlot)).secrets })),
  'twin-by-our-own': twins((value, { foreign }) => ({ secrets: foreign.consensus.committeeOf(C.periodOf(value.signatureSlot)).secrets })),
  'twin-by-half': twins(() => ({ signers: half(1) })),
  'twin-by-sixty-percent': twins(() => ({ signers: first(Math.floor(C.COMMITTEE_SIZE * 0.6)) })),
  'twin-by-one': twins(() => ({ signers: [7] })),
  'domain-of-other-chain': resigned((value, context) => ({ domain: domainOf(params.DOMAIN_SYNC_COMMITTEE, versionAt(context, value, 0), context.foreign.consensus.genesisValidatorsRoot) })),
  'domain-of-fork-before': resigned((value, context) => ({ domain: domainOf(params.DOMAIN_SYNC_COMMITTEE, versionAt(context, value, -1), context.world.consensus.genesisValidatorsRoot) })),
  'domain-of-genesis-fork': resigned((value, context) => ({ domain: domainOf(params.DOMAIN_SYNC_COMMITTEE, context.world.consensus.config.GENESIS_FORK_VERSION, context.world.consensus.genesisValidatorsRoot) })),
  'domain-of-attesters': resigned((value, context) => ({ domain: domainOf(params.DOMAIN_BEACON_ATTESTER, versionAt(context, value, 0), context.world.consensus.genesisValidatorsRoot) })),
  'signature-of-other-header': signed((value, kind, { world, finalized }) => ({ ...value, syncAggregate: world.consensus.aggregate(finalized.header.beacon, value.signatureSlot) })),
  'signature-flipped': signature((bytes) => flipped(bytes)),
  'signature-negated': signature((bytes) => Uint8Array.from(bytes, (byte, i) => (i ? byte : byte ^ 0x20))),
  'signature-infinity': signature(() => infinity(96)),
  'signature-zero': signature(() => new Uint8Array(96)),
  'signature-outside-group': signature(outsideGroup),
  'signature-of-nobody': aggregate(() => ({ syncCommitteeSignature: infinity(96), syncCommitteeBits: ssz.altair.SyncAggregate.fields.syncCommitteeBits.defaultValue() })),
  'bits-zero': bits(() => false),
  'bits-fewer': bits((bit, i) => bit && i !== 3),
  'bits-more': (value, kind, context) => bits(() => true)(resigned(() => ({ signers: first(least) }))(value, kind, context), kind, context),
  'bits-rotated': (value, kind, context) => bits((bit, i) => i >= 4 && i < 4 + least)(resigned(() => ({ signers: first(least) }))(value, kind, context), kind, context),

  // When.
  'signed-in-the-future': signed((value, kind, { now }) => ({ ...value, signatureSlot: now + 100 })),
  'signed-next-period': signed((value) => ({ ...value, signatureSlot: value.signatureSlot + C.SLOTS_PER_PERIOD })),
  'signed-at-its-own-slot': signed((value) => ({ ...value, signatureSlot: value.attestedHeader.beacon.slot })),
  'signed-before': signed((value) => ({ ...value, signatureSlot: value.attestedHeader.beacon.slot - 1 })),
  'signed-at-slot-zero': signed((value) => ({ ...value, signatureSlot: 0 })),

  // What was signed: the attested header.
  'attested-slot': heads((header, context, value) => (header === value.attestedHeader ? { ...header, beacon: { ...header.beacon, slot: header.beacon.slot - 1 } } : header)),
  'attested-parent': heads((header, context, value) => (header === value.attestedHeader ? { ...header, beacon: { ...header.beacon, parentRoot: flipped(header.beacon.parentRoot) } } : header)),
  'attested-swapped': signed((value, kind, { world, alt }) => (world.consensus.forkAt(value.attestedHeader.beacon.slot) === world.consensus.forkAt(world.after(alt).slot)
    ? { ...value, attestedHeader: world.after(alt).header } : value)),
  'attested-before-finalized': signed((value, kind, { world, finalized }) => (value.finalizedHeader ? { ...value, finalizedHeader: world.after(world.after(finalized)).header } : value)),

  // What it proves: the finalized header.
  'finalized-swapped': member('finalizedHeader', (header, value, { alt }) => alt.header),
  'finalized-is-attested': member('finalizedHeader', (header, value) => value.attestedHeader),
  'finalized-slot': member('finalizedHeader', (header) => ({ ...header, beacon: { ...header.beacon, slot: header.beacon.slot + 1 } })),
  'finalized-body': member('finalizedHeader', (header, value, { alt }) => ({ ...alt.header, beacon: { ...header.beacon, bodyRoot: alt.header.beacon.bodyRoot } })),
  'finality-branch-flipped': member('finalityBranch', branchFlipped),
  'finality-branch-of-other': member('finalityBranch', (branch, value, { world, alt }) => C.branchOf(world.after(alt).node, world.consensus.gindexAt(value.attestedHeader.beacon.slot).finalizedRoot)),
  'finality-branch-of-committee': member('finalityBranch', (branch, value, { world }) => {
    const committeeBranch = C.branchOf(world.after(world.byRoot(C.bytesToHex(C.rootOf(value.finalizedHeader)))).node, world.consensus.gindexAt(value.attestedHeader.beacon.slot).nextSyncCommittee);
    return [...committeeBranch, committeeBranch[0]].slice(0, branch.length);
  }),
  'finality-branch-zero': member('finalityBranch', (branch) => branch.map(() => new Uint8Array(32))),
  'finality-all-zero': (value, kind, context) => (value.finalizedHeader ? { ...value, finalityBranch: value.finalityBranch.map(() => new Uint8Array(32)),
    finalizedHeader: ssz.deneb.LightClientHeader.defaultValue() } : value),

  // The execution block in it.
  'execution-swapped': heads((header, { alt }) => ({ ...header, execution: alt.header.execution })),
  'execution-swapped-with-branch': heads((header, { alt }) => ({ ...header, execution: alt.header.execution, executionBranch: alt.header.executionBranch })),
  'execution-state-root': heads((header, { alt }) => execution(() => ({ stateRoot: alt.payload.stateRoot }))(header)),
  'execution-block-hash': heads((header, { alt }) => execution(() => ({ blockHash: alt.payload.blockHash }))(header)),
  'execution-number': heads((header, { alt }) => execution(() => ({ blockNumber: alt.number }))(header)),
  'execution-time': heads(execution((old) => ({ timestamp: old.timestamp + 3600 }))),
  'execution-base-fee': heads(execution((old) => ({ baseFeePerGas: old.baseFeePerGas + 1n }))),
  'execution-extra-data': heads(execution(() => ({ extraData: new Uint8Array(32) }))),
  'execution-blob-gas': heads(execution((old) => ({ excessBlobGas: old.excessBlobGas + 1n }))),
  'execution-empty': heads((header) => ({ ...header, execution: ssz.deneb.LightClientHeader.fields.execution.defaultValue() })),
  'execution-branch-flipped': heads((header) => ({ ...header, executionBranch: branchFlipped(header.executionBranch) })),
  'execution-branch-zero': heads((header) => ({ ...header, executionBranch: header.executionBranch.map(() => new Uint8Array(32)) })),

  'finalized-execution-swapped': member('finalizedHeader', (header, value, { alt }) => ({ ...header, execution: alt.header.execution })),
  'finalized-execution-with-branch': member('finalizedHeader', (header, value, { alt }) => ({ ...header, execution: alt.header.execution, executionBranch: alt.header.executionBranch })),
  'finalized-execution-state-root': member('finalizedHeader', (header, value, { alt }) => execution(() => ({ stateRoot: alt.payload.stateRoot }))(header)),

  // The next committee.
  'next-committee-our-own': committee('nextSyncCommittee', (old, value, { foreign }) => foreign.consensus.committeeOf(C.periodOf(value.attestedHeader.beacon.slot) + 1).committee),
  'next-committee-of-later': committee('nextSyncCommittee', (old, value, context) => ofPeriod(context, C.periodOf(value.attestedHeader.beacon.slot) + 2)),
  'next-committee-is-current': committee('nextSyncCommittee', (old, value, context) => ofPeriod(context, C.periodOf(value.attestedHeader.beacon.slot))),
  'next-committee-reordered': committee('nextSyncCommittee', swapKeys),
  'next-committee-aggregate': committee('nextSyncCommittee', ({ pubkeys }, value, { foreign }) => ({ pubkeys, aggregatePubkey: foreign.consensus.committeeOf(1).committee.aggregatePubkey })),
  'next-committee-key-infinity': committee('nextSyncCommittee', withKey(infinity(48))),
  'next-committee-key-off-curve': committee('nextSyncCommittee', withKey(offCurve())),
  'next-committee-branch-flipped': member('nextSyncCommitteeBranch', branchFlipped),
  'next-committee-branch-of-current': member('nextSyncCommitteeBranch', (branch, value, { world }) => {
    const { slot } = value.attestedHeader.beacon;
    return C.branchOf(world.blocks.find((block) => block.slot === slot).node, world.consensus.gindexAt(slot).currentSyncCommittee);
  }),

  // The beginning.
  'bootstrap-other-root': withKind('bootstrap', (value, { world, alt }) => world.bootstrap(alt)),
  'bootstrap-of-other-chain': withKind('bootstrap', (value, { foreign }) => foreign.bootstrap(foreign.blocks.find((block) => block.slot === value.header.beacon.slot))),
  'bootstrap-committee-our-own': withKind('bootstrap', (value, { foreign }) => ({ ...value, currentSyncCommittee: foreign.consensus.committeeOf(C.periodOf(value.header.beacon.slot)).committee })),
  'bootstrap-committee-of-next': withKind('bootstrap', (value, context) => ({ ...value, currentSyncCommittee: ofPeriod(context, C.periodOf(value.header.beacon.slot) + 1) })),
  'bootstrap-committee-reordered': withKind('bootstrap', (value) => ({ ...value, currentSyncCommittee: swapKeys(value.currentSyncCommittee) })),
  'bootstrap-aggregate': withKind('bootstrap', (value, { foreign }) => ({ ...value, currentSyncCommittee: { ...value.currentSyncCommittee,
    aggregatePubkey: foreign.consensus.committeeOf(1).committee.aggregatePubkey } })),
  'bootstrap-key-off-curve': withKind('bootstrap', (value) => ({ ...value, currentSyncCommittee: withKey(offCurve())(value.currentSyncCommittee) })),
  'bootstrap-branch-flipped': withKind('bootstrap', (value) => ({ ...value, currentSyncCommitteeBranch: branchFlipped(value.currentSyncCommitteeBranch) })),
  'bootstrap-branch-of-next': withKind('bootstrap', (value, { world }) => {
    const { slot } = value.header.beacon;
    const { node } = world.blocks.find((block) => block.slot === slot);
    const { nextSyncCommittee } = world.consensus.gindexAt(slot);
    return { ...value, currentSyncCommittee: world.consensus.committeeOf(C.periodOf(slot) + 1).committee, currentSyncCommitteeBranch: C.branchOf(node, nextSyncCommittee) };
  }),
  'bootstrap-slot': withKind('bootstrap', (value) => ({ ...value, header: { ...value.header, beacon: { ...value.header.beacon, slot: value.header.beacon.slot + 1 } } })),
  'bootstrap-execution-swapped': withKind('bootstrap', (value, { alt }) => ({ ...value, header: { ...value.header, execution: alt.header.execution, executionBranch: alt.header.executionBranch } })),
};

/// Whole chains that are not the one that was asked for: {name: how the server gets its world}.
export const WORLDS = { 'foreign-chain': ({ foreign }) => foreign };

/// What a list of updates may be instead of the periods that were asked for, one each, in order.
export const LISTS = {
  'updates-reversed': (list) => [...list].reverse(),
  'updates-twice': (list) => list.flatMap((one) => [one, one]),
  'updates-many': (list) => Array.from({ length: list.length && 200 }, (_, i) => list[i % list.length]),
  'updates-last-only': (list) => list.slice(-1),
  'updates-first-only': (list) => list.slice(0, 1),
  'updates-of-later-periods': (list) => list.slice(1),
  'updates-gap': (list) => list.filter((_, i) => i !== 1),
  'updates-none': () => [],
};

/// The constants above are what they are said to be.
export function checkConstants() {
  const outside = blst.Signature.fromBytes(outsideGroup(), false);
  let refused = 0;
  for (const one of [() => outside.sigValidate(), () => blst.PublicKey.fromBytes(offCurve(), false)]) {
    try {
      one();
    } catch {
      refused += 1;
    }
  }
  if (refused !== 2) throw new Error('blst takes a point that it must not');
}
