// A beacon node with the light client API over the tests' chain, honest or lying, and with a proxy to the execution node that
// counts with it. Serves until it is ended or the process that started it is gone.
// usage: LODESTAR_PRESET=mainnet|minimal node serve.mjs CHAIN-FILE PLAN-FILE FILE
//   CHAIN-FILE: from chain/serve.mjs; PLAN-FILE: from plan.mjs
// FILE (JSON): url, network, checkpoint: {root, slot}, checkpoints: {PERIOD: ..}, signers, slots: {BLOCK: slot}, checked, attacks, ..
// The first part of a URL's path says how it answers, so that one process serves all cases:
//   URL/ATTACK[@head][+json]/WORLD[/ID]/eth/v1/beacon/light_client/..      see attacks.mjs, wire.mjs
//     @head: only the newest objects are lied about; +json: JSON, whatever is accepted
//     WORLD: FINALIZED[,ATTESTED][~ALT], numbers of execution blocks; or `live`, which follows POST URL/finalize/FINALIZED[,ATTESTED]
//   URL/rpc/ATTACK/ARGUMENT[/ID]             the execution node: none, slow, window (no proof older than ARGUMENT blocks)
//   URL/checkpoint/KIND/BLOCK[/ID]           a signed checkpoint document, see checkpoints.mjs
//   GET URL/broken                           [] as long as this program itself is right
//   GET URL/hits/ID                          {requests, trips, ..}: what came for this ID, and in how many rounds
import fs from 'node:fs';
import http from 'node:http';
import { post } from '../chain/node.mjs';
import { ATTACKS, LISTS, WORLDS, checkConstants } from './attacks.mjs';
import { check } from './check.mjs';
import { NAMES, SIGNERS, checkpoint } from './checkpoints.mjs';
import * as codec from './codec.mjs';
import * as C from './consensus.mjs';
import { JSON_LIES, RAW, SSZ_LIES, send } from './wire.mjs';
import { World } from './world.mjs';

const [chainFile, planFile, file] = process.argv.slice(2);
const chain = JSON.parse(fs.readFileSync(chainFile, 'utf8'));
const plan = JSON.parse(fs.readFileSync(planFile, 'utf8'));
const network = plan.networks[C.params.ACTIVE_PRESET];
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(0));

checkConstants();
const world = new World(chain.url, network, 'ours');
const foreign = new World(chain.url, { ...network, genesis_validators_root: '0x' + 'f0'.repeat(32) }, 'foreign');
const oldest = plan.past.find((time) => C.periodOf(world.slotAt(time) ?? 0) === C.periodOf(world.slotAt(plan.deployed)) - plan.before);
await world.follow(oldest);
await foreign.follow(oldest);
const start = world.blocks[0];
// The stage has to be right before anyone is tested on it.
const checked = [world.block(Object.values(chain.evidence)[0].states.allowed.number), world.blocks[world.blocks.length - 3]]
  .map((finalized) => check(world, start, finalized));

const SLOW = 1500; // milliseconds: what is asked at once comes within that, on a busy machine too
const hits = new Map();
const broken = []; // what went wrong here: a case that met it shows nothing
const live = { finalized: world.blocks[world.blocks.length - 2], optimistic: null };

/// A request belongs to the round before it when nothing of that round was answered yet.
function count(id, kind) {
  if (!hits.has(id)) hits.set(id, { requests: 0, trips: 0, answered: true });
  const one = hits.get(id);
  one.requests += 1;
  one[kind] = (one[kind] ?? 0) + 1;
  if (one.answered) one.trips += 1;
  one.answered = false;
  return one;
}

function contextOf(text, attack) {
  const context = { world, foreign, now: world.consensus && Math.floor((Date.now() / 1000 - network.genesis_time) / network.seconds_per_slot) };
  if (text === 'live') return { ...context, ...live, alt: start };
  const [heads, alt] = text.split('~');
  const [finalized, optimistic] = heads.split(',').map((number) => world.block(number));
  return { ...context, finalized, optimistic, alt: alt ? world.block(alt) : start, served: WORLDS[attack]?.(context) };
}

