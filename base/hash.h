/*
 * hash: SHA-2 and RIPEMD-160 by OpenSSL. These cannot fail short of a broken library or no memory;
 * then the process aborts: no caller ever sees a wrong digest, and a gate that dies releases
 * nothing.
 */
#ifndef BOOTGATE_BASE_HASH_H
#define BOOTGATE_BASE_HASH_H

#include "base/bytes.h"

#define SHA256_LEN 32
#define SHA384_LEN 48
#define SHA512_LEN 64

void hash_sha256(struct bytes in, uint8_t out[static SHA256_LEN]);
void hash_sha384(struct bytes in, uint8_t out[static SHA384_LEN]);
void hash_sha512(struct bytes in, uint8_t out[static SHA512_LEN]);
void hash_ripemd160(struct bytes in, uint8_t out[static 20]);

/* hash_*_parts: the digest of the parts put together. */
void hash_sha256_parts(const struct bytes *parts, size_t n, uint8_t out[static SHA256_LEN]);
void hash_sha384_parts(const struct bytes *parts, size_t n, uint8_t out[static SHA384_LEN]);

/* struct hash_run: SHA-384 of what comes in many pieces. hash_end gives the digest and frees. */
struct hash_run;
struct hash_run *hash_sha384_begin(void);
void hash_feed(struct hash_run *r, struct bytes piece);
void hash_end(struct hash_run *r, uint8_t out[static SHA384_LEN]);

#define HASH_PARTS(fn, out, ...)                                                                   \
    fn((const struct bytes[]){__VA_ARGS__},                                                        \
       sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes), (out))

#endif
