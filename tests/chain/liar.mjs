// An execution node that lies: stands in front of an honest one and changes what it says. The attack is
// the first part of the URL's path, so that one process serves all of them:
//   URL/none                what the honest node says
//   URL/ATTACK[/BLOCK[/DECISION]]  see ATTACKS and RAW; BLOCK: the number of another block; DECISION: a name, for those
//                           that begin to lie in the middle of one
//   URL/record/NAME         honest; GET URL/recorded/NAME gives [{method, params, result}], each question once
//   GET URL/hits/ATTACK     how many requests came for that attack
// usage: node liar.mjs CHAIN-FILE FILE      CHAIN-FILE: from serve.mjs; FILE gets {url, attacks}
import fs from 'node:fs';
import http from 'node:http';
import zlib from 'node:zlib';
import { rpcTo } from './node.mjs';

const [chainFile, file] = process.argv.slice(2);
const chain = JSON.parse(fs.readFileSync(chainFile, 'utf8'));
const upstream = rpcTo(chain.url);
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(0); }, 500);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(0));

const isHeader = (method) => method === 'eth_getBlockByHash' || method === 'eth_getBlockByNumber';
const flipLastByte = (hex) => hex.slice(0, -2) + (parseInt(hex.slice(-2), 16) ^ 1).toString(16).padStart(2, '0');
const nextSlot = (slot) => '0x' + (BigInt(slot) + 1n).toString(16).padStart(64, '0');
/// Both kinds of proof changed by one function on the list of nodes.
const onNodes = (change) => ({ method, result }) => (method !== 'eth_getProof' ? result : {
  ...result, accountProof: change(result.accountProof),
  storageProof: result.storageProof.map((one) => ({ ...one, proof: change(one.proof) })),
});
const onHeader = (change) => async (call) => (isHeader(call.method) ? { ...call.result, ...await change(call) } : call.result);
const onCode = (change) => async (call) => (call.method === 'eth_getCode' ? change(call) : call.result);
const otherHeader = (block) => upstream('eth_getBlockByNumber', block, false);

/// Lies told in well-formed answers. Each takes {method, params, result, block} and gives the result to send.
const ATTACKS = {
  none: ({ result }) => result,
  'other-account': async ({ method, params, result }) => (method !== 'eth_getProof' ? result
    : { ...await upstream(method, chain.hostile.PermissiveImpostor, ...params.slice(1)), address: params[0] }),
  'other-slot': async ({ method, params, result }) => {
    if (method !== 'eth_getProof') return result;
    const other = await upstream(method, params[0], params[1].map(nextSlot), params[2]);
    return { ...other, storageProof: other.storageProof.map((one, i) => ({ ...one, key: params[1][i] })) };
  },
  'slots-swapped': ({ method, result }) => {
    if (method !== 'eth_getProof' || result.storageProof.length < 2) return result;
    const proofs = result.storageProof;
    return { ...result, storageProof: proofs.map((one, i) => ({ ...proofs[(i + 1) % proofs.length], key: one.key })) };
  },
  'other-block': async ({ method, params, result, block }) => (isHeader(method) ? result
    : upstream(method, ...params.slice(0, -1), block)),
  'other-block-all': async ({ method, params, result, block }) => (isHeader(method)
    ? { ...await otherHeader(block), hash: result?.hash ?? params[0] } : upstream(method, ...params.slice(0, -1), block)),
  'slot-missing': ({ method, result }) => (method !== 'eth_getProof' ? result
    : { ...result, storageProof: result.storageProof.slice(0, -1) }),
  'values-claimed': ({ method, result }) => (method !== 'eth_getProof' ? result
    : { ...result, storageProof: result.storageProof.map((one) => ({ ...one, value: '0x1' })) }),
  'values-without-proof': ({ method, result }) => (method !== 'eth_getProof' ? result
    : { ...result, storageProof: result.storageProof.map((one) => ({ ...one, value: '0x1', proof: [] })) }),
  'account-claimed': ({ method, result }) => (method !== 'eth_getProof' ? result
    : { ...result, storageHash: '0x' + '11'.repeat(32), codeHash: '0x' + '22'.repeat(32), balance: '0x1', nonce: '0x7' }),
  'node-flipped': onNodes((nodes) => nodes.map((node, i) => (i === nodes.length - 1 ? flipLastByte(node) : node))),
  'node-missing': onNodes((nodes) => nodes.slice(0, -1)),
  'node-extra': onNodes((nodes) => [...nodes, nodes[nodes.length - 1] ?? '0x80']),
  'nodes-reversed': onNodes((nodes) => [...nodes].reverse()),
  'nodes-gone': onNodes(() => []),
  'nodes-many': onNodes((nodes) => Array(200).fill(nodes[0] ?? '0x80')),
  'nodes-odd-hex': onNodes((nodes) => nodes.map((node) => node.slice(0, -1))),
  'code-swapped': onCode(() => upstream('eth_getCode', chain.hostile.PermissiveImpostor, 'latest')),
  'code-empty': onCode(() => '0x'),
  'code-flipped': onCode(({ result }) => flipLastByte(result)),
  'code-huge': onCode(() => '0x' + '5b'.repeat(3 << 20)),
  'header-swapped': onHeader(async ({ block, result, params }) => ({ ...await otherHeader(block), hash: result?.hash ?? params[0] })),
  'header-state-root': onHeader(async ({ block }) => ({ stateRoot: (await otherHeader(block)).stateRoot })),
  'header-time': onHeader(({ result }) => ({ timestamp: '0x' + (BigInt(result.timestamp) + 60n).toString(16) })),
  'header-numbers-huge': onHeader(() => ({ number: '0x' + 'f'.repeat(80), timestamp: '0x' + 'f'.repeat(80) })),
  'header-null': ({ method, result }) => (isHeader(method) ? null : result),
  // Honest about the last slot of each question only, so that a node that asks again and again gets on by one.
  'last-slot-only': ({ method, result }) => (method !== 'eth_getProof' ? result
    : { ...result, storageProof: result.storageProof.map((one, i, all) => (i === all.length - 1 ? one : { ...one, proof: [] })) }),
  // The node follows another fork from the second request of a decision on: no such block hash any more, another state
  // at that height. `first`: what was asked before.
  reorg: async ({ method, params, result, block, first }) => {
    if (first) return result;
    return method === 'eth_getBlockByHash' ? null : upstream(method, ...params.slice(0, -1), isHeader(method) ? false : block);
  },
  'error-as-result': () => ({ code: -32000, message: 'header not found' }),
  'all-null': () => null,
  'all-numbers': () => 1,
  'all-strings': () => 'yes',
  'all-lists': () => [[], {}, null],
};

