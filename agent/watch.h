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

/* AUTO_CLOSE: a descriptor closed at the end of its scope; -1: none. */
void watch_close_fd(const int *fd);
#define AUTO_CLOSE __attribute__((cleanup(watch_close_fd))) int

#endif
