"""What each process of a traced `boot` did after it was confined, held against what its role is for.

  sandbox_trace.py PREFIX           traces by strace -ff -o PREFIX; prints "ROLE calls N", or "FORBIDDEN ROLE: line" and exits 1
  sandbox_trace.py --as ROLE FILE   one trace, all of it, as if that role had made these calls
"""
import glob
import re
import sys

CALL = re.compile(r"^(\w+)\((.*)")
FILTER = re.compile(r"^seccomp\(SECCOMP_SET_MODE_FILTER, 0, \{len=\d+.*= 0$")
CHILD = re.compile(r"^(?:clone|clone3|fork|vfork)\(.*= (\d+)$")

# Calls that need no look at their arguments, by role: what is open, its own memory, time.
OWN = """read readv write writev close fstat lseek poll ppoll munmap mremap madvise brk mlock munlock futex clock_gettime
clock_nanosleep nanosleep restart_syscall gettimeofday time getrandom getpid gettid uname sysinfo sched_getaffinity sched_yield
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack exit exit_group""".split()
TCP = "connect sendto recvfrom sendmsg recvmsg getsockopt setsockopt getsockname getpeername shutdown".split()
PLAIN = {
    "decide": OWN + TCP + ["socketpair", "pipe2", "eventfd2", "select", "pselect6"],
    "tpm": OWN + ["sendmsg", "recvmsg"],
    "resolve": OWN + ["sendto", "recvfrom", "sendmmsg", "setsockopt", "getsockopt", "getsockname", "rseq", "set_robust_list"],
}
FILES = r'"(/etc/(nsswitch\.conf|resolv\.conf|hosts|host\.conf|gai\.conf|ld\.so\.cache)|(/usr)?/lib(64)?/[^"]*|/)"'
# .. and those that do: the arguments must match one of these.
ARGUMENTS = {
    "decide": {
        "mmap": [r"(?!.*PROT_EXEC)"],
        "mprotect": [r"(?!.*PROT_EXEC)"],
        "newfstatat": [r'\d+, "", .*AT_EMPTY_PATH'],
        "fcntl": [r"\d+, F_(GET|SET)F[LD]"],
        "prlimit64": [r"0, \w+, NULL,"],
        "socket": [r"AF_INET6?, SOCK_STREAM", r"AF_INET6, SOCK_DGRAM"],
    },
    "tpm": {
        "mmap": [r"(?!.*PROT_EXEC)"],
        "mprotect": [r"(?!.*PROT_EXEC)"],
        "newfstatat": [r'\d+, "", .*AT_EMPTY_PATH'],
        "fcntl": [r"\d+, F_(GET|SET)F[LD]"],
        "prlimit64": [r"0, \w+, NULL,"],
        # a software TPM on this machine instead of the device: the test build's
        "socket": [r"AF_INET, SOCK_STREAM"],
        "connect": [r'\d+, \{sa_family=AF_INET, sin_port=htons\(\d+\), sin_addr=inet_addr\("127\.0\.0\.1"\)'],
        "sendto": [r"\d+,"],
        "recvfrom": [r"\d+,"],
        "openat": [r'AT_FDCWD, "/dev/tpmrm0"'],
    },
    "resolve": {
        "mmap": [r"(?!.*PROT_EXEC)", r".*PROT_READ\|PROT_EXEC, MAP_PRIVATE\|MAP_FIXED\|MAP_DENYWRITE", r".*PROT_READ\|PROT_EXEC, MAP_PRIVATE\|MAP_DENYWRITE"],
        "mprotect": [r"(?!.*PROT_EXEC)"],
        "newfstatat": [r'\d+, "", .*AT_EMPTY_PATH', r"AT_FDCWD, " + FILES],
        "openat": [r"AT_FDCWD, " + FILES + r", O_RDONLY"],
        "fcntl": [r"\d+, F_(GET|SET)F[LD]"],
        "prlimit64": [r"0, \w+, NULL,"],
        "ioctl": [r"\d+, FIONREAD,"],
        "socket": [r"AF_INET6?, SOCK_(DGRAM|STREAM)", r"AF_NETLINK, .*NETLINK_ROUTE", r"AF_UNIX, .*= -1 EAFNOSUPPORT"],
        "connect": [r'\d+, \{sa_family=AF_(INET6?|UNSPEC)'],
        "bind": [r"\d+, \{sa_family=AF_NETLINK"],
        "clone3": [r".*= -1 ENOSYS"],
        "clone": [r".*CLONE_THREAD"],
    },
}
# A trace that lacks these is none of the role.
SEEN = {"decide": ["socket", "connect", "write"], "tpm": ["recvmsg", "sendmsg"], "resolve": ["recvfrom"]}


def lines_of(path):
    with open(path, errors="replace") as f:
        return [line.rstrip("\n") for line in f]


def judge(role, lines):
    seen, bad = [], []
    for line in lines:
        call = CALL.match(line)
        if not call:
            if re.search(r"killed by|SIGSYS", line) and not line.startswith(("+++ killed by SIGKILL", "--- SIGKILL")):
                bad.append(line)
            continue
        name, rest = call.groups()
        seen.append(name)
        if name not in PLAIN[role] and not any(re.match(a, rest) for a in ARGUMENTS[role].get(name, [])):
            bad.append(line)
    return seen, bad


def confined(lines):
    """What follows the last filter: the role's own; the gate's came before."""
    at = [i for i, line in enumerate(lines) if FILTER.match(line)]
    return lines[at[-1] + 1 :] if at else None


def report(role, lines, want=True):
    seen, bad = judge(role, lines)
    for line in bad[:10]:
        print(f"FORBIDDEN {role}: {line[:200]}")
    missing = [name for name in SEEN[role] if name not in seen] if want else []
    if missing:
        print(f"MISSING {role}: {' '.join(missing)}")
    if not bad and not missing:
        print(f"{role} calls {len(seen)}")
    return not bad and not missing


def main():
    if sys.argv[1] == "--as":
        return 0 if report(sys.argv[2], lines_of(sys.argv[3]), False) else 1
    traces = {path.rsplit(".", 1)[1]: lines_of(path) for path in glob.glob(glob.escape(sys.argv[1]) + ".*")}
    children = {pid: [m.group(1) for m in map(CHILD.match, lines) if m and "CLONE_THREAD" not in m.string] for pid, lines in traces.items()}
    gate = next(pid for pid, lines in traces.items() if any(line.startswith("execve(") for line in lines))
    good = len(children[gate]) == 2
    if not good:
        print(f"the gate has {len(children[gate])} children, expected: the TPM's process and the decision's")
        return 1
    tpm, decide = children[gate]
    if len(children[decide]) != 1:
        print(f"the decision has {len(children[decide])} children, expected: the one that resolves names")
        return 1
    resolve = children[decide][0]
    # The threads that look names up are the resolver's, confined from their start.
    threads = [m.group(1) for m in map(CHILD.match, traces[resolve]) if m and "CLONE_THREAD" in m.string]
    for role, pid, more in (("tpm", tpm, []), ("decide", decide, []), ("resolve", resolve, threads)):
        lines = confined(traces[pid])
        if lines is None:
            print(f"UNCONFINED {role}")
            good = False
            continue
        for thread in more:
            lines = lines + traces.get(thread, [])
        good = report(role, lines) and good
    inside = confined(traces[gate])
    if inside is None or any(re.match(r"(execve|ptrace|process_vm_)", line) for line in inside):
        print("FORBIDDEN gate")
        good = False
    return 0 if good else 1


sys.exit(main())
