/*
 * names: host names turned into addresses by a process of their own. A resolver reads files, loads
 * libraries and parses what any host on the way may have written (nsswitch.conf(5), DNS); the
 * deciding process can't do the first two and is not to do the third. What comes back is a list of
 * addresses and no more; that the right one answered is for what is proven later.
 */
#ifndef BOOTGATE_AGENT_NAMES_H
#define BOOTGATE_AGENT_NAMES_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define NAMES_AT_ONCE 8u   /* names in one question */
#define NAMES_ADDRS   6u   /* addresses kept of a name */
#define NAMES_LEN     254u /* of a name with its NUL (RFC 1035, 2.3.4) */
#define NAMES_MS      8000u

struct name_addr {
    uint8_t len; /* 4 or 16 */
    uint8_t v[16];
};

struct name_answer {
    uint32_t n; /* 0: the name is not known, or nobody said so in time */
    struct name_addr v[NAMES_ADDRS];
};

/* struct names: the way to the resolving process. fd -1: there is none. */
struct names {
    int fd;
    uint32_t asked; /* questions so far: an answer that came too late is told by its number */
};

/* names_start forks the resolving process, confined as SANDBOX_RESOLVE. It ends with its parent. */
enum rc names_start(struct names *out, struct err *err) MUST_CHECK;
/* names_ask asks for at most NAMES_AT_ONCE names, all at the same time, for at most `ms` and
 * NAMES_MS. Names that are none, or too long, are not known. */
void names_ask(struct names *s, const char *const *name, size_t n, uint64_t ms,
               struct name_answer *out);

#endif