const json = { 'content-type': 'application/json' };
function send(response, body, status = 200, headers = json) {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
const many = (answer) => (Array.isArray(answer) ? answer : [answer]);
const like = (answer, list) => (Array.isArray(answer) ? list : list[0]);
const changed = (change) => (response, answer) => send(response, JSON.stringify(like(answer, many(answer).map(change))));

const bomb = zlib.gzipSync(Buffer.alloc(64 << 20, ' '));

/// Lies below that: in JSON, in JSON-RPC, in HTTP. Each takes (response, honest answer).
const RAW = {
  'batch-reordered': (response, answer) => send(response, JSON.stringify(like(answer, [...many(answer)].reverse()))),
  'results-swapped': (response, answer) => {
    const all = many(answer);
    send(response, JSON.stringify(like(answer, all.map((one, i) => ({ ...one, result: all[(i + 1) % all.length].result })))));
  },
  // More answers than a bundle may hold: no room would be left for another node's.
  'answers-repeated': (response, answer) => send(response, JSON.stringify(Array(5000).fill({ ...many(answer)[0], result: '0x' }))),
  // No batches, and 200,000 values in each single answer.
  'answers-fat': (response, answer) => send(response, JSON.stringify(Array.isArray(answer) ? { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no batches' } }
    : { ...answer, result: Array(200000).fill({}) })),
  'id-wrong': changed((one) => ({ ...one, id: 424242 })),
  'id-text': changed((one) => ({ ...one, id: String(one.id) })),
  'id-gone': changed(({ jsonrpc, result }) => ({ jsonrpc, result })),
  'rpc-error': changed(({ jsonrpc, id }) => ({ jsonrpc, id, error: { code: -32000, message: 'header not found\u001b[31m' } })),
  'keys-twice': (response, answer) => send(response, JSON.stringify(like(answer, many(answer))).replaceAll('"result":', '"result":null,"result":')),
  truncated: (response, answer) => {
    const text = JSON.stringify(answer);
    send(response, text.slice(0, text.length >> 1));
  },
  'text-behind': (response, answer) => send(response, JSON.stringify(answer) + '{}'),
  'nul-inside': (response, answer) => send(response, JSON.stringify(answer).replace('"result"', '"res\\u0000ult"')),
  'not-utf8': (response, answer) => send(response, Buffer.concat([Buffer.from('{"\xff\xfe":1,"a":', 'latin1'), Buffer.from(JSON.stringify(answer)), Buffer.from('}')])),
  'numbers-huge': (response) => send(response, `{"jsonrpc":"2.0","id":${'9'.repeat(400)},"result":1e99999}`),
  deep: (response) => send(response, '['.repeat(100000) + ']'.repeat(100000)),
  empty: (response) => send(response, ''),
  html: (response) => send(response, '<!doctype html><title>Sign in</title>', 200, { 'content-type': 'text/html' }),
  'http-500': (response, answer) => send(response, JSON.stringify(answer), 500),
  'http-404': (response, answer) => send(response, JSON.stringify(answer), 404),
  redirect: (response) => send(response, '', 307, { location: `${address}/redirected` }),
  'redirect-file': (response) => send(response, '', 302, { location: 'file:///etc/hostname' }),
  gzip: (response, answer) => {
    const body = zlib.gzipSync(JSON.stringify(answer));
    response.writeHead(200, { ...json, 'content-encoding': 'gzip', 'content-length': body.length });
    response.end(body);
  },
  'gzip-bomb': (response) => { // 64 MiB of spaces
    response.writeHead(200, { ...json, 'content-encoding': 'gzip', 'content-length': bomb.length });
    response.end(bomb);
  },
  cut: (response, answer) => {
    const text = JSON.stringify(answer);
    response.writeHead(200, { ...json, 'content-length': text.length });
    response.write(text.slice(0, text.length >> 1), () => response.destroy());
  },
  reset: (response) => response.socket.resetAndDestroy?.() ?? response.socket.destroy(),
  'header-endless': (response) => {
    const { socket } = response;
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n');
    const more = () => { while (!socket.destroyed && socket.write(`x-more: ${'a'.repeat(8000)}\r\n`)); };
    socket.on('drain', more);
    more();
  },
  endless: (response) => {
    response.writeHead(200, json);
    response.write('{"jsonrpc":"2.0","id":1,"result":"0x');
    const piece = 'ab'.repeat(32768);
    const more = () => { while (!response.destroyed && response.write(piece)); };
    response.on('drain', more);
    more();
  },
  drip: (response) => {
    response.writeHead(200, json);
    const timer = setInterval(() => response.write(' '), 500);
    response.on('close', () => clearInterval(timer));
  },
  hang: () => {},
};

const recordings = new Map();
const decisions = new Set(); // those whose first request was answered
const hits = new Map();

async function honest(call) {
  try {
    return { jsonrpc: '2.0', id: call.id, result: await upstream(call.method, ...call.params) };
  } catch (error) {
    return { jsonrpc: '2.0', id: call.id, error: { code: -32000, message: error.message } };
  }
}

async function answerTo(attack, argument, call, first) {
  const answer = await honest(call);
  if (attack === 'record') {
    const question = JSON.stringify([call.method, call.params]);
    if (!recordings.has(argument)) recordings.set(argument, new Map());
    if ('result' in answer) recordings.get(argument).set(question, { method: call.method, params: call.params, result: answer.result });
  } else if (ATTACKS[attack]) {
    const block = argument && '0x' + Number(argument).toString(16);
    answer.result = await ATTACKS[attack]({ ...call, result: answer.result, block, first });
    delete answer.error;
  }
  return answer;
}

async function serve(request, response) {
  const [, attack, argument, decision] = request.url.split('/');
  if (request.method === 'GET') {
    if (attack === 'recorded') return send(response, JSON.stringify([...recordings.get(argument)?.values() ?? []]));
    return send(response, String(hits.get(argument) ?? 0));
  }
  hits.set(attack, (hits.get(attack) ?? 0) + 1);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const first = !decisions.has(decision);
  decisions.add(decision);
  const answers = await Promise.all(many(body).map((call) => answerTo(attack, argument, call, first)));
  const answer = Array.isArray(body) ? answers : answers[0];
  if (RAW[attack]) return RAW[attack](response, answer);
  return send(response, JSON.stringify(answer));
}

const server = http.createServer((request, response) => {
  response.on('error', () => {});
  serve(request, response).catch((error) => send(response, JSON.stringify({ error: String(error) }), 502));
});
let address;
server.listen(0, '127.0.0.1', () => {
  address = `http://127.0.0.1:${server.address().port}`;
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify({ url: address, attacks: [...Object.keys(ATTACKS), ...Object.keys(RAW)] }));
  fs.renameSync(temporary, file);
});
