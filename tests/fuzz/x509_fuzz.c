/*
 * x509: the first byte picks a reader: PEM and then each certificate, a certificate, a CRL, the SGX
 * extension. Dates and views of what was accepted are touched, so that bad ones are seen.
 */
#include "base/limits.h"
#include "quote/crl.h"
#include "quote/pck.h"
#include "quote/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static volatile unsigned sink;

static void touch(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        sink += b.p[i];
}

static void certificate(struct bytes in)
{
    struct cert c;
    struct pck_tcb tcb;
    const char *why = NULL;
    if (!cert_read(in, &c, &why)) {
        if (!why)
            __builtin_trap();
        return;
    }
    touch(c.tbs);
    touch(c.signature);
    touch(c.issuer);
    touch(c.subject);
    touch(c.common_name);
    touch(c.serial);
    if (c.point.n != 64)
        __builtin_trap();
    if (c.sgx.n && !pck_read(c.sgx, &tcb, &why) && !why)
        __builtin_trap();
}

static void list(struct bytes in)
{
    struct crl c;
    const char *why = NULL;
    if (!crl_read(in, &c, &why)) {
        if (!why)
            __builtin_trap();
        return;
    }
    touch(c.tbs);
    touch(c.signature);
    if (crl_lists(&c, bytes_of("\1\2\3", 3)) && c.num_revoked == 0)
        __builtin_trap();
}

static void pem(struct bytes in)
{
    struct arena *a = arena_new(8u << 20);
    struct bytes der = BYTES_NONE;
    struct err err = {0};
    const char *why = NULL;
    while (a && pem_next(a, &in, LIMIT_CERT_DER, &der, &why, &err) && der.n) {
        if (der.n > LIMIT_CERT_DER)
            __builtin_trap();
        certificate(der);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pck_tcb tcb;
    const char *why = NULL;
    if (n == 0)
        return 0;
    struct bytes in = bytes_of(data + 1, n - 1);
    switch (data[0] % 4) {
    case 0:
        pem(in);
        break;
    case 1:
        certificate(in);
        break;
    case 2:
        list(in);
        break;
    default:
        if (!pck_read(in, &tcb, &why) && !why)
            __builtin_trap();
    }
    return 0;
}