/// [kind, objects]: what an honest node has; null: nothing.
function honest(path, query, context) {
  const served = context.served ?? world;
  const own = (block) => served.byNumber.get(block.number);
  const finalized = own(context.finalized);
  const [, name, root] = /^\/eth\/v1\/beacon\/light_client\/([a-z_]+)(?:\/(0x[0-9a-fA-F]{64}))?$/.exec(path) ?? [];
  if (name === 'bootstrap' && root) {
    // Whoever lies about it has one for any root.
    const block = world.byRoot(root);
    return block ? ['bootstrap', [served.bootstrap(own(block))]] : null;
  }
  if (root) return null;
  if (name === 'updates') return ['update', served.updates(Number(query.get('start_period')), Number(query.get('count')), finalized)];
  if (name === 'finality_update') return ['finality', [served.finality(finalized)]];
  if (name === 'optimistic_update') return ['optimistic', [served.optimistic(context.optimistic ? own(context.optimistic) : served.after(finalized))]];
  return null;
}

function answer(response, attack, scope, asJson, kind, objects, context) {
  const inScope = (value) => scope !== 'head' || (value.attestedHeader && codec.slotOf(value) > context.finalized.slot);
  const lie = ATTACKS[attack] ?? ATTACKS.none;
  let list = objects.map((value) => (inScope(value) ? lie(value, kind, context) : value));
  if (kind === 'update' && LISTS[attack]) list = LISTS[attack](list);
  const bytes = () => Buffer.concat(list.map((value) => (kind === 'update' ? codec.chunk(world.consensus, value) : codec.toSsz(world.consensus, kind, value))));
  if (SSZ_LIES[attack]) return SSZ_LIES[attack](response, bytes(), kind);
  if (!asJson && !JSON_LIES[attack] && !RAW[attack]) {
    const version = list.length ? codec.shapeOf(world.consensus, kind, list[0]).fork : 'phase0';
    return send(response, bytes(), 200, { 'content-type': 'application/octet-stream', 'eth-consensus-version': version });
  }
  const bodies = list.map((value) => codec.toJson(world.consensus, kind, value));
  let body = kind === 'update' ? bodies : bodies[0];
  if (JSON_LIES[attack]) body = JSON_LIES[attack](body);
  const text = JSON.stringify(body);
  return RAW[attack] ? RAW[attack](response, text, address) : send(response, text);
}

async function beacon(request, response, [attackText, where, id], url) {
  const [, attack, scope, json] = /^([a-z0-9-]+)(?:@(head))?(\+json)?$/.exec(attackText) ?? [];
  const kinds = { bootstrap: 'bootstrap', updates: 'update', finality_update: 'finality', optimistic_update: 'optimistic' };
  const at = url.pathname.indexOf('/eth/v1/');
  const path = url.pathname.slice(at);
  const kind = kinds[path.split('/')[5]] ?? 'other';
  const one = count(id ?? attack, kind);
  if (attack === 'slow') await new Promise((resolve) => { setTimeout(resolve, SLOW); });
  one.answered = true;
  const context = contextOf(where, attack);
  // The chain moves on between the first time it is asked for its head and the next.
  if (attack === 'advance' && (one.finality ?? 0) + (one.optimistic ?? 0) > 1) context.finalized = context.alt;
  if (attack === 'only-bootstrap' && kind !== 'bootstrap') return RAW['http-500'](response);
  if (attack === 'no-finality' && kind === 'finality') return RAW['http-404'](response);
  if (attack === 'no-updates' && kind === 'update') return RAW['http-404'](response);
  const have = honest(path, url.searchParams, context);
  if (!have) return send(response, JSON.stringify({ code: 404, message: 'not found' }), 404);
  const asJson = json || !/application\/octet-stream/.test(request.headers.accept ?? '');
  return answer(response, attack, scope, asJson, ...have, context);
}

