#!/usr/bin/env python3
"""One guest under QEMU without KVM, from power on to its end, with a software TPM of its own (standard library only).

  guest.py [--kernel FILE --initrd FILE..] --log FILE --result FILE [--tpm FOLDER] [--forward PORT] [..]

The machine is stopped, not ended, when it powers off or resets, so that its TPM can be looked at from outside as the guest
left it (tpm.py). Nothing of the guest's network leaves QEMU but port 80 of 10.0.2.100, 10.0.2.101, .., which is the first, second,
.. PORT on this machine's loopback.

--save FILE MARKER: once MARKER was printed, the running machine is written to FILE, its TPM with it, and that is its end: saved.
--resume FILE: it goes on from there, as often as wanted; all other options are as before, what disks hold may differ.

RESULT (JSON): end: guest-shutdown (it powered off) | guest-reset | guest-halt | guest-panic | limit | qemu (it ended by itself) | saved;
seconds; memory_kib: QEMU's peak; pcrs: {"0": hex, ..} of the SHA-256 bank afterwards; unseal: what an unseal of --blob gives
from outside: the secret in hex, or the TPM's refusal as 0x..
Exit 0: the guest came to an end of its own; 1: it did not.
"""
import argparse
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree stays as it is
import tpm


def die_with_parent():
    """In a child before exec: it does not outlive us, however we end."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **more):
    return subprocess.Popen(command, preexec_fn=die_with_parent, **more)


def listening(path):
    """proc(5), /proc/net/unix: the file is there before anybody listens."""
    with open('/proc/net/unix', encoding='utf-8', errors='replace') as file:
        return any(line.split()[3] == '00010000' for line in file if line.rstrip('\n').endswith(' ' + path))


def wait_for_socket(path, process, seconds=120):
    until = time.monotonic() + seconds
    while not listening(path):
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f'{process.args[0]} has not opened its socket')
        time.sleep(0.01)


def qemu_command(o, folder):
    command = [
        'qemu-system-x86_64', '-M', 'q35',
        # tcg, never kvm: nested, it aborts or hangs. Without -cx16 a 6.12 kernel double-faults now and then (QEMU 7.2).
        '-accel', 'tcg', '-cpu', 'max,-cx16', '-m', str(o.memory), '-smp', '1',
        '-nodefaults', '-display', 'none', '-serial', 'stdio', '-qmp', f'unix:{folder}/qmp,server=on,wait=off',
        '-action', 'shutdown=pause,reboot=shutdown,panic=none',
        '-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng']
    if o.kernel:
        # no_timer_check: on a busy machine the timer is late now and then, and the kernel would panic about its IO-APIC.
        command += ['-kernel', o.kernel, '-initrd', f'{folder}/initrd',
                    '-append', f'console=ttyS0 quiet loglevel=1 panic=-1 no_timer_check {o.append}'.strip()]
    network = 'user,id=net,restrict=on'
    for i, port in enumerate(o.forward):
        # The cmd: form connects when the guest does; the tcp: form would when QEMU starts.
        network += f',guestfwd=tcp:10.0.2.{100 + i}:80-cmd:busybox nc 127.0.0.1 {port}'
    if o.network:
        command += ['-netdev', network, '-device', 'virtio-net-pci,netdev=net,romfile=']
    if o.tpm:
        command += ['-chardev', f'socket,id=tpm,path={folder}/tpm', '-tpmdev', 'emulator,id=tpm,chardev=tpm',
                    '-device', 'tpm-crb,tpmdev=tpm']
    if o.rtc:
        command += ['-rtc', f'base={o.rtc}']
    for disk in o.disk:
        command += ['-drive', f'file={disk},format=raw,if=virtio']
    if o.resume:
        command += ['-incoming', f'exec:cat {o.resume}']
    return command + o.qemu


class Machine:
    """A running QEMU: its serial port, and the events that it reports."""

    def __init__(self, o, folder):
        with open(f'{folder}/initrd', 'wb') as out:
            # The kernel unpacks archives one after the other: what a case adds lies on top.
            for part in o.initrd:
                with open(part, 'rb') as file:
                    data = file.read()
                out.write(data + bytes(-len(data) % 4))
        self.process = start(qemu_command(o, folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        wait_for_socket(f'{folder}/qmp', self.process)
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.connect(f'{folder}/qmp')
        self.qmp.sendall(b'{"execute": "qmp_capabilities"}\n')
        self.log = open(o.log, 'wb')
        self.seen = b''
        self.said = [(marker.encode(), text.encode().decode('unicode_escape').encode()) for marker, text in o.say]
        self.lines = b''
        self.save, self.save_at = (o.save[0], o.save[1].encode()) if o.save else (None, None)

    def serial(self):
        """What the guest printed; False: the port is closed."""
        data = os.read(self.process.stdout.fileno(), 65536)
        self.log.write(data)
        self.log.flush()
        self.seen += data
        for marker, text in list(self.said):
            if marker in self.seen:
                self.said.remove((marker, text))
                self.process.stdin.write(text)
                self.process.stdin.flush()
        if self.save and self.save_at in self.seen:
            for command, arguments in (('migrate-set-parameters', {'max-bandwidth': 1 << 40}),
                                       ('migrate', {'uri': f'exec:cat >{self.save}'}), ('query-migrate', {})):
                self.ask(command, arguments)
            self.save = None
        return bool(data)

    def ask(self, command, arguments):
        self.qmp.sendall(json.dumps({'execute': command, 'arguments': arguments}).encode() + b'\n')

    def event(self):
        """Why the guest ended, if QEMU says so now."""
        self.lines += self.qmp.recv(65536)
        *whole, self.lines = self.lines.split(b'\n')
        for line in whole:
            message = json.loads(line)
            if message.get('event') == 'SHUTDOWN':
                return message['data']['reason']
            if message.get('event') == 'GUEST_PANICKED':
                return 'guest-panic'
            if 'error' in message:
                sys.exit(f'QEMU: {line.decode()}')
            state = message.get('return', {}).get('status') if isinstance(message.get('return'), dict) else None
            if state == 'completed':
                return 'saved'
            if state in ('failed', 'cancelled'):
                sys.exit(f'not saved: {line.decode()}')
            if state is not None:
                time.sleep(0.1)
                self.ask('query-migrate', {})
        return None

    def run(self, limit, until):
        """To the guest's end, or the limit, or `until` seconds after a line of the log says that all is said."""
        watched = selectors.DefaultSelector()
        watched.register(self.process.stdout, selectors.EVENT_READ, self.serial)
        watched.register(self.qmp, selectors.EVENT_READ, self.event)
        deadline = time.monotonic() + limit
        end = None
        while end is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return 'limit'
            if until and until in self.seen:
                deadline, until, left = min(deadline, time.monotonic() + 1), None, 1
                end_at_limit = 'guest-halt'
                while time.monotonic() < deadline:
                    if watched.select(0.1):
                        self.serial()
                return end_at_limit
            for key, _ in watched.select(min(left, 1)):
                if key.data == self.serial and not self.serial():
                    return 'qemu'
                if key.data == self.event:
                    end = self.event()
        # What was printed last may still be in the pipe.
        while watched.select(0.05) and watched.get_map() and self.drain():
            pass
        return end

    def drain(self):
        os.set_blocking(self.process.stdout.fileno(), False)
        try:
            return self.serial()
        except BlockingIOError:
            return False

    def memory_kib(self):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            return next((int(line.split()[1]) for line in file if line.startswith('VmHWM')), 0)

    def kill(self):
        """Without a word to the TPM, which so keeps what the guest left in it."""
        self.process.kill()
        self.process.wait()
        self.log.close()


