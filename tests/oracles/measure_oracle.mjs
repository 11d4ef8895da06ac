// A second implementation of what an image is measured to, from the same public documents and nothing of
// quote/: TDVF Design Guide 11, TDH.MEM.PAGE.ADD/MR.EXTEND, QEMU's x86_load_linux, PE/COFF 8.0 appendix A
// as EDK2's TdTcg2Dxe does it, UEFI HOBs, dstack-types' CBOR. Also: makes random images, and an image folder.
// node measure_oracle.mjs DIR [SEED]: writes an image folder and what to expect of it, to DIR/expected.json.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

export const sha384 = (...parts) => {
  const h = createHash('sha384');
  for (const p of parts) h.update(p);
  return h.digest('hex');
};
const sha256 = (b) => createHash('sha256').update(b).digest('hex');
const guid = (text) => {
  const [a, b, c, d, e] = text.split('-').map((x) => Buffer.from(x, 'hex'));
  return Buffer.concat([a.reverse(), b.reverse(), c.reverse(), d, e]);
};
const FOOTER = guid('96b582de-1fb2-45f7-baea-a366c55a082d');
export const METADATA = guid('e47a6535-984a-4798-865e-4685a7bf8ec2');
const GLOBAL = guid('8be4df61-93ca-11d2-aa0d-00e098032b8c'), SECURITY = guid('d719b2cb-3d3a-4596-a3bc-dad00e67656f');
const PAGE = 4096n, GIB = 1n << 30n;
const u64 = (v) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(v)); return b; };

// ---- firmware -----------------------------------------------------------------------------------
export function readFirmware(fw) {
  if (fw.length < 50 || !fw.subarray(-48, -32).equals(FOOTER)) throw new Error('no footer');
  const tableLength = fw.readUInt16LE(fw.length - 50);
  let end = fw.length - 50, begin = fw.length - 32 - tableLength, at = -1;
  if (tableLength < 18 || begin < 0) throw new Error('table');
  while (end - begin >= 18) {
    const length = fw.readUInt16LE(end - 18);
    if (length < 18 || length > end - begin) throw new Error('entry');
    if (fw.subarray(end - 16, end).equals(METADATA)) {
      if (length < 22) throw new Error('short entry');
      at = fw.length - fw.readUInt32LE(end - 22);
      break;
    }
    end -= length;
  }
  if (at < 0 || at + 16 > fw.length) throw new Error('no metadata');
  if (fw.toString('latin1', at, at + 4) !== 'TDVF' || fw.readUInt32LE(at + 8) !== 1) throw new Error('descriptor');
  const n = fw.readUInt32LE(at + 12), sections = [];
  if (n < 1 || n > 64 || fw.readUInt32LE(at + 4) < 16 + 32 * n || at + 16 + 32 * n > fw.length) throw new Error('count');
  let total = 0n;
  for (let i = 0; i < n; i += 1) {
    const p = at + 16 + 32 * i;
    const s = { offset: fw.readUInt32LE(p), raw: fw.readUInt32LE(p + 4), address: fw.readBigUInt64LE(p + 8),
      size: fw.readBigUInt64LE(p + 16), type: fw.readUInt32LE(p + 24), attributes: fw.readUInt32LE(p + 28) };
    const extend = (s.attributes & 1) === 1, later = (s.attributes & 2) === 2;
    if (s.address % PAGE || s.size % PAGE || s.size < BigInt(s.raw) || s.size > GIB / 4n || s.address + s.size > 4n * GIB) throw new Error('place');
    if (s.raw && s.offset + s.raw > fw.length) throw new Error('cut off');
    if (extend && (later || BigInt(s.raw) !== s.size)) throw new Error('extends what is not there');
    total += s.size;
    sections.push(s);
  }
  if (total > GIB / 4n) throw new Error('too much');
  return sections;
}

