#define _GNU_SOURCE
#include "agent/watch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/clock.h"

#define MAX_POLLED 4u

void watch_close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* Every signal whose default is to end us, but those that report a fault of ours. */
static void our_signals(sigset_t *set)
{
    static const int v[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,   SIGALRM, SIGTERM,
                            SIGUSR1, SIGUSR2, SIGPROF, SIGVTALRM, SIGXCPU, SIGXFSZ};
    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        (void)sigaddset(set, v[i]);
}

enum rc watch_open(struct watch *w, uint64_t deadline_ms, struct err *err)
{
    struct rlimit none = {0, 0};
    sigset_t set;
    our_signals(&set);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(err, BG_WATCH_HARDEN, "%s", strerror(errno));
    /* Key material has locks of its own (base/secret.h); this is for what libraries copy. */
    (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return err_set(err, BG_WATCH_MASK, "%s", strerror(errno));
    /* A broken pipe is for the writer to see, not to end on. */
    (void)sigdelset(&set, SIGPIPE);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return err_set(err, BG_WATCH_SIGNALFD, "%s", strerror(errno));
    *w = (struct watch){deadline_ms, fd};
    return RC_OK;
}

void watch_close(struct watch *w)
{
    watch_drop_fd(&w->signal_fd);
}

enum rc watch_poll(const struct watch *w, struct pollfd *fds, size_t n, const char *what,
                   struct err *err)
{
    struct pollfd all[MAX_POLLED + 1];
    if (n > MAX_POLLED)
        n = MAX_POLLED;
    memcpy(all, fds, n * sizeof *fds);
    all[n] = (struct pollfd){.fd = w->signal_fd, .events = POLLIN};
    for (;;) {
        uint64_t now = clock_ms();
        if (now >= w->deadline_ms)
            return err_set(err, BG_WATCH_DEADLINE, "waiting for %s", what);
        uint64_t left = w->deadline_ms - now;
        int ready = poll(all, n + 1, left > 60000 ? 60000 : (int)left);
        if (ready < 0 && errno != EINTR)
            return err_set(err, BG_WATCH_POLL, "%s", strerror(errno));
        if (ready > 0 && all[n].revents) {
            struct signalfd_siginfo got = {0};
            if (read(w->signal_fd, &got, sizeof got) != sizeof got)
                got.ssi_signo = 0;
            return err_set(err, BG_WATCH_SIGNAL, "signal %u while waiting for %s", got.ssi_signo,
                           what);
        }
        if (ready > 0) {
            memcpy(fds, all, n * sizeof *fds);
            return RC_OK;
        }
    }
}

/* in_child: what a child is not to inherit, and an end when its parent ends. */
static void in_child(pid_t parent)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
        _exit(70);
}

pid_t watch_fork(int *out_pidfd, struct err *err)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        in_child(parent);
        return 0;
    }
    int pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        err_set(err, BG_WATCH_FORK, "%s", strerror(errno));
        if (pid > 0)
            (void)watch_reap(pid, true);
        return -1;
    }
    *out_pidfd = pidfd;
    return pid;
}

int watch_reap(pid_t pid, bool kill_it)
{
    int status = 0;
    if (kill_it)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}
