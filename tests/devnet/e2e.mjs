// The whole program against a real beacon chain: `check` from a checkpoint, a revocation on the chain, the store and
// what others may put there, nodes that die. See run.sh.
// usage: node e2e.mjs BUILD-FOLDER VECTORS-FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { sleep } from '../chain/node.mjs';
import { Door, nobody } from './door.mjs';
import { Tally, decisionOf, run, writeJson } from './gate.mjs';
import { LIGHT_CLIENT, PERIOD } from './net.mjs';
import { corruptions, floors, foreignStores } from './stores.mjs';
import { World } from './world.mjs';

const [build, vectors] = process.argv.slice(2).map((folder) => path.resolve(folder));
const folder = path.join(build, 'devnet', `run-${process.pid}`);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(130));
// Kept when something failed; those of runs that are gone go now.
for (const name of fs.readdirSync(path.join(build, 'devnet'))) {
  const [, pid] = /^run-(\d+)$/.exec(name) ?? [];
  if (pid && !fs.existsSync(`/proc/${pid}`)) fs.rmSync(path.join(build, 'devnet', name), { recursive: true, force: true });
}
fs.mkdirSync(folder, { recursive: true });

const tally = new Tally();
const programs = [['plain', path.join(build, 'test/bootgate')], ['asan', path.join(build, 'asan/test/bootgate')]]
  .filter(([, file]) => fs.existsSync(file));
const world = new World(build, folder);
const NO = 'Compose hash not allowed';

/// check([program,] config, ..options): of the app's evidence, now.
function check(config, ...options) {
  return checkBy(programs[0][1], config, ...options);
}
function checkBy(program, config, ...options) {
  const { file, root } = world.evidence;
  return run(program, ['check', file, '--root', root, '--config', config, '--json', ...options]);
}

/// What must hold of any decision at a proven head; expected: 'yes', or the contract's words, or 'chain': whatever the
/// contract says at that block.
async function decided(name, result, expected, { view = 'app', assurance = 'finalized' } = {}) {
  const { status, verdict, err, ms } = result;
  const number = verdict?.chain?.block_number;
  const wanted = expected !== 'chain' ? expected : await expectedAt(number, view);
  const want = wanted === 'yes' ? { status: 10, yes: true } : { status: 1, yes: false };
  const detail = `exit status ${status}, ${JSON.stringify(verdict?.error ?? verdict?.reason)}, block ${number}, ${ms} ms ${err.slice(0, 300)}`;
  let good = tally.ok(`${name}: status`, status === want.status, `${detail}; expected ${want.status}`);
  good &&= tally.ok(`${name}: decision`, decisionOf(verdict) === want.yes, detail);
  good &&= tally.ok(`${name}: assurance`, verdict.chain.assurance === assurance, verdict.chain.assurance);
  if (wanted !== 'yes') good &&= tally.ok(`${name}: the contract's words`, verdict.contract.reason === wanted, JSON.stringify(verdict.contract));
  return good;
}

async function expectedAt(number, view = 'app') {
  const { isAllowed, reason } = await world.contractSays(view, number);
  return isAllowed ? 'yes' : reason;
}

/// Nothing could be decided: status 3 (or what is said), never a yes, with this code or part of the sentence.
function undecided(name, result, part, status = 3) {
  const { verdict, err, ms } = result;
  const text = JSON.stringify(verdict?.error ?? null) + err;
  tally.ok(`${name}: status`, result.status === status && decisionOf(verdict) !== true, `exit status ${result.status}, expected ${status}: ${text}`);
  for (const one of [part].flat()) tally.ok(`${name}: says ${one}`, text.includes(one), text);
  return ms;
}

/// The block that the program decided at is one that both nodes have, with this state root.
async function blockIsReal(name, { verdict }) {
  const { chain } = verdict;
  const block = await world.net.rpc('eth_getBlockByNumber', '0x' + chain.block_number.toString(16), false);
  const { root } = await world.net.get(`/eth/v1/beacon/headers/${chain.slot}`);
  const strip = (hex) => String(hex).replace(/^0x/, '');
  tally.equal(`${name}: source`, chain.source, 'ethereum');
  tally.equal(`${name}: beacon block`, strip(chain.beacon_root), strip(root));
  tally.ok(`${name}: signers`, chain.committee_size === 32 && 3 * chain.participants >= 2 * 32 && chain.participants <= 32, JSON.stringify(chain));
  tally.equal(`${name}: block hash`, strip(chain.block_hash), strip(block.hash));
  tally.equal(`${name}: state root`, strip(chain.state_root), strip(block.stateRoot));
}

