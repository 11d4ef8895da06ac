// What an independent light client, @lodestar/light-client, says of a world's objects, after a round through JSON and SSZ:
// it must follow the good ones from the checkpoint to the head, and refuse the bad ones. Throws where it does not agree.
import { LightclientSpec } from '@lodestar/light-client/spec';
import * as C from './consensus.mjs';
import * as codec from './codec.mjs';

// The package does not export it.
const { validateLightClientBootstrap } = await import(new URL('validateLightClientBootstrap.js', import.meta.resolve('@lodestar/light-client/spec')).href);

function again(consensus, kind, value) {
  const { type } = codec.shapeOf(consensus, kind, value);
  const bytes = codec.toSsz(consensus, kind, value);
  const fromJson = type.fromJson(JSON.parse(JSON.stringify(codec.toJson(consensus, kind, value).data)));
  if (!bytes.equals(Buffer.from(type.serialize(fromJson)))) throw new Error(`${kind}: JSON and SSZ differ`);
  return type.deserialize(bytes);
}

/// check(world, checkpoint, finalized): gives what was seen, {accepted, refused}.
export function check(world, checkpoint, finalized) {
  const { consensus } = world;
  const seen = { accepted: 0, refused: 0 };
  const expect = (what, truth) => { if (!truth) throw new Error(`@lodestar/light-client does not agree: ${what}`); };
  const bootstrap = () => again(consensus, 'bootstrap', world.bootstrap(checkpoint));
  const start = () => {
    const first = bootstrap();
    validateLightClientBootstrap(consensus.config, checkpoint.root, first);
    return new LightclientSpec(consensus.config, { allowForcedUpdates: false, updateHeadersOnForcedUpdate: false }, first);
  };
  const client = start();
  seen.accepted += 1;
  const before = C.periodOf(checkpoint.slot);
  const updates = world.updates(before, 128, finalized);
  expect('updates of all periods', updates.length === C.periodOf(finalized.slot) - before + 1);
  for (const update of updates) {
    client.onUpdate(update.signatureSlot, again(consensus, 'update', update));
    seen.accepted += 1;
  }
  const finality = world.finality(finalized);
  client.onFinalityUpdate(finality.signatureSlot, again(consensus, 'finality', finality));
  expect('the finality update is applied', client.store.finalizedHeader.beacon.slot === finalized.slot);
  expect('it is the execution block', C.bytesToHex(client.store.finalizedHeader.execution.blockHash) === C.bytesToHex(finalized.payload.blockHash));
  const optimistic = world.optimistic(world.after(world.after(finalized)));
  client.onOptimisticUpdate(optimistic.signatureSlot, again(consensus, 'optimistic', optimistic));
  expect('the optimistic update is applied', client.store.optimisticHeader.beacon.slot === optimistic.attestedHeader.beacon.slot);
  seen.accepted += 2;

  const refuses = (what, change) => {
    const one = start();
    for (const update of updates.slice(0, -1)) one.onUpdate(update.signatureSlot, again(consensus, 'update', update));
    const value = again(consensus, 'finality', finality);
    let refused = false;
    try {
      one.onFinalityUpdate(value.signatureSlot, change(value));
    } catch {
      refused = true;
    }
    expect(`${what} is refused`, refused);
    seen.refused += 1;
  };
  const flipped = (bytes) => Uint8Array.from(bytes, (byte, i) => (i === 20 ? byte ^ 1 : byte));
  refuses('a changed signature', (value) => ({ ...value, syncAggregate: { ...value.syncAggregate, syncCommitteeSignature: flipped(value.syncAggregate.syncCommitteeSignature) } }));
  refuses('another finality branch', (value) => ({ ...value, finalityBranch: value.finalityBranch.map((node, i) => (i ? node : flipped(node))) }));
  refuses('another state root', (value) => ({ ...value, finalizedHeader: { ...value.finalizedHeader,
    execution: { ...value.finalizedHeader.execution, stateRoot: flipped(value.finalizedHeader.execution.stateRoot) } } }));
  refuses('another committee', (value) => ({ ...value,
    syncAggregate: consensus.aggregate(value.attestedHeader.beacon, value.signatureSlot, { period: C.periodOf(value.signatureSlot) + 1 }) }));

  // 60 % are valid, and move nothing.
  const few = start();
  for (const update of updates.slice(0, -1)) few.onUpdate(update.signatureSlot, again(consensus, 'update', update));
  const signers = Array.from({ length: Math.floor(C.COMMITTEE_SIZE * 0.6) }, (_, i) => i);
  const value = again(consensus, 'finality', finality);
  few.onFinalityUpdate(value.signatureSlot, { ...value, syncAggregate: consensus.aggregate(value.attestedHeader.beacon, value.signatureSlot, { signers }) });
  expect('60 % do not move the finalized header', few.store.finalizedHeader.beacon.slot < finalized.slot);
  seen.accepted += 1;
  return seen;
}
