/*
 * One accepted bundle of our own, one bit flipped at a time: every byte of the quote up to its PCK
 * chain, of both signed documents, of all signatures, CRLs and certificates (DER). Each mutant must
 * be refused. PEM is text around DER: there a flip may be harmless (white space between lines,
 * say), so what is demanded is: refused, or the report is the same in every byte.
 */
#include "tests/lib/harness.h"

#include <stdio.h>

#include "tests/lib/tdx_case.h"

static struct arena *arena; /* the bundle and the parts of it being changed */
static struct tdx_world w;
static struct tdx_bundle good;
static struct td_report expected;

static bool same_report(const struct td_report *a, const struct td_report *b)
{
    return memcmp(&a->td, &b->td, sizeof a->td) == 0 &&
           memcmp(&a->pck, &b->pck, sizeof a->pck) == 0 &&
           memcmp(a->device_id, b->device_id, 32) == 0 && a->tcb.status == b->tcb.status &&
           a->tcb.tcb_date == b->tcb.tcb_date && a->valid_from == b->valid_from &&
           a->valid_until == b->valid_until && a->quote_version == b->quote_version;
}

static bool accepted(const struct tdx_bundle *b, struct td_report *out)
{
    struct arena *a = arena_new(4u << 20);
    struct tdx_outcome o;
    assert_non_null(a);
    tdx_case_bundle(a, b, w.now, NULL, &o);
    *out = o.td;
    arena_free(a);
    return o.rc == RC_OK;
}

static struct bytes copy_of(struct bytes b)
{
    struct err err = {0};
    uint8_t *p = arena_copy(arena, b, &err);
    assert_non_null(p);
    return bytes_of(p, b.n);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64u << 20);
    assert_non_null(arena);
    tdx_world_default(&w);
    w.quote.version = 5;
    w.quote.body_type = 3;
    w.pck_crl.revoked[w.pck_crl.num_revoked++] = 0x4242;
    tdx_world_build(arena, &w, &good);
    assert_true(accepted(&good, &expected));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* The bit flipped moves with the byte: neighbours get different ones. */
static uint8_t bit_of(size_t i)
{
    return (uint8_t)(1u << (i * 5 % 8));
}

/* flip_each: every byte of *part (a view inside b), from .. to; text: see the top. */
static void flip_each(const char *name, struct tdx_bundle *b, struct bytes *part, size_t from,
                      size_t to, bool text)
{
    struct bytes good_part = *part;
    *part = copy_of(good_part);
    uint8_t *p = (uint8_t *)(uintptr_t)part->p; /* our copy, not the original */
    for (size_t i = from; i < to; i++) {
        struct td_report got;
        p[i] ^= bit_of(i);
        bool yes = accepted(b, &got);
        CASE(name, !yes || (text && same_report(&got, &expected)), "byte %zu of %zu, bit %02x", i,
             part->n, bit_of(i));
        p[i] ^= bit_of(i);
    }
    *part = good_part;
}

static void every_byte_of_the_quote_matters(void **state)
{
    (void)state;
    struct tdx_bundle b = good;
    size_t pem = 0;
    while (memcmp(b.quote.p + pem, "-----BEGIN", 10) != 0)
        pem++;
    assert_int_equal(pem, 48 + 6 + 648 + 4 + 64 + 64 + 6 + 384 + 64 + 2 + 32 + 6);
    flip_each("quote", &b, &b.quote, 0, pem, false);
    flip_each("PCK chain, PEM", &b, &b.quote, pem, b.quote.n, true);
}

static void every_byte_of_the_documents_matters(void **state)
{
    (void)state;
    struct tdx_bundle b = good;
    struct collateral *c = &b.collateral;
    flip_each("TCB info", &b, &c->tcb_info, 0, c->tcb_info.n, false);
    flip_each("TCB info signature", &b, &c->tcb_info_signature, 0, 64, false);
    flip_each("QE identity", &b, &c->qe_identity, 0, c->qe_identity.n, false);
    flip_each("QE identity signature", &b, &c->qe_identity_signature, 0, 64, false);
}

