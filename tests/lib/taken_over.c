#define _GNU_SOURCE
#include "tests/lib/taken_over.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/clock.h"

char taken_dir[] = "/tmp/bootgate-sandbox.XXXXXX";
char taken_file[sizeof taken_dir + 8];
static char made[sizeof taken_dir + 8];
static pid_t parent;
static int listener_port;

static int errno_of(long rc)
{
    return rc < 0 ? errno : ALLOWED;
}

int call_execve(void)
{
    char *argv[] = {"/bin/true", NULL};
    return errno_of(execve(argv[0], argv, NULL));
}
int call_execveat(void)
{
    char *argv[] = {"true", NULL};
    return errno_of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}
int call_fork(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0ul);
    if (pid == 0)
        syscall(SYS_exit_group, 0);
    return errno_of(pid);
}
static void *nothing(void *p)
{
    return p;
}
int call_thread(void)
{
    pthread_t t;
    int rc = pthread_create(&t, NULL, nothing, NULL);
    return rc ? rc : pthread_join(t, NULL);
}
int call_open(void)
{
    return errno_of(open(taken_file, O_RDONLY));
}
int call_open_to_write(void)
{
    return errno_of(open(taken_file, O_WRONLY));
}
int call_create(void)
{
    return errno_of(open(made, O_WRONLY | O_CREAT | O_EXCL, 0600));
}
int call_open_device(void)
{
    return errno_of(open("/dev/zero", O_RDWR));
}
int call_mkdir(void)
{
    return errno_of(mkdir(made, 0700));
}
int call_unlink(void)
{
    return errno_of(unlink(taken_file));
}
int call_stat(void)
{
    struct stat st;
    return errno_of(stat(taken_file, &st));
}
int call_chmod(void)
{
    return errno_of(chmod(taken_file, 0600));
}
int call_rename(void)
{
    return errno_of(rename(taken_file, made));
}
static int socket_of(int family, int type, int protocol)
{
    return errno_of(socket(family, type, protocol));
}
int call_tcp(void)
{
    return socket_of(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}
int call_tcp6(void)
{
    return socket_of(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
}
int call_udp(void)
{
    return socket_of(AF_INET, SOCK_DGRAM, 0);
}
int call_raw(void)
{
    return socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
int call_unix(void)
{
    return socket_of(AF_UNIX, SOCK_STREAM, 0);
}
int call_netlink(void)
{
    return socket_of(AF_NETLINK, SOCK_RAW, 0);
}
int call_packet(void)
{
    return socket_of(AF_PACKET, SOCK_RAW, 0);
}
int call_vsock(void)
{
    int rc = socket_of(AF_VSOCK, SOCK_STREAM, 0);
    return rc == EAFNOSUPPORT || rc == ENODEV ? ALLOWED : rc; /* a kernel without it */
}
int call_connect(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)listener_port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : errno_of(connect(fd, (struct sockaddr *)&to, sizeof to));
}
int call_bind(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : errno_of(bind(fd, (struct sockaddr *)&at, sizeof at));
}
int call_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : errno_of(listen(fd, 1));
}
int call_ptrace(void)
{
    return errno_of(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}
int call_read_parent(void)
{
    char here;
    struct iovec to = {&here, 1}, from = {&listener_port, 1};
    return errno_of(syscall(SYS_process_vm_readv, (long)parent, &to, 1ul, &from, 1ul, 0ul));
}
int call_kill(void)
{
    return errno_of(kill(parent, SIGURG)); /* ignored, were it let through */
}
int call_pidfd(void)
{
    return errno_of(syscall(SYS_pidfd_open, (long)parent, 0ul));
}
int call_limit_parent(void)
{
    struct rlimit none = {0, 0};
    return errno_of(prlimit(parent, RLIMIT_CORE, &none, NULL));
}
int call_write_and_execute(void)
{
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : ALLOWED;
}
int call_execute_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : ALLOWED;
}
int call_become_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : errno_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
int call_prctl(void)
{
    return errno_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
int call_setuid(void)
{
    return errno_of(syscall(SYS_setuid, 1l));
}
int call_unshare(void)
{
    return errno_of(unshare(CLONE_NEWUSER));
}
/* On nothing: where it is allowed after all, it is to find no place (ENOENT), not to hide one of
 * this machine's folders. */
int call_mount(void)
{
    return errno_of(syscall(SYS_mount, "none", "/no/such/folder", "tmpfs", 0ul, NULL));
}
int call_bpf(void)
{
    return errno_of(syscall(SYS_bpf, 0l, NULL, 0ul));
}
int call_io_uring(void)
{
    return errno_of(syscall(SYS_io_uring_setup, 1ul, NULL));
}
int call_keyctl(void)
{
    return errno_of(syscall(SYS_keyctl, 0l, 0l, 0l, 0l, 0l));
}
int call_reboot(void)
{
    return errno_of(syscall(SYS_reboot, 0l, 0l, 0l, NULL)); /* wrong magic: EINVAL at most */
}
int call_ioctl(void)
{
    return errno_of(syscall(SYS_ioctl, 1l, 0x5412l, "x")); /* TIOCSTI */
}
int call_dup_owner(void)
{
    return errno_of(fcntl(1, F_SETOWN, parent));
}
#if defined(__x86_64__)
/* The 32-bit entry has numbers of its own: getpid there is 20, writev here. */
int call_other_abi(void)
{
    long rc;
    __asm__ volatile("int $0x80" : "=a"(rc) : "a"(20l) : "memory");
    return rc < 0 ? (int)-rc : ALLOWED;
}
#endif
int call_allocate(void)
{
    void *p = malloc(8u << 20);
    if (!p)
        return ENOMEM;
    memset(p, 1, 8u << 20);
    free(p);
    return ALLOWED;
}
int call_clock(void)
{
    return clock_ms() == UINT64_MAX || clock_now() == 0 ? EINVAL : ALLOWED;
}

bool taken_set_up(void)
{
    parent = getpid();
    int fd;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    if (!mkdtemp(taken_dir))
        return false;
    snprintf(taken_file, sizeof taken_file, "%s/file", taken_dir);
    snprintf(made, sizeof made, "%s/made", taken_dir);
    fd = open(taken_file, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
        return false;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return false;
    listener_port = ntohs(at.sin_port);
    return true;
}

bool taken_tear_down(void)
{
    (void)unlink(taken_file);
    (void)unlink(made);
    return rmdir(taken_dir) == 0;
}
