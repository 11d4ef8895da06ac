// Decisions on a NEAR chain of the tests' own (tests/near), which is first held against recorded blocks.
// Usage: node near_diff.mjs TOOL      (TOOL: build/tools/near_tool)
// The rules of near-kms are our reading of its source; the chain's formats are recorded ones.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { Chain } from './chain.mjs';
import * as F from './format.mjs';
import { answer, LIGHT, lies } from './lies.mjs';
import { appAccount, appState, bootInfo, hex, KMS, kmsState, world } from './world.mjs';

const [tool] = process.argv.slice(2);
let passed = 0, failed = 0, skipped = 0;
function check(name, good, seen = '') {
  if (good) { passed += 1; return; }
  failed += 1;
  console.log(`FAILED ${name}: ${typeof seen === 'string' ? seen : JSON.stringify(seen).slice(0, 600)}`);
}

// ---- the chain's formats against recorded data --------------------------------------------------
const recorded = `${process.env.BOOTGATE_VECTORS ?? ''}/near`;
if (existsSync(`${recorded}/state-proof`)) {
  const r = JSON.parse(readFileSync(`${recorded}/state-proof/testnet-271030645-hello-STATE.json`)), lc = r.lc;
  const lite = F.liteFromJson(lc.inner_lite), hash = F.blockHash(lite, F.unb58(lc.inner_rest_hash, 32), F.unb58(lc.prev_block_hash, 32));
  check('recorded block hash', F.b58(hash) === r.lcBlockHashRpc);
  check('recorded producers', F.b58(F.bpHash(r.producersCur)) === r.prevEpochLastBlock.next_bp_hash && F.b58(F.bpHash(lc.next_bps)) === lc.inner_lite.next_bp_hash);
  check('recorded chunk roots', F.b58(F.merklize(r.chunkPrevStateRoots.map((x) => F.unb58(x, 32)))) === lc.inner_lite.prev_state_root);
  const message = F.approvalMessage(F.unb58(lc.next_block_inner_hash, 32), hash, lc.inner_lite.height);
  lc.approvals_after_next.forEach((s, i) => check(`recorded approval ${i}`, s === null || F.verifyText(r.producersCur[i].public_key, message, s)));
  const nodes = new Map(r.viewState.proof.map((n) => Buffer.from(n, 'base64')).map((n) => [F.sha256(n).toString('hex'), n]));
  const value = Buffer.from(r.viewState.values[0].value, 'base64');
  const found = F.walk((h) => nodes.get(h.toString('hex')), F.unb58(r.chunkPrevStateRoots[7], 32), F.contractKey(r.account, 'STATE'));
  check('recorded state proof', found?.length === value.length && found.hash.equals(F.sha256(value)), found);
  const t = JSON.parse(readFileSync(`${recorded}/trie/node-and-account-encodings.json`)), h = (x) => Buffer.from(x, 'hex');
  for (const n of t.raw_trie_nodes) {
    const children = Object.entries(n.children ?? {}).map(([i, x]) => [Number(i), h(x)]).sort((a, b) => a[0] - b[0]);
    const made = n.kind === 'Leaf' ? F.rawLeaf(h(n.key_encoded), n.value_len, h(n.value_hash), n.memory_usage)
      : n.kind === 'Extension' ? F.rawExtension(h(n.key_encoded), h(n.child), n.memory_usage)
        : F.rawBranch(children, n.value_hash && [n.value_len, h(n.value_hash)], n.memory_usage);
    check(`recorded ${n.kind}`, made.toString('hex') === n.borsh, made.toString('hex'));
  }
} else {
  skipped += 30;
  console.log('skipped: no vectors to hold the chain against');
}

