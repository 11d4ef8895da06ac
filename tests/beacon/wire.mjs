// Lies of a beacon node below its objects: in JSON, in SSZ, in HTTP.
import zlib from 'node:zlib';

const objectsOf = (body) => (Array.isArray(body) ? body : [body]);
/// The objects of a JSON body (data of an answer, or of each entry of /updates) changed, each in its own copy.
const data = (change) => (body) => {
  const copy = structuredClone(body);
  for (const one of objectsOf(copy)) change(one.data, one);
  return copy;
};
const attested = (one) => (one.header ?? one.attested_header);
const slot = (value) => data((one) => { attested(one).beacon.slot = value(attested(one).beacon.slot); });
const branches = (change) => data((one) => {
  for (const name of ['finality_branch', 'next_sync_committee_branch', 'current_sync_committee_branch']) if (one[name]) one[name] = change(one[name]);
});
const executionBranches = (change) => data((one) => {
  for (const name of ['header', 'attested_header', 'finalized_header']) if (one[name]) one[name].execution_branch = change(one[name].execution_branch);
});
const keys = (change) => data((one) => {
  for (const name of ['current_sync_committee', 'next_sync_committee']) if (one[name]) one[name].pubkeys = change(one[name].pubkeys);
});
const bits = (change) => data((one) => { if (one.sync_aggregate) one.sync_aggregate.sync_committee_bits = change(one.sync_aggregate.sync_committee_bits); });
const ZERO = '0x' + '00'.repeat(32);

/// JSON of the right shape at first sight: (body) => body.
export const JSON_LIES = {
  'version-lies': (body) => { const copy = structuredClone(body); for (const one of objectsOf(copy)) one.version = 'altair'; return copy; },
  'version-gone': (body) => { const copy = structuredClone(body); for (const one of objectsOf(copy)) delete one.version; return copy; },
  'members-more': data((one, entry) => { Object.assign(one, { surprise: [1, { a: null }] }); Object.assign(entry, { execution_optimistic: false, finalized: true }); }),
  'data-null': (body) => { const copy = structuredClone(body); for (const one of objectsOf(copy)) one.data = null; return copy; },
  'data-list': (body) => { const copy = structuredClone(body); for (const one of objectsOf(copy)) one.data = [one.data]; return copy; },
  'data-gone': (body) => { const copy = structuredClone(body); for (const one of objectsOf(copy)) delete one.data; return copy; },
  'list-for-object': (body) => (Array.isArray(body) ? body[0] : [body]),
  'list-in-data': (body) => ({ data: body }),
  'slot-number': slot((text) => Number(text)),
  'slot-negative': slot((text) => `-${text}`),
  'slot-fraction': slot((text) => `${text}.0`),
  'slot-hex': slot((text) => `0x${BigInt(text).toString(16)}`),
  'slot-empty': slot(() => ''),
  'slot-space': slot((text) => ` ${text}`),
  'slot-huge': slot(() => '9'.repeat(60)),
  'slot-most': slot(() => String(2n ** 64n - 1n)),
  'slot-wraps': slot((text) => String(2n ** 64n + BigInt(text))),
  'header-gone': data((one) => { delete one.header; delete one.attested_header; }),
  'execution-gone': data((one) => { delete attested(one).execution; delete attested(one).execution_branch; }),
  'signature-gone': data((one) => { delete one.sync_aggregate; }),
  'signature-short': data((one) => { if (one.sync_aggregate) one.sync_aggregate.sync_committee_signature = one.sync_aggregate.sync_committee_signature.slice(0, -2); }),
  'root-short': data((one) => { attested(one).beacon.state_root = attested(one).beacon.state_root.slice(0, -2); }),
  'root-odd': data((one) => { attested(one).beacon.state_root = attested(one).beacon.state_root.slice(0, -1); }),
  'root-no-prefix': data((one) => { attested(one).beacon.state_root = attested(one).beacon.state_root.slice(2); }),
  'root-not-hex': data((one) => { attested(one).beacon.state_root = '0x' + 'zz'.repeat(32); }),
  'bits-short': bits((hex) => hex.slice(0, -2)),
  'bits-long': bits((hex) => `${hex}ff`),
  'keys-few': keys((list) => list.slice(0, -1)),
  'keys-many': keys((list) => [...list, list[0]]),
  'keys-none': keys(() => []),
  'key-short': keys((list) => [list[0].slice(0, -2), ...list.slice(1)]),
  'branch-short': branches((list) => list.slice(1)),
  'branch-long': branches((list) => [...list, list[0]]),
  'branch-padded': branches((list) => [ZERO, ...list]),
  'branch-huge': branches((list) => Array(5000).fill(list[0])),
  'branch-none': branches(() => []),
  'execution-branch-short': executionBranches((list) => list.slice(1)),
  'execution-branch-long': executionBranches((list) => [...list, list[0]]),
  'extra-data-long': data((one) => { attested(one).execution.extra_data = '0x' + '61'.repeat(33); }),
};

