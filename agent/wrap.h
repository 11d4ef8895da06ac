/*
 * wrap: a secret wrapped under the key of an identity, as a file. It may lie on any disk: without
 * the key it says nothing, and a changed one, or one of another identity, does not open.
 *
 *     "bootgate/wrap/v1" (16 bytes) || nonce (12) || ciphertext (1 to 65536) || tag (16)
 *
 * AES-256-GCM (NIST SP 800-38D); the additional data is the 16 bytes and the key's HKDF info
 * (agent/kdf.h), so the identity stands in it twice: in the key and beside it.
 */
#ifndef BOOTGATE_AGENT_WRAP_H
#define BOOTGATE_AGENT_WRAP_H

#include "agent/kdf.h"
#include "base/arena.h"

#define WRAP_SECRET_MAX 65536u
#define WRAP_OVERHEAD   44u
#define WRAP_FILE_MAX   (WRAP_SECRET_MAX + WRAP_OVERHEAD)

struct wrapped {
    struct bytes nonce, ciphertext, tag;
};

/* wrap_read takes a file apart; strict. BG_WRAP_FORMAT. */
enum rc wrap_read(struct bytes file, struct wrapped *out, struct err *err) MUST_CHECK;
/* wrap_open: the secret, or BG_WRAP_OPEN; nothing of an unauthentic plaintext is ever seen. */
enum rc wrap_open(struct secret *key, const struct kdf_identity *id, struct bytes file,
                  struct secret **out, struct err *err) MUST_CHECK;
/* wrap_seal wraps with a fresh random nonce; *out is the file, in the arena. */
enum rc wrap_seal(struct arena *a, struct secret *key, const struct kdf_identity *id,
                  struct secret *secret, struct bytes *out, struct err *err) MUST_CHECK;

#endif