async function allowed() {
  for (const [build, program] of programs) {
    const before = await world.net.finalized(world.block, 120);
    const result = await checkBy(program, world.config('live'));
    if (await decided(`${build}, live`, result, 'yes')) {
      await blockIsReal(`${build}, live`, result);
      // The head is what was final when it was asked: not older, and nothing that is not final.
      const after = await world.net.finalized(world.block, 10);
      const [from, to] = [before, after].map((header) => Number(header.execution.block_number));
      const number = result.verdict.chain.block_number;
      tally.ok(`${build}, live: the finalized head`, number >= from && number <= to, `${number}, not ${from} to ${to}`);
    }
    await decided(`${build}, kms`, await checkBy(program, world.config('live'), '--as', 'kms'), 'yes', { view: 'kms' });
  }
  const { appFile } = world.evidence;
  const program = programs[0][1];
  const query = await run(program, ['chain', '--boot-info', appFile, '--config', world.config('live'), '--json']);
  tally.ok('chain: a boot info by itself', query.status === 0 && query.verdict.contract.is_allowed === true, query.out + query.err);

  // Round trips, counted in front of the nodes.
  const [beacon, rpc] = [await Door.open(world.net.beaconUrl), await Door.open(world.net.rpcUrl)];
  const store = path.join(folder, 'counted');
  fs.mkdirSync(store);
  const config = world.config('counted', { beacon: [beacon.url], rpc: [rpc.url], store });
  await world.net.quiet();
  const first = await check(config);
  await decided('cold, counted', first, 'yes');
  const cold = [beacon.take(), rpc.take()];
  const second = await check(config);
  await decided('warm, counted', second, 'yes');
  const warm = [beacon.take(), rpc.take()];
  const sum = (seen, key) => seen[0][key] + seen[1][key];
  for (const [name, { verdict }, seen] of [['cold', first, cold], ['warm', second, warm]]) {
    const said = verdict?.chain?.round_trips;
    tally.ok(`${name}: the round trips that the verdict has`, said >= 2 && said <= sum(seen, 'trips'), `${said} of ${sum(seen, 'trips')}`);
  }
  console.log(`         round trips: cold ${sum(cold, 'trips')} (${sum(cold, 'requests')} requests), `
    + `warm ${sum(warm, 'trips')} (${sum(warm, 'requests')} requests)`);
  // DESIGN section 8.
  tally.ok('cold: at most 6 round trips', sum(cold, 'trips') <= 6, JSON.stringify(cold));
  tally.ok('warm: at most 3 round trips', sum(warm, 'trips') <= 3, JSON.stringify(warm));
  tally.ok('warm: fewer than cold', sum(warm, 'requests') < sum(cold, 'requests'), JSON.stringify({ cold, warm }));
  tally.ok('cold: the bootstrap was asked for', cold[0].paths.some((one) => one.includes('/bootstrap/')), cold[0].paths);
  tally.ok('warm: the bootstrap was not', !warm[0].paths.some((one) => one.includes('/bootstrap/')), warm[0].paths);
  await Promise.all([beacon.shut(), rpc.shut()]);
}

/// attested follows the newest block that is signed, without waiting for finality.
async function attested() {
  const head = Number(await world.net.rpc('eth_blockNumber'));
  const finalized = await world.net.get(`${LIGHT_CLIENT}/finality_update`);
  const config = world.config('attested', { chain: { head: 'attested' } });
  const result = await check(config);
  if (await decided('attested', result, 'yes', { assurance: 'attested' })) {
    await blockIsReal('attested', result);
    tally.ok('attested: newer than what is final', result.verdict.chain.block_number > Number(finalized.finalized_header.execution.block_number)
      && result.verdict.chain.block_number >= head - 2, `${result.verdict.chain.block_number} at head ${head}`);
  }
  // finalized is better than attested; the other way round it is not.
  await decided('attested is enough', await check(world.config('enough', { policy: { require_assurance: 'attested' } })), 'yes');
  const weak = await check(world.config('weak', { chain: { head: 'attested' }, policy: { require_assurance: 'finalized' } }));
  tally.ok('attested is not finalized', weak.status === 1 && decisionOf(weak.verdict) === false, weak.out + weak.err);
}

