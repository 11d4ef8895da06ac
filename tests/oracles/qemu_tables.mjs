// The ACPI tables that a QEMU makes, as its firmware would get them: QEMU runs without a guest (no firmware's code runs), and its
// fw_cfg files are read over the qtest protocol (QEMU docs: specs/fw_cfg, devel/testing/qtest).
//
// As a module: tables(qemu, arguments) -> { tables, rsdp, loader }. As a program: qemu_tables.mjs OUT -- ARGUMENTS.. writes the three
// files into the folder OUT. QEMU in the environment names another binary.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const QEMU = process.env.QEMU || 'qemu-system-x86_64';

class Qtest {
    constructor(qemu, args) {
        this.child = spawn(qemu, ['-accel', 'tcg', '-qtest', 'stdio', '-display', 'none', '-nodefaults', '-S', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
        this.text = '';
        this.errors = '';
        this.waiting = [];
        this.gone = new Promise((done) => this.child.on('close', done));
        this.child.on('error', (e) => this.fail(e));
        this.child.stdin.on('error', () => {});
        this.child.stderr.on('data', (b) => (this.errors += b));
        this.child.stdout.setEncoding('latin1');
        this.child.stdout.on('data', (s) => this.take(s));
        this.child.on('close', () => this.fail(new Error(`QEMU ended: ${this.errors}`)));
    }
    fail(e) {
        for (const w of this.waiting.splice(0)) w.no(e);
        this.failed = e;
    }
    take(s) {
        this.text += s;
        for (let at; (at = this.text.indexOf('\n')) >= 0; ) {
            const line = this.text.slice(0, at);
            this.text = this.text.slice(at + 1);
            if (!/^(OK|FAIL|ERR)/.test(line)) continue; // interrupts, events
            const w = this.waiting.shift();
            if (w && line.startsWith('OK')) w.yes(line.slice(3));
            else if (w) w.no(new Error(`${w.command}: ${line}`));
        }
    }
    ask(command) {
        if (this.failed) return Promise.reject(this.failed);
        return new Promise((yes, no) => {
            this.waiting.push({ yes, no, command });
            this.child.stdin.write(`${command}\n`);
        });
    }
    async end() {
        this.child.stdin.destroy();
        this.child.kill('SIGKILL');
        await this.gone;
    }
}

const BLOCK = 0x100000n; // guest memory that is used for the transfers
// fw_cfg's DMA interface: read `length` bytes of the item `key`.
async function item(q, key, length) {
    const control = Buffer.alloc(16);
    control.writeUInt32BE(((key << 16) | 0x8 | 0x2) >>> 0, 0);
    control.writeUInt32BE(length, 4);
    control.writeBigUInt64BE(BLOCK + 0x1000n, 8);
    await q.ask(`write 0x${BLOCK.toString(16)} 16 0x${control.toString('hex')}`);
    const address = Buffer.alloc(8);
    address.writeBigUInt64BE(BLOCK);
    await q.ask(`outl 0x514 0x${address.readUInt32LE(0).toString(16)}`);
    await q.ask(`outl 0x518 0x${address.readUInt32LE(4).toString(16)}`);
    const status = await q.ask(`read 0x${BLOCK.toString(16)} 4`);
    if (status !== '0x00000000') throw new Error(`fw_cfg: status ${status}`);
    return Buffer.from((await q.ask(`read 0x${(BLOCK + 0x1000n).toString(16)} ${length}`)).slice(2), 'hex');
}

export async function tables(args, qemu = QEMU) {
    const q = new Qtest(qemu, args);
    try {
        // What firmware does before it asks for the tables: memory mapped PCI configuration space at 0xb0000000, for MCFG.
        await q.ask('outl 0xcf8 0x80000064');
        await q.ask('outl 0xcfc 0x0');
        await q.ask('outl 0xcf8 0x80000060');
        await q.ask('outl 0xcfc 0xb0000001');
        const directory = async () => {
            const count = (await item(q, 0x19, 4)).readUInt32BE(0);
            const all = await item(q, 0x19, 4 + 64 * count);
            const found = {};
            for (let i = 0; i < count; i++) {
                const e = all.subarray(4 + 64 * i, 68 + 64 * i);
                found[e.toString('latin1', 8, e.indexOf(0, 8))] = { size: e.readUInt32BE(0), key: e.readUInt16BE(4) };
            }
            return found;
        };
        // The first selection of a file makes QEMU build the tables anew, and may change the sizes.
        const first = await directory();
        for (const name of ['etc/acpi/tables', 'etc/acpi/rsdp', 'etc/table-loader']) await item(q, first[name].key, 1);
        const now = await directory();
        const get = (name) => item(q, now[name].key, now[name].size);
        return { tables: await get('etc/acpi/tables'), rsdp: await get('etc/acpi/rsdp'), loader: await get('etc/table-loader'), names: Object.keys(now) };
    } finally {
        await q.end();
    }
}

export function write(out, t) {
    mkdirSync(out, { recursive: true });
    writeFileSync(`${out}/tables`, t.tables);
    writeFileSync(`${out}/rsdp`, t.rsdp);
    writeFileSync(`${out}/loader`, t.loader);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const [out, dashes, ...args] = process.argv.slice(2);
    if (dashes !== '--') throw new Error('usage: qemu_tables.mjs OUT -- ARGUMENTS..');
    write(out, await tables(args));
}
