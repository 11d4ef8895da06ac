// A chain for the tests: starts anvil, deploys, writes what there is to FILE, and serves until it is ended
// or the process that started it is gone.
// usage: node serve.mjs BUILD-FOLDER FILE TIMESTAMP [--every SECONDS] [--past TIME,TIME..] NAME=APP-BOOT-INFO,KMS-BOOT-INFO..
//   BUILD-FOLDER: as setup.sh made it; boot infos: files with bootAuth requests (bootinfo.mjs)
//   --every: the time from a block to the next; --past: rising times before TIMESTAMP that have an empty block
// FILE (JSON): url, chain_id, kms, evidence: {NAME: {app, kms, states}}, odd: {appIds, block}, deployment_ms
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { decodeDecision } from './abi.mjs';
import { Deployment } from './deploy.mjs';
import { startAnvil } from './node.mjs';

const { values: options, positionals } = parseArgs({
  options: { every: { type: 'string' }, past: { type: 'string', default: '' } }, allowPositionals: true });
const [folder, file, timestamp, ...subjects] = positionals;
const past = options.past.split(',').filter(Boolean).map(Number);
const parent = process.ppid;
let node = null;
const end = async () => {
  await node?.stop();
  process.exit(0);
};
setInterval(() => { if (process.ppid !== parent) end(); }, 500);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end);

const EXPECTED = {
  'not-registered': 'App not registered', allowed: true, 'compose-denied': 'Compose hash not allowed',
  'device-denied': 'Device not allowed', 'any-device': true, 'os-image-denied': 'OS image is not allowed',
  'no-code': 'App not deployed or invalid address', impostor: true, 'kms-mr-denied': 'Aggregated MR not allowed',
  'kms-allowed': true, 'kms-device-denied': 'KMS is not allowed to boot on this device',
};

const started = Date.now();
node = await startAnvil({ folder: path.resolve(folder), timestamp: past.length ? past[0] - 60 : Number(timestamp) });
for (const time of past.length ? [...past, Number(timestamp)] : []) {
  await node.rpc('evm_setNextBlockTimestamp', time);
  await node.rpc('evm_mine');
}
if (options.every) await node.rpc('anvil_setBlockTimestampInterval', Number(options.every));
const deployment = new Deployment(node, path.resolve(folder));
await deployment.start();
const evidence = {};
for (const subject of subjects) {
  const [name, files] = subject.split('=');
  const [app, kms] = files.split(',').map((one) => JSON.parse(fs.readFileSync(one, 'utf8')));
  const states = await deployment.walk({ app, kms });
  // The stage has to be right before anyone is tested on it. (The TCB word of the evidence may be any.)
  for (const [state, answer] of Object.entries(EXPECTED)) {
    const view = state.startsWith('kms-') ? 'kms' : 'app';
    const word = { ...(view === 'kms' ? kms : app), tcbStatus: 'UpToDate' };
    const got = decodeDecision(await deployment.ask(view, word, states[state].number));
    if (got.isAllowed !== (answer === true) || (answer !== true && got.reason !== answer)) {
      throw new Error(`${name}, ${state}: the node says ${JSON.stringify(got)}`);
    }
  }
  evidence[name] = { app, kms, states };
}
const odd = await deployment.registerOddities(Object.values(evidence)[0].app);

const temporary = `${file}.${process.pid}`;
fs.writeFileSync(temporary, JSON.stringify({
  url: node.url, chain_id: node.chainId, kms: deployment.kms, kms_implementation: deployment.kmsImplementation,
  app_implementation: deployment.appImplementation, hostile: deployment.hostile, evidence, odd, deployment_ms: Date.now() - started,
}, null, 1));
fs.renameSync(temporary, file);
