/* file: whole files, from the path the user named, and back. "-" is standard input. */
#ifndef BOOTGATE_AGENT_FILE_H
#define BOOTGATE_AGENT_FILE_H

#include "base/json.h"

/*
 * file_read reads at most max bytes of path into the arena. A larger file is the caller's error
 * too_large (each caller has its own); open, directory and read errors are named here.
 */
enum rc file_read(struct arena *a, const char *path, size_t max, enum rc too_large,
                  struct bytes *out, struct err *err) MUST_CHECK;
/*
 * file_json parses text as strict JSON; malformed text is the caller's error `malformed` (what it
 * is decides the exit status: a configuration is not evidence). *out is a new reference.
 */
enum rc file_json(struct bytes text, const char *path, enum rc malformed, json_t **out,
                  struct err *err) MUST_CHECK;
/* file_write_all: every byte, over short writes and signals; false: errno says why. */
bool file_write_all(int fd, struct bytes b) MUST_CHECK;
/* file_write replaces path by text: written beside it, synced, renamed. "-": standard output.
 * Links, devices, pipes and directories are left alone. */
enum rc file_write(const char *path, struct bytes text, struct err *err) MUST_CHECK;

#endif
