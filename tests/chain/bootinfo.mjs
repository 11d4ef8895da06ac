// The boot info of a guest's evidence, computed from the bytes by the published rules, with nothing of
// the program under test: what a test expects. The quote is NOT verified here, so its TCB status is given.
// usage: node bootinfo.mjs FILE app|kms TCB-STATUS [ADVISORY..]     FILE: a bundle, or dstack's GetQuote answer
import crypto from 'node:crypto';
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';

const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts)).digest();
const sha384 = (...parts) => crypto.createHash('sha384').update(Buffer.concat(parts)).digest();
const RUNTIME_EVENT = 0x08000001;

/// dstack cc-eventlog, version 1: SHA-384(LE32(type) ":" name ":" payload).
function runtimeDigest(event, payload) {
  const type = Buffer.alloc(4);
  type.writeUInt32LE(RUNTIME_EVENT);
  return sha384(type, Buffer.from(':'), Buffer.from(event), Buffer.from(':'), payload);
}

/// version 2: SHA-384 of the canonical JSON (keys sorted, no space).
function runtimeDigest2(event, payload) {
  return sha384(Buffer.from(JSON.stringify({ name: event, payload: payload.toString('hex'), type: RUNTIME_EVENT })));
}

/// RTMR3 after the events up to `last` (included), and the first payload of each name before system-ready.
function replayRuntime(events, last) {
  let register = Buffer.alloc(48);
  const payloads = {};
  let ready = false;
  for (const { event_type: type, event, event_payload: hex, version } of events) {
    if (type !== RUNTIME_EVENT) throw new Error('a firmware event in RTMR3');
    const payload = Buffer.from(hex, 'hex');
    register = sha384(register, (version === 2 ? runtimeDigest2 : runtimeDigest)(event, payload));
    ready ||= event === 'system-ready';
    if (!ready) payloads[event] ??= payload;
    if (event === last) break;
  }
  return { register, payloads };
}

/// The PPID in the PCK certificate's SGX extension: 1.2.840.113741.1.13.1.1, OCTET STRING of 16 bytes.
function ppidOf(quote) {
  const pem = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(quote.toString('latin1'));
  const der = Buffer.from(pem[1], 'base64');
  const prefix = Buffer.from('060a2a864886f84d010d01010410', 'hex');
  const at = der.indexOf(prefix) + prefix.length;
  return der.subarray(at, at + 16);
}

export function bootInfoOf(evidence, view, tcbStatus, advisoryIds = []) {
  const quote = Buffer.from(evidence.quote, 'hex');
  const body = quote.subarray(quote.readUInt16LE(0) === 5 ? 54 : 48);
  const mrtd = body.subarray(136, 184);
  const owners = body.subarray(184, 328); // MRCONFIGID, MROWNER, MROWNERCONFIG
  const rtmr012 = body.subarray(328, 472);
  const log = typeof evidence.event_log === 'string' ? JSON.parse(evidence.event_log) : evidence.event_log;
  const runtime = log.filter((event) => event.imr === 3);
  const { register, payloads } = replayRuntime(runtime, view === 'app' ? 'boot-mr-done' : null);
  const all = replayRuntime(runtime, null);
  const keyProvider = view === 'kms' ? all.payloads['key-provider'] : undefined;
  const osImageHash = JSON.parse(evidence.vm_config).os_image_hash;
  return {
    teeVariant: 'dstack-tdx',
    mrAggregated: sha256(mrtd, rtmr012, register, owners.some((byte) => byte !== 0) ? owners : Buffer.alloc(0)).toString('hex'),
    osImageHash,
    mrSystem: sha256(mrtd, rtmr012, keyProvider ? sha256(keyProvider) : Buffer.alloc(32)).toString('hex'),
    appId: payloads['app-id'].toString('hex'),
    composeHash: payloads['compose-hash'].toString('hex'),
    instanceId: (payloads['instance-id'] ?? Buffer.alloc(0)).toString('hex'),
    deviceId: sha256(ppidOf(quote)).toString('hex'),
    keyProviderInfo: keyProvider?.toString('hex') ?? '',
    tcbStatus,
    advisoryIds,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, view, tcbStatus, ...advisoryIds] = process.argv.slice(2);
  const document = JSON.parse(fs.readFileSync(file, 'utf8'));
  console.log(JSON.stringify(bootInfoOf(document.evidence ?? document, view, tcbStatus, advisoryIds), null, 1));
}
