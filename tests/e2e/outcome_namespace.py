#!/usr/bin/env python3
"""Runs a script as the first process of a PID namespace, and tells how that process ended.

usage: outcome_namespace.py SCRIPT ARGUMENT    with SERVICE_RESULT as after a boot that was killed
"""
import ctypes
import os
import signal
import sys

CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWPID) != 0:
        sys.exit('unshare failed')
    pid = os.fork()
    if pid == 0:
        # Only here, where reboot(2) is this namespace's own.
        if os.getpid() != 1 or libc.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None) != 0:
            os._exit(98)
        environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'SERVICE_RESULT': 'signal', 'EXIT_CODE': 'killed', 'EXIT_STATUS': 'KILL'}
        os.execve('/bin/sh', ['sh', *sys.argv[1:]], environment)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.alarm(60)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        print(f'ended by signal {os.WTERMSIG(status)}')
    else:
        print(f'ended with status {os.WEXITSTATUS(status)}')


main()
