/*
 * A real platform's quote with Intel's own collateral, one byte changed at a time: XOR 01, 80 or ff
 * in turn by position, so that the whole stays below some seconds. Whatever is changed, the answer
 * is no; only what is listed here does not matter:
 *  - bytes behind the signature data: real quotes carry leftovers of the host's buffer, unread;
 *  - the sign of s in an ECDSA signature, (r, n - s): both are valid by FIPS 186-4, nothing of what
 *    is signed changes, and nothing here is identified by its signature.
 */
#include "tests/lib/harness.h"

#include <openssl/bn.h>
#include <stdlib.h>

#include "quote/pem.h"
#include "quote/verify.h"
#include "tests/lib/pki.h"

#define QUOTE "tdx/real/quotes/dstack-quote-report.bin"
#define DOCS  "tdx/real/collateral/dcap-qvl-90c06f000000-2026-02.json"
#define AT    1772496000u /* 2026-03-03T00:00:00Z */

static struct arena *arena;
static struct bytes quote;
static struct collateral docs;

static bool accepted(struct bytes q, const struct collateral *c, struct td_report *out)
{
    struct arena *a = arena_new(8u << 20);
    struct quote parsed;
    const struct td_report_ok *ok = NULL;
    struct err err = {0};
    enum rc rc = quote_parse(q, &parsed, &err);
    if (rc == RC_OK)
        rc = quote_verify(a, &parsed, c, quote_intel_root(), AT, &ok, &err);
    if (rc == RC_OK && out)
        *out = *td_report_of(ok);
    arena_free(a);
    return rc == RC_OK;
}

static uint8_t *copy_of(struct bytes b)
{
    uint8_t *p = arena_copy(arena, b, &(struct err){0});
    assert_non_null(p);
    return p;
}

static int setup(void **state)
{
    (void)state;
    struct err err = {0};
    char *there = vectors_path(QUOTE);
    if (!there)
        return 0;
    free(there);
    arena = arena_new(64u << 20);
    AUTO_JSON j = vectors_json(DOCS);
    quote = vectors_bytes(arena, QUOTE);
    return collateral_from_json(arena, j, &docs, &err) == RC_OK && accepted(quote, &docs, NULL)
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    arena = NULL;
    return 0;
}

static bool no_vectors(void)
{
    if (!arena)
        case_skip(1, "no vectors/tdx");
    return !arena;
}

static const uint8_t masks[] = {0x01, 0x80, 0xff};

/* flip: each byte of *part, which is a view inside c or is the quote. */
static void flip(const char *name, struct bytes *part, struct collateral *c, size_t upto)
{
    struct bytes good = *part;
    uint8_t *p = copy_of(good);
    *part = bytes_of(p, good.n);
    for (size_t i = 0; i < upto; i += SAMPLE(7u)) {
        uint8_t m = masks[i % 3];
        p[i] ^= m;
        CASE(name, !accepted(part == &quote ? *part : quote, c, NULL), "byte %zu ^ %02x", i, m);
        p[i] ^= m;
    }
    *part = good;
    case_sampled(name, SAMPLE(7u));
}

static void every_byte_of_the_real_quote_matters(void **state)
{
    (void)state;
    if (no_vectors())
        return;
    struct quote q;
    struct err err = {0};
    assert_int_equal(quote_parse(quote, &q, &err), RC_OK);
    struct collateral c = docs;
    /* Trailing NULs of the PEM are inside the sizes; one of them changed is text outside PEM. */
    flip("quote", &quote, &c, quote.n - q.trailing);
}

static void every_byte_of_the_real_collateral_matters(void **state)
{
    (void)state;
    if (no_vectors())
        return;
    struct collateral c = docs;
    flip("root CRL", &c.root_ca_crl, &c, c.root_ca_crl.n);
    flip("PCK CRL", &c.pck_crl, &c, c.pck_crl.n);
    flip("TCB info", &c.tcb_info, &c, c.tcb_info.n);
    flip("TCB info signature", &c.tcb_info_signature, &c, 64);
    flip("QE identity", &c.qe_identity, &c, c.qe_identity.n);
    flip("QE identity signature", &c.qe_identity_signature, &c, 64);
}

