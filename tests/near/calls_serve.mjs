// A NEAR node and a relay on loopback, on a chain that goes on while somebody asks, by at most a block every fifth of a second
// (calls.mjs; one that went on by itself would leave a slow asker behind):
//   POST URL/rpc JSON-RPC;  POST URL/relay, URL/never (hands back what it never sends), URL/other (sends something else);  GET URL/calls: how many were sent
//   node calls_serve.mjs FILE APP-INFO KMS-INFO [DENIED-LIST]      FILE gets {url, checkpoint, kms, app}
// Ends with the process that started it.
import fs from 'node:fs';
import http from 'node:http';
import { CallChain, encode, signed } from './calls.mjs';
import { appEntries, kmsEntries } from './format.mjs';
import { appAccount, appState, KMS, kmsState } from './world.mjs';

const [file, appFile, kmsFile, denied] = process.argv.slice(2), read = (f) => JSON.parse(fs.readFileSync(f, 'utf8'));
const app = read(appFile), kms = read(kmsFile), parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(0));
const states = { [KMS]: { ...kmsState(app), mrs: kmsState(kms).mrs }, [appAccount(app)]: appState(app) };
if (denied) for (const s of Object.values(states)) if (s[denied]) s[denied] = [];
const BLOCKS = 8, chain = new CallChain({ epochBlocks: 5000, states, time: Math.floor(Date.now() / 1000) - BLOCKS });
const begun = chain.time;
chain.seconds = (n) => (n < BLOCKS ? begun + n : Math.floor(Date.now() / 1000));
chain.setAccount(KMS, kmsEntries(states[KMS]));
chain.setAccount(appAccount(app), appEntries(states[appAccount(app)]));
chain.mine(BLOCKS);
let last = Date.now();
// After a rest enough blocks that the newest one with approvals is of now.
const goOn = () => {
  const rest = Date.now() - last;
  if (rest < 200) return;
  chain.mine(rest < 1000 ? 1 : 4);
  last = Date.now();
};

const relays = {
  relay: (p) => chain.relay(p),
  never: (p) => ({ signed_transaction: signed(encode({ receiver: p.contract_id, method: p.method_name, args: Buffer.from(p.args, 'base64') })).toString('base64') }),
  other: (p) => chain.relay(p, (t) => ({ ...t, args: Buffer.from('{}') })),
};
const server = http.createServer((request, response) => {
  const parts = [], say = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.method === 'GET') { say(200, chain.where.size); return; }
  request.on('data', (d) => parts.push(d)).on('end', () => {
    try {
      goOn();
      const { id, method, params } = JSON.parse(Buffer.concat(parts)), name = request.url.slice(1);
      const result = name === 'rpc' ? (method === 'bootgate_relay' ? undefined : chain.rpc(method, params)) : method === 'bootgate_relay' ? relays[name]?.(params) : undefined;
      say(200, { jsonrpc: '2.0', id, ...(result === undefined ? { error: { name: 'HANDLER_ERROR', cause: { name: 'UNKNOWN_BLOCK', info: {} }, code: -32000, message: 'Server error' } } : { result }) });
    } catch (e) { say(500, { error: { message: String(e?.stack) } }); }
  });
});
server.listen(0, '127.0.0.1', () => {
  const { hash, ...rest } = chain.checkpoint(3);
  fs.writeFileSync(`${file}.part`, JSON.stringify({ url: `http://127.0.0.1:${server.address().port}`, kms: KMS, app: appAccount(app), checkpoint: { block_hash: hash, ...rest } }));
  fs.renameSync(`${file}.part`, file);
});
