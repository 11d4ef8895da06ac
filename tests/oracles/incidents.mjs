// Incidents that people met (tdx facts 5, UX 2), as evidence: what was measured is made by measure_oracle.mjs and by this file, nothing
// of quote/. The quote is one of the tests' own make with its registers replaced: explain does not judge it.
// node incidents.mjs IMAGE-DIR BUNDLE OUT-DIR: writes OUT-DIR/N/{evidence,against}.json, the images they are explained with, and
// OUT-DIR/cases.tsv: folder, first cause, all causes, options, words of the first Why, name.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { argv, env } from 'node:process';
import { authenticode, cmdline, events, kernel, mrtd, readFirmware, register, sha384, tdHob } from './measure_oracle.mjs';

const [, , dir, bundlePath, out] = argv;
const read = (name) => readFileSync(`${dir}/${name}`);
const metadata = JSON.parse(read('metadata.json'));
const image = { firmware: read('ovmf.fd'), kernel: read('bzImage'), initrd: read('initramfs.cpio.gz'), cmdline: metadata.cmdline };
image.kernel.writeUInt16LE(0x50a0, 0x224); // heap_end_ptr, as Linux builds it
const sections = readFirmware(image.firmware);
const bundle = JSON.parse(readFileSync(bundlePath));
const GIB = 1n << 30n, acpi = ['loader', 'rsdp', 'tables'].map((x) => sha384(`dstack ${x}`)), other = ['loader', 'rsdp', 'tables'].map((x) => sha384(`other ${x}`));
const u = (n, v) => { const b = Buffer.alloc(n); b.writeUIntLE(v, 0, Math.min(n, 6)); return b; };
const wide = (s) => Buffer.from(`${s}\0`, 'utf16le');
const guid = (t) => { const [a, b, c, d, e] = t.split('-').map((x) => Buffer.from(x, 'hex')); return Buffer.concat([a.reverse(), b.reverse(), c.reverse(), d, e]); };
const zero4 = sha384(Buffer.alloc(4));

// ---- what is measured ---------------------------------------------------------------------------
const boot = ({ memory = 2n * GIB, patched = true, tables = acpi, from = image } = {}) => events(from, memory, patched, tables);
// edk2 stable202505: BootMenu and bootorder behind the configuration volume; SMBIOS, BootOrder and two Boot#### at the end.
const option = (attributes, name, file) => {
  const node = (sub, id) => Buffer.concat([Buffer.of(4, sub, 20, 0), guid(id)]);
  const path = Buffer.concat([node(7, '7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1'), node(6, file), Buffer.of(0x7f, 0xff, 4, 0)]);
  return sha384(u(4, attributes), u(2, path.length), wide(name), path);
};
const modern = ([zeroth, ...rest], smbios) => [[...zeroth.slice(0, 2), sha384(Buffer.alloc(2)), sha384('bootorder'), ...zeroth.slice(2, 11), sha384(smbios),
  sha384(Buffer.from('00000100', 'hex')), option(0x109, 'BootManagerMenuApp', 'eec25bdc-67f2-4d95-b1d5-f81b2039d11d'),
  option(0x101, 'EFI Firmware Setup', '462caa21-7614-4503-836e-8ab6f4662331')], ...rest];
const old = ([a, b, c]) => [[...a, zero4], [b[0], b[1], b[3], b[4]], c];
const cleared = () => {
  const k = Buffer.from(image.kernel);
  k[0x210] = 0; k[0x211] &= 0x7f;
  k.fill(0, 0x218, 0x220); k.fill(0, 0x224, 0x226); k.fill(0, 0x228, 0x22c);
  return authenticode(k);
};
const line = (text) => sha384(Buffer.from(`${text}\0`, 'utf16le'));
const put = (list, r, i, digest) => list.map((x, k) => (k === r ? x.map((d, n) => (n === i ? digest : d)) : x));

// ---- the app ------------------------------------------------------------------------------------
const compose = JSON.stringify({ manifest_version: 2, name: 'app', runner: 'docker-compose', docker_compose_file: 'services:\n  web:\n    image: nginx\n',
  kms_enabled: true, gateway_enabled: false, public_logs: true, no_instance_id: false, allowed_envs: ['KEY'] }, null, 2);
