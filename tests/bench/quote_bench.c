/*
 * quote_bench: full quote verification (parse, collateral, chains, CRLs, signatures, TCB appraisal)
 * beside its floor: the ECDSA P-256 verifications it can't do without, by OpenSSL, on keys that are
 * already parsed. Both in this process, in turns; the best of many rounds of each, which is what
 * the code costs: other work on the machine only ever adds, and more to what uses more memory.
 * Usage: quote_bench BUNDLE UNIX-TIME [ROOT-DER]. Prints: full_us floor_us verifications
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "quote/evidence.h"
#include "quote/verify.h"

#define ROUNDS 200

static void stop(const char *what)
{
    fprintf(stderr, "quote_bench: %s\n", what);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct bytes file_bytes(struct arena *a, const char *path)
{
    struct err err = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        stop(path);
    uint8_t *p = arena_alloc(a, LIMIT_BUNDLE, &err);
    if (!p)
        stop("out of memory");
    size_t n = fread(p, 1, LIMIT_BUNDLE, f);
    fclose(f);
    return bytes_of(p, n);
}

/* struct floor: one signature to verify again and again; each needed one costs the same. */
struct floor {
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
    uint8_t digest[32];
    uint8_t signature[80];
    size_t signature_n;
};

static void floor_init(struct floor *f)
{
    memset(f->digest, 0x5a, sizeof f->digest);
    f->key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *signer = f->key ? EVP_PKEY_CTX_new(f->key, NULL) : NULL;
    f->signature_n = sizeof f->signature;
    if (!signer || EVP_PKEY_sign_init(signer) != 1 ||
        EVP_PKEY_sign(signer, f->signature, &f->signature_n, f->digest, sizeof f->digest) != 1)
        stop("no signature for the floor");
    EVP_PKEY_CTX_free(signer);
    f->ctx = EVP_PKEY_CTX_new(f->key, NULL);
    if (!f->ctx || EVP_PKEY_verify_init(f->ctx) != 1)
        stop("no verification context");
}

static double floor_us(const struct floor *f, unsigned verifications)
{
    double start = now_us();
    for (unsigned i = 0; i < verifications; i++) {
        if (EVP_PKEY_verify(f->ctx, f->signature, f->signature_n, f->digest, sizeof f->digest) != 1)
            stop("the floor's signature does not verify");
    }
    return now_us() - start;
}

static double full_us(struct bytes quote, const struct collateral *c, struct bytes root,
                      uint64_t now)
{
    struct err err = {0};
    struct quote q;
    const struct td_report_ok *ok = NULL;
    double start = now_us();
    struct arena *a = arena_new(LIMIT_ARENA);
    if (!a)
        stop("out of memory");
    enum rc rc = quote_parse(quote, &q, &err);
    if (rc == RC_OK)
        rc = quote_verify(a, &q, c, root, now, &ok, &err);
    arena_free(a);
    double spent = now_us() - start;
    if (rc != RC_OK) {
        fprintf(stderr, "quote_bench: BG-%04d %s\n", (int)rc, err.detail);
        exit(1);
    }
    return spent;
}

/*
 * What has to be verified (tdx facts 2.2-2.8): PCK leaf, PCK CA (the PCK CRL's issuer is the same),
 * both CRLs, TCB info, TD QE identity, QE report, quote: 8; and each distinct signer certificate of
 * the two documents. The pinned root's own signature is nobody's.
 */
static unsigned verifications_needed(const struct collateral *c)
{
    return bytes_eq(c->tcb_info_issuer_chain, c->qe_identity_issuer_chain) ? 9 : 10;
}

static double less(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        stop("usage: quote_bench BUNDLE UNIX-TIME [ROOT-DER]");
    struct err err = {0};
    struct arena *a = arena_new(LIMIT_ARENA);
    if (!a)
        stop("out of memory");
    json_t *bundle = NULL;
    struct evidence ev;
    struct collateral c;
    if (json_read(file_bytes(a, argv[1]), LIMIT_BUNDLE, &bundle, &err) != RC_OK ||
        evidence_from_json(a, json_object_get(bundle, "evidence"), &ev, &err) != RC_OK ||
        collateral_from_json(a, json_object_get(bundle, "collateral"), &c, &err) != RC_OK)
        stop(err.detail);
    uint64_t now = strtoull(argv[2], NULL, 10);
    struct bytes root = argc > 3 ? file_bytes(a, argv[3]) : quote_intel_root();

    struct floor f;
    floor_init(&f);
    unsigned needed = verifications_needed(&c);
    double full = 1e9, floor_ = 1e9;
    for (size_t i = 0; i < 20; i++) { /* warm: caches, clock speed, OpenSSL's lazy tables */
        full_us(ev.quote, &c, root, now);
        floor_us(&f, needed);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        full = less(full, full_us(ev.quote, &c, root, now));
        floor_ = less(floor_, floor_us(&f, needed));
    }
    printf("%.0f %.0f %u\n", full, floor_, needed);
    EVP_PKEY_CTX_free(f.ctx);
    EVP_PKEY_free(f.key);
    json_decref(bundle);
    arena_free(a);
    return 0;
}
