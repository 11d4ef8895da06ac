#define _GNU_SOURCE
#include "agent/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/watch.h"

#define WAIT_MS 1000

/* address_of: a path, or (with '@') an abstract name; systemd's other kinds are not for services.
 */
static bool address_of(const char *name, struct sockaddr_un *out, socklen_t *out_len)
{
    size_t n = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof out->sun_path)
        return false;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, name, n);
    if (name[0] == '@')
        out->sun_path[0] = '\0';
    /* The NUL ends a path; of an abstract name it would be a part (unix(7)). */
    *out_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] == '/'));
    return true;
}

/* put_line appends the status without anything that would end the line or is no printable ASCII. */
static size_t put_line(char *out, const char *text)
{
    size_t n = 0;
    for (; n < NOTIFY_TEXT_MAX && text[n]; n++)
        out[n] = text[n] < 0x20 || text[n] > 0x7e ? '?' : text[n];
    return n;
}

static size_t message(char *out, size_t cap, enum notify_state state, const char *status,
                      uint64_t extend_ms)
{
    static const char *const words[] = {
        [NOTIFY_STATUS] = "", [NOTIFY_READY] = "READY=1\n", [NOTIFY_STOPPING] = "STOPPING=1\n"};
    size_t n = (size_t)snprintf(out, cap, "%sSTATUS=", words[state]);
    n += put_line(out + n, status);
    if (extend_ms)
        n += (size_t)snprintf(out + n, cap - n, "\nEXTEND_TIMEOUT_USEC=%llu",
                              (unsigned long long)extend_ms * 1000);
    return n;
}

enum rc notify_send(enum notify_state state, const char *status, uint64_t extend_ms,
                    struct err *err)
{
    char text[NOTIFY_TEXT_MAX + 100];
    struct sockaddr_un to;
    socklen_t to_len;
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || !*name)
        return RC_OK;
    if (!address_of(name, &to, &to_len))
        return err_set(err, BG_NOTIFY_ADDRESS, "%s", name);
    AUTO_CLOSE fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    size_t n = message(text, sizeof text, state, status, extend_ms);
    /* A queue that is full is waited for, but not for long. */
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, to_len) != 0 ||
        poll(&p, 1, WAIT_MS) < 0 || send(fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
        return err_set(err, BG_NOTIFY_SEND, "%s: %s", name, strerror(errno));
    return RC_OK;
}