const sha256 = (b) => createHash('sha256').update(b).digest();
const app = ({ text = compose, appId, instance = 'aa', provider = { name: 'kms', id: '3059aabb' } } = {}) => {
  const hash = sha256(text), id = appId ?? hash.subarray(0, 20);
  return [['system-preparing', ''], ['app-id', id], ['compose-hash', hash], ['instance-id', Buffer.alloc(20, instance, 'hex')], ['boot-mr-done', ''],
    ['os-image-hash', sha256('image')], ['key-provider', Buffer.from(JSON.stringify(provider))], ['storage-fs', 'zfs'], ['system-ready', '']].map(([n, p]) => [n, Buffer.from(p)]);
};
const runtime = ([name, payload]) => sha384(u(4, 0x08000001), ':', name, ':', payload);

// ---- evidence -----------------------------------------------------------------------------------
const ACPI = [8, 9, 10];
function evidence({ list = boot(), runtimeEvents = app(), twoPass = false, log = true, extended, config = Buffer.alloc(48), stated, firmware = image.firmware, modernLog = false }) {
  const quote = Buffer.from(bundle.evidence.quote, 'hex'), body = 48;
  const third = register((extended ?? runtimeEvents).map(runtime));
  Buffer.from(mrtd(firmware, readFirmware(firmware), twoPass), 'hex').copy(quote, body + 136);
  config.copy(quote, body + 184);
  [...list.map(register), third].forEach((r, i) => Buffer.from(r, 'hex').copy(quote, body + 328 + 48 * i));
  const type = (r, i, n) => {
    if (r) return [0x80000003, ''];
    if (i === 0) return [0x8000000b, ''];
    const at = modernLog ? i - 2 : i;
    if (modernLog && i === 2) return [10, Buffer.from('QEMU FW CFG\0BootMenu').toString('hex')];
    if (modernLog && i === 3) return [10, Buffer.from('QEMU FW CFG\0bootorder').toString('hex')];
    if (modernLog && i === n - 4) return [0x80000009, ''];
    return ACPI.includes(at) ? [10, Buffer.from('ACPI DATA').toString('hex')] : [0x80000002, ''];
  };
  const eventLog = list.flatMap((x, r) => x.map((digest, i) => { const [t, p] = type(r, i, x.length); return { imr: r, event_type: t, digest, event: '', event_payload: p }; }))
    .concat(runtimeEvents.map(([name, payload]) => ({ imr: 3, event_type: 0x08000001, digest: '', event: name, event_payload: payload.toString('hex') })));
  return { quote: quote.toString('hex'), ...(log ? { event_log: JSON.stringify(eventLog) } : {}), ...(stated ? { vm_config: JSON.stringify({ os_image_hash: '00'.repeat(32), ...stated }) } : {}) };
}

const cases = [];
const add = (name, actual, options, first, why, more = {}) => cases.push({ name, actual, options, first, why, ...more });
const IMAGE = '--image IMAGE-pre202505 -m 2G';
const digests = (d) => `--acpi ${d.join(',')}`;

