/*
 * secret: memory for key material, and the only type that key release accepts. Locked into RAM,
 * left out of core dumps and of children, wiped before it is freed. Never in an arena, never
 * printed.
 */
#ifndef BOOTGATE_BASE_SECRET_H
#define BOOTGATE_BASE_SECRET_H

#include "base/err.h"
#include <stdint.h>

struct secret;

/* secret_new returns n zeroed bytes (n >= 1) of protected memory, or NULL with BG_SECRET_MEMORY. */
struct secret *secret_new(size_t n, struct err *err) MUST_CHECK;
/* secret_data: the bytes, valid until secret_free. */
uint8_t *secret_data(struct secret *s);
size_t secret_len(const struct secret *s);
/* secret_free wipes and releases. NULL is fine. Always returns NULL: s = secret_free(s). */
struct secret *secret_free(struct secret *s);

#endif
