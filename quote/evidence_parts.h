/*
 * evidence_parts: the containers that evidence.c recognises, one file each. Internal to evidence.
 */
#ifndef BOOTGATE_QUOTE_EVIDENCE_PARTS_H
#define BOOTGATE_QUOTE_EVIDENCE_PARTS_H

#include "quote/evidence.h"

/* evidence_ra_tls_pem, _der: the first certificate, with dstack's extensions. */
enum rc evidence_ra_tls_pem(struct arena *a, struct bytes text, struct evidence *out,
                            struct err *err) MUST_CHECK;
enum rc evidence_ra_tls_der(struct arena *a, struct bytes der, struct evidence *out,
                            struct err *err) MUST_CHECK;
/* evidence_attestation: dstack VersionedAttestation, binary; version 1 is refused by name. */
enum rc evidence_attestation(struct arena *a, struct bytes in, struct evidence *out,
                             struct err *err) MUST_CHECK;
/* attestation_is_v1: the first byte of a msgpack map. */
bool attestation_is_v1(struct bytes in);
/* json_text: compact text of j in the arena, at most max bytes; empty when it is too long. */
enum rc json_text(struct arena *a, const json_t *j, size_t max, struct bytes *out,
                  struct err *err) MUST_CHECK;
/* evidence_no_memory: jansson had none. */
enum rc evidence_no_memory(struct err *err);

#endif