const json = { 'content-type': 'application/json' };
export function send(response, body, status = 200, headers = json) {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
const PAGE = '<!doctype html><title>Bad gateway</title><p>\u001b[31mplease sign in';
const html = { 'content-type': 'text/html' };
const stream = (response, start, piece, wait) => {
  response.writeHead(200, json);
  response.write(start);
  if (wait) {
    const timer = setInterval(() => response.write(piece), wait);
    response.on('close', () => clearInterval(timer));
    return;
  }
  const more = () => { while (!response.destroyed && response.write(piece)); };
  response.on('drain', more);
  more();
};

/// Below JSON: (response, text, address). address: this server's own.
export const RAW = {
  'type-wrong': (response, text) => send(response, text, 200, html),
  'type-gone': (response, text) => send(response, text, 200, {}),
  'type-ssz': (response, text) => send(response, text, 200, { 'content-type': 'application/octet-stream' }),
  'keys-twice': (response, text) => send(response, text.replaceAll('"data":', '"data":null,"data":')),
  'slot-twice': (response, text) => send(response, text.replace(/"slot":"(\d+)"/, '"slot":"1","slot":"$1"')),
  'numbers-huge': (response, text) => send(response, text.replaceAll(/"slot":"\d+"/g, `"slot":${'9'.repeat(400)}`)),
  'number-exponent': (response, text) => send(response, text.replaceAll(/"slot":"\d+"/g, '"slot":1e99999')),
  truncated: (response, text) => send(response, text.slice(0, text.length >> 1)),
  'text-behind': (response, text) => send(response, `${text}{}`),
  'nul-inside': (response, text) => send(response, text.replace('"data"', '"da\\u0000ta"')),
  'not-utf8': (response, text) => send(response, Buffer.concat([Buffer.from('{"\xff\xfe":1,"a":', 'latin1'), Buffer.from(text), Buffer.from('}')])),
  deep: (response) => send(response, '['.repeat(100000) + ']'.repeat(100000)),
  empty: (response) => send(response, ''),
  'empty-object': (response) => send(response, '{}'),
  'many-values': (response) => send(response, JSON.stringify({ data: Array(500000).fill({}) })),
  html: (response) => send(response, PAGE, 200, html),
  'http-204': (response) => { response.writeHead(204); response.end(); },
  'http-404': (response) => send(response, JSON.stringify({ code: 404, message: 'LC bootstrap unavailable\u001b[31m' }), 404),
  'http-429': (response) => send(response, '', 429, { 'retry-after': '3600' }),
  'http-500': (response) => send(response, PAGE, 500, html),
  'http-503-with-body': (response, text) => send(response, text, 503),
  redirect: (response, text, address) => send(response, '', 307, { location: `${address}/redirected` }),
  'redirect-file': (response) => send(response, '', 302, { location: 'file:///etc/hostname' }),
  gzip: (response, text) => {
    const body = zlib.gzipSync(text);
    response.writeHead(200, { ...json, 'content-encoding': 'gzip', 'content-length': body.length });
    response.end(body);
  },
  cut: (response, text) => {
    response.writeHead(200, { ...json, 'content-length': text.length });
    response.write(text.slice(0, text.length >> 1), () => response.destroy());
  },
  reset: (response) => response.socket.resetAndDestroy?.() ?? response.socket.destroy(),
  giant: (response) => stream(response, '{"data":"0x', 'ab'.repeat(32768)),
  'length-lies': (response, text) => {
    response.writeHead(200, { ...json, 'content-length': String(2 ** 40) });
    response.write(text);
  },
  'header-endless': (response) => {
    const { socket } = response;
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n');
    const more = () => { while (!socket.destroyed && socket.write(`x-more: ${'a'.repeat(8000)}\r\n`)); };
    socket.on('drain', more);
    more();
  },
  drip: (response) => stream(response, '{', ' ', 500),
  hang: () => {},
};

const ssz = { 'content-type': 'application/octet-stream', 'eth-consensus-version': 'fulu' };
const sendSsz = (change) => (response, bytes, kind) => send(response, change(Buffer.from(bytes), kind === 'update' ? 12 : 0), 200, ssz);
const firstOffset = (change) => (bytes, at) => { if (bytes.length > at) bytes.writeUInt32LE(change(bytes.readUInt32LE(at)), at); return bytes; };

/// Below SSZ: (response, bytes, kind). The list of updates has 12 bytes before each object.
export const SSZ_LIES = {
  'ssz-offset-zero': sendSsz(firstOffset(() => 0)),
  'ssz-offset-huge': sendSsz(firstOffset(() => 0xffffffff)),
  'ssz-offset-inside': sendSsz(firstOffset((offset) => offset + 1)),
  'ssz-truncated': sendSsz((bytes) => bytes.subarray(0, bytes.length - 1)),
  'ssz-half': sendSsz((bytes) => bytes.subarray(0, bytes.length >> 1)),
  'ssz-longer': sendSsz((bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
  'ssz-empty': sendSsz(() => Buffer.alloc(0)),
  'ssz-zeros': sendSsz((bytes) => Buffer.alloc(bytes.length)),
  'ssz-ones': sendSsz((bytes) => Buffer.alloc(bytes.length, 0xff)),
  'ssz-length-huge': sendSsz((bytes) => { bytes.writeBigUInt64LE(2n ** 64n - 1n, 0); return bytes; }),
  'ssz-length-short': sendSsz((bytes) => { bytes.writeBigUInt64LE(4n, 0); return bytes; }),
};
