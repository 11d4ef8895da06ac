// A NEAR RPC node on a free loopback port, honest or not, for chains of the tests' own (chain.mjs):
//   POST URL/LIE/STATE[@TIP][/OTHER]  JSON-RPC, one call each, as NEAR's nodes take them; STATE: see states();
//                                     TIP: the node has seen the chain up to this block only; OTHER: a state to lie with
//                                     LIE: as below, or more-NAME of lies.mjs
//   GET  URL/checkpoint/STATE/N       block N as chain.checkpoint
//   GET  URL/hits                     {method: count}
// usage: node states.mjs FILE TIME APP-INFO KMS-INFO    FILE gets {url, port, lies, more, states, kms, app, codes};
//                                                          TIME: of the newest final block
import fs from 'node:fs';
import http from 'node:http';
import { Chain } from './chain.mjs';
import { appEntries, b58, keyOf, kmsEntries, sha256 } from './format.mjs';
import { answer as lyingAnswer, lies as more } from './lies.mjs';

const [file, time, appFile, kmsFile] = process.argv.slice(2);
const appInfo = JSON.parse(fs.readFileSync(appFile, 'utf8')), kmsInfo = JSON.parse(fs.readFileSync(kmsFile, 'utf8'));
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(0));

// ---- what the contracts hold, in each state --------------------------------------------------------------------
const KMS = 'kms.tests.near', BLOCKS = 40;
const bare = (hex) => hex.replace(/^0x/, '').toLowerCase();
const image = bare(appInfo.osImageHash), compose = bare(appInfo.composeHash), device = bare(appInfo.deviceId), mr = bare(kmsInfo.mrAggregated);
const APP = `${bare(appInfo.appId)}.${KMS}`;
const yes = { kms: { compose: [], apps: ['x.near', APP], images: ['ab'.repeat(32), image], mrs: [mr], devices: [device], gateway: `gateway.${KMS}` },
  app: { compose: [compose, 'cd'.repeat(32)], devices: [device], kms: KMS } };
const but = (kms, app) => ({ kms: { ...yes.kms, ...kms }, app: { ...yes.app, ...app } });
const STATES = {
  allowed: yes,
  'any-device': but({}, { devices: [], anyDevice: true }),
  'not-registered': but({ apps: ['x.near', bare(appInfo.appId)] }),
  'image-denied': but({ images: ['ab'.repeat(32)] }),
  'compose-denied': but({}, { compose: ['cd'.repeat(32)] }),
  'compose-0x': but({}, { compose: [`0x${compose}`] }),
  'compose-upper': but({}, { compose: [compose.toUpperCase()] }),
  'device-denied': but({}, { devices: ['ef'.repeat(32)] }),
  'other-kms': but({}, { kms: 'kms.other.near' }),
  'mr-denied': but({ mrs: [] }),
  'kms-device-denied': but({ devices: [`0x${device}`] }),
  'kms-layout': yes,
};
function chainOf(state, options = {}) {
  const chain = new Chain({ time: Number(time) - BLOCKS + 3, ...options });
  const kms = kmsEntries(STATES[state].kms);
  if (state === 'kms-layout') kms.find(([k]) => k.toString() === 'STATE')[1] = Buffer.concat([kms.find(([k]) => k.toString() === 'STATE')[1], Buffer.of(0)]);
  chain.setAccount(KMS, kms);
  chain.setAccount(APP, appEntries(STATES[state].app));
  return chain.mine(BLOCKS);
}
// Somebody else's producers sign another history, from the checkpoint's own height on.
const strangers = () => Array.from({ length: 4 }, (_, i) => {
  const key = keyOf(`stranger ${i}`);
  return { account_id: `stranger-${i}.near`, key, public_key: `ed25519:${b58(key.raw)}`, stake: String(10n ** 31n) };
});
const chains = new Map();
function get(state, forged) {
  const name = `${state}${forged ? ' forged' : ''}`;
  if (!chains.has(name)) chains.set(name, chainOf(state, forged ? { producers: strangers } : {}));
  return chains.get(name);
}
// upTo: the chain as a node knows it that has seen no more than this block.
function upTo(chain, tip) {
  if (tip === undefined) return chain;
  const view = Object.create(chain);
  view.blocks = chain.blocks.slice(0, tip + 1);
  return view;
}
const codeOf = (account) => b58(sha256(`code of ${account}`));
function honest(chain, method, params) {
  if (method !== 'query' || params.request_type !== 'view_account') return chain.rpc(method, params);
  return chain.accounts.has(params.account_id) ? { amount: '1', locked: '0', code_hash: codeOf(params.account_id), storage_usage: 9000, block_hash: params.block_id } : undefined;
}