// ---- the tool, and a driver around it -----------------------------------------------------------
const child = spawn(tool, [], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
async function run(c) {
  child.stdin.write(`${JSON.stringify(c)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error(`the tool ended at ${JSON.stringify(c).slice(0, 400)}`);
  return JSON.parse(value);
}
// decide: only what was asked for is answered. serve(method, params, chain): a list of results.
async function decide(c, chain, serve, { wishes = false } = {}) {
  const rpc = [], asked = new Set();
  for (let trips = 0; ; trips += 1) {
    const r = await run({ ...c, rpc });
    const news = r.needs.filter((n) => n.hard || wishes).filter((n) => !asked.has(JSON.stringify(n)));
    if (r.say === 'error' || news.length === 0 || trips > 40 || (r.say !== 'undecided' && !wishes)) return { ...r, trips, rpc };
    for (const n of news) {
      asked.add(JSON.stringify(n));
      const [method, params] = Chain.question(n);
      for (const result of serve(method, params, chain)) if (result !== undefined) rpc.push({ method, params, result });
    }
  }
}
const honest = (method, params, chain) => [chain.rpc(method, params)];

// ---- the usual world ----------------------------------------------------------------------------
const APP_ID = bootInfo.appId, APP = appAccount();
const ask = (chain, { question = 'app', boot = {}, config = {}, from = 3, now, ...rest } = {}) => ({
  config: { checkpoint: chain.checkpoint(from), checkpoint_max_age: 86400, max_head_age: 600, contract_id: KMS, ...config },
  now: now ?? chain.seconds(chain.tip()) + 5, question, boot_info: { ...bootInfo, ...boot }, ...rest });
const tell = (lie) => (method, params, chain) => [answer(chain, lie, method, params)];
const on = (method, change) => tell({ method, change });

// ---- reading of near-kms: every reason, in the contracts' order, with the contracts' words --------
{
  const gone = (list, member) => list.filter((x) => x !== member);
  for (let mask = 0; mask < 16; mask += 1) {
    const [tcb, image, mr, device] = [1, 2, 4, 8].map((b) => !(mask & b)), k = kmsState();
    if (!image) k.images = gone(k.images, hex('image'));
    if (!mr) k.mrs = [];
    if (!device) k.devices = gone(k.devices, hex('device'));
    const chain = world({ kms: k, app: null });
    const want = !tcb ? 'TCB status is not up to date' : !image ? 'OS image is not allowed' : !mr ? 'Aggregated MR not allowed' : !device ? 'KMS is not allowed to boot on this device' : '';
    const r = await decide(ask(chain, { question: 'kms', boot: { tcbStatus: tcb ? 'UpToDate' : 'OutOfDate' } }), chain, honest);
    check(`our reading: KMS boot ${mask}`, r.say === (want ? 'denies' : 'allows') && r.reason === want && (!want || r.code === 1649) && r.gateway === 'gw.near', r);
  }
  for (let mask = 0; mask < 32; mask += 1) {
    const [listed, image, compose, device, any] = [1, 2, 4, 8, 16].map((b) => !(mask & b)), k = kmsState(), a = appState();
    if (!listed) k.apps = gone(k.apps, APP);
    if (!image) k.images = [];
    if (!compose) a.compose = gone(a.compose, hex('compose'));
    if (!device) a.devices = [];
    a.anyDevice = any;
    const chain = world({ kms: k, app: a });
    const want = !listed ? 'App not registered' : !image ? 'OS image is not allowed' : !compose ? 'Compose hash not allowed' : !device && !any ? 'Device not allowed' : '';
    const r = await decide(ask(chain), chain, honest);
    check(`our reading: app boot ${mask}`, r.say === (want ? 'denies' : 'allows') && r.reason === want && (!want || r.code === 1649), r);
    if (!mask) check('reads of a yes', r.reads.map((x) => x.label).join() === 'KMS contract,registered_apps,allowed_os_images,app contract,allowed_compose_hashes' && r.reads.every((x) => x.present), r.reads);
  }
}
const usual = world();
async function expect(name, r, { say = 'undecided', code, reason, hint }) {
  r = await r;
  check(name, r.say === say && (code === undefined || code === (say === 'undecided' ? r.last_bad : r.code)) && (reason === undefined || r.reason === reason) &&
    (hint === undefined || !!r.hint === hint), r);
  return r;
}
{
  const yes = { say: 'allows' }, no = (reason, code = 1649) => ({ say: 'denies', reason, code });
  const r = await expect('round trips', decide(ask(usual), usual, honest), yes);
  check('cold, one epoch: light block, producers, block and state', r.trips === 3, String(r.trips));
  check('checks of a yes', JSON.stringify(r.checks.map((c) => c[0])) === '["chain.header","chain.age","chain.call"]', r.checks);
  await expect('our reading: an app boot does not look at the TCB', decide(ask(usual, { boot: { tcbStatus: 'OutOfDate' } }), usual, honest), yes);
  await expect('the empty TCB status', decide(ask(usual, { question: 'kms', boot: { tcbStatus: '' } }), usual, honest), no('TCB status is not up to date'));
  await expect('TCB status in other letters', decide(ask(usual, { question: 'kms', boot: { tcbStatus: 'uptodate' } }), usual, honest), no('TCB status is not up to date'));
  for (const [what, fn, code] of [['image', (k) => { k.images = [`0x${hex('image')}`]; }, 'OS image is not allowed'], ['MR', (k) => { k.mrs = [`0x${hex('mr')}`]; }, 'Aggregated MR not allowed'],
    ['device', (k) => { k.devices = [`0x${hex('device')}`]; }, 'KMS is not allowed to boot on this device']]) {
    const k = kmsState();
    fn(k);
    const chain = world({ kms: k });
    await expect(`T4: ${what} stored with 0x`, decide(ask(chain, { question: 'kms' }), chain, honest, { wishes: true }), { ...no(code), hint: true });
    await expect(`T4: ${what} stored with 0x, hint not fetched`, decide(ask(chain, { question: 'kms' }), chain, honest), { ...no(code), hint: false });
  }
  const zero = world({ app: { ...appState(), compose: [`0x${hex('compose')}`] } });
  await expect('T4: compose hash stored with 0x', decide(ask(zero), zero, honest, { wishes: true }), { ...no('Compose hash not allowed'), hint: true });
  const upper = world({ app: { ...appState(), compose: [hex('compose').toUpperCase()] } });
  await expect('T4: upper-case compose hash', decide(ask(upper), upper, honest, { wishes: true }), { ...no('Compose hash not allowed'), hint: false });
  await expect('T2: no instance id, app', decide(ask(usual, { boot: { instanceId: '' } }), usual, honest), no('instance_id is not an account id', 1657));
  await expect('T2: no instance id, KMS', decide(ask(usual, { question: 'kms', boot: { instanceId: '' } }), usual, honest), no('instance_id is not an account id', 1657));
  const named = world({ kms: { ...kmsState(), apps: ['web.demo.near'] }, name: 'web.demo.near' });
  await expect('T3: the app account as configured', decide(ask(named, { config: { app_account: 'web.demo.near' } }), named, honest), yes);
  await expect('T3: the same without configuration', decide(ask(named), named, honest), no('App not registered'));
  for (const [id, want] of [['k'.repeat(23), yes], ['k'.repeat(24), { say: 'error', code: 1652 }]]) { // 40 digits, a dot, and 23: 64
    const account = `${APP_ID}.${id}`, chain = new Chain({ epochBlocks: 20 });
    chain.setAccount(id, F.kmsEntries({ ...kmsState(), apps: [account] }));
    chain.setAccount(account, F.appEntries({ ...appState(), kms: null }));
    chain.mine(9);
    await expect(`T3: account of ${account.length} characters`, decide(ask(chain, { config: { contract_id: id } }), chain, honest), want);
  }
  for (const id of ['', 'K.near', 'a', '-a.near', 'a..b', 'a.near.', 'a b', 'a'.repeat(65)]) await expect(`contract id ${id}`, decide(ask(usual, { config: { contract_id: id } }), usual, honest), { say: 'error', code: 1651 });
  await expect('app account', decide(ask(usual, { config: { app_account: 'Web.near' } }), usual, honest), { say: 'error', code: 1652 });
  const bare = world({ app: null, kms: { ...kmsState(), apps: [] } });
  await expect('neither registered nor there', decide(ask(bare), bare, honest), no('App not registered'));
  const nothing = world({ app: null });
  await expect('registered, but no contract there', decide(ask(nothing), nothing, honest), { code: 1656 });
  const foreign = world({ app: { ...appState(), kms: 'kms.evil.near' } }), unnamed = world({ app: { ...appState(), kms: null } });
  await expect("another KMS contract's app", decide(ask(foreign), foreign, honest), no('the app contract names another KMS contract', 1650));
  await expect('an app contract that names no KMS', decide(ask(unnamed), unnamed, honest), yes);
  await expect('another question', decide(ask(usual, { question: 'both' }), usual, honest), { say: 'error', code: 1653 });
  const info = world({ kms: { ...kmsState(), gateway: undefined, info: { k256_pubkey: [2, 3], ca_pubkey: [4], quote: Array(5000).fill(7), eventlog: Array(9000).fill(9) } } });
  const big = await expect('a KMS with its keys, without gateway', decide(ask(info), info, honest), yes);
  check('no gateway app id', big.gateway === null, big.gateway);
}

// ---- one answer withheld, or bad: neither a yes nor a no ------------------------------------------
for (const question of ['app', 'kms']) {
  const full = await decide(ask(usual, { question }), usual, honest), states = full.rpc.filter((e) => e.method === 'query');
  const read = new Set(full.reads.map((r) => r.account + r.member));
  check(`${question}: as many reads as there were questions`, read.size === (question === 'app' ? 6 : 4) && states.length === read.size, full.reads);
  for (const e of full.rpc) {
    const without = await run({ ...ask(usual, { question }), rpc: full.rpc.filter((x) => x !== e) });
    check(`${question}: without one ${e.method}`, without.say === 'undecided' && without.code === 0 && without.needs.filter((n) => n.hard).length > 0, without);
    if (e.method !== 'query') continue;
    const spoiled = { ...e, result: { ...e.result, proof: e.result.proof.slice(1) } };
    const bad = await run({ ...ask(usual, { question }), rpc: full.rpc.map((x) => (x === e ? spoiled : x)) });
    check(`${question}: one proof cut short`, bad.say === 'undecided' && bad.last_bad === 1620, bad);
  }
}

// ---- layout: what is not exactly near-kms' state is refused ------------------------------------
{
  const state = (fn) => (k, v) => (k.toString() === 'STATE' ? [k, fn(Buffer.from(v))] : undefined);
  const put = (at, byte) => state((v) => { v[at] = byte; return v; });
  for (const [name, o, code] of [['one more byte, app', { appRaw: state((v) => Buffer.concat([v, Buffer.of(0)])) }, 1634], ['one byte less, app', { appRaw: state((v) => v.subarray(0, -1)) }, 1634],
    ['allow_any_device 2', { appRaw: put(16, 2) }, 1634], ['upgrades_disabled 2', { appRaw: put(33, 2) }, 1634], ['option tag 2', { appRaw: put(34, 2) }, 1634], ['another prefix, app', { appRaw: put(8, 5) }, 1634],
    ['one more byte, KMS', { kmsRaw: state((v) => Buffer.concat([v, Buffer.of(0)])) }, 1635], ['one byte less, KMS', { kmsRaw: state((v) => v.subarray(0, -1)) }, 1635],
    ['another prefix, KMS', { kmsRaw: state((v) => { v[v.length - 1] = 0x6e; return v; }) }, 1635], ['position of 5 bytes', { kmsRaw: (k, v) => (k.length === 32 ? [k, Buffer.concat([v, Buffer.of(0)])] : undefined) }, 1648]]) {
    const chain = world(o);
    await expect(`layout: ${name}`, decide(ask(chain), chain, honest), { say: 'error', code });
  }
}

// ---- attacks: each is tried on a chain where the honest answer is a yes --------------------------
async function attack(name, serve, { say = 'undecided', code }, chain = usual, how = {}) {
  const control = await decide(ask(chain, how.control ?? how), chain, honest);
  check(`control of: ${name}`, control.say === 'allows', control);
  return expect(`attack: ${name}`, decide(ask(chain, how), chain, serve), { say, code });
}
const epochs = world({ blocks: 14, epochBlocks: 5 }); // checkpoint 3 in epoch 0; 13 in epoch 2
for (const [name, lie] of Object.entries(lies)) await attack(name, tell(lie), { code: lie.code }, lie.turn ? epochs : usual);
const relight = (fn) => on(LIGHT, (r, params, chain) => (r.inner_lite ? fn(r, chain, chain.blocks.find((b) => b.lite.height === r.inner_lite.height).n, params) : r));
{
  const three = (stakes) => () => stakes.map((s, i) => { const key = F.keyOf(`three ${i}`); return { account_id: `p${i}.near`, key, public_key: `ed25519:${F.b58(key.raw)}`, stake: String(s) }; });
  const even = world({ producers: three([10, 10, 10]) }), over = world({ producers: three([10, 11, 10]) });
  const two = relight((r, chain, n) => chain.light(n, { signers: [0, 1] }));
  for (const c of [even, over]) c.light = ((f) => (n, o = {}) => f.call(c, n, { ...o, signers: o.signers ?? [0, 1, 2] }))(c.light);
  await attack('stake of exactly two thirds', two, { code: 1605 }, even);
  await expect('control: a little more than two thirds', decide(ask(over), over, two), { say: 'allows' });
  await attack('an old block', relight((r, chain) => chain.light(4)), { code: 1641 }, usual, { config: { max_head_age: 6 }, now: usual.seconds(11) });
  await attack('a block below the floor', relight((r, chain) => chain.light(4)), { code: 1640 }, usual, { config: { floor_height: 1006 } });
  const slow = world({ step: 40 });
  await attack('a block later than our clock', honest, { say: 'error', code: 1639 }, slow, { now: slow.seconds(6) - 61, control: { now: slow.seconds(6) - 60 } });
  await expect('clock before the checkpoint', decide(ask(usual, { now: usual.seconds(3) - 61 }), usual, honest), { say: 'error', code: 1636 });
  await expect('an old checkpoint', decide(ask(usual, { config: { checkpoint_max_age: 3 } }), usual, honest), { say: 'error', code: 1637 });
  // Made-up blocks without end cost signatures: the client stops.
  const many = (m, p, c) => (m === LIGHT ? Array.from({ length: 260 }, () => { const r = c.rpc(m, p); r.approvals_after_next[0] = r.approvals_after_next[1] ?? r.approvals_after_next[2]; return r; }) : [c.rpc(m, p)]);
  await attack('many made-up blocks', many, { say: 'error', code: 1638 });
}
{ // several servers: one good answer is enough, and the newest block counts
  const first = (bad) => (m, p, c) => [bad(m, p, c), c.rpc(m, p)];
  const garbled = first((m, p, c) => { const r = structuredClone(c.rpc(m, p)); return r && JSON.parse(JSON.stringify(r).replace(/: ?"[1-9A-Za-z]/g, (x) => (x.endsWith('B') ? x.replace('B', 'C') : `${x.slice(0, -1)}B`))); });
  await expect('a server that garbles, and one that does not', decide(ask(usual), usual, garbled), { say: 'allows' });
  for (const order of [0, 1]) {
    const stale = (m, p, c) => { const list = m === LIGHT && c.byHash(p.last_block_hash).n === 3 ? [c.light(4), c.rpc(m, p)] : [c.rpc(m, p)]; return order ? list.reverse() : list; };
    const r = await expect(`a server that hides the newest block, ${order ? 'second' : 'first'}`, decide(ask(usual), usual, stale), { say: 'allows' });
    check('the newest block is taken', r.height === 1006, String(r.height));
  }
  const newer = await decide({ ...ask(usual), refresh: true }, usual, honest, { wishes: true });
  check('refresh asks for a newer block', newer.say === 'allows' && newer.needs.some((n) => n.kind === 'light' && !n.hard), newer);
}
{ // state
  const q = (fn) => on('query', fn);
  // What was revoked: the state of an older block, whose proof is good there.
  const revoked = new Chain({ epochBlocks: 20 });
  revoked.setAccount(KMS, F.kmsEntries(kmsState()));
  revoked.setAccount(APP, F.appEntries(appState()));
  revoked.mine(5);
  revoked.setAccount(APP, F.appEntries({ ...appState(), compose: [] }));
  revoked.mine(6);
  const old = (id) => F.b58(revoked.blocks[2].hash) && q((r, params, chain) => (params.account_id === id ? chain.viewState({ ...params, block_id: F.b58(chain.blocks[3].hash) }) : r));
  await expect('control: revoked', decide(ask(revoked), revoked, honest), { say: 'denies', reason: 'Compose hash not allowed' });
  await expect('control: before it was revoked', decide(ask(revoked, { from: 1, now: revoked.seconds(5) }), revoked, relight((r, chain) => chain.light(4))), { say: 'allows' });
  await expect('attack: revoked, shown as it was before', decide(ask(revoked), revoked, old(APP)), { code: 1658 });
  // Another account's contract, and another key's proof, in place of what was asked.
  const clone = world({ app: { ...appState(), compose: [] } });
  for (const evil of [`${APP}x`, `x${APP}`, APP.slice(0, -1), `${APP}-x`]) clone.setAccount(evil, F.appEntries(appState()));
  clone.mine(6);
  await expect('control: the clones do not count', decide(ask(clone), clone, honest), { say: 'denies', reason: 'Compose hash not allowed' });
  for (const evil of [`${APP}x`, `x${APP}`, APP.slice(0, -1), `${APP}-x`]) {
    const r = await decide(ask(clone), clone, q((r0, p, c) => (p.account_id === APP ? c.viewState({ ...p, account_id: evil }) : r0)));
    check(`attack: the state of ${evil === `${APP}x` ? 'a longer' : 'another'} name`, r.say !== 'allows', r);
  }
  const allowed = F.setEntries(0, [hex('compose 2')])[0][0].toString('base64'), device = F.setEntries(0, [hex('compose')])[0][0].toString('base64');
  const swap = q((r, p, c) => (p.account_id === APP && p.prefix_base64 === device ? { ...c.viewState({ ...p, prefix_base64: allowed }), values: r.values } : r));
  const swapped = await decide(ask(usual), usual, swap);
  check("attack: another member's proof", swapped.say !== 'allows', swapped);
  // A proof of absence never makes a yes, and under another shard's root it makes no answer either.
  for (let shards = 1; shards <= 11; shards += 1) {
    const chain = world({ shards });
    await expect(`chain of ${shards} shards`, decide(ask(chain), chain, honest), { say: 'allows' });
    const moved = q((r, p, c) => ({ ...r, proof: c.byHash(p.block_id).after[(c.shardOf(p.account_id) + 1) % shards].path(F.contractKey(p.account_id, Buffer.from(p.prefix_base64, 'base64'))).map((n) => n.toString('base64')) }));
    if (shards > 1) await expect(`attack: paths of another shard of ${shards}`, decide(ask(chain), chain, moved), { code: undefined });
  }
}
{ // A chunk is missing in the newest final block: its shard can be proven at the next one.
  const chain = new Chain({ epochBlocks: 20, missing: (n, shard) => n === 6 && shard === chain.shardOf(KMS) });
  chain.setAccount(KMS, F.kmsEntries({ ...kmsState(), images: [] }));
  chain.setAccount(APP, F.appEntries(appState()));
  chain.mine(5);
  chain.setAccount(KMS, F.kmsEntries(kmsState()));
  chain.mine(4);
  const stuck = await expect('a chunk is missing', decide(ask(chain), chain, honest), { code: 1658 });
  check('a newer block is asked for', stuck.needs.some((n) => n.kind === 'light' && n.hard), stuck.needs);
  const grows = (m, p, c) => { if (m === LIGHT && c.rpc(m, p).inner_lite === undefined) c.mine(1); return [c.rpc(m, p)]; };
  const later = await expect('the next block has it', decide(ask(chain), chain, grows), { say: 'allows' });
  check('at the next block', later.height === 1007 && later.trips <= 5, { height: later.height, trips: later.trips });
}
{
  const later = world({ noStateRoot: true });
  await expect('a header without a state root, as with asynchronous execution', decide(ask(later), later, honest), { say: 'error', code: 1660 });
  await expect('next producers in every block', decide(ask(usual), usual, relight((r, chain, n) => chain.light(n, { withBps: true }))), { say: 'allows' });
}
{ // Nodes that no chain has, under roots that name them: the reader refuses them by itself.
  const all = (kind, fn) => (raw, k) => (k === kind ? fn(raw) : raw), cut = (raw, at, n) => Buffer.concat([raw.subarray(0, at), raw.subarray(at + n)]);
  for (const [name, spoil, code] of [['trailing byte', (raw) => Buffer.concat([raw, Buffer.of(0)]), 1621], ['a byte missing', (raw) => raw.subarray(0, -1), 1621], ['unknown tag', (raw) => Buffer.concat([Buffer.of(4), raw.subarray(1)]), 1621],
    ['leaf flag missing', all('leaf', (raw) => { const b = Buffer.from(raw); b[5] &= ~0x20; return b; }), 1622], ['leaf with reserved bits', all('leaf', (raw) => { const b = Buffer.from(raw); b[5] |= 0x40; return b; }), 1622],
    ['leaf flag on extensions', all('extension', (raw) => { const b = Buffer.from(raw); b[5] |= 0x20; return b; }), 1623],
    ['extension of no nibbles', all('extension', (raw) => { const n = raw.readUInt32LE(1), b = Buffer.from(cut(raw, 6, n - 1)); b.writeUInt32LE(1, 1); b[5] = 0; return b; }), 1623]]) {
    const chain = world({ spoil });
    await expect(`node: ${name}`, decide(ask(chain), chain, honest), { code });
  }
}
// ---- catching up ----------------------------------------------------------------------------------
for (const n of [1, 2, 5]) {
  const chain = world({ blocks: 4 + 5 * n + 4, epochBlocks: 5 }), r = await decide(ask(chain, { config: { max_head_age: 7 } }), chain, honest);
  check(`${n} epochs behind`, r.say === 'allows' && r.epochs === Math.floor((chain.tip() - 2) / 5) && r.trips <= r.epochs + 4, { trips: r.trips, epochs: r.epochs, say: r.say });
}
// ---- the same over loopback, as the program sees it -------------------------------------------------
{
  const dir = mkdtempSync(`${tmpdir()}/near-`);
  writeFileSync(`${dir}/setup`, JSON.stringify({ epochs: 1 }));
  const node = spawn(process.execPath, [`${import.meta.dirname ?? new URL('.', import.meta.url).pathname}/serve.mjs`, `${dir}/setup`, `${dir}/about`], { stdio: 'inherit' });
  for (let i = 0; i < 1200 && !existsSync(`${dir}/about`); i += 1) await new Promise((done) => { setTimeout(done, 100); });
  const about = JSON.parse(readFileSync(`${dir}/about`)), now = about.final.time + 5;
  const through = async (lie) => {
    const rpc = [];
    for (let trips = 0; trips < 8; trips += 1) {
      const r = await run({ config: { checkpoint: about.checkpoint, max_head_age: 600, contract_id: about.contract_id }, now, question: 'app', boot_info: bootInfo, rpc });
      if (r.say !== 'undecided' || trips === 7) return r;
      for (const need of r.needs) {
        const [method, params] = Chain.question(need), reply = await fetch(`${about.url}/${lie}`, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
        const { result } = await reply.json();
        if (result !== undefined) rpc.push({ method, params, result });
      }
    }
    throw new Error('unreachable');
  };
  await expect('over loopback', through('none'), { say: 'allows' });
  await expect('over loopback: next producers changed', through('next-stake-changed'), { code: 1610 });
  await expect('over loopback: too large a state', through('large'), { code: 0 });
  check('requests are counted', Number(await (await fetch(`${about.url}/hits/none`)).text()) >= 8);
  node.kill();
  rmSync(dir, { recursive: true });
}
child.stdin.end();

// ---- mutation: every byte that was fetched for an accepted decision ------------------------------
for (const question of ['app', 'kms']) {
  const chain = world({ blocks: 8, epochBlocks: 5 }), rpc = [], asked = ask(chain, { question });
  const surplus = (r) => { r?.approvals_after_next?.push(r.approvals_after_next.find((x) => x)); return r; };
  const call = (args, c) => {
    const out = spawnSync(tool, args, { input: `${JSON.stringify(c)}\n`, maxBuffer: 1 << 26 });
    if (out.status !== 0) throw new Error(`${tool} ${args}: ${out.status} ${out.stderr}`);
    return JSON.parse(out.stdout.toString());
  };
  for (let trips = 0; trips < 6; trips += 1) {
    const r = call([], { ...asked, rpc });
    if (r.say === 'allows') break;
    for (const need of r.needs.filter((n) => n.hard)) { // a block that only replaces another one would have no effect
      const [method, params] = Chain.question(need);
      rpc.push({ method, params, result: surplus(chain.rpc(method, params)) });
    }
  }
  const m = call(['mutate'], { ...asked, rpc });
  // Not part of what is hashed: the rounded time beside the exact one, and what stands behind the
  // last producer's approval.
  const others = Object.keys(m.where).filter((k) => k !== 'timestamp' && k !== 'approval 4');
  check(`mutation, ${question}: ${m.runs} changed bytes`, m.runs > 3500 && others.length === 0, m);
  console.log(`compared ${m.runs} changed bytes (${question}); without effect, and without meaning: ${JSON.stringify(m.where)}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed ? 1 : 0);