add('near/mpc#2672: the host has QEMU 8.2.2, dstack-mr assumes 9', evidence({ list: boot({ tables: other }), twoPass: true }), `${IMAGE} ${digests(acpi)}`, 'page-order proven', 'QEMU is older than 9', { only: 'page-order,qemu' });
add('virtee/tdx-measure#18: measured with the two-pass flag, the host does not', evidence({}), `${IMAGE} --qemu 8.2.2`, 'page-order proven', 'QEMU is 9 or newer', { only: 'page-order' });
add('dstack#1183: QEMU 10.2 leaves the kernel header alone', evidence({ list: boot({ patched: false }) }), `${IMAGE} --qemu 10.1`, 'kernel-header proven', 'QEMU is 10.2 or newer', { only: 'kernel-header' });
add('dstack#1183: the other way round, measured for 10.2', evidence({}), `${IMAGE} --qemu 10.2`, 'kernel-header proven', 'QEMU is 10.1 or older', { only: 'kernel-header' });
add('dstack#1183: no log, the quote alone', evidence({ list: boot({ patched: false }), log: false }), `${IMAGE} ${digests(acpi)}`, 'kernel-header proven', 'QEMU is 10.2 or newer', { only: 'kernel-header' });
add('dstack#1229: the firmware clears the header', evidence({ list: put(boot(), 1, 0, cleared()) }), IMAGE, 'kernel-header proven', 'clears what a loader writes', { only: 'kernel-header' });
add('dstack#678: OVMF of stable202505 has 17 events', evidence({ list: modern(boot(), 'smbios'), modernLog: true }), IMAGE, 'firmware-layout proven', 'edk2 stable202505 or newer', { only: 'firmware-layout' });
add('meta-dstack#63: OVMF of stable202505, and 8 GiB', evidence({ list: modern(boot({ memory: 8n * GIB }), 'smbios of 8'), modernLog: true }), IMAGE, 'firmware-layout proven', 'edk2 stable202505 or newer', { only: 'firmware-layout,memory' });
add('dstack#678: expected was stable202505, the guest has 202502', evidence({}), '--image IMAGE-stable202505 -m 2G', 'firmware-layout proven', 'stable202411 or stable202502', { only: 'firmware-layout' });
add('meta-dstack#63: another memory size than measured', evidence({ list: boot({ memory: 4n * GIB }) }), '--image IMAGE-pre202505 -m 2G', 'memory proven', 'the guest has 4G of memory, expected was 2G', { only: 'memory' });
add('meta-dstack#63: on the other side of 2.75 GiB', evidence({ list: boot({ memory: 5n * GIB / 2n }) }), '--image IMAGE-pre202505 -m 4G', 'memory proven', 'the guest has 2560M of memory, expected was 4G: on the other side of 2.75 GiB', { only: 'memory' });
add('dstack#679: another memory size, no log', evidence({ list: boot({ memory: 8n * GIB }), log: false }), `${IMAGE} ${digests(acpi)}`, 'memory proven', 'the guest has 8G', { only: 'memory' });
add('virtee/tdx-measure#52: one separator more in RTMR0, one less in RTMR1', evidence({ list: old(boot()) }), IMAGE, 'firmware-layout proven', 'before stable202411', { only: 'firmware-layout' });
add('virtee/tdx-measure#63: the same without a log', evidence({ list: old(boot()), log: false }), `${IMAGE} ${digests(acpi)}`, 'firmware-layout proven', 'before stable202411', { only: 'firmware-layout' });
add('dstack#679: a trailing newline in the command line', evidence({ list: put(boot(), 2, 0, line(`${image.cmdline}\n initrd=initrd`)) }), IMAGE, 'cmdline proven', 'with a trailing newline', { only: 'cmdline' });
add('dstack#679: a trailing space', evidence({ list: put(boot(), 2, 0, line(`${image.cmdline}  initrd=initrd`)) }), IMAGE, 'cmdline proven', 'with a trailing space', { only: 'cmdline' });
add('dstack#679: no " initrd=initrd"', evidence({ list: put(boot(), 2, 0, line(image.cmdline)) }), IMAGE, 'cmdline proven', 'without " initrd=initrd"', { only: 'cmdline' });
add('dstack#679: quiet added, no log', evidence({ list: put(boot(), 2, 0, cmdline(`${image.cmdline} quiet`)), log: false }), `${IMAGE} ${digests(acpi)}`, 'cmdline proven', 'with "quiet" at its end', { only: 'cmdline' });
add('dstack#679: another initrd', evidence({ list: boot({ from: { ...image, initrd: Buffer.concat([image.initrd, Buffer.from('more')]) } }) }), IMAGE, 'initrd narrowed', 'only the initrd reaches it', { only: 'initrd,inputs' });
add('dstack#1183: another kernel, not another QEMU', evidence({ list: put(boot(), 1, 0, kernel(Buffer.concat([image.kernel, Buffer.from('12345678')]), 2n * GIB, BigInt(image.initrd.length), true)) }), IMAGE, 'kernel narrowed', 'only the kernel reaches it', { only: 'kernel' });
add('dstack#677: QEMU was given other options', evidence({ list: boot({ tables: other }) }), `${IMAGE} ${digests(acpi)}`, 'inputs narrowed', 'only the cpus, devices or qemu reach it', { only: 'inputs' });
add('Datura-ai/lium#1106: other CPUs than measured', evidence({ list: boot({ tables: other }), stated: { cpu_count: 8, memory_size: 2147483648 } }), `${IMAGE} -c 2 ${digests(acpi)}`, 'cpus stated', '8 CPUs, expected were 2', { only: 'cpus' });
{
  const firmware = Buffer.from(image.firmware);
  firmware[sections.find((s) => s.attributes & 1).offset + 8] ^= 1;
  add('virtee/tdx-measure#35: another build of the firmware', evidence({ firmware }), IMAGE, 'firmware narrowed', 'another firmware', { only: 'firmware' });
}
const secure = sha384(guid('8be4df61-93ca-11d2-aa0d-00e098032b8c'), u(8, 10), u(8, 1), Buffer.from('SecureBoot', 'utf16le'), Buffer.of(1));
add('virtee/tdx-measure#42: OVMF with Secure Boot', evidence({ list: put(boot(), 0, 2, secure) }), IMAGE, 'secure-boot proven', 'Secure Boot, and it is on', { only: 'secure-boot' });

