/*
 * watch: the waiting of the process that holds a key. It waits for descriptors, never for ever and
 * never deaf: the deadline and the signals that would end it are part of every wait, so it always
 * gets to wipe what it holds.
 */
#ifndef BOOTGATE_AGENT_WATCH_H
#define BOOTGATE_AGENT_WATCH_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct watch {
    uint64_t deadline_ms; /* clock_ms() */
    int signal_fd;        /* -1: none */
};

/*
 * watch_open hardens this process and makes its signals readable: not dumpable, no core file, no
 * new privileges, memory locked as far as it may be, SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGPIPE
 * blocked.
 */
enum rc watch_open(struct watch *w, uint64_t deadline_ms, struct err *err) MUST_CHECK;
void watch_close(struct watch *w);
/*
 * watch_poll waits until one of at most 4 descriptors is ready. BG_WATCH_DEADLINE (what: who was
 * waited for), BG_WATCH_SIGNAL.
 */
enum rc watch_poll(const struct watch *w, struct pollfd *fds, size_t n, const char *what,
                   struct err *err) MUST_CHECK;
/* watch_fork forks; the child has default signals, dies with us, and *out_pidfd (close-on-exec) is
 * readable when it has ended. In the child 0 is returned. -1 with err set. */
pid_t watch_fork(int *out_pidfd, struct err *err) MUST_CHECK;
/* watch_reap waits for a child to end, killing it first when asked to; its wait status. */
int watch_reap(pid_t pid, bool kill_it);

/* watch_close_fd: -1 is fine. */
void watch_close_fd(const int *fd);
/* watch_take_fd: the descriptor is the caller's now. watch_drop_fd: closed before its scope ends.
 */
static inline int watch_take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}
static inline void watch_drop_fd(int *fd)
{
    watch_close_fd(fd);
    *fd = -1;
}
/* AUTO_CLOSE: a descriptor closed at the end of its scope; -1: none. */
#define AUTO_CLOSE __attribute__((cleanup(watch_close_fd))) int

#endif