/// A store as the program leaves it.
async function storeOf(name, others = {}) {
  const store = path.join(folder, name);
  fs.rmSync(store, { recursive: true, force: true });
  fs.mkdirSync(store);
  const result = await check(world.config(name, { store, ...others }));
  return { store, result };
}

const putBack = (from, to) => {
  fs.rmSync(to, { recursive: true, force: true });
  fs.cpSync(from, to, { recursive: true });
};

/// A file of the store: null when it is none, or no JSON.
function readKept(file) {
  try {
    return fs.lstatSync(file).isFile() ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
  } catch {
    return null;
  }
}

async function stores() {
  const { store: good, result } = await storeOf('good');
  await decided('a new store', result, 'yes');
  const beacon = path.join(good, 'beacon.json');
  const floor = path.join(good, 'floor.json');
  tally.ok('the store holds both files', fs.existsSync(beacon) && fs.existsSync(floor), fs.readdirSync(good));
  if (!fs.existsSync(beacon)) return;

  const used = path.join(folder, 'used');
  const config = world.config('used', { store: used });
  const text = fs.readFileSync(beacon);
  const damaged = [...corruptions(text), ...foreignStores(JSON.parse(text), vectors, tally)];
  const place = ({ content, place: put }, name) => {
    putBack(good, used);
    const file = path.join(used, name);
    fs.rmSync(file);
    if (put) put(file);
    else fs.writeFileSync(file, content);
  };
  for (const [build, program] of programs) {
    for (const one of build === 'plain' ? damaged : damaged.filter((_, i) => i % 5 === 0)) {
      place(one, 'beacon.json');
      const again = await checkBy(program, config);
      await decided(`${build}: store, ${one.name}`, again, 'yes');
      const notes = again.verdict?.notes ?? [];
      if (!one.silent) tally.ok(`${build}: store, ${one.name}: the verdict says so`, notes.some((note) => note.startsWith('the store')), JSON.stringify(notes));
      // Whatever it was, there is a good one again; but a directory is not for the program to remove.
      if (one.name === 'a directory') continue;
      const healed = readKept(path.join(used, 'beacon.json'));
      tally.ok(`${build}: store, ${one.name}: replaced`, healed?.beacon?.some((entry) => entry.path.endsWith(world.checkpoint.root)));
    }
  }

  // A checkpoint of another block: what was kept proves nothing from there.
  putBack(good, used);
  const other = await otherCheckpoint();
  await decided('store of another checkpoint', await check(world.config('used', { store: used, chain: { checkpoint: other } })), 'yes');

  // The floor only ever refuses.
  const kept = readKept(floor);
  tally.ok('the floor is the slot that was decided at', kept.slot > world.checkpoint.slot && kept.slot <= slotNow(), JSON.stringify(kept));
  for (const slot of [slotNow() + 1000, 2 ** 50]) {
    putBack(good, used);
    writeJson(path.join(used, 'floor.json'), { ...kept, slot });
    undecided(`floor at ${slot}`, await check(config), ['BG-', 'floor']);
    tally.equal(`floor at ${slot}: it is kept`, readKept(path.join(used, 'floor.json'))?.slot, slot);
  }
  for (const one of floors(kept)) {
    place(one, 'floor.json');
    const again = await check(config);
    await decided(`floor, ${one.name}`, again, 'yes');
    if (one.content.length) tally.ok(`floor, ${one.name}: the verdict says so`, again.verdict.notes.some((note) => /floor|store/.test(note)), JSON.stringify(again.verdict.notes));
    tally.ok(`floor, ${one.name}: replaced`, readKept(path.join(used, 'floor.json'))?.slot >= kept.slot);
  }
}

const period = (slot) => Math.floor(slot / PERIOD);
const slotNow = () => world.net.slotNow();

/// The block that is final now, where that is another one than the checkpoint.
async function otherCheckpoint() {
  const other = await world.net.checkpoint();
  if (other.root !== world.checkpoint.root) return other;
  await world.net.finalized(world.block + 8, 120);
  return world.net.checkpoint();
}

