// ACPI tables: what acpi_derive makes of one machine's files for another one, against what QEMU itself makes there, byte for byte.
// Nothing of QEMU's is kept. Without QEMU: a loud skip. QEMU in the environment names another version of it.
// Usage: node acpi_diff.mjs TOOL      (TOOL: build/tools/acpi_tool)
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { QEMU, tables, write } from './qemu_tables.mjs';

const tool = process.argv[2];
const M = 2 ** 20, G = 2 ** 30;
let passed = 0, failed = 0;
const check = (name, ok, more = '') => {
    if (ok) passed++;
    else {
        failed++;
        console.log(`FAILED ${name}: ${more}`);
    }
};

const version = spawnSync(QEMU, ['--version'], { encoding: 'utf8' });
const found = /version (\d+)\.(\d+)/.exec(version.stdout || '');
if (!found) {
    console.log(`skipped 1 cases: no ${QEMU} to compare with`);
    console.log('0 passed, 0 failed, 1 skipped');
    process.exit(0);
}
const newer = (major, minor) => +found[1] > major || (+found[1] === major && +found[2] >= minor);

// ---- QEMU's side: a machine by what is otherwise than in this one ----
const plain = { cpus: 1, memory: 2 * G, hole64: 0, pic: 2, hpet: 1, smm: 1, hotplug: 2, ports: 0, numa: false };
const onOff = (v) => (v === 2 ? 'on' : 'off');
const disk = (id) => ['-drive', `file=/bin/sh,if=none,id=${id},format=raw,readonly=on`, '-device', `virtio-blk-pci,drive=${id}`];
function args(m) {
    // Memory is promised, not taken.
    const ram = ['-object', `memory-backend-ram,id=mem0,size=${m.memory / M}M,reserve=off`];
    const node = m.numa ? ['-numa', `node,nodeid=0,cpus=0-${m.cpus - 1},memdev=mem0`] : [];
    const v = ['-machine', `q35,kernel-irqchip=split,hpet=${onOff(m.hpet)},smm=${onOff(m.smm)},pic=${onOff(m.pic)}${m.numa ? '' : ',memory-backend=mem0'}`];
    v.push('-cpu', newer(9, 0) && m.cpus > 255 ? 'max' : 'qemu64', '-smp', `${m.cpus}`, '-m', `${m.memory / M}M`, ...ram, ...node);
    v.push(...disk('hd1'), '-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0', '-device', 'virtio-rng-pci');
    v.push('-virtfs', 'local,path=/bin,mount_tag=shared,readonly=on,security_model=none,id=virtfs0', '-cdrom', '/bin/sh');
    for (let i = 0; i < m.ports; i++) v.push('-device', `pcie-root-port,id=pci.${i},bus=pcie.0,chassis=${i}`, '-device', `virtio-rng-pci,bus=pci.${i}`);
    if (m.hotplug === 1) v.push('-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off');
    if (m.hole64) v.push('-global', `q35-pcihost.pci-hole64-size=0x${m.hole64.toString(16)}`);
    return v;
}

// ---- ours ----
const child = spawn(tool, [], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    return (await lines.next()).value;
};

const folder = mkdtempSync(join(tmpdir(), 'acpi-'));
const made = new Map();
let count = 0;
async function real(m) {
    const key = JSON.stringify(m);
    if (!made.has(key)) {
        const t = await tables(args(m));
        const dir = join(folder, String(count++));
        write(dir, t);
        made.set(key, { ...t, dir, paths: `${dir}/tables ${dir}/rsdp ${dir}/loader` });
    }
    return made.get(key);
}
const trimmed = (b) => {
    let n = b.length;
    while (n && b[n - 1] === 0) n--;
    return b.toString('hex', 0, n);
};
const text = (t) => `${t.tables.length} ${trimmed(t.tables)} ${trimmed(t.rsdp)} ${t.loader.length} ${trimmed(t.loader)}`;
const named = (m) => Object.keys(plain).filter((k) => m[k] !== plain[k]).map((k) => `${k}=${m[k]}`).join(' ') || 'plain';