def look_at_tpm(o, folder, result):
    with tpm.attach(f'{folder}/tpm') as t:
        result['pcrs'] = {str(i): t.pcr_read(i).hex() for i in range(24)}
        if o.blob:
            with open(o.blob, 'rb') as file:
                result['unseal'] = t.unseal(file.read())


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument('--kernel', help='without it, firmware finds what to boot')
    p.add_argument('--initrd', action='append', default=[])
    p.add_argument('--append', default='', help='more of the command line')
    p.add_argument('--log', required=True)
    p.add_argument('--result', required=True)
    p.add_argument('--tpm', help='folder with the state of the TPM; without it there is none')
    p.add_argument('--blob', help='a sealed seed to try afterwards')
    p.add_argument('--forward', type=int, action='append', default=[])
    p.add_argument('--no-network', dest='network', action='store_false')
    p.add_argument('--disk', action='append', default=[])
    p.add_argument('--rtc', help='2026-03-03T00:00:00')
    p.add_argument('--memory', type=int, default=256)
    p.add_argument('--limit', type=float, default=900)
    p.add_argument('--halted', help='a line after which the machine may stand still for ever')
    p.add_argument('--say', nargs=2, action='append', default=[], metavar=('MARKER', 'TEXT'),
                   help='typed on the serial port once the marker was printed')
    p.add_argument('--save', nargs=2, metavar=('FILE', 'MARKER'))
    p.add_argument('--resume', metavar='FILE')
    p.add_argument('qemu', nargs='*', help='after --: more for QEMU')
    return p.parse_args()


def main():
    o = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    swtpm = machine = None
    result = {}
    with tempfile.TemporaryDirectory(prefix='bootgate-vm.') as folder:
        try:
            if o.tpm:
                swtpm = start(['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={o.tpm}', '--ctrl',
                               f'type=unixio,path={folder}/tpm', '--flags', 'startup-clear'], stderr=subprocess.DEVNULL)
                wait_for_socket(f'{folder}/tpm', swtpm)
            began = time.monotonic()
            machine = Machine(o, folder)
            result['end'] = machine.run(o.limit, o.halted.encode() if o.halted else None)
            result['seconds'] = round(time.monotonic() - began, 2)
            result['memory_kib'] = machine.memory_kib() if machine.process.poll() is None else 0
            machine.kill()
            if o.tpm and result['end'] not in ('qemu', 'saved'):
                look_at_tpm(o, folder, result)
        finally:
            if machine and machine.process.poll() is None:
                machine.kill()
            if swtpm:
                swtpm.kill()
                swtpm.wait()
    with open(o.result, 'w', encoding='ascii') as file:
        json.dump(result, file, indent=1)
        file.write('\n')
    return 0 if result['end'].startswith(('guest-', 'saved')) else 1


if __name__ == '__main__':
    sys.exit(main())