// QEMU's options: the tables of the expected machine are at hand, and those of the guest's are digests only. The machines are invented
// (tests/lib/acpi_case.c); that QEMU's follow from each other alike is acpi_diff.mjs' to say. Images and tables lie in the cases' folder.
if (env.MKACPI) {
  let count = 0;
  const machine = (...options) => {
    const folder = `${out}/acpi-${count++}`;
    mkdirSync(folder, { recursive: true });
    execFileSync(env.MKACPI, [folder, ...options]);
    return { folder: folder.replace(`${out}/`, 'cases/'), tables: ['loader', 'rsdp', 'tables'].map((x) => sha384(readFileSync(`${folder}/${x}`))) };
  };
  const plain = machine();
  const options = (name, have, first, why, more = {}) => {
    const { memory = 2n * GIB, expected = plain, ...rest } = more;
    add(name, evidence({ list: boot({ tables: machine(...have).tables, memory }), ...(rest.log === false ? { log: false } : {}) }), `${IMAGE} --acpi ${expected.folder}${rest.cpus ? ` -c ${rest.cpus}` : ''}`, first, why, { only: rest.only ?? first.split(' ')[0] });
  };
  options('Datura-ai/lium#1106: four CPUs instead of one, the tables at hand', ['cpus=4'], 'cpus proven', 'the guest has 4 CPUs, expected were 1');
  options('Datura-ai/lium#1106: more CPUs than one byte names', ['cpus=288'], 'cpus proven', 'the guest has 288 CPUs, expected were 1');
  options('Datura-ai/lium#1106: other CPUs, no log', ['cpus=12'], 'cpus proven', 'the guest has 12 CPUs, expected were 1', { log: false });
  options('Datura-ai/lium#1106: -c is derived, the guest has others', ['cpus=3'], 'cpus proven', 'the guest has 3 CPUs, expected were 16', { cpus: 16 });
  options('dstack#677: PIC off', ['pic=0'], 'devices proven', 'runs the machine with pic=off, expected was');
  options('dstack#677: PIC off, no log', ['pic=0'], 'devices proven', 'runs the machine with pic=off, expected was', { log: false });
  options('dstack#677: PCI hotplug off', ['hotplug=0'], 'devices proven', 'runs the machine with acpi-pci-hotplug-with-bridge-support=off, expected was');
  options('dstack#677: PCI hotplug off, with bridges', ['hotplug=0', 'ports=4'], 'devices proven', 'runs the machine with acpi-pci-hotplug-with-bridge-support=off, expected was', { expected: machine('ports=4') });
  options('dstack#677: HPET left on', ['hpet=1'], 'devices proven', 'runs the machine with hpet=on, expected was');
  options('dstack#677: SMM left on', ['smm=1'], 'devices proven', 'runs the machine with smm=on, expected was');
  options('dstack#677: another 64-bit hole', [`hole64=${64n * GIB}`], 'devices proven', 'runs the machine with pci-hole64-size=64G, expected was');
  options('dstack#677: HPET on and PIC off', ['hpet=1', 'pic=0'], 'devices proven', 'with pic=off and hpet=on, expected was pic=on and hpet=off');
  options('dstack#677: eight CPUs and PIC off', ['cpus=8', 'pic=0'], 'cpus proven', 'the guest has 8 CPUs, expected were 1', { only: 'cpus,devices' });
  options('meta-dstack#63: another memory size, the tables at hand', [`memory=${4n * GIB}`], 'memory proven', 'the guest has 4G of memory, expected was 2G', { memory: 4n * GIB });
  options('meta-dstack#63: another memory size, and two CPUs', [`memory=${4n * GIB}`, 'cpus=2'], 'memory proven', 'the guest has 4G of memory, expected was 2G', { memory: 4n * GIB, only: 'cpus,memory' });
  options('unknown: PCI hotplug on, where it is expected off', [], 'inputs narrowed', 'only the cpus, devices or qemu reach it', { expected: machine('hotplug=0') });
  options('unknown: a machine of another make', ['cpus=4', 'pic=0', 'hpet=1', 'smm=1'], 'inputs narrowed', 'only the cpus, devices or qemu reach it');
  add('control: the tables at hand, all as measured', evidence({ list: boot({ tables: plain.tables }) }), `${IMAGE} --acpi ${plain.folder}`, null, '');
  add('control: derived for 16 CPUs, and so measured', evidence({ list: boot({ tables: machine('cpus=16').tables }) }), `${IMAGE} --acpi ${plain.folder} -c 16`, null, '');
}