// derives: from A with the change to B; code: it must be refused by this code instead.
async function derives(from, change, code) {
    const a = { ...plain, ...from }, b = { ...a, ...change };
    const name = `${named(a)} -> ${named(b)}`;
    const have = await real(a);
    const c = (k) => (k in change ? b[k] : 0);
    const got = await ask(`derive ${have.paths} ${c('cpus')} ${c('memory')} ${c('hole64')} ${c('pic')} ${c('hpet')} ${c('smm')} ${c('hotplug')}`);
    if (code) return check(name, got.startsWith(`bad BG-${code}`), got.slice(0, 80));
    const want = text(await real(b));
    if (got === want) return check(name, true);
    const [g, w] = [got.split(' '), want.split(' ')];
    const part = w.findIndex((x, i) => x !== g[i]);
    let at = 0;
    while (g[part] && g[part][at] === w[part][at]) at++;
    check(name, false, got.startsWith('bad') ? got : `part ${part} differs at byte ${at >> 1}: ${g[part].slice(at & ~1, at + 40)}, not ${w[part].slice(at & ~1, at + 40)}`);
}

const few = [1, 2, 3, 8, 9, 16, 32, 64, 255];
const many = newer(9, 0) ? [256, 257, 288] : [];
const sizes = [G, 2 * G, 2815 * M, 2816 * M, 3 * G, 4 * G, 64 * G];

// What is read off a machine.
for (const [m, want] of [
    [{}, `1 ${2 * G} ${4 * G} ${32 * G} 2 1 1 2`],
    [{ cpus: 8, memory: 3 * G, hpet: 2, smm: 2, hotplug: 1 }, `8 ${2 * G} ${5 * G} ${32 * G} 2 2 2 1`],
    [{ memory: 2815 * M }, `1 ${2815 * M} ${4 * G} ${32 * G} 2 1 1 2`],
])
    check(`read ${named({ ...plain, ...m })}`, (await ask(`read ${(await real({ ...plain, ...m })).paths}`)) === want, want);

// Nothing changes: as it is.
for (const m of [{}, { cpus: 255 }, { numa: true, cpus: 2 }, { ports: 2 }, { hpet: 2, smm: 2 }]) await derives(m, {});
// CPUs, each from each.
for (const from of [...few, ...many]) for (const to of [...few, ...many]) await derives({ cpus: from }, { cpus: to });
// Memory, each from each.
for (const from of sizes) for (const to of sizes) await derives({ memory: from }, { memory: to });
for (const to of [64 * G, 512 * G]) await derives({}, { hole64: to });
await derives({ hole64: 64 * G }, { hole64: 32 * G });
// Switches, both ways; hotplug can only be taken away.
for (const k of ['hpet', 'smm'])
    for (const from of [1, 2]) await derives({ [k]: from }, { [k]: 3 - from });
if (newer(9, 1)) {
    await derives({ pic: 1 }, { pic: 2 });
    await derives({ pic: 2 }, { pic: 1 });
} else {
    // Older ones say the same of both.
    check('PIC is not told', text(await real({ ...plain, pic: 1 })) === text(await real(plain)), 'it is');
    console.log(`skipped 2 cases: QEMU ${found[1]}.${found[2]} writes the same ACPI tables with and without a PIC`);
}
for (const ports of [0, 1, 2, 9]) {
    await derives({ ports }, { hotplug: 1 });
    await derives({ ports, cpus: 4 }, { hotplug: 1, cpus: 12, hpet: 2, memory: 64 * G });
    await derives({ ports, hotplug: 1 }, { cpus: 7, memory: G });
}
await derives({ hotplug: 1 }, { hotplug: 2 }, 2386);
// Several at once, from machines that are otherwise.
await derives({ cpus: 64, memory: 64 * G, hpet: 2 }, { cpus: 2, memory: 2 * G, hpet: 1, smm: 2 });
await derives({ cpus: 3, smm: 2 }, { cpus: 100, hpet: 2, memory: 2815 * M, hotplug: 1 });
// One NUMA node.
for (const [c, m] of [[1, 2 * G], [8, 2 * G], [40, 64 * G], [3, 3 * G]]) {
    await derives({ numa: true, cpus: 2 }, { cpus: c, memory: m });
    await derives({ numa: true, cpus: c, memory: m }, { cpus: 2, memory: 2 * G });
}
// dstack's way: of the tables alone.
{
    const have = await real(plain);
    const got = await ask(`derive ${have.dir}/tables - - 4 0 0 0 0 0 0`);
    check('tables alone', got === text(await real({ ...plain, cpus: 4 })), got.slice(0, 40));
}

child.stdin.end();
rmSync(folder, { recursive: true });
console.log(`compared ${made.size} machines of QEMU ${found[1]}.${found[2]}`);
console.log(`${passed} passed, ${failed} failed, ${newer(9, 1) ? 0 : 2} skipped`);
process.exit(failed ? 1 : 0);