export function mrtd(fw, sections, twoPass) {
  const h = createHash('sha384');
  const block = (name, gpa) => { const b = Buffer.alloc(128); b.write(name, 'latin1'); b.writeBigUInt64LE(gpa, 16); return b; };
  for (const s of sections) {
    const pages = Array.from({ length: Number(s.size / PAGE) }, (_, i) => s.address + BigInt(i) * PAGE);
    const add = (gpa) => { if (!(s.attributes & 2)) h.update(block('MEM.PAGE.ADD', gpa)); };
    const extend = (gpa) => {
      for (let k = 0n; (s.attributes & 1) && k < PAGE; k += 256n) {
        const from = s.offset + Number(gpa + k - s.address);
        h.update(block('MR.EXTEND', gpa + k)).update(fw.subarray(from, from + 256));
      }
    };
    if (twoPass) { pages.forEach(add); pages.forEach(extend); } else pages.forEach((p) => { add(p); extend(p); });
  }
  return h.digest('hex');
}

export function cfv(fw, sections) {
  const s = sections.find((x) => x.type === 1 && x.raw);
  return s ? sha384(fw.subarray(s.offset, s.offset + s.raw)) : null;
}

function ranges(sections) {
  const hobs = sections.filter((s) => s.type === 2), all = sections.filter((s) => s.type === 2 || s.type === 3);
  if (hobs.length !== 1 || all.some((s) => s.size === 0n)) throw new Error('hob');
  all.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  for (let i = 1; i < all.length; i += 1) if (all[i].address < all[i - 1].address + all[i - 1].size) throw new Error('overlap');
  return { hob: hobs[0].address, list: all.map((s) => [s.address, s.address + s.size]) };
}

export function witness(sections) {
  const { hob, list } = ranges(sections), out = [], base = list[0][0] / PAGE;
  const varint = (value) => { let v = value; while (v > 127n) { out.push(Number(v & 127n) | 128); v >>= 7n; } out.push(Number(v)); };
  [base, hob / PAGE - base, BigInt(list.length)].forEach(varint);
  for (const [from, to] of list) { varint(from / PAGE - base); varint((to - from) / PAGE); }
  return Buffer.from(out);
}

export function tdHob(sections, memory) {
  const { hob, list } = ranges(sections), hobs = [];
  if (list.at(-1)[1] >= memory || list.at(-1)[1] >= 2n * GIB) throw new Error('beyond memory');
  const resource = (type, from, to) => {
    const b = Buffer.alloc(48);
    b.writeUInt16LE(3, 0); b.writeUInt16LE(48, 2); b.writeUInt32LE(type, 24); b.writeUInt32LE(7, 28);
    b.writeBigUInt64LE(from, 32); b.writeBigUInt64LE(to - from, 40);
    hobs.push(b);
  };
  let at = 0n;
  for (const [from, to] of list) { if (at < from) resource(7, at, from); resource(0, from, to); at = to; }
  const split = memory >= 2n * GIB + (3n * GIB) / 4n;
  resource(7, at, split ? 2n * GIB : memory);
  if (split) resource(7, 4n * GIB, memory + 2n * GIB);
  const head = Buffer.alloc(56);
  head.writeUInt16LE(1, 0); head.writeUInt16LE(56, 2); head.writeUInt32LE(9, 8);
  head.writeBigUInt64LE(hob + 56n + 48n * BigInt(hobs.length) + 8n, 48);
  return sha384(head, ...hobs);
}

// ---- kernel -------------------------------------------------------------------------------------
export function authenticode(f) {
  const pe = f.readUInt16LE(0) === 0x5a4d ? f.readUInt32LE(0x3c) : 0;
  if (f.readUInt32LE(pe) !== 0x4550) throw new Error('no PE');
  const optional = pe + 24, magic = f.readUInt16LE(optional), count = f.readUInt16LE(pe + 6);
  if ((magic !== 0x10b && magic !== 0x20b) || count > 96) throw new Error('kind');
  const directories = optional + (magic === 0x20b ? 112 : 96), security = directories + 32;
  const headers = f.readUInt32LE(optional + 60), has = f.readUInt32LE(directories - 4) > 4;
  const certificates = has ? f.readUInt32LE(security + 4) : 0, table = optional + f.readUInt16LE(pe + 20);
  if (headers > f.length || headers < (has ? security + 8 : optional + 68)) throw new Error('headers');
  const sections = Array.from({ length: count }, (_, i) => table + 40 * i)
    .map((p) => ({ size: f.readUInt32LE(p + 16), at: f.readUInt32LE(p + 20) })).filter((s) => s.size);
  if (sections.some((s) => s.at + s.size > f.length)) throw new Error('cut off');
  sections.sort((a, b) => a.at - b.at);
  const parts = [f.subarray(0, optional + 64)];
  parts.push(has ? Buffer.concat([f.subarray(optional + 68, security), f.subarray(security + 8, headers)]) : f.subarray(optional + 68, headers));
  let sum = headers;
  for (const s of sections) { parts.push(f.subarray(s.at, s.at + s.size)); sum += s.size; }
  if (f.length > sum) {
    if (f.length < sum + certificates) throw new Error('certificates');
    parts.push(f.subarray(sum, f.length - certificates));
  }
  return sha384(...parts);
}

