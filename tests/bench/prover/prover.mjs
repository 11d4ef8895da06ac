// One verified isAppAllowed by @lodestar/prover, from a checkpoint, on the tests' beacon chain: for comparing cost; a
// peer, not an oracle.
// usage: node prover.mjs JOB      exit status 0: the contract says yes, proven
// JOB (JSON): beacon, rpc (URLs), checkpoint (root), config (of the chain), to, data, access (list of {address, storageKeys})
// It is helped where the devnet's clients are not what it expects: answers of the older consensus client get the members
// that came later, and what the execution client has no method for (eth_createAccessList) or no parameter (a block's
// hash) is given from outside. With the access list known it needs one round; it is not charged for finding it.
import fs from 'node:fs';

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
process.env.LODESTAR_PRESET = 'minimal';
const bare = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const answer = await bare(url, options);
  const type = answer.headers.get('content-type') ?? '';
  if (!type.includes('json') || !answer.ok) return answer;
  const body = await answer.json();
  const more = { version: 'capella', execution_optimistic: false, finalized: false };
  const whole = Array.isArray(body) ? body.map((one) => ({ ...more, ...one })) : { ...more, ...body };
  return new Response(JSON.stringify(whole), { status: answer.status, headers: { 'content-type': type, 'eth-consensus-version': 'capella' } });
};
const { LCTransport, createVerifiedExecutionProvider } = await import('@lodestar/prover');

async function ask(body) {
  const answer = await bare(job.rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return answer.json();
}
const numbers = new Map();
async function numberOf(hash) {
  if (!numbers.has(hash)) numbers.set(hash, (await ask({ jsonrpc: '2.0', id: 0, method: 'eth_getBlockByHash', params: [hash, false] })).result.number);
  return numbers.get(hash);
}
async function forward(call) {
  const { id, method, params } = call;
  if (method === 'eth_createAccessList') return { jsonrpc: '2.0', id, result: { accessList: job.access, gasUsed: '0x0' } };
  const last = params?.at(-1);
  if (['eth_getProof', 'eth_getCode'].includes(method) && /^0x[0-9a-f]{64}$/.test(last)) {
    return { ...call, params: [...params.slice(0, -1), await numberOf(last)] };
  }
  return call;
}
const node = {
  async request(call) {
    const calls = await Promise.all([call].flat().map(forward));
    const asked = calls.filter((one) => !('result' in one));
    const answers = asked.length ? [await ask(Array.isArray(call) ? asked : asked[0])].flat() : [];
    const all = calls.map((one) => ('result' in one ? one : answers.find(({ id }) => id === one.id)));
    return Array.isArray(call) ? all : all[0];
  },
};
// Its own type of provider: whole requests in, whole answers out.
const plain = {
  name: 'plain',
  matched: (provider) => provider === node,
  handler: (provider) => (call) => provider.request(call),
  mutateProvider: () => {},
};
const quiet = Object.fromEntries(['error', 'warn', 'info', 'debug', 'verbose', 'trace'].map((level) => [level, () => {}]));
const hexBytes = (hex) => Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));
const config = Object.fromEntries(Object.entries(job.config).map(([key, value]) => [key, typeof value === 'string' && value.startsWith('0x') ? hexBytes(value) : value]));
const { provider, proofProvider } = createVerifiedExecutionProvider(node, {
  transport: LCTransport.Rest, urls: [job.beacon], wsCheckpoint: job.checkpoint, config, logger: quiet, providerTypes: [plain], mutateProvider: false,
});
const started = performance.now();
await proofProvider.waitToBeReady();
const ready = performance.now();
const { result, error } = await provider.request('eth_call', [{ to: job.to, data: job.data }, 'finalized'], { raiseError: false });
const done = performance.now();
if (process.env.VERBOSE) console.log(`ready ${(ready - started).toFixed(0)} ms, call ${(done - ready).toFixed(0)} ms`, error ?? '');
process.exit(!error && BigInt(result.slice(0, 66)) === 1n ? 0 : 1);
