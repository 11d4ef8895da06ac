// One verified isAppAllowed on the tests' beacon chain, whole processes from cold: ours, and @lodestar/prover. Both begin at
// the same checkpoint and end at a finalized block of the same chain, with the same nodes, on the same machine, which also
// runs those nodes. Prints a table. usage: node devnet_bench.mjs BUILD-FOLDER RUNS      (see devnet_bench.sh)
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodeCall } from '../chain/abi.mjs';
import { tupleOf } from '../chain/deploy.mjs';
import { sleep } from '../chain/node.mjs';
import { run } from '../devnet/gate.mjs';
import { World } from '../devnet/world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const [build, runs] = [path.resolve(process.argv[2]), Number(process.argv[3])];
const folder = path.join(build, 'devnet', `bench-${process.pid}`);
const peer = path.join(build, 'bench-prover');
fs.mkdirSync(folder, { recursive: true });
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(130));

const world = new World(build, folder);
const gate = path.join(build, 'bootgate');
const testGate = path.join(build, 'test/bootgate');

/// One process from cold: {ms, rss}. Its status must be `status`.
function once(status, command) {
  const text = execFileSync(path.join(build, 'bench/process_bench'), ['1', String(status), ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const [ms, , rss] = text.trim().split(/\s+/).map(Number);
  return { ms, rss: rss / 1024 };
}

/// The peer now and then meets a head that has just moved on, and gives up: only runs that end well are timed.
let gaveUp = 0;
async function again(tries, what) {
  for (let left = tries; ; left -= 1) {
    try {
      return what();
    } catch (error) {
      if (left === 0) throw error;
      gaveUp += 1;
      await sleep(1000);
    }
  }
}

/// Each in its turn, so that all of them see the same chain and the same load: {name: {ms (median), best, rss (most)}}.
async function measure(commands) {
  const seen = Object.fromEntries(commands.map(([name]) => [name, []]));
  for (let i = 0; i < runs; i += 1) {
    for (const [name, status, ...command] of commands) {
      // Where the committee changes, the older consensus client refuses what the prover asks, and it would wait and ask again.
      await world.net.quiet();
      seen[name].push(await again(name.startsWith('peer') ? 4 : 0, () => once(status, command)));
    }
  }
  const out = {};
  for (const [name, all] of Object.entries(seen)) {
    const times = all.map(({ ms }) => ms).sort((x, y) => x - y);
    out[name] = { ms: times[times.length >> 1], best: times[0], rss: Math.max(...all.map(({ rss }) => rss)) };
  }
  return out;
}

/// What the prover is given: the chain's configuration, and the access list of the call as our own run found it.
async function jobFor(config) {
  const { verdict, err } = await run(gate, ['chain', '--boot-info', world.evidence.appFile, '--config', config, '--json']);
  if (verdict?.contract?.is_allowed !== true) throw new Error(`the machine of the benchmark is not allowed: ${JSON.stringify(verdict?.error ?? verdict?.reason)} ${err}`);
  const prefixed = (hex) => `0x${hex.replace(/^0x/, '')}`;
  const access = new Map(verdict.contract.code_hashes.map(({ address }) => [prefixed(address), []]));
  for (const { address, slot } of verdict.contract.slots) {
    if (!access.has(prefixed(address))) access.set(prefixed(address), []);
    access.get(prefixed(address)).push(prefixed(slot));
  }
  const spec = await world.net.get('/eth/v1/config/spec');
  const chain = { PRESET_BASE: 'minimal', SECONDS_PER_SLOT: Number(spec.SECONDS_PER_SLOT), DENEB_FORK_EPOCH: 2 ** 40, ELECTRA_FORK_EPOCH: 2 ** 40 };
  for (const fork of ['GENESIS', 'ALTAIR', 'BELLATRIX', 'CAPELLA']) chain[`${fork}_FORK_VERSION`] = spec[`${fork}_FORK_VERSION`];
  for (const fork of ['ALTAIR', 'BELLATRIX', 'CAPELLA']) chain[`${fork}_FORK_EPOCH`] = Number(spec[`${fork}_FORK_EPOCH`]);
  const { deployment, net, checkpoint, evidence } = world;
  return {
    beacon: net.beaconUrl, rpc: net.rpcUrl, checkpoint: checkpoint.root, config: chain, to: deployment.kms,
    data: encodeCall(deployment.contracts.PolicyKms, 'isAppAllowed', [tupleOf(evidence.app)]),
    access: [...access].map(([address, storageKeys]) => ({ address, storageKeys })),
  };
}

const line = (...cells) => console.log(cells[0].padEnd(52) + cells.slice(1).map((cell) => String(cell).padStart(13)).join(''));
const row = (what, own, base) => line(what, own.ms.toFixed(0), own.best.toFixed(0), own.rss.toFixed(1),
  ...(base ? ['ms', 'best', 'rss'].map((key) => `1/${(base[key] / own[key]).toFixed(0)}`) : []));

try {
  await world.start(() => {});
  await world.net.finalized(world.block, 150, world.checkpoint.slot);
  const { appFile, file, root } = world.evidence;
  const cold = world.config('cold');
  const store = path.join(folder, 'store');
  fs.mkdirSync(store);
  const warm = world.config('warm', { store });
  const job = path.join(folder, 'job.json');
  fs.writeFileSync(job, JSON.stringify(await jobFor(cold)));
  const prover = 'peer: @lodestar/prover 1.23.0, sync and one call';
  const commands = [
    ['nothing: Node itself', 0, process.execPath, '-e', '0'],
    ['chain: light client, proofs, EVM', 0, gate, 'chain', '--boot-info', appFile, '--config', cold, '-q'],
    ['chain, with a warm store', 0, gate, 'chain', '--boot-info', appFile, '--config', warm, '-q'],
    ['check: the same, and quote and logs', 10, testGate, 'check', file, '--root', root, '--config', cold, '-q'],
    ['check, with a warm store', 10, testGate, 'check', file, '--root', root, '--config', warm, '-q'],
  ];
  const peerProgram = path.join(peer, 'prover.mjs');
  if (fs.existsSync(peerProgram)) commands.unshift([prover, 0, process.execPath, peerProgram, job]);
  else console.log('skipped: the packages of @lodestar/prover could not be installed');
  const figures = await measure(commands);
  const load = os.loadavg()[0].toFixed(1);
  console.log(`live on the devnet, minimal preset (32 keys), whole processes, ${runs} runs of each, load ${load}; the nodes share the machine\n`);
  line('', 'ms (median)', 'best', 'RSS MiB', 'median', 'best', 'RSS');
  for (const [name] of commands) row(name, figures[name], name.startsWith('ch') ? figures[prover] : null);
  if (gaveUp) console.log(`the prover gave up ${gaveUp} times more; these runs are not in its figures`);
  const ours = figures['chain: light client, proofs, EVM'];
  if (figures[prover]) fs.writeFileSync(path.join(peer, 'figures'), `${figures[prover].ms} ${ours.ms} ${ours.rss}\n`); // for make bench
  console.log('\ntarget: <= 1/20 of the prover\'s time, RSS <= 16 MiB. The prover is given the access list; ours finds its slots.');
} finally {
  await world.net?.stop();
}
process.exit(0);