export function kernel(file, memory, initrdSize, patched) {
  if (file.length < 4096 || file.readUInt16LE(0x1fe) !== 0xaa55 || file.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new Error('no bzImage');
  if (!patched) return authenticode(file);
  const k = Buffer.from(file), protocol = k.readUInt16LE(0x206);
  if (protocol < 0x202 || !(k[0x211] & 1)) throw new Error('too old');
  k[0x210] = 0xb0; k[0x211] |= 0x80;
  k.writeUInt32LE(0xfe00, 0x224); k.writeUInt32LE(0x20000, 0x228);
  if (initrdSize > 0n) {
    let max = 0x37ffffffn;
    if (protocol >= 0x20c && (k.readUInt16LE(0x236) & 0x40)) max = 0xffffffffn;
    else if (protocol >= 0x203) max = BigInt(k.readUInt32LE(0x22c));
    const below4g = memory >= 0xb0000000n ? 0x80000000n : memory, room = below4g - 0x28000n;
    if (room <= 0n) throw new Error('memory');
    if (max >= room) max = room - 1n;
    if (initrdSize >= max) throw new Error('initrd');
    k.writeUInt32LE(Number(((max - initrdSize) / PAGE) * PAGE), 0x218);
    k.writeUInt32LE(Number(initrdSize), 0x21c);
  }
  return authenticode(k);
}

export function cmdline(text) {
  if (/[^\x20-\x7e]/.test(text)) throw new Error('not printable');
  return sha384(Buffer.from(`${text} initrd=initrd\0`, 'utf16le'));
}

// ---- all events ---------------------------------------------------------------------------------
const variable = (owner, name) => sha384(owner, u64(name.length), u64(0), Buffer.from(name, 'utf16le'));
const BOOT0000 = '23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fea1c64bc656b1d28eacf7047ae6e967c58fd2a98bfa74c298';
const CFV = '344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6412af21c097d473155875ffd561d6790';
export function events(image, memory, patched, acpi) {
  const sections = readFirmware(image.firmware), separator = sha384(Buffer.alloc(4));
  return [
    [tdHob(sections, memory), cfv(image.firmware, sections) ?? CFV,
      ...['SecureBoot', 'PK', 'KEK'].map((v) => variable(GLOBAL, v)), ...['db', 'dbx'].map((v) => variable(SECURITY, v)),
      separator, ...acpi, sha384(Buffer.alloc(2)), BOOT0000],
    [kernel(image.kernel, memory, BigInt(image.initrd.length), patched), sha384('Calling EFI Application from Boot Option'), separator,
      sha384('Exit Boot Services Invocation'), sha384('Exit Boot Services Returned with Success')],
    [cmdline(image.cmdline), sha384(image.initrd)],
  ];
}
export const register = (list) => list.reduce((r, d) => sha384(Buffer.from(r, 'hex'), Buffer.from(d, 'hex')), '00'.repeat(48));

export function material(image) {
  const sections = readFirmware(image.firmware);
  const head = (major, n) => (n < 24 ? Buffer.of((major << 5) | n) : n < 256 ? Buffer.of((major << 5) | 24, n) : Buffer.of((major << 5) | 25, n >> 8, n & 255));
  const text = (s) => Buffer.concat([head(3, s.length), Buffer.from(s)]), blob = (b) => Buffer.concat([head(2, b.length), b]);
  const map = (...pairs) => Buffer.concat([head(5, pairs.length), ...pairs.flatMap(([k, v]) => [text(k), v])]);
  const digest = (h) => blob(Buffer.from(h, 'hex'));
  return map(['version', head(0, 3)],
    ['image', map(['cmdline_sha384', digest(cmdline(image.cmdline))],
      ['kernel_authenticode', digest(kernel(image.kernel, 2n * GIB, BigInt(image.initrd.length), true))], ['initrd_sha384', digest(sha384(image.initrd))])],
    ['tdvf', map(['ovmf', text('pre202505')],
      ['mrtd', map(['single_pass', digest(mrtd(image.firmware, sections, false))], ['two_pass', digest(mrtd(image.firmware, sections, true))])],
      ['td_hob', blob(witness(sections))])]);
}

// ---- random images ------------------------------------------------------------------------------
export function dice(seed) {
  let s = (BigInt(seed) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn;
  const below = (n) => {
    s ^= (s << 13n) & 0xffffffffffffffffn; s ^= s >> 7n; s ^= (s << 17n) & 0xffffffffffffffffn;
    return Number((s >> 11n) % BigInt(n));
  };
  return { below, chance: (percent) => below(100) < percent, bytes: (n) => Buffer.from(Array.from({ length: n }, () => below(256))) };
}

export function randomFirmware({ below, chance, bytes }) {
  const size = 4096 * (2 + below(3)), fw = Buffer.alloc(size);
  for (let i = 0; i < 24; i += 1) bytes(8).copy(fw, below(size - 8));
  const sections = [], pages = size / 4096;
  const bfv = 1 + below(pages - 1);
  sections.push([4096 * (pages - bfv), 4096 * bfv, 2 ** 32 - 4096 * bfv, 4096 * bfv, 0, 1]);
  if (chance(80)) sections.push([0, 4096, 2 ** 32 - size, 4096, 1, chance(20) ? 1 : 0]);
  let at = 0x800000 + 4096 * below(16);
  const hob = below(3);
  for (let i = 0; i < 3; i += 1) {
    const n = 1 + below(6);
    sections.push([0, 0, at, 4096 * n, i === hob ? 2 : 3, chance(10) ? 2 : 0]);
    at += 4096 * (n + (chance(60) ? 0 : below(5)));
  }
  if (chance(30)) sections.push([0, 4096, at, 4096 * (1 + below(3)), chance(50) ? 0 : 5, chance(50) ? 2 : 0]);
  for (let i = sections.length - 1; i > 0; i -= 1) { const j = below(i + 1); [sections[i], sections[j]] = [sections[j], sections[i]]; }
  const meta = 4096 * (pages - 1) + 16 * below(40);
  fw.write('TDVF', meta, 'latin1');
  fw.writeUInt32LE(16 + 32 * sections.length, meta + 4); fw.writeUInt32LE(1, meta + 8); fw.writeUInt32LE(sections.length, meta + 12);
  sections.forEach(([offset, raw, address, memory, type, attributes], i) => {
    const p = meta + 16 + 32 * i;
    fw.writeUInt32LE(offset, p); fw.writeUInt32LE(raw, p + 4); fw.writeBigUInt64LE(BigInt(address), p + 8);
    fw.writeBigUInt64LE(BigInt(memory), p + 16); fw.writeUInt32LE(type, p + 24); fw.writeUInt32LE(attributes, p + 28);
  });
  const entry = (data, id) => { const l = Buffer.alloc(2); l.writeUInt16LE(data.length + 18); return Buffer.concat([data, l, id]); };
  const offset = Buffer.alloc(4);
  offset.writeUInt32LE(size - meta);
  const others = () => Array.from({ length: below(3) }, () => entry(bytes(below(12)), bytes(16)));
  const table = Buffer.concat([...others(), entry(offset, METADATA), ...others()]);
  const footer = Buffer.alloc(2);
  footer.writeUInt16LE(table.length + 18);
  Buffer.concat([table, footer, FOOTER]).copy(fw, size - 32 - table.length - 18);
  return fw;
}

export function randomKernel({ below, chance, bytes }) {
  const f = Buffer.alloc(4096 + 8 * below(200) + (chance(20) ? below(8) : 0));
  for (let i = 0; i < 40; i += 1) bytes(6).copy(f, 0x400 + below(f.length - 0x406));
  const plus = chance(80), directories = chance(90) ? 6 : 4, pe = 0x80 - 8 * below(8), optional = pe + 24;
  f.writeUInt16LE(0x5a4d, 0); f.writeUInt32LE(pe, 0x3c); f.writeUInt32LE(0x4550, pe);
  const n = 1 + below(3), optionalSize = (plus ? 112 : 96) + 8 * directories;
  f.writeUInt16LE(n, pe + 6); f.writeUInt16LE(optionalSize, pe + 20); f.writeUInt16LE(plus ? 0x20b : 0x10b, optional);
  const headers = 0x400;
  f.writeUInt32LE(headers, optional + 60); f.writeUInt32LE(below(2 ** 32), optional + 64);
  const d = optional + (plus ? 112 : 96);
  f.writeUInt32LE(directories, d - 4);
  const rest = f.length - headers, certificates = chance(30) ? 8 * (1 + below(6)) : 0, behind = chance(30) ? below(64) : 0;
  if (directories > 4 && certificates) { f.writeUInt32LE(f.length - certificates, d + 32); f.writeUInt32LE(certificates, d + 36); }
  let left = rest - certificates - behind, at = headers;
  const list = [];
  for (let i = 0; i < n; i += 1) {
    const size = i === n - 1 ? left : chance(15) ? 0 : below(left);
    list.push([size, at]);
    at += size; left -= size;
  }
  if (chance(40)) list.reverse();
  // The table ends below the setup header's fields at 0x1f1, as that of Linux does.
  list.forEach(([size, where], i) => { const p = optional + optionalSize + 40 * i; f.writeUInt32LE(size, p + 16); f.writeUInt32LE(where, p + 20); });
  f.writeUInt16LE(0xaa55, 0x1fe); f.write('HdrS', 0x202, 'latin1');
  f.writeUInt16LE([0x20f, 0x20f, 0x20c, 0x20b, 0x203, 0x202, 0x201][below(7)], 0x206);
  f[0x211] = chance(92) ? 1 : 0;
  f.writeUInt32LE(chance(20) ? below(2 ** 32) : 0x7fffffff, 0x22c); f.writeUInt16LE(chance(60) ? 0x7f : 0x3f, 0x236);
  return f;
}

function writeImage(dir, seed) {
  for (let i = 0; ; i += 1) {
    const d = dice(BigInt(seed) * 1000n + BigInt(i)), acpi = ['a', 'b', 'c'].map((x) => sha384(x));
    const image = { firmware: randomFirmware(d), kernel: randomKernel(d), initrd: d.bytes(5000), cmdline: 'console=ttyS0 dstack.rootfs_hash=12ab' };
    try {
      const out = { mrtd: {}, rtmr: {}, acpi, events: {} };
      for (const memory of [GIB, 2n * GIB, 4n * GIB])
        for (const patched of [true, false]) {
          const e = events(image, memory, patched, acpi);
          const key = `${memory}-${patched ? 'patched' : 'as-is'}`;
          out.events[key] = e;
          out.rtmr[key] = e.map(register);
        }
      const sections = readFirmware(image.firmware), lite = material(image);
      const one = mrtd(image.firmware, sections, false), two = mrtd(image.firmware, sections, true);
      if (!cfv(image.firmware, sections) || one === two || out.rtmr[`${GIB}-patched`][1] === out.rtmr[`${2n * GIB}-patched`][1]) throw new Error('shows too little');
      out.mrtd = { single_pass: one, two_pass: two };
      const metadata = Buffer.from(JSON.stringify({ bios: 'ovmf.fd', kernel: 'bzImage', cmdline: image.cmdline, initrd: 'initramfs.cpio.gz',
        rootfs: 'rootfs.img', version: '0.6.0', git_revision: 'none', shared_ro: true, is_dev: false, ovmf_variant: 'pre202505' }));
      const files = { 'ovmf.fd': image.firmware, bzImage: image.kernel, 'initramfs.cpio.gz': image.initrd, 'metadata.json': metadata, 'measurement.tdx.cbor': lite };
      mkdirSync(dir, { recursive: true });
      const sums = Buffer.from(Object.entries(files).map(([name, b]) => `${sha256(b)}  ${name}\n`).join(''));
      out.os_image_hash = sha256(sums);
      Object.entries({ ...files, 'sha256sum.txt': sums, 'digest.txt': Buffer.from(`${out.os_image_hash}\n`), 'expected.json': Buffer.from(JSON.stringify(out)) })
        .forEach(([name, b]) => writeFileSync(`${dir}/${name}`, b));
      return;
    } catch (e) {
      if (e.code) throw e; // not the image's fault
    }
  }
}
if (import.meta.url === pathToFileURL(argv[1]).href) writeImage(argv[2], argv[3] ?? '1');
