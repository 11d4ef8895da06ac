/*
 * tpm_attest_cert: is this endorsement key certified? X.509 by OpenSSL, because the CAs of TPM
 * makers use whatever it knows. The certificate comes from the host: call it in a confined child.
 */
#ifndef BOOTGATE_AGENT_TPM_ATTEST_CERT_H
#define BOOTGATE_AGENT_TPM_ATTEST_CERT_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdint.h>

/* struct tpm_ek_trust: from the measured image. */
struct tpm_ek_trust {
    struct bytes ca;  /* PEM certificates; each is trusted by itself */
    struct bytes crl; /* PEM lists, with with_crl */
    bool with_crl;    /* else revocation is not looked at */
    uint64_t now;     /* Unix seconds */
};

/*
 * tpm_ek_verify: `ek` is what tpm_attest_ek gave. The certificate leads to a trusted one, all of
 * the chain holds at `now` (security level 2: SHA-2 and 112 bits), the issuer's list does not have
 * it, it is an endorsement certificate (EK Credential Profile 2.x, 3.2: no CA, key usage, extended
 * key usage 2.23.133.8.1), and its key is the one that the TPM made. Behind the certificate there
 * may be nothing but 00 or ff to the end of the NV index.
 */
enum rc tpm_ek_verify(const struct tpm_ek_trust *trust, struct bytes ek,
                      struct err *err) MUST_CHECK;

#endif