/// The execution node, counted with the beacon node: a decision's rounds are of both.
async function execution(request, response, [attack, argument, id]) {
  const one = count(id ?? `rpc-${attack}`, 'rpc');
  const chunks = [];
  for await (const piece of request) chunks.push(piece);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (attack === 'slow') await new Promise((resolve) => { setTimeout(resolve, SLOW); });
  one.answered = true;
  if (attack !== 'window') return send(response, await post(chain.url, JSON.stringify(body)));
  const answers = await Promise.all((Array.isArray(body) ? body : [body]).map(async (call) => {
    const number = call.method.startsWith('eth_getBlock') ? Infinity : Number(call.params[call.params.length - 1]);
    if (number < world.head.number - Number(argument)) {
      return { jsonrpc: '2.0', id: call.id, error: { code: -32000, message: 'distance to target block exceeds maximum proof window' } };
    }
    return JSON.parse(await post(chain.url, JSON.stringify(call)));
  }));
  return send(response, JSON.stringify(Array.isArray(body) ? answers : answers[0]));
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://localhost');
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  if (parts[0] === 'hits') return send(response, JSON.stringify(hits.get(parts[1]) ?? { requests: 0, trips: 0 }));
  if (parts[0] === 'broken') return send(response, JSON.stringify(broken));
  if (parts[0] === 'redirected') { count('redirected', 'any'); return send(response, '{}'); }
  if (parts[0] === 'rpc') return execution(request, response, parts.slice(1));
  if (parts[0] === 'finalize') {
    [live.finalized, live.optimistic] = parts[1].split(',').map((number) => world.block(number));
    return send(response, '{}');
  }
  if (parts[0] === 'checkpoint') {
    const block = world.block(parts[2]);
    count(parts[3] ?? 'checkpoint', 'checkpoint').answered = true;
    if (RAW[parts[1]]) return RAW[parts[1]](response, JSON.stringify(checkpoint('good', block, C.bytesToHex(block.root), { world, foreign, now: plan.at })), address);
    const context = { world, foreign, now: plan.at, slotNow: Math.floor((plan.at - network.genesis_time) / network.seconds_per_slot) };
    return send(response, JSON.stringify(checkpoint(parts[1], block, C.bytesToHex(block.root), context)));
  }
  const end = parts.indexOf('eth');
  return beacon(request, response, parts.slice(0, end), url);
}

const server = http.createServer((request, response) => {
  response.on('error', () => {});
  serve(request, response).catch((error) => {
    broken.push(`${request.url}: ${String(error?.stack ?? error)}`);
    if (!response.headersSent) send(response, JSON.stringify({ error: String(error?.stack ?? error) }), 502);
  });
});
server.requestTimeout = 0;
let address;
server.listen(0, '127.0.0.1', () => {
  address = `http://127.0.0.1:${server.address().port}`;
  const trusted = (block) => ({ root: C.bytesToHex(block.root), slot: block.slot, number: block.number });
  const checkpoints = {};
  for (const block of world.blocks) checkpoints[C.periodOf(block.slot)] ??= trusted(block);
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify({
    url: address, network, period: C.periodOf(world.slotAt(plan.deployed)), slots_per_period: C.SLOTS_PER_PERIOD, committee: C.COMMITTEE_SIZE,
    checkpoint: trusted(start), checkpoints, head: trusted(world.head), last: trusted(world.blocks[world.blocks.length - 2]),
    signers: SIGNERS.map((one) => one.public), checked,
    slots: Object.fromEntries(world.blocks.map(({ number, slot }) => [number, slot])),
    attacks: { objects: Object.keys(ATTACKS), worlds: Object.keys(WORLDS), lists: Object.keys(LISTS), json: Object.keys(JSON_LIES), raw: Object.keys(RAW), ssz: Object.keys(SSZ_LIES), checkpoints: NAMES },
  }, null, 1));
  fs.renameSync(temporary, file);
});
