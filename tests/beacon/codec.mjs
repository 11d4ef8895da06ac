// The beacon REST API's bodies of light-client objects, JSON and SSZ (beacon-APIs, apis/beacon/light_client).
import * as C from './consensus.mjs';

const TYPES = { bootstrap: 'LightClientBootstrap', update: 'LightClientUpdate', finality: 'LightClientFinalityUpdate', optimistic: 'LightClientOptimisticUpdate' };
export const slotOf = (value) => (value.header ?? value.attestedHeader).beacon.slot;

/// {fork, digest, type} of an object: by the slot of the header that it is about.
export function shapeOf(consensus, kind, value) {
  const fork = consensus.forkAt(slotOf(value));
  return { fork, digest: consensus.config.forkName2ForkDigest(fork), type: C.ssz[fork][TYPES[kind]] };
}

export function toJson(consensus, kind, value) {
  const { fork, type } = shapeOf(consensus, kind, value);
  return { version: fork, data: type.toJson(value) };
}

export function toSsz(consensus, kind, value) {
  return Buffer.from(shapeOf(consensus, kind, value).type.serialize(value));
}

/// One chunk of an answer to /updates: length, fork digest, object.
export function chunk(consensus, value) {
  const object = toSsz(consensus, 'update', value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(4 + object.length));
  return Buffer.concat([length, shapeOf(consensus, 'update', value).digest, object]);
}
