/*
 * place: files of the guest we run in, and of the host behind a shared directory. Reached without
 * any link, regular files only, with a cap. What stands in them is nobody's word yet.
 */
#ifndef BOOTGATE_AGENT_GUEST_PLACE_H
#define BOOTGATE_AGENT_GUEST_PLACE_H

#include "base/arena.h"

/* place_open opens path below root (NULL: /) without following a link, close-on-exec; -1: errno. */
int place_open(const char *root, const char *path, int flags);
/*
 * place_read: the whole file, 1 to max bytes. BG_GUEST_FILE_ABSENT where there is none: some may be
 * missing. A FIFO or device is refused without waiting for it.
 */
enum rc place_read(struct arena *a, const char *root, const char *path, size_t max,
                   struct bytes *out, struct err *err) MUST_CHECK;
/* place_read_fd: the same for an open file; path is for errors. */
enum rc place_read_fd(struct arena *a, int fd, const char *path, size_t max, struct bytes *out,
                      struct err *err) MUST_CHECK;

#endif
