// Proofs of call on a NEAR chain of the tests' own (tests/near/calls.mjs), which is first held against recorded outcomes and,
// for transactions, against NEAR's own JavaScript library. Usage: node near_call_diff.mjs TOOL      (TOOL: build/tools/near_tool)
// The contracts' views are our reading of near-kms.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { actionCreators, createTransaction, encodeTransaction } from '@near-js/transactions';
import { PublicKey } from '@near-js/crypto';
import { CallChain, encode, held, signed, tree } from './calls.mjs';
import { b58, keyOf, sha256 } from './format.mjs';
import { appAccount, appState, bootInfo, hex, KMS, kmsState } from './world.mjs';

const [tool] = process.argv.slice(2);
let passed = 0, failed = 0, skipped = 0;
function check(name, good, seen = '') {
  if (good) { passed += 1; return; }
  failed += 1;
  console.log(`FAILED ${name}: ${typeof seen === 'string' ? seen : JSON.stringify(seen).slice(0, 700)}`);
}

// ---- this side against others' -----------------------------------------------------------------
const recorded = `${process.env.BOOTGATE_VECTORS ?? ''}/near/execution`;
if (existsSync(recorded)) {
  for (const f of readdirSync(recorded).filter((x) => x.endsWith('.json'))) {
    // Older recordings have the time under its older name.
    const all = JSON.parse(readFileSync(`${recorded}/${f}`, 'utf8').replace(/"timestamp": *"(\d+)"/g, '"timestamp_nanosec":"$1"'));
    for (const c of (Array.isArray(all) ? all : [all]).flatMap((x) => x.test_cases ?? x.cases ?? [x])) {
      const proof = c.params?.proof ?? c.proof, root = c.params?.block_merkle_root ?? c.block_merkle_root, valid = c.expected?.is_valid;
      if (!proof || !root || valid === undefined) continue;
      let good = false;
      try { good = held(proof, root); } catch { /* not a proof */ }
      check(`recorded outcome ${c.description ?? f}`, good === valid, { good, valid });
    }
  }
} else { skipped += 1; console.log('skipped 1 cases: no vectors to hold the outcomes against'); }
for (let i = 0; i < 200; i += 1) {
  const args = { receiver: `kms-${i}.near`, method: `method_${i % 7}`, args: JSON.stringify({ n: 'x'.repeat(i) }), nonce: BigInt(i) ** 6n };
  const own = encode(args), theirs = encodeTransaction(createTransaction('relay.near', PublicKey.from(`ed25519:${b58(keyOf('relay.near').raw)}`), args.receiver, args.nonce,
    [actionCreators.functionCall(args.method, Buffer.from(args.args), 30000000000000n, 0n)], sha256('recent')));
  check(`transaction ${i} as NEAR's library writes it`, Buffer.from(theirs).equals(own), { own: own.toString('hex'), theirs: Buffer.from(theirs).toString('hex') });
}
for (let n = 1; n < 20; n += 1) { // tree: every path leads to the root
  const leaves = Array.from({ length: n }, (_, i) => sha256(`${n} ${i}`)), { root, paths } = tree(leaves);
  check(`tree of ${n}`, paths.every((p, i) => p.reduce((h, s) => { const o = Buffer.from(leavesOf(s.hash)); return s.direction === 'Left' ? sha256(o, h) : sha256(h, o); }, leaves[i]).equals(root)));
}
function leavesOf(text) { let n = 0n; for (const c of text) n = n * 58n + BigInt('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'.indexOf(c)); return Buffer.from(n.toString(16).padStart(64, '0'), 'hex'); }