static void every_byte_of_the_crls_matters(void **state)
{
    (void)state;
    struct tdx_bundle b = good;
    struct collateral *c = &b.collateral;
    flip_each("root CRL", &b, &c->root_ca_crl, 0, c->root_ca_crl.n, false);
    flip_each("PCK CRL", &b, &c->pck_crl, 0, c->pck_crl.n, false);
}

static void every_byte_of_the_issuer_chains_matters(void **state)
{
    (void)state;
    struct tdx_bundle b = good;
    struct collateral *c = &b.collateral;
    flip_each("CRL issuer chain, PEM", &b, &c->pck_crl_issuer_chain, 0, c->pck_crl_issuer_chain.n,
              true);
    flip_each("TCB info issuer chain, PEM", &b, &c->tcb_info_issuer_chain, 0,
              c->tcb_info_issuer_chain.n, true);
    flip_each("QE identity issuer chain, PEM", &b, &c->qe_identity_issuer_chain, 0,
              c->qe_identity_issuer_chain.n, true);
    flip_each("pinned root", &b, &b.root, 0, b.root.n, false);
}

/* The same on DER, so that no flip is lost in base64: each certificate in each chain it stands in.
 */
static void every_byte_of_a_certificate_matters(void **state)
{
    (void)state;
    struct tdx_bundle b = good;
    struct bytes cert[4] = {good.pck, good.pck_ca, good.root, good.tcb_signer};
    static const char *const names[4] = {"PCK", "PCK CA", "root", "TCB signer"};
    for (size_t k = 0; k < 4; k++) {
        struct bytes made = cert[k];
        cert[k] = copy_of(made);
        uint8_t *p = (uint8_t *)(uintptr_t)cert[k].p;
        for (size_t i = 0; i < made.n; i++) {
            struct td_report got;
            struct arena *keep = arena;
            arena = arena_new(1u << 20);
            p[i] ^= bit_of(i);
            struct bytes pem = k == 3 ? tdx_chain(arena, cert[3], cert[2], BYTES_NONE, BYTES_NONE)
                                      : tdx_chain(arena, cert[0], cert[1], cert[2], BYTES_NONE);
            if (k == 3) {
                b.collateral.tcb_info_issuer_chain = pem;
            } else {
                b.quote = tdx_quote_make(arena, &w.quote, pem);
            }
            CASE(names[k], !accepted(&b, &got), "DER byte %zu of %zu, bit %02x", i, made.n,
                 bit_of(i));
            b = good;
            p[i] ^= bit_of(i);
            arena_free(arena);
            arena = keep;
        }
        cert[k] = made;
    }
}

/* Nothing may be cut off either: every prefix of the quote's binary part, every CRL prefix. */
static void nothing_may_be_cut_off(void **state)
{
    (void)state;
    struct tdx_bundle b = good;
    struct td_report got;
    for (size_t n = 0; n < good.quote.n; n += n < 1300 ? 1 : 13) {
        b.quote = bytes_of(good.quote.p, n);
        CASE("quote", !accepted(&b, &got), "cut at %zu", n);
    }
    b = good;
    for (size_t n = 0; n < good.collateral.root_ca_crl.n; n++) {
        b.collateral.root_ca_crl = bytes_of(good.collateral.root_ca_crl.p, n);
        CASE("root CRL", !accepted(&b, &got), "cut at %zu", n);
    }
    b = good;
    for (size_t n = 0; n < good.collateral.pck_crl.n; n++) {
        b.collateral.pck_crl = bytes_of(good.collateral.pck_crl.p, n);
        CASE("PCK CRL", !accepted(&b, &got), "cut at %zu", n);
    }
    b = good;
    for (size_t n = 0; n < 64; n++) {
        b.collateral.tcb_info_signature = bytes_of(good.collateral.tcb_info_signature.p, n);
        CASE("signature", !accepted(&b, &got), "cut at %zu", n);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_byte_of_the_quote_matters),     T(every_byte_of_the_documents_matters),
        T(every_byte_of_the_crls_matters),      T(every_byte_of_the_issuer_chains_matters),
        T(every_byte_of_a_certificate_matters), T(nothing_may_be_cut_off),
    };
    return HARNESS_RUN("tdx_mutants", tests);
}