/// A bundle made here decides the same anywhere, and does so for ever: --at is the time of its making.
async function bundles(name, expected) {
  const program = programs[0][1];
  const { file, root } = world.evidence;
  const config = world.config('fetch');
  const at = Math.floor(Date.now() / 1000);
  const bundle = path.join(folder, `${name}.json`);
  const fetched = await run(program, ['fetch', file, '--root', root, '--config', config, '-o', bundle]);
  if (!tally.equal(`${name}: fetch`, fetched.status, 0)) console.log(fetched.out + fetched.err);
  // Without any URL, and without the files that it was made with.
  const offline = world.config('offline', { beacon: undefined, rpc: undefined });
  const replay = (...options) => run(program, ['check', bundle, '--root', root, '--config', offline, '--json', ...options]);
  const first = await replay('--at', String(at + 2), '--offline');
  await decided(`${name}: offline`, first, expected);
  const second = await replay('--at', String(at + 2), '--offline');
  const core = (text) => { const v = JSON.parse(text); delete v.stages; return JSON.stringify(v); }; // all but how long it took
  tally.ok(`${name}: the same, byte for byte`, core(first.out) === core(second.out));
  undecided(`${name}: a day later`, await replay('--at', String(at + 86400), '--offline'), 'BG-');
  const live = await check(config, '--save-bundle', bundle);
  await decided(`${name}: live`, live, expected);
  await decided(`${name}: saved`, await replay('--at', String(Math.floor(Date.now() / 1000)), '--offline'), expected);
}

/// Revoked on the chain: allowed until that block is final, denied from then on, and at once where attested is enough.
async function revoked() {
  const { store } = await storeOf('revoked');
  const number = await world.removeComposeHash();
  tally.stage(`compose hash removed, block ${number}`);
  // Finality lags: what counts is the block that was decided at, and the block says which answer is right.
  await decided('revoked, not final yet', await check(world.config('revoked', { store })), 'chain');
  await world.net.attested(number, 60);
  await decided('revoked, attested', await check(world.config('attested-revoked', { chain: { head: 'attested' } })), NO, { assurance: 'attested' });
  await world.net.finalized(number, 150);
  tally.stage('the removal is final');
  for (const [build, program] of programs) {
    const result = await checkBy(program, world.config('live'));
    await decided(`${build}: revoked, final`, result, NO);
    await blockIsReal(`${build}: revoked, final`, result);
    tally.ok(`${build}: the committee changed on the way`, result.verdict.chain.updates > 1 && period(result.verdict.chain.slot) > period(world.checkpoint.slot),
      JSON.stringify(result.verdict.chain));
    await decided(`${build}: revoked, from the store`, await checkBy(program, world.config('revoked', { store })), NO);
  }
  const checkpoint = await world.net.checkpoint();
  await decided('revoked, from a newer checkpoint', await check(world.config('newer', { chain: { checkpoint } })), NO);
  return store;
}

async function deadNodes(store) {
  const closed = await nobody();
  // One of two is enough.
  await decided('a dead node of each, first', await check(world.config('half', {
    beacon: [closed, world.net.beaconUrl], rpc: [closed, world.net.rpcUrl] })), NO);

  await decided('before it dies', await check(world.config('revoked', { store })), NO);
  await world.net.consensus.stop();
  // What was proven a moment ago is young enough, and the execution client still proves against it.
  await decided('beacon node dead, store warm', await check(world.config('revoked', { store })), NO);
  undecided('beacon node dead, no store', await check(world.config('live')), world.net.beaconUrl);
  undecided('beacon node dead, head too old', await check(world.config('old', { store, chain: { max_head_age: 1 } })), world.net.beaconUrl);
  await world.net.execution.stop();
  undecided('both dead', await check(world.config('revoked', { store })), world.net.rpcUrl);
  const gone = ['http://127.0.0.1:9', closed];
  undecided('nobody anywhere', await check(world.config('nobody', { beacon: gone, rpc: gone })), gone);
}

let survived = false;
try {
  await world.start((what) => tally.stage(what));
  await world.net.finalized(world.block, 150, world.checkpoint.slot);
  tally.stage('the contracts are final, and more than the checkpoint');
  await allowed();
  tally.stage('allowed');
  await attested();
  tally.stage('attested');
  await bundles('bundle-yes', 'yes');
  tally.stage('bundles');
  await world.net.otherCommittee(world.checkpoint.slot, 120);
  tally.stage('the next sync committee');
  await stores();
  tally.stage('stores');
  const store = await revoked();
  await bundles('bundle-no', NO);
  tally.stage('denied');
  await deadNodes(store);
  tally.stage('dead nodes');
  survived = true;
} catch (error) {
  tally.ok('the run', false, error.stack);
}
await world.net?.stop();
await sleep(0);
const good = tally.close();
if (good && survived) fs.rmSync(folder, { recursive: true, force: true });
else console.log(`what there was is in ${folder}`);
process.exit(good ? 0 : 1);
