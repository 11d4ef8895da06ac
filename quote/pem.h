/*
 * pem: certificates in PEM (RFC 7468), strictly: between the blocks white space only, base64 with
 * exact padding. Headers and explanatory text are refused: collateral never has them.
 */
#ifndef BOOTGATE_QUOTE_PEM_H
#define BOOTGATE_QUOTE_PEM_H

#include "base/arena.h"

/*
 * pem_next decodes the next CERTIFICATE block of *text and moves *text behind it. True with an
 * empty *out_der at the end of the text. False: not PEM (*out_why, static), too long for max, or
 * no memory (err).
 */
bool pem_next(struct arena *a, struct bytes *text, size_t max, struct bytes *out_der,
              const char **out_why, struct err *err) MUST_CHECK;

#endif