// ---- lies ------------------------------------------------------------------------------------------------------
const isLight = (c) => c.method === 'next_light_client_block' && c.result?.inner_lite;
const isState = (c) => c.method === 'query' && c.params.request_type === 'view_state' && c.result;
const onLight = (change) => (c) => (isLight(c) ? change(structuredClone(c.result), c) : c.result);
const onState = (change) => (c) => (isState(c) ? change(structuredClone(c.result), c) : c.result);
const flip = (base64, at) => { const b = Buffer.from(base64, 'base64'); b[at < 0 ? b.length + at : at] ^= 1; return b.toString('base64'); };
const lite = (members) => onLight((r) => ({ ...r, inner_lite: { ...r.inner_lite, ...members(r.inner_lite) } }));
// late: only once the program knows the producers of the block's epoch from the chain itself.
const late = (members) => (c) => (isLight(c) && c.result.inner_lite.height > 1012 ? lite(members)(c) : c.result);
const lightOf = (c, options) => { const n = c.chain.blocks.findIndex((b) => b.lite.height === c.result.inner_lite.height); return c.chain.light(n, { withBps: !!c.result.next_bps, ...options }); };
const refusal = (name) => ({ error: { name: 'HANDLER_ERROR', cause: { name, info: {} }, code: -32000, message: 'Server error' } });
const LIES = {
  none: (c) => c.result,
  'signature-flipped': onLight((r) => ({ ...r, approvals_after_next: r.approvals_after_next.map((s) => s && `${s.slice(0, -1)}${s.endsWith('2') ? '3' : '2'}`) })),
  'signers-few': onLight((r, c) => lightOf(c, { signers: [0, 1] })),
  'signer-alone': onLight((r, c) => ({ ...r, approvals_after_next: lightOf(c, { signers: [0] }).approvals_after_next.slice(0, 1) })),
  'signed-by-next': onLight((r, c) => lightOf(c, { keys: c.chain.producers(c.chain.blocks.find((b) => b.lite.height === r.inner_lite.height).epoch + 3) })),
  'signed-skip': onLight((r, c) => lightOf(c, { kind: 1 })),
  'next-bps-gone': onLight((r) => ({ ...r, next_bps: null })),
  'next-bps-other': onLight((r) => ({ ...r, next_bps: r.next_bps && r.next_bps.map((p) => ({ ...p, stake: '1' })) })),
  'bps-version': onLight((r) => ({ ...r, next_bps: r.next_bps && r.next_bps.map((p) => ({ ...p, validator_stake_struct_version: 'V2' })) })),
  'time-changed': lite((l) => ({ timestamp_nanosec: String(BigInt(l.timestamp_nanosec) + 1n) })),
  'time-gone': lite(() => ({ timestamp_nanosec: undefined })),
  'height-raised': lite((l) => ({ height: l.height + 1 })),
  'state-root': lite((l) => ({ prev_state_root: l.outcome_root })),
  'late-time': late((l) => ({ timestamp_nanosec: String(BigInt(l.timestamp_nanosec) + 1n) })),
  'late-height': late((l) => ({ height: l.height + 1 })),
  'late-state-root': late((l) => ({ prev_state_root: l.outcome_root })),
  'late-next-bps': late((l) => ({ next_bp_hash: l.outcome_root })),
  'late-epoch': late((l) => ({ epoch_id: l.next_epoch_id })),
  'header-newer': lite(() => ({ chunk_execution_root: b58(sha256('new')) })),
  'old-head': (c) => (isLight(c) ? c.chain.light(1) : c.result),
  strangers: (c) => (isLight(c) ? get(c.state, true).light(30, { withBps: true }) : c.method === 'EXPERIMENTAL_validators_ordered' ? get(c.state, true).producers(0).map((p) => ({ account_id: p.account_id, public_key: p.public_key, stake: p.stake, validator_stake_struct_version: 'V1' })) : c.result),
  'light-null': (c) => (c.method === 'next_light_client_block' ? null : c.result),
  'producers-other': (c) => (c.method === 'EXPERIMENTAL_validators_ordered' ? c.result?.slice(1) : c.result),
  'chunks-other': (c) => (c.method === 'block' ? { ...c.result, chunks: c.other.rpc('block', { block_id: b58(c.other.blocks[c.other.tip() - 2].hash) }).chunks } : c.result),
  'chunks-gone': (c) => (c.method === 'block' ? { ...c.result, chunks: [] } : c.result),
  'proof-other-state': onState((r, c) => c.other.viewState({ ...c.params, block_id: b58(c.other.blocks[c.other.tip() - 3].hash) })),
  'proof-other-key': onState((r, c) => ({ ...c.chain.viewState({ ...c.params, prefix_base64: Buffer.from('STATE').toString('base64') }), ...(c.params.prefix_base64 === Buffer.from('STATE').toString('base64') ? { proof: r.proof.slice(1) } : {}) })),
  'proof-other-account': onState((r, c) => c.chain.viewState({ ...c.params, account_id: 'wrap.near' })),
  'value-changed': onState((r) => ({ ...r, values: r.values.map((v) => ({ ...v, value: flip(v.value, -1) })) })),
  'value-gone': onState((r) => ({ ...r, values: [] })),
  'node-flipped': onState((r) => ({ ...r, proof: r.proof.map((n) => flip(n, -1)) })),
  'node-missing': onState((r) => ({ ...r, proof: r.proof.slice(1) })),
  'node-longer': onState((r) => ({ ...r, proof: r.proof.map((n) => Buffer.concat([Buffer.from(n, 'base64'), Buffer.of(0)]).toString('base64')) })),
  'proof-empty': onState((r) => ({ ...r, proof: [] })),
  'proof-gone': onState((r) => ({ ...r, proof: undefined })),
  'proof-many': onState((r) => ({ ...r, proof: Array(5000).fill(r.proof[0]) })),
  'proof-numbers': onState((r) => ({ ...r, proof: r.proof.map((n) => [...Buffer.from(n, 'base64')]) })),
  'state-null': (c) => (isState(c) ? null : c.result),
  'code-other': (c) => (c.params.request_type === 'view_account' && c.result ? { ...c.result, code_hash: codeOf('another') } : c.result),
  // A contract that many accounts share: nearcore's AccountView names its code beside an empty code_hash.
  'code-global': (c) => (c.params.request_type === 'view_account' && c.result ? { ...c.result, code_hash: '1'.repeat(32), global_contract_hash: c.result.code_hash } : c.result),
  'code-gone': (c) => (c.params.request_type === 'view_account' ? null : c.result),
};
// Whole answers instead of a result.
const RAW = {
  'too-large': (c) => (isState(c) ? refusal('TOO_LARGE_CONTRACT_STATE') : undefined),
  'unknown-block': (c) => (c.method === 'query' ? refusal('UNKNOWN_BLOCK') : undefined),
  collected: (c) => (isState(c) ? refusal('GARBAGE_COLLECTED_BLOCK') : undefined),
  truncated: () => '{"jsonrpc":"2.0","id":0,"resu',
  page: () => '<html>hello</html>',
  twice: () => '{"jsonrpc":"2.0","id":0,"result":{"a":1,"a":2}}',
  deep: () => '['.repeat(100000),
  huge: () => `{"jsonrpc":"2.0","id":0,"result":"${'a'.repeat(9 << 20)}"}`,
  'http-500': () => 500,
  'http-429': () => 429,
};

