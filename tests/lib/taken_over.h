/*
 * taken_over: what a process would try after somebody took it over: each call is made as it is, and
 * 0 or its errno handed back. For the tests of the sandbox.
 */
#ifndef BOOTGATE_TESTS_TAKEN_OVER_H
#define BOOTGATE_TESTS_TAKEN_OVER_H

#include <stdbool.h>

#define ALLOWED 0
#define DIED    (-1) /* by SIGSYS: not handed back, but seen from outside */

extern char taken_dir[], taken_file[]; /* of the tests' own; the file is in the directory */

/* taken_set_up makes both, and a port that listens; this process is the one that is attacked. */
bool taken_set_up(void);
bool taken_tear_down(void);

int call_execve(void);
int call_execveat(void);
int call_fork(void);
int call_thread(void);
int call_open(void);
int call_open_to_write(void);
int call_create(void);
int call_open_device(void);
int call_mkdir(void);
int call_unlink(void);
int call_stat(void);
int call_chmod(void);
int call_rename(void);
int call_tcp(void);
int call_tcp6(void);
int call_udp(void);
int call_raw(void);
int call_unix(void);
int call_netlink(void);
int call_packet(void);
int call_vsock(void);
int call_connect(void);
int call_bind(void);
int call_listen(void);
int call_ptrace(void);
int call_read_parent(void);
int call_kill(void);
int call_pidfd(void);
int call_limit_parent(void);
int call_write_and_execute(void);
int call_execute_memory(void);
int call_become_executable(void);
int call_prctl(void);
int call_setuid(void);
int call_unshare(void);
int call_mount(void);
int call_bpf(void);
int call_io_uring(void);
int call_keyctl(void);
int call_reboot(void);
int call_ioctl(void);
int call_dup_owner(void);
#if defined(__x86_64__)
int call_other_abi(void); /* by the 32-bit entry */
#endif
int call_allocate(void);
int call_clock(void);

#endif