// The app: the file that is at hand against the log.
const file = (text) => ({ against: text });
add('chipotle#422: a switch of the compose file', evidence({ runtimeEvents: app({ text: compose.replace('"public_logs": true', '"public_logs": false') }) }), '--against AGAINST', 'compose proven', 'with "public_logs" false', file(compose));
add('chipotle#229: another compose file', evidence({ runtimeEvents: app({ text: compose.replace('nginx', 'caddy') }) }), '--against AGAINST', 'compose narrowed', 'another app-compose.json', file(compose));
add('dstack#550: hashed with a newline, deployed without', evidence({}), '--against AGAINST', 'compose-bytes proven', 'without what stands behind its last brace', file(`${compose}\n`));
add('dstack#411: written again with sorted keys', evidence({ runtimeEvents: app({ text: JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(compose)).sort(([a], [b]) => (a < b ? -1 : 1)))) }) }), '--against AGAINST', 'compose-bytes proven', 'compactly with sorted keys', file(compose));
add('dstack#411: CR LF line ends', evidence({ runtimeEvents: app({ text: compose.replaceAll('\n', '\r\n') }) }), '--against AGAINST', 'compose-bytes proven', 'CR LF line ends', file(compose));
add('dstack#411: a byte order mark', evidence({}), '--against AGAINST', 'compose-bytes proven', 'without its byte order mark', file(`\ufeff${compose}`));
// Two machines.
const two = (x, y) => ({ ...evidence(x), against: evidence(y) });
const sides = (name, x, y, first, why, more) => { const { against, ...e } = two(x, y); add(name, e, '--against AGAINST', first, why, { against: JSON.stringify(against), ...more }); };
sides('dstack#573: a key provider of another kind', { runtimeEvents: app({ provider: { name: 'local-sgx', id: '11' } }) }, {}, 'key-provider stated', 'the keys come from "local-sgx", expected was "kms"', { only: 'key-provider' });
sides('dstack#573: another KMS', { runtimeEvents: app({ provider: { name: 'kms', id: '3059ffff' } }) }, {}, 'key-provider stated', 'from another kms', { only: 'key-provider' });
sides('phala-cloud#516: another instance of the same app', { runtimeEvents: app({ instance: 'bb' }) }, {}, 'instance-id stated', 'another instance of the app', { only: 'instance-id' });
sides('chipotle#422: another compose file, app id and all', { runtimeEvents: app({ text: `${compose} ` }) }, {}, 'compose stated', 'the app-compose.json is another one', { only: 'compose' });
sides('dstack#1310: an app id of its own', { runtimeEvents: app({ appId: Buffer.alloc(20, 7) }) }, {}, 'app-id proven', 'an app id of its own', { only: 'app-id' });
const v1 = Buffer.concat([Buffer.of(1), sha256(compose), Buffer.alloc(15)]);
sides('dstack#1266: MRCONFIGID of another kind', { config: v1 }, {}, 'mrconfigid-kind stated', 'MRCONFIGID is version 1, expected was zero', { only: 'mrconfigid-kind' });
add('dstack#1266: MRCONFIGID of another compose file', evidence({ config: Buffer.concat([Buffer.of(1), sha256('other'), Buffer.alloc(15)]) }), '', 'mrconfigid narrowed', 'MRCONFIGID is not what the log says', { only: 'mrconfigid' });
// Logs.
add('dstack#706: logged, and not extended', evidence({ runtimeEvents: [...app(), ['late', Buffer.from('x')]], extended: app() }), '', 'log-ahead proven', 'the log has 1 event more', { only: 'log-ahead' });
add('dstack#706: one in the middle was never extended', evidence({ runtimeEvents: app(), extended: app().filter(([n]) => n !== 'instance-id') }), '', 'log-not-extended proven', 'event 3 (instance-id)', { only: 'log-not-extended' });
add('dstack#706: extended twice', evidence({ runtimeEvents: app(), extended: app().flatMap((e) => (e[0] === 'storage-fs' ? [e, e] : [e])) }), '', 'log-extended-twice proven', 'storage-fs', { only: 'log-extended-twice' });
// What nobody can know from this, and what is as it should be.
add('unknown: an event that only a firmware of nobody knows can make', evidence({ list: put(boot(), 1, 3, sha384('nobody')) }), IMAGE, 'unknown unknown', 'the cause is unknown', { only: 'unknown' });
add('unknown: a log of another boot', evidence({ runtimeEvents: app(), extended: [['nothing', Buffer.from('of this')]] }), '', 'log unknown', 'the log does not lead to the quoted value', { only: 'log' });
add('unknown: a command line that is no edit of the image\'s', evidence({ list: put(boot(), 2, 0, line('root=/dev/sda1 initrd=initrd')) }), IMAGE, 'cmdline narrowed', 'only the cmdline reaches it', { only: 'cmdline' });
add('unknown: firmware variables of nobody knows', evidence({ list: put(boot(), 0, 3, sha384('keys')) }), IMAGE, 'firmware narrowed', 'only the firmware reaches it', { only: 'firmware' });
add('control: all as measured', evidence({}), IMAGE, null, '');
add('control: all as measured, no log', evidence({ log: false }), `${IMAGE} ${digests(acpi)}`, null, '');
add('control: QEMU 8.2.2, and measured so', evidence({ twoPass: true }), `${IMAGE} --qemu 8.2.2`, null, '');
add('control: stable202505, and measured so', evidence({ list: modern(boot(), 'smbios'), modernLog: true }), '--image IMAGE-stable202505 -m 2G', null, '');
add('control: the file that was deployed', evidence({}), '--against AGAINST', null, '', { against: compose });
if (tdHob(sections, 2n * GIB) === tdHob(sections, 4n * GIB)) throw new Error('shows too little');

cases.forEach(({ actual, against, ...c }, i) => {
  const where = `${out}/${i}`;
  mkdirSync(where, { recursive: true });
  writeFileSync(`${where}/evidence.json`, JSON.stringify(actual));
  if (against) writeFileSync(`${where}/against.json`, against);
  Object.assign(c, { dir: where });
  cases[i] = c;
});
for (const variant of ['pre202505', 'stable202505']) {
  const to = `${out}/image-${variant}`;
  mkdirSync(to, { recursive: true });
  for (const name of ['ovmf.fd', 'initramfs.cpio.gz']) cpSync(`${dir}/${name}`, `${to}/${name}`);
  writeFileSync(`${to}/bzImage`, image.kernel);
  writeFileSync(`${to}/metadata.json`, JSON.stringify({ ...metadata, ovmf_variant: variant }));
}
writeFileSync(`${out}/cases.tsv`, cases.map((c) => [c.dir, c.first ?? '-', c.only ?? '-', c.options || '-', c.why || '-', c.name].join('\t')).join('\n') + '\n');