// ---- the node --------------------------------------------------------------------------------------------------
const hits = {};
function answer(path, call) {
  const [lie, where, otherName] = path.split('/').slice(1).map(decodeURIComponent);
  const [state, tip] = where.split('@');
  const whole = get(state), chain = upTo(whole, tip === undefined ? undefined : Number(tip));
  const { id, method, params } = call, c = { method, params, state, chain, other: get(otherName ?? 'compose-denied'), result: honest(chain, method, params) };
  hits[method] = (hits[method] ?? 0) + 1;
  const raw = RAW[lie]?.(c);
  if (typeof raw === 'string' || typeof raw === 'number') return raw;
  if (raw) return JSON.stringify({ jsonrpc: '2.0', id, ...raw });
  const result = lie.startsWith('more-') && params.request_type !== 'view_account' ? lyingAnswer(chain, more[lie.slice(5)], method, params)
    : RAW[lie] || lie.startsWith('more-') ? c.result : LIES[lie](c);
  return JSON.stringify(result === undefined ? { jsonrpc: '2.0', id, ...refusal('UNKNOWN_BLOCK') } : { jsonrpc: '2.0', id, result });
}
function handle(request, response) {
  const say = (body, status = 200) => { response.writeHead(status, { 'Content-Type': 'application/json' }); response.end(body); };
  const chunks = [];
  request.on('data', (d) => chunks.push(d));
  request.on('end', () => {
    try {
      if (request.method === 'GET' && request.url === '/hits') return say(JSON.stringify(hits));
      if (request.method === 'GET') {
        const [, , state, n] = request.url.split('/');
        const { hash, ...rest } = get(state).checkpoint(Number(n));
        return say(JSON.stringify({ block_hash: hash, ...rest }));
      }
      const call = JSON.parse(Buffer.concat(chunks).toString());
      if (Array.isArray(call)) return say(JSON.stringify({ jsonrpc: '2.0', id: null, error: { name: 'REQUEST_VALIDATION_ERROR', cause: { name: 'PARSE_ERROR' }, code: -32700 } }), 400);
      const body = answer(request.url, call);
      return typeof body === 'number' ? say('{}', body) : say(body);
    } catch (error) {
      return say(JSON.stringify({ error: { message: String(error?.stack) } }), 500);
    }
  });
}
// The same node on three loopback hosts.
const listen = (host, port) => new Promise((done) => { const s = http.createServer(handle).listen(port, host, () => done(s.address().port)); });
const port = await listen('127.0.0.1', 0);
for (const host of ['127.0.0.2', '127.0.0.3']) await listen(host, port);
const out = { url: `http://127.0.0.1:${port}`, port, lies: [...Object.keys(LIES), ...Object.keys(RAW)], more: Object.keys(more), states: Object.keys(STATES), kms: KMS, app: APP,
  codes: { kms: codeOf(KMS), app: codeOf(APP), kms_hex: sha256(`code of ${KMS}`).toString('hex') } };
fs.writeFileSync(`${file}.part`, JSON.stringify(out));
fs.renameSync(`${file}.part`, file);