// ---- the tool, and a driver around it -----------------------------------------------------------
const child = spawn(tool, [], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
async function run(c) {
  child.stdin.write(`${JSON.stringify(c)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error(`the tool ended at ${JSON.stringify(c).slice(0, 400)}`);
  return JSON.parse(value);
}
const NONCE = hex('nonce'), MAY = ['timestamp', 'signature'];
const honest = (method, params, chain) => [chain.rpc(method, params)];
const ask = (chain, { question = 'app', boot = {}, config = {}, nonce = NONCE, ...rest } = {}) => ({ config: { checkpoint: chain.checkpoint(3), checkpoint_max_age: 86400, max_head_age: 600, contract_id: KMS, ...config },
  now: chain.seconds(chain.tip()) + 5, question, boot_info: { ...bootInfo, ...boot }, nonce, ...rest });
// decide: what is asked for is answered; where nothing new came, the chain goes on by a block, up to `waits` times.
async function decide(c, chain, serve = honest, waits = 12) {
  const rpc = [], asked = new Set();
  for (let trips = 0, waited = 0; ; trips += 1) {
    const r = await run({ ...c, now: chain.seconds(chain.tip()) + 5, refresh: waited > 0, rpc });
    if (r.say !== 'undecided' || waited > waits) return { ...r, trips, rpc };
    let news = 0;
    for (const n of r.needs) {
      const [method, params] = CallChain.question(n), id = JSON.stringify([method, params]);
      if (asked.has(id)) continue;
      for (const result of serve(method, params, chain)) if (result !== undefined && Object.keys(result).length) { rpc.push({ method, params, result }); asked.add(id); news += 1; }
    }
    if (!news) { chain.mine(1); waited += 1; }
  }
}
const world = (options = {}) => new CallChain({ epochBlocks: 40, ...options }).mine(9);
async function expect(name, r, { say = 'undecided', code, reason }) {
  r = await r;
  check(name, r.say === say && (code === undefined || code === (say === 'undecided' ? r.last_bad : r.code)) && (reason === undefined || r.reason === reason), r);
  return r;
}
const yes = { say: 'allows' }, states = (k = {}, a = {}) => ({ states: { [KMS]: { ...kmsState(), ...k }, [appAccount()]: { ...appState(), ...a } } });

// ---- our reading of near-kms: every answer -------------------------------------------------------
{
  const chain = world(), r = await expect('app allowed', decide(ask(chain), chain), yes);
  check('three calls, as auth-near asks', r.rpc.filter((e) => e.method === 'bootgate_relay').map((e) => e.params.method_name).join() === 'is_app_registered,is_os_image_allowed,is_app_allowed', r.rpc.map((e) => e.method));
  check('the arguments are what near-kms reads', r.rpc.filter((e) => e.method === 'bootgate_relay').every((e) => JSON.parse(Buffer.from(e.params.args, 'base64')).nonce === NONCE));
  check('checks of a yes', JSON.stringify(r.checks.map((c) => c[0])) === '["chain.header","chain.age","chain.call"]', r.checks);
  const again = await run({ ...ask(chain, { nonce: 'recorded' }), now: chain.seconds(chain.tip()) + 5, rpc: r.rpc });
  check('a recording is judged by its own nonce', again.say === 'allows', again);
  const other = await run({ ...ask(chain, { nonce: hex('another nonce') }), now: chain.seconds(chain.tip()) + 5, rpc: r.rpc });
  check("another run's nonce: a replay", other.say === 'undecided' && other.last_bad === 1666, other);
  const old = await run({ ...ask(chain, { nonce: 'recorded', config: { max_head_age: 10 } }), now: chain.seconds(chain.blocks.findIndex((b) => b.lite.height === r.height)) + 10, rpc: r.rpc });
  check('the call is too old, the head is not', old.say === 'error' && old.code === 1679, old);
  const nothing = await run({ ...ask(chain, { nonce: 'recorded' }), now: chain.seconds(chain.tip()) + 5, rpc: r.rpc.filter((e) => e.method !== 'bootgate_relay') });
  check('no recorded call', nothing.say === 'undecided', nothing);
  for (const e of r.rpc) {
    const without = await run({ ...ask(chain), now: chain.seconds(chain.tip()) + 5, rpc: r.rpc.filter((x) => x !== e) });
    const extra = e.method === 'next_light_client_block' || e.params.light_client_head !== undefined;
    check(`without one ${e.method} ${e.params.type ?? ''}`, extra ? without.say !== 'denies' : without.say === 'undecided', without);
  }
}
for (let mask = 0; mask < 16; mask += 1) {
  const [tcb, image, mr, device] = [1, 2, 4, 8].map((b) => !(mask & b)), k = {};
  if (!image) k.images = [];
  if (!mr) k.mrs = [];
  if (!device) k.devices = [];
  const chain = world(states(k)), want = !tcb ? 'TCB status is not up to date' : !image ? 'OS image is not allowed' : !mr ? 'Aggregated MR not allowed' : !device ? 'KMS is not allowed to boot on this device' : '';
  await expect(`our reading: KMS boot ${mask}`, decide(ask(chain, { question: 'kms', boot: { tcbStatus: tcb ? 'UpToDate' : 'OutOfDate' } }), chain), want ? { say: 'denies', code: 1678, reason: want } : yes);
}
for (let mask = 0; mask < 16; mask += 1) {
  const [listed, image, compose, device] = [1, 2, 4, 8].map((b) => !(mask & b)), k = {}, a = {};
  if (!listed) k.apps = [];
  if (!image) k.images = [];
  if (!compose) a.compose = [];
  if (!device) a.devices = [];
  const chain = world(states(k, a)), want = !listed ? ['App not registered', 1677] : !image ? ['OS image is not allowed', 1677] : !compose ? ['Compose hash not allowed', 1678] : !device ? ['Device not allowed', 1678] : null;
  await expect(`our reading: app boot ${mask}`, decide(ask(chain), chain), want ? { say: 'denies', code: want[1], reason: want[0] } : yes);
}
{
  const chain = world();
  await expect('no instance id', decide(ask(chain, { boot: { instanceId: '' } }), chain), { say: 'denies', code: 1657 });
  await expect('advisories go along', decide(ask(chain, { boot: { advisoryIds: ['INTEL-SA-00001', 'INTEL-SA-00002'] } }), chain), yes);
  await expect('an advisory with a quotation mark', decide(ask(chain, { boot: { advisoryIds: ['a"b'] } }), chain), { say: 'error', code: 1672 });
  await expect('a TCB status with a quotation mark', decide(ask(chain, { boot: { tcbStatus: 'a"b' } }), chain), { say: 'error', code: 1673 });
}

// ---- contracts that answer in another way ---------------------------------------------------------
for (const [name, answerOf, want] of [
  ['registered: a word', (m) => (m === 'is_app_registered' ? 'true' : undefined), { say: 'error', code: 1675 }],
  ['registered: 1', (m) => (m === 'is_app_registered' ? 1 : undefined), { say: 'error', code: 1675 }],
  ['allowed: true alone', (m) => (m === 'is_app_allowed' ? true : undefined), { say: 'error', code: 1676 }],
  ['allowed: no JSON', (m) => (m === 'is_app_allowed' ? Buffer.from('[true,""') : undefined), { say: 'error', code: 1674 }],
  ['allowed: nothing', (m) => (m === 'is_app_allowed' ? Buffer.alloc(0) : undefined), { say: 'error', code: 1674 }],
  ['allowed: three values', (m) => (m === 'is_app_allowed' ? [true, '', 1] : undefined), { say: 'error', code: 1676 }],
  ['allowed: one value', (m) => (m === 'is_app_allowed' ? [true] : undefined), { say: 'error', code: 1676 }],
  ['allowed: 1', (m) => (m === 'is_app_allowed' ? [1, ''] : undefined), { say: 'error', code: 1676 }],
  ['allowed: no reason', (m) => (m === 'is_app_allowed' ? [true, null] : undefined), { say: 'error', code: 1676 }],
  ['a reason with a line break', (m) => (m === 'is_app_allowed' ? [false, 'a\nb'] : undefined), { say: 'denies', code: 1678 }],
  ['a call that fails', (m) => { if (m === 'is_os_image_allowed') throw new Error('gas'); }, { code: 1670 }],
]) {
  const chain = world(), own = chain.answerOf.bind(chain);
  chain.answerOf = (account, method, args) => answerOf(method) ?? own(account, method, args);
  await expect(name, decide(ask(chain), chain), want);
}

// ---- relays and nodes that lie ------------------------------------------------------------------
const relays = (change) => (m, p, c) => [m === 'bootgate_relay' ? change(p, c) : c.rpc(m, p)];
const proofs = (change) => (m, p, c) => { const r = c.rpc(m, p); return [r && m === 'EXPERIMENTAL_light_client_proof' ? change(structuredClone(r), p, c) ?? r : r]; };
const other = b58(sha256('x'));
const denied = () => world(states({ images: [] }, { compose: [] }));
for (const [name, serve, code] of [
  ['relay: another contract', relays((p, c) => c.relay(p, (t) => ({ ...t, receiver: 'evil.near' }))), 1666],
  ['relay: another method', relays((p, c) => c.relay(p, (t) => ({ ...t, method: 'get_gateway_app_id' }))), 1666],
  ['relay: other arguments', relays((p, c) => c.relay(p, (t) => ({ ...t, args: Buffer.from(t.args.toString().replace(NONCE, hex('old nonce'))) }))), 1666],
  ['relay: a space after the arguments', relays((p, c) => c.relay(p, (t) => ({ ...t, args: Buffer.concat([t.args, Buffer.from(' ')]) }))), 1666],
  ['relay: two actions', relays((p, c) => c.relay(p, (t) => ({ ...t, actions: [1, 2].map(() => ({ kind: 2, method_name: t.method, args: t.args, gas: 1n, deposit: 0n })) }))), 1663],
  ['relay: no action', relays((p, c) => c.relay(p, (t) => ({ ...t, actions: [] }))), 1663],
  ['relay: version 1', relays((p, c) => ({ signed_transaction: Buffer.concat([Buffer.of(1), Buffer.from(c.relay(p).signed_transaction, 'base64')]).toString('base64') })), 1662],
  ['relay: a byte more', relays((p, c) => ({ signed_transaction: Buffer.concat([Buffer.from(c.relay(p).signed_transaction, 'base64'), Buffer.of(0)]).toString('base64') })), 1664],
  ['relay: a byte less', relays((p, c) => ({ signed_transaction: Buffer.from(c.relay(p).signed_transaction, 'base64').subarray(0, -1).toString('base64') })), 1664],
  ['relay: too large', relays((p, c) => ({ signed_transaction: Buffer.concat([Buffer.from(c.relay(p).signed_transaction, 'base64'), Buffer.alloc(9000)]).toString('base64') })), 1661],
  ['relay: no transaction', relays(() => ({ ok: true })), 1665],
  ['relay: no base64', relays(() => ({ signed_transaction: '*' })), 1665],
  ['relay: a call that was made before it was asked for', relays((p, c) => { c.old ??= c.relay({ ...p, args: Buffer.from('{}').toString('base64') }); return c.old; }), 1666],
  ['relay: never sent', relays((p) => ({ signed_transaction: signed(encode({ receiver: p.contract_id, method: p.method_name, args: Buffer.from(p.args, 'base64') })).toString('base64') })), 0],
  ['relay: silent', relays(() => undefined), 0],
  ['proof: another outcome', proofs((r, p, c) => c.proof({ ...p, type: 'receipt', receipt_id: [...c.where.keys()].find((k) => ![p.transaction_hash, p.receipt_id].includes(k) && c.where.get(k).outcome.executor_id !== 'x.near') ?? p.receipt_id })), undefined],
  ['proof: value made true', proofs((r) => { const s = r.outcome_proof.outcome.status; if (s.SuccessValue !== undefined) s.SuccessValue = Buffer.from('true').toString('base64'); return r; }), undefined],
  ['proof: executor changed', proofs((r) => { r.outcome_proof.outcome.executor_id = 'evil.near'; return r; }), 1630],
  ['proof: status unknown', proofs((r) => { r.outcome_proof.outcome.status = 'Unknown'; return r; }), 1630],
  ['proof: a log changed', proofs((r) => { r.outcome_proof.outcome.logs[0] = 'x'; return r; }), 1630],
  ['proof: the root changed', proofs((r) => { r.block_header_lite.inner_lite.outcome_root = other; return r; }), 1630],
  ['proof: the block changed', proofs((r) => { r.outcome_proof.block_hash = other; return r; }), 1632],
  ['proof: not below our head', proofs((r) => { r.block_proof = []; return r; }), 1631],
  ['proof: the shard moved', proofs((r) => { r.outcome_root_proof.forEach((s) => { s.direction = s.direction === 'Left' ? 'Right' : 'Left'; }); return r; }), 1630],
  ['proof: gone', (m, p, c) => [m === 'EXPERIMENTAL_light_client_proof' ? undefined : c.rpc(m, p)], 0],
  ['proof: of a null', proofs(() => ({})), undefined],
]) {
  const good = world(), bad = denied();
  const r = await decide(ask(good), good, serve, 6);
  check(`${name}: no answer, no yes`, r.say === 'undecided' && (code === undefined || r.last_bad === code), r);
  check(`${name}: never a yes where the contracts say no`, (await decide(ask(bad), bad, serve, 6)).say !== 'allows');
  const both = (m, p, c) => [...serve(m, p, c), ...honest(m, p, c)];
  const control = world();
  await expect(`${name}: with an honest one beside it`, decide(ask(control), control, both), yes);
}

// ---- mutation: every byte of what was fetched -----------------------------------------------------
for (const question of ['app', 'kms']) {
  const chain = world(), whole = await decide(ask(chain, { question }), chain), c = ask(chain, { question });
  // The same calls again, into one head straight from the checkpoint: nothing that was only asked on the way.
  const rpc = whole.rpc.filter((e) => e.method === 'bootgate_relay');
  let r;
  for (let i = 0; i < 6 && r?.say !== 'allows'; i += 1) {
    r = await run({ ...c, rpc });
    for (const n of r.needs.filter((x) => x.hard)) { const [method, params] = CallChain.question(n); rpc.push({ method, params, result: chain.rpc(method, params) }); }
  }
  const out = spawnSync(tool, ['mutate'], { input: `${JSON.stringify({ ...c, rpc })}\n`, maxBuffer: 1 << 26 });
  const t = out.status === 0 ? JSON.parse(out.stdout) : { runs: 0, allowed: -1, where: { none: String(out.stderr) } };
  // What may change: "timestamp", which nobody reads beside timestamp_nanosec; a transaction's signature, for the chain took
  // it; approvals beyond the two thirds.
  const left = Object.entries(t.where).filter(([k]) => !MAY.includes(k));
  check(`mutation of a proof of call, ${question}`, t.runs > 3000 && left.length === 0 && MAY.filter((k) => k !== 'timestamp').every((k) => t.where[k] > 0), t);
  passed += Math.max(0, t.runs - t.allowed - 1);
}
child.stdin.end();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed ? 1 : 0);
