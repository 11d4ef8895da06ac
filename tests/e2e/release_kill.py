#!/usr/bin/env python3
"""Kills processes of a running `boot` at random moments, and looks at what is left.

usage: release_kill.py CHOICES.JSON    (JSON: see main) -> "N passed, N failed, 0 skipped"

One child, a signal to the program itself, or everything at once. Whatever dies when: the program ends within its
time, exactly a run with status 0 leaves the key, a run of a machine that is denied never does, what is in the target is
the whole key or nothing, and no process of the run is left. The moments come from a fixed seed.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time

PF_EXITING = 0x4  # include/linux/sched.h
CPUCLOCK_SCHED = 2
OWN_START = 3_000_000  # ns


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
        for _ in range(100):
            if subprocess.run(extend, check=False, stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.02)
        sys.exit('swtpm does not answer')


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


def outlives(pid, began):
    """Whether it goes on without its parent.

    One forked a moment ago may not yet have asked to end with its parent: it finds that out in its first instructions.
    Those are counted in its own processor time, so that neither a busy machine nor a child that soon ends by itself
    changes the answer. A killed one may take long to give its memory back; only one that never ends takes 30 s.
    """
    end = time.monotonic() + 30
    while is_alive(pid):
        if (not is_doomed(pid) and ran(pid) > began + OWN_START) or time.monotonic() > end:
            return is_alive(pid)
        time.sleep(0.001)
    return False


class Runs:
    def __init__(self, choices):
        self.c = choices
        self.tpm = Tpm(choices['tpm_folder'], choices['port'])
        self.random = random.Random(choices['seed'])
        self.passed = self.failed = 0

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
            return process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def undisturbed(self, what):
        process = self.start(what)
        began = time.monotonic()
        status = self.finish(process)
        took = time.monotonic() - began
        expected = (0, self.c['key']) if what == 'allowed' else (1, None)
        self.note((status, self.key()) == expected, f'{what}, undisturbed: status {status}, target {self.key()}')
        return took

    def disturbed(self, what, way, delay):
        process = self.start(what)
        time.sleep(delay)
        mine = children(process.pid)
        hit = bool(mine) and process.poll() is None
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
        left = [pid for pid in mine if outlives(pid, began[pid])]
        key = self.key()
        good = status is not None and not left and len(os.listdir(os.path.dirname(self.c['target']))) == (key is not None)
        if what == 'denied':
            good = good and key is None and status != 0
        elif way in ('all', 'parent'):
            good = good and key in (None, self.c['key'])
        else:
            good = good and (key == self.c['key'] if status == 0 else key is None)
        self.note(good, f'{what}, {way} after {delay * 1000:.1f} ms: status {status}, target {key}, left {left}')
        return hit, hit and status != 0


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
                hit, changed = runs.disturbed(what, way, runs.random.uniform(0, took[what]))
                tries += 1
                if way == 'child':
                    done, found, ended = done + hit, found + hit, ended + changed
                else:
                    done += 1
        runs.note(found >= 100 and ended > 0, f'{found} kills found a living child, {ended} of them ended the boot')
        print(f'{found} kills found a living child, {ended} of them ended the boot; it takes {took["allowed"] * 1000:.0f} ms')
    finally:
        runs.tpm.off()
    print(f'{runs.passed} passed, {runs.failed} failed, 0 skipped')
    sys.exit(0 if runs.failed == 0 and runs.passed else 1)


if __name__ == '__main__':
    main()
