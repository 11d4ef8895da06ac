// The light client's part of a decision by @lodestar/light-client, from the same recorded beacon answers: bootstrap, updates,
// finality update. For comparing cost; a peer, not an oracle. Runs beside the packages of tests/beacon.
// usage: LODESTAR_PRESET=mainnet node lightclient.mjs BUNDLE CONFIG BLOCK-HASH      exit status 0: that block is final
import fs from 'node:fs';
import { createBeaconConfig } from '@lodestar/config';
import * as defaults from '@lodestar/config/default';
import { LightclientSpec } from '@lodestar/light-client/spec';
import { ssz } from '@lodestar/types';

const { validateLightClientBootstrap } = await import(new URL('validateLightClientBootstrap.js', import.meta.resolve('@lodestar/light-client/spec')).href);
const [bundle, { chain }] = process.argv.slice(2, 4).map((file) => JSON.parse(fs.readFileSync(file, 'utf8')));
const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex.replace(/^0x/, ''), 'hex'));

const settings = { ...(defaults.defaultChainConfig ?? defaults.chainConfig) };
for (const { name, version, epoch } of chain.network.forks) {
  settings[name === 'phase0' ? 'GENESIS_FORK_VERSION' : `${name.toUpperCase()}_FORK_VERSION`] = bytesOf(version);
  if (name !== 'phase0') settings[`${name.toUpperCase()}_FORK_EPOCH`] = epoch;
}
const config = createBeaconConfig(settings, bytesOf(chain.network.genesis_validators_root));

/// The fork of an object that begins with a header of no fixed size: by that header's slot.
function forkOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return config.getForkName(Number(view.getBigUint64(view.getUint32(0, true), true)));
}

/// The objects of one answer, whatever it was given in.
function objects(kind, { result, ssz: hex }) {
  if (result) return [result].flat().map((one) => ssz[one.version][kind].fromJson(one.data));
  const bytes = bytesOf(hex);
  if (kind !== 'LightClientUpdate') return [ssz[forkOf(bytes)][kind].deserialize(bytes)];
  const list = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(new DataView(bytes.buffer).getBigUint64(at, true));
    const fork = config.forkDigest2ForkName(bytes.subarray(at + 8, at + 12));
    list.push(ssz[fork][kind].deserialize(bytes.subarray(at + 12, at + 8 + length)));
    at += 8 + length;
  }
  return list;
}
const answers = (part, kind) => bundle.beacon.filter(({ path }) => path.includes(part)).flatMap((entry) => objects(kind, entry));

const [bootstrap] = answers('/bootstrap/', 'LightClientBootstrap');
validateLightClientBootstrap(config, bytesOf(chain.checkpoint.root), bootstrap);
const client = new LightclientSpec(config, { allowForcedUpdates: false, updateHeadersOnForcedUpdate: false }, bootstrap);
for (const update of answers('/updates', 'LightClientUpdate')) client.onUpdate(update.signatureSlot, update);
const [finality] = answers('/finality_update', 'LightClientFinalityUpdate');
client.onFinalityUpdate(finality.signatureSlot, finality);
const { blockHash } = client.store.finalizedHeader.execution;
process.exit(Buffer.from(blockHash).equals(Buffer.from(bytesOf(process.argv[4]))) ? 0 : 1);
