/* secret_file: key material from a file into protected memory, without a copy anywhere else. */
#ifndef BOOTGATE_AGENT_SECRET_FILE_H
#define BOOTGATE_AGENT_SECRET_FILE_H

#include "base/bytes.h"
#include "base/secret.h"

/*
 * secret_file_read reads the whole of a file that only its owner, us or root, can get at (mode
 * 0400 or 0600), or of standard input ("-"). Whatever is wrong with it, also fewer than min or more
 * than max bytes, is the caller's error `bad`.
 */
enum rc secret_file_read(const char *path, size_t min, size_t max, enum rc bad, struct secret **out,
                         struct err *err) MUST_CHECK;

static inline void secret_cleanup(struct secret **s)
{
    *s = secret_free(*s);
}
/* AUTO_SECRET: wiped and freed at the end of its scope. */
#define AUTO_SECRET __attribute__((cleanup(secret_cleanup))) struct secret *

#endif
