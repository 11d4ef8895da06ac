// A NEAR node on loopback: JSON-RPC over the tests' chain, honest or hostile.
//   node serve.mjs SETUP.json FILE         FILE gets {url, checkpoint, contract_id, app_account, lies}
// SETUP: {boots?: {app, kms}, kms?, app?, contract_id?, time?: seconds of the newest final block,
//   epochs?: behind the checkpoint, deny?: [names of lists that are emptied]}
// URL/LIE: what lies.mjs has under that name; URL/none: the truth. URL/down answers 503, URL/large an error of
// TOO_LARGE_CONTRACT_STATE, URL/junk no JSON. GET URL/hits/NAME: how many requests came there.
// Ends with the process that started it.
import fs from 'node:fs';
import http from 'node:http';
import { answer, lies } from './lies.mjs';
import { appAccount, appState, bootInfo, KMS, kmsState, world } from './world.mjs';

const [setupFile, file] = process.argv.slice(2);
const setup = JSON.parse(fs.readFileSync(setupFile, 'utf8'));
const account = setup.contract_id ?? KMS, boots = { app: bootInfo, kms: bootInfo, ...setup.boots };
const kms = { ...kmsState(boots.app, account), ...setup.kms }, own = kmsState(boots.kms, account);
for (const list of ['images', 'mrs', 'devices']) if (!setup.kms?.[list]) kms[list] = [...new Set([...kms[list], ...own[list]])];
const app = { ...appState(boots.app, account), ...setup.app };
for (const name of setup.deny ?? []) (name.startsWith('app.') ? app : kms)[name.replace('app.', '')] = [];
const epochBlocks = 5, epochs = setup.epochs ?? 0, final = epochs ? epochBlocks * (epochs + 1) - 3 : 2, step = 60;
const time = (setup.time ?? Math.floor(Date.now() / 1000)) - step * final;
const chain = world({ account, kms, app, name: setup.app_account ?? appAccount(boots.app, account), blocks: final + 3, epochBlocks, shards: 4, time, step });

const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(0));

// failure: as nearcore answers what it has not, or will not give.
const failure = (method, params) => (method === 'query' && params.request_type !== 'view_state' ? { name: 'REQUEST_VALIDATION_ERROR', cause: { name: 'METHOD_NOT_FOUND', info: {} }, code: -32601, message: 'Method not found' }
  : { name: 'HANDLER_ERROR', cause: { name: 'UNKNOWN_BLOCK', info: {} }, code: -32000, message: 'Server error' });
const tooLarge = { name: 'HANDLER_ERROR', cause: { name: 'TOO_LARGE_CONTRACT_STATE', info: { contract_account_id: account } }, code: -32000, message: 'Server error',
  data: `State of contract ${account} is too large to be viewed` };
const hits = {};
function reply(name, { id, method, params }) {
  const named = method === 'next_light_client_block' && Array.isArray(params) ? { last_block_hash: params[0] } : params;
  if (name === 'large' && method === 'query') return { jsonrpc: '2.0', id, error: tooLarge };
  const result = answer(chain, Object.hasOwn(lies, name) ? lies[name] : undefined, method, named ?? {});
  return { jsonrpc: '2.0', id, ...(result === undefined ? { error: failure(method, named ?? {}) } : { result }) };
}
const server = http.createServer((request, response) => {
  const send = (status, text) => response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  const [name = 'none', what] = request.url.split('/').filter(Boolean);
  if (name === 'hits') { send(200, String(hits[what] ?? 0)); return; }
  const parts = [];
  request.on('data', (d) => parts.push(d)).on('end', () => {
    hits[name] = (hits[name] ?? 0) + 1;
    if (!['none', 'down', 'large', 'junk'].includes(name) && !Object.hasOwn(lies, name)) { send(404, '{}'); return; }
    if (name === 'down') { send(503, 'down'); return; }
    if (name === 'junk') { send(200, '<html>'); return; }
    let call;
    try { call = JSON.parse(Buffer.concat(parts)); } catch { send(400, '{}'); return; }
    send(200, JSON.stringify(Array.isArray(call) ? call.map((c) => reply(name, c)) : reply(name, call)));
  });
});
server.listen(0, '127.0.0.1', () => {
  const about = { url: `http://127.0.0.1:${server.address().port}`, checkpoint: chain.checkpoint(0), contract_id: account, app_account: setup.app_account ?? appAccount(boots.app, account),
    final: { height: chain.blocks[final].lite.height, time: chain.seconds(final) }, lies: Object.fromEntries(Object.entries(lies).map(([k, v]) => [k, { code: v.code, turn: !!v.turn }])) };
  fs.writeFileSync(`${file}.new`, JSON.stringify(about));
  fs.renameSync(`${file}.new`, file);
});
