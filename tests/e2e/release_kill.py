#!/usr/bin/env python3
"""Kills processes of a running `boot` at random moments, and looks at what is left.

usage: release_kill.py CHOICES.JSON    (JSON: see main) -> "N passed, N failed, 0 skipped"

One child, a signal to the program itself, or everything at once. Whatever dies when: the program ends within its
time, exactly a run with status 0 leaves the key, a run of a machine that is denied never does, what is in the target is
the whole key or nothing, and no process of the run is left. Then comes what the service manager runs after it
(ExecStopPost=+bootgate shut, with how it ended), and the door is shut: the gate PCR is extended, and another client of the TPM
cannot unseal any more. The moments come from a fixed seed.
"""
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays as it is
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vm'))
import tpm  # the TPM by the book, without the program's code or libraries

PF_EXITING = 0x4  # include/linux/sched.h
CPUCLOCK_SCHED = 2
OWN_START = 3_000_000  # ns, at least; else this part of what a boot takes:
OWN_PART = 0.03
REFUSED = '0x99d'  # TPM_RC_POLICY_FAIL of the first session: a PCR is not as the seed was sealed to


class Tpm:
    """swtpm on fixed ports; each start is a power cycle on the same state."""

    def __init__(self, folder, port):
        self.folder, self.port, self.process = folder, port, None

    def off(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def on(self, digest):
        self.off()
        self.process = subprocess.Popen(
            ['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={self.folder}', '--flags', 'not-need-init,startup-clear',
             '--server', f'type=tcp,bindaddr=127.0.0.1,port={self.port}',
             '--ctrl', f'type=tcp,bindaddr=127.0.0.1,port={self.port + 1}'], stderr=subprocess.DEVNULL)
        extend = ['tpm2_pcrextend', f'4:sha256={digest}', f'7:sha256={digest}']
        for _ in range(1200):
            if subprocess.run(extend, check=False, stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit('swtpm does not answer')

    def look(self, blob, gate):
        """From outside: the gate PCR, and what an unseal gives: the seed or the TPM's refusal."""
        with socket.create_connection(('127.0.0.1', self.port), timeout=20) as data:
            other = tpm.Tpm(data)
            return other.pcr_read(gate), other.unseal(blob)


def children(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
            return [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return []


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def is_alive(pid):
    """Whether it is there and no zombie: a killed process may take its time on a busy machine to give its memory back."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def is_doomed(pid):
    """Whether it will run no further instruction of its own: gone, on its way out, or SIGKILL waits for it (proc(5))."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            flags = int(file.read().rsplit(')', 1)[1].split()[6])
        with open(f'/proc/{pid}/status', encoding='ascii') as file:
            pending = [int(line.split()[1], 16) for line in file if line.startswith(('SigPnd:', 'ShdPnd:'))]
    except OSError:
        return True
    return bool(flags & PF_EXITING) or any(word & 1 << signal.SIGKILL - 1 for word in pending)


def ran(pid):
    """Nanoseconds of processor time it has had (clock_getcpuclockid(3)); 0 when it is gone."""
    try:
        return time.clock_gettime_ns(~pid << 3 | CPUCLOCK_SCHED)
    except OSError:
        return 0


def outlives(pid, began, own_start):
    """Whether it goes on without its parent.

    One forked a moment ago may not yet have asked to end with its parent: it finds that out in its first instructions.
    Those are counted in its own processor time, so that neither a busy machine nor a child that soon ends by itself
    changes the answer. A killed one may take long to give its memory back; only one that never ends takes minutes.
    """
    end = time.monotonic() + 180
    while is_alive(pid):
        if (not is_doomed(pid) and ran(pid) > began + own_start) or time.monotonic() > end:
            return is_alive(pid)
        time.sleep(0.001)
    return False


class Runs:
    def __init__(self, choices):
        self.c = choices
        self.tpm = Tpm(choices['tpm_folder'], choices['port'])
        self.random = random.Random(choices['seed'])
        with open(choices['blob'], 'rb') as file:
            self.blob = file.read()
        self.was_open = 0
        self.passed = self.failed = 0
        self.own_start = OWN_START

    def note(self, good, text):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f'FAILED {text}')

    def key(self):
        try:
            with open(self.c['target'], 'rb') as file:
                return file.read().hex()
        except FileNotFoundError:
            return None

    def clean(self):
        for name in os.listdir(os.path.dirname(self.c['target'])):
            os.unlink(os.path.join(os.path.dirname(self.c['target']), name))

    def start(self, what):
        self.tpm.on(self.c['digest'])
        self.clean()
        return subprocess.Popen(self.c[what], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def finish(self, process):
        try:
            return process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def door(self, what, way, status):
        """Whether the door is shut once the service manager has run what it runs after every end (systemd.exec(5))."""
        if status is None:
            return 'no end'
        if status < 0:
            how = {'SERVICE_RESULT': 'signal', 'EXIT_CODE': 'killed', 'EXIT_STATUS': signal.Signals(-status).name[3:]}
        else:
            how = {'SERVICE_RESULT': 'exit-code' if status else 'success', 'EXIT_CODE': 'exited', 'EXIT_STATUS': str(status)}
        before, _ = self.tpm.look(self.blob, self.c['gate_pcr'])
        shut = subprocess.run(self.c['shut'], env={**os.environ, **how, 'BOOTGATE_TEST_RUN': self.c['run']}, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        after, secret = self.tpm.look(self.blob, self.c['gate_pcr'])
        is_open = before == bytes(32)
        self.was_open += is_open
        if shut.returncode != 0 or after == bytes(32) or secret != REFUSED:
            return f'shut: status {shut.returncode}, gate PCR {after.hex()}, unseal {secret}, said {shut.stderr}'
        if not is_open and after != before:
            return f'shut extended a closed gate PCR, {before.hex()}'
        said = 'was open and is closed now' if is_open else 'is closed'
        expected = f'bootgate: shut: the gate {said}\n' if status else ''
        if not shut.stderr.startswith(expected) or ('would: power off in 0 s' in shut.stderr) != (status != 0):
            return f'{what}, {way}, status {status}: shut said {shut.stderr!r}'
        return ''

    def undisturbed(self, what):
        process = self.start(what)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        status = self.finish(process)
        took = time.monotonic() - began
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime
        self.own_start = max(self.own_start, int(own * OWN_PART * 1e9))
        expected = (0, self.c['key']) if what == 'allowed' else (1, None)
        self.note((status, self.key()) == expected, f'{what}, undisturbed: status {status}, target {self.key()}')
        return took

    def disturbed(self, what, way, delay):
        process = self.start(what)
        time.sleep(delay)
        mine = children(process.pid)
        late = process.poll() is not None
        hit = bool(mine) and not late
        if way == 'child' and mine:
            kill(self.random.choice(mine), signal.SIGKILL)
        elif way == 'term':
            kill(process.pid, signal.SIGTERM)
        elif way == 'all':
            kill(process.pid, signal.SIGKILL)
            for pid in mine:
                kill(pid, signal.SIGKILL)
        elif way == 'parent':
            kill(process.pid, signal.SIGKILL)
        began = {pid: ran(pid) for pid in mine}
        status = self.finish(process)
        left = [pid for pid in mine if outlives(pid, began[pid], self.own_start)]
        key = self.key()
        good = status is not None and not left and len(os.listdir(os.path.dirname(self.c['target']))) == (key is not None)
        if what == 'denied':
            good = good and key is None and status != 0
        elif way in ('all', 'parent'):
            good = good and key in (None, self.c['key'])
        else:
            good = good and (key == self.c['key'] if status == 0 else key is None)
        self.note(good, f'{what}, {way} after {delay * 1000:.1f} ms: status {status}, target {key}, left {left}')
        wrong = self.door(what, way, status)
        self.note(not wrong, f'{what}, {way} after {delay * 1000:.1f} ms: the door: {wrong}')
        return hit, hit and status != 0, late


def main():
    with open(sys.argv[1], encoding='ascii') as file:
        runs = Runs(json.load(file))
    try:
        plan = [('allowed', 'child', 120), ('denied', 'child', 20), ('allowed', 'term', 30), ('allowed', 'all', 25),
                ('denied', 'all', 10), ('allowed', 'parent', 60)]
        took = {what: min(runs.undisturbed(what) for _ in range(3)) for what in ('allowed', 'denied')}
        found = ended = 0
        for what, way, count in plan:
            done = tries = 0
            # A kill that finds nothing alive shows nothing: it is not counted, and tried again at another moment.
            while done < count and tries < 5 * count:
                hit, changed, late = runs.disturbed(what, way, runs.random.uniform(0, took[what]))
                tries += 1
                # The machine may be faster by now, or slower: too late more than one time in six is no use.
                took[what] *= 0.9 if late else 1.02
                if way == 'child':
                    done, found, ended = done + hit, found + hit, ended + changed
                else:
                    done += 1
        runs.note(runs.was_open > 0, 'no kill came before the door was shut: what `shut` does was not seen')
        runs.note(found >= 100 and ended > 0, f'{found} kills found a living child, {ended} of them ended the boot')
        print(f'{found} kills found a living child, {ended} of them ended the boot; it takes {took["allowed"] * 1000:.0f} ms; '
              f'`shut` found {runs.was_open} doors open')
    finally:
        runs.tpm.off()
    print(f'{runs.passed} passed, {runs.failed} failed, 0 skipped')
    sys.exit(0 if runs.failed == 0 and runs.passed else 1)


if __name__ == '__main__':
    main()
