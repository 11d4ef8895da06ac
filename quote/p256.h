/*
 * p256: ECDSA over P-256 with SHA-256 (FIPS 186-4), by OpenSSL. One of these serves a whole
 * verification: OpenSSL's key set-up by parameters costs a third of a signature check, replacing
 * the point of an existing key next to nothing. NOT checked: that s is the lower of the two that
 * verify, so nothing may be known by the bytes of its signature.
 */
#ifndef BOOTGATE_QUOTE_P256_H
#define BOOTGATE_QUOTE_P256_H

#include "base/bytes.h"
#include "base/err.h"
#include <openssl/evp.h>

struct p256 {
    EVP_PKEY *key;     /* the curve; its point is set anew for each check */
    EVP_PKEY_CTX *ctx; /* of that key; started anew for each check */
};

/* AUTO_P256: closed at the end of its scope. */
#define AUTO_P256 __attribute__((cleanup(p256_close))) struct p256

/* p256_open makes one ready for checks; CRYPTO_LIBRARY when OpenSSL cannot. */
enum rc p256_open(struct p256 *out, struct err *err) MUST_CHECK;
void p256_close(struct p256 *p);

/* p256_point: xy (x||y, 64 bytes) is a point of the curve. */
bool p256_point(struct p256 *p, struct bytes xy) MUST_CHECK;
/* p256_check: sig is the DER form (RFC 3279 section 2.2.3) of a signature over msg by xy. */
bool p256_check(struct p256 *p, struct bytes xy, struct bytes msg, struct bytes sig) MUST_CHECK;
/* p256_check_raw: the same, sig is r||s, 64 bytes. */
bool p256_check_raw(struct p256 *p, struct bytes xy, struct bytes msg, struct bytes sig) MUST_CHECK;

#endif