/* PEM text may only change where it is white space, and then into white space. */
static void every_byte_of_the_real_chains_matters(void **state)
{
    (void)state;
    if (no_vectors())
        return;
    struct collateral c = docs;
    flip("CRL issuer chain", &c.pck_crl_issuer_chain, &c, c.pck_crl_issuer_chain.n);
    flip("TCB info issuer chain", &c.tcb_info_issuer_chain, &c, c.tcb_info_issuer_chain.n);
    flip("QE identity issuer chain", &c.qe_identity_issuer_chain, &c, c.qe_identity_issuer_chain.n);
}

/* The certificates' DER, changed behind the PEM. */
static void every_byte_of_the_real_certificates_matters(void **state)
{
    (void)state;
    if (no_vectors())
        return;
    struct bytes ders[2] = {BYTES_NONE}, rest = docs.tcb_info_issuer_chain;
    const char *why = NULL;
    struct err err = {0};
    for (size_t k = 0; k < 2; k++)
        assert_true(pem_next(arena, &rest, 4096, &ders[k], &why, &err));
    for (size_t k = 0; k < 2; k++) {
        struct bytes good = ders[k];
        uint8_t *p = copy_of(good);
        ders[k] = bytes_of(p, good.n);
        for (size_t i = 0; i < good.n; i++) {
            struct collateral c = docs;
            struct arena *a = arena_new(1u << 20);
            p[i] ^= masks[i % 3];
            c.tcb_info_issuer_chain = pki_pem(a, ders, 2);
            CASE(k ? "root" : "TCB signer", !accepted(quote, &c, NULL), "DER byte %zu", i);
            p[i] ^= masks[i % 3];
            arena_free(a);
        }
        ders[k] = good;
    }
}

/* negate_s replaces (r, s) by (r, n - s). */
static void negate_s(uint8_t *rs)
{
    BIGNUM *n = NULL, *s = BN_bin2bn(rs + 32, 32, NULL);
    assert_true(BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"));
    assert_true(BN_sub(s, n, s) == 1 && BN_bn2binpad(s, rs + 32, 32) == 32);
    BN_free(n);
    BN_free(s);
}

static void what_may_change_changes_nothing(void **state)
{
    (void)state;
    if (no_vectors())
        return;
    struct td_report want, got;
    assert_true(accepted(quote, &docs, &want));
    struct bytes longer =
        bytes_of(arena_alloc(arena, quote.n + 40, &(struct err){0}), quote.n + 40);
    uint8_t *p = (uint8_t *)(uintptr_t)longer.p;
    memcpy(p, quote.p, quote.n);
    memset(p + quote.n, 0x5a, 40);
    assert_true(accepted(longer, &docs, &got));
    assert_int_equal(got.trailing, want.trailing + 40);
    assert_memory_equal(&got.td, &want.td, sizeof got.td);
    p = copy_of(quote);
    negate_s(p + 636);
    assert_memory_not_equal(p, quote.p, quote.n);
    assert_true(accepted(bytes_of(p, quote.n), &docs, &got));
    assert_memory_equal(&got.td, &want.td, sizeof got.td);
    struct collateral c = docs;
    p = copy_of(docs.tcb_info_signature);
    negate_s(p);
    c.tcb_info_signature.p = p;
    assert_true(accepted(quote, &c, &got));
    assert_int_equal(got.tcb.status, want.tcb.status);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_byte_of_the_real_quote_matters),  T(every_byte_of_the_real_collateral_matters),
        T(every_byte_of_the_real_chains_matters), T(every_byte_of_the_real_certificates_matters),
        T(what_may_change_changes_nothing),
    };
    return HARNESS_RUN("real_quote_mutants", tests);
}
