/*
 * qgs: frames written here from the message definitions, and what is made of them: the requests
 * byte for byte, good answers of every kind, each refusal, every cut, every byte of the lengths and
 * headers changed. Bytes of an answer that may change, and why: the minor version (6-7; it only
 * ever added messages) and the version of the collateral (20-23; a CRL shows its form itself). What
 * is in a part is not judged here but by quote_verify, to which a whole answer is given.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "quote/qgs.h"
#include "quote/verify.h"
#include "tests/lib/tdx_world.h"

#define PARTS 7

struct frame {
    uint8_t *b;
    size_t n;
};

static void le32(uint8_t *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* Prefix and header around what follows; the lengths are of all that is there. */
static void close_frame(struct frame *f, uint32_t type, uint32_t error)
{
    uint32_t n = (uint32_t)(f->n - 4);
    memset(f->b, 0, 20);
    for (size_t i = 0; i < 4; i++)
        f->b[i] = (uint8_t)(n >> (24 - 8 * i));
    f->b[4] = 1;
    f->b[6] = 1;
    le32(f->b + 8, type);
    le32(f->b + 12, n);
    le32(f->b + 16, error);
}

static struct frame quote_frame(struct bytes quote)
{
    struct frame f = {calloc(1, 64 + quote.n), 28 + quote.n};
    le32(f.b + 24, (uint32_t)quote.n);
    if (quote.n)
        memcpy(f.b + 28, quote.p, quote.n);
    close_frame(&f, 1, 0);
    return f;
}

static struct frame collateral_frame(const struct bytes part[PARTS], size_t rest)
{
    struct frame f = {NULL, 20 + 4 + 4 * PARTS};
    size_t n = f.n + rest;
    for (size_t i = 0; i < PARTS; i++)
        n += part[i].n;
    f.b = calloc(1, n + 64);
    f.b[20] = 3;
    f.b[22] = 1;
    for (size_t i = 0; i < PARTS; i++) {
        le32(f.b + 24 + 4 * i, (uint32_t)part[i].n);
        if (part[i].n)
            memcpy(f.b + f.n, part[i].p, part[i].n);
        f.n += part[i].n;
    }
    f.n += rest;
    close_frame(&f, 3, 0);
    return f;
}

struct bench {
    struct arena *a;
    struct tdx_world w;
    struct tdx_bundle good;
    struct bytes part[PARTS];
};

static struct bytes with_nul(struct arena *a, struct bytes b)
{
    struct err err = {0};
    uint8_t *p = arena_copy(a, b, &err);
    assert_non_null(p);
    return bytes_of(p, b.n + 1);
}

static struct bytes signed_text(struct arena *a, const char *member, struct bytes inner,
                                struct bytes signature)
{
    struct err err = {0};
    char *hex = hex_str(a, signature, &err);
    char *s = arena_printf(a, &err, "{\"%s\":%.*s,\"signature\":\"%s\"}", member, (int)inner.n,
                           (const char *)inner.p, hex);
    assert_non_null(s);
    return bytes_of(s, strlen(s) + 1);
}

static struct bench setup(void)
{
    struct bench b = {.a = arena_new(64u << 20)};
    assert_non_null(b.a);
    tdx_world_default(&b.w);
    tdx_world_build(b.a, &b.w, &b.good);
    const struct collateral *c = &b.good.collateral;
    b.part[0] = with_nul(b.a, c->pck_crl_issuer_chain);
    b.part[1] = c->root_ca_crl;
    b.part[2] = c->pck_crl;
    b.part[3] = with_nul(b.a, c->tcb_info_issuer_chain);
    b.part[4] = signed_text(b.a, "tcbInfo", c->tcb_info, c->tcb_info_signature);
    b.part[5] = with_nul(b.a, c->qe_identity_issuer_chain);
    b.part[6] = signed_text(b.a, "enclaveIdentity", c->qe_identity, c->qe_identity_signature);
    return b;
}

static void requests_are_as_documented(void **state)
{
    (void)state;
    static const uint8_t head[28] = {0, 0, 4, 0x18, 1, 0, 0, 0, 0, 0, 0, 0, 0x18, 4,
                                     0, 0, 0, 0,    0, 0, 0, 4, 0, 0, 0, 0, 0,    0};
    static const uint8_t ask[28] = {0, 0, 0, 0x27, 1, 0, 0, 0, 2, 0, 0, 0, 0x27, 0,
                                    0, 0, 0, 0,    0, 0, 6, 0, 0, 0, 9, 0, 0,    0};
    static const uint8_t fmspc[6] = {0, 0x80, 0x6f, 5, 0, 1};
    uint8_t report[QGS_REPORT_SIZE], out[QGS_QUOTE_REQUEST_SIZE], o[QGS_COLLATERAL_REQUEST_MAX];
    for (size_t i = 0; i < sizeof report; i++)
        report[i] = (uint8_t)(i * 7 + 1);
    qgs_quote_request(report, out);
    CASE("quote", memcmp(out, head, 28) == 0, "header");
    CASE("quote", sizeof out == 1052 && memcmp(out + 28, report, 1024) == 0, "report");
    size_t n = qgs_collateral_request(fmspc, true, o);
    CASE("platform", n == 43 && memcmp(o, ask, 28) == 0, "%zu", n);
    CASE("platform", memcmp(o + 28, fmspc, 6) == 0 && memcmp(o + 34, "platform", 9) == 0, "parts");
    n = qgs_collateral_request(fmspc, false, o);
    CASE("processor", n == 44 && o[3] == 0x28 && o[12] == 0x28 && o[24] == 10, "%zu", n);
    CASE("processor", memcmp(o + 34, "processor", 10) == 0, "parts");
}

static enum rc quote_of(struct bytes frame, struct bytes *out, struct err *err)
{
    err_clear(err);
    return qgs_quote_response(frame, out, err);
}

static void quote_answers(void **state)
{
    (void)state;
    static const uint8_t quote[100] = {4, 0, 2};
    const struct {
        const char *name;
        size_t at;
        uint32_t v;
        enum rc want;
        const char *detail;
    } rows[] = {
        {"minor 0", 4, 1, RC_OK, NULL},
        {"minor 9", 4, 0x90001, RC_OK, NULL},
        {"prefix too small", 0, 0x0f000000, BG_QGS_FRAME, NULL},
        {"prefix little-endian", 0, 0x7c, BG_QGS_FRAME, NULL},
        {"prefix above the cap", 0, 0x01001000, BG_QGS_FRAME, NULL},
        {"prefix 2^32-1", 0, 0xffffffff, BG_QGS_FRAME, NULL},
        {"prefix one less", 0, 0x7b000000, BG_QGS_FRAME_REST, NULL},
        {"prefix one more", 0, 0x7d000000, BG_QGS_FRAME_REST, NULL},
        {"major 0", 4, 0, BG_QGS_VERSION, NULL},
        {"major 2", 4, 2, BG_QGS_VERSION, NULL},
        {"a request", 8, 0, BG_QGS_TYPE, NULL},
        {"collateral", 8, 3, BG_QGS_TYPE, NULL},
        {"platform info", 8, 5, BG_QGS_TYPE, NULL},
        {"size one less", 12, 123, BG_QGS_SIZE, NULL},
        {"size one more", 12, 125, BG_QGS_SIZE, NULL},
        {"size with the prefix", 12, 128, BG_QGS_SIZE, NULL},
        {"unexpected", 16, 0x12001, BG_QGS_REFUSED, "0x12001: unexpected error"},
        {"memory", 16, 0x12002, BG_QGS_REFUSED, "0x12002: out of memory"},
        {"parameter", 16, 0x12003, BG_QGS_REFUSED, "0x12003: invalid parameter"},
        {"version", 16, 0x12004, BG_QGS_REFUSED, "0x12004: invalid message version"},
        {"type", 16, 0x12005, BG_QGS_REFUSED, "0x12005: invalid message type"},
        {"size", 16, 0x12006, BG_QGS_REFUSED, "0x12006: invalid message size"},
        {"code", 16, 0x12007, BG_QGS_REFUSED, "0x12007: invalid error code"},
        {"unknown error", 16, 0x12008, BG_QGS_REFUSED, "0x12008: a code that no service"},
        {"error 1", 16, 1, BG_QGS_REFUSED, "0x1: a code that no service"},
        {"id", 20, 1, BG_QGS_QUOTE_PARTS, NULL},
        {"id 2^32-1", 20, 0xffffffff, BG_QGS_QUOTE_PARTS, NULL},
        {"quote one less", 24, 99, BG_QGS_QUOTE_PARTS, NULL},
        {"quote one more", 24, 101, BG_QGS_QUOTE_PARTS, NULL},
        {"quote 2^32-1", 24, 0xffffffff, BG_QGS_QUOTE_PARTS, NULL},
    };
    struct frame f = quote_frame(BYTES_OF_ARRAY(quote));
    struct bytes got = BYTES_NONE;
    struct err err = {0};
    enum rc rc = quote_of(bytes_of(f.b, f.n), &got, &err);
    CASE("as it is", rc == RC_OK && bytes_eq(got, BYTES_OF_ARRAY(quote)), "BG-%04d", rc);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t b[128];
        memcpy(b, f.b, sizeof b);
        le32(b + rows[i].at, rows[i].v);
        rc = quote_of(bytes_of(b, f.n), &got, &err);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
        CASE(rows[i].name, !rows[i].detail || strstr(err.detail, rows[i].detail), "%s", err.detail);
    }
    for (size_t n = 0; n < f.n; n++) {
        rc = quote_of(bytes_of(f.b, n), &got, &err);
        CASE("cut", rc == (n < 4 ? BG_QGS_FRAME_CUT : BG_QGS_FRAME_REST), "%zu: BG-%04d", n, rc);
    }
    for (size_t at = 0; at < 28; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            f.b[at] ^= (uint8_t)(1u << bit);
            rc = quote_of(bytes_of(f.b, f.n), &got, &err);
            CASE("bit", (rc == RC_OK) == (at == 6 || at == 7), "byte %zu: BG-%04d", at, rc);
            f.b[at] ^= (uint8_t)(1u << bit);
        }
    free(f.b);
    f = quote_frame(BYTES_NONE);
    rc = quote_of(bytes_of(f.b, f.n), &got, &err);
    CASE("empty quote", rc == BG_QGS_QUOTE_EMPTY, "BG-%04d", rc);
    for (f.n = 20; f.n < 28; f.n++) { /* a header, and not all of what follows it */
        close_frame(&f, 1, 0);
        rc = quote_of(bytes_of(f.b, f.n), &got, &err);
        CASE("header", rc == BG_QGS_QUOTE_PARTS, "%zu: BG-%04d", f.n, rc);
    }
    free(f.b);
    size_t n = 0;
    err_clear(&err);
    CASE("least", qgs_frame_size((const uint8_t[4]){0, 0, 0, 16}, &n, &err) == RC_OK && n == 16,
         "%zu", n);
    CASE("most",
         qgs_frame_size((const uint8_t[4]){0, 0x10, 0, 0}, &n, &err) == RC_OK &&
             n == LIMIT_QGS_MESSAGE,
         "%zu", n);
}

static enum rc collateral_of(struct bench *b, struct frame f, struct collateral *out)
{
    struct err err = {0};
    memset(out, 0, sizeof *out);
    enum rc rc = qgs_collateral_response(b->a, bytes_of(f.b, f.n), out, &err);
    return rc;
}

static bool verifies(struct bench *b, const struct collateral *c)
{
    struct err err = {0};
    struct quote q;
    const struct td_report_ok *ok = NULL;
    assert_int_equal(quote_parse(b->good.quote, &q, &err), RC_OK);
    return quote_verify(b->a, &q, c, b->good.root, b->w.now, &ok, &err) == RC_OK;
}

static void collateral_answers_verify_a_quote(void **state)
{
    (void)state;
    struct bench b = setup();
    struct collateral got;
    struct err err = {0};
    for (size_t rest = 0; rest <= 5; rest++) {
        struct frame f = collateral_frame(b.part, rest);
        enum rc want = rest == 0 || rest == 4 ? RC_OK : BG_QGS_COLLATERAL_REST;
        enum rc rc = collateral_of(&b, f, &got);
        CASE("rest", rc == want && (rc != RC_OK || verifies(&b, &got)), "%zu: BG-%04d", rest, rc);
        if (rest == 4) {
            f.b[f.n - 1] = 1;
            rc = collateral_of(&b, f, &got);
            CASE("rest", rc == BG_QGS_COLLATERAL_REST, "not zero: BG-%04d", rc);
        }
        free(f.b);
    }
    /* hex CRLs with and without a NUL, texts without one */
    for (size_t i = 1; i <= 2; i++) {
        char *hex = hex_str(b.a, b.good.collateral.root_ca_crl, &err);
        b.part[1] = bytes_of(hex, strlen(hex) + (i & 1));
        hex = hex_str(b.a, b.good.collateral.pck_crl, &err);
        b.part[2] = bytes_of(hex, strlen(hex) + (i & 1));
        struct frame f = collateral_frame(b.part, 4);
        enum rc rc = collateral_of(&b, f, &got);
        CASE("hex", rc == RC_OK && verifies(&b, &got), "%zu: BG-%04d", i, rc);
        free(f.b);
        for (size_t k = 0; k < PARTS; k++)
            if (k != 1 && k != 2 && b.part[k].p[b.part[k].n - 1] == 0)
                b.part[k].n--;
    }
    arena_free(b.a);
}

static void malformed_collateral_is_refused_by_name(void **state)
{
    (void)state;
    struct bench b = setup();
    struct collateral got;
    char big[] = "x";
    struct err err = {0};
    uint8_t *large = arena_alloc(b.a, 3u << 20, &err);
    assert_non_null(large);
    memset(large, 'a', 3u << 20);
    const struct {
        const char *name;
        size_t part;
        struct bytes v;
        enum rc want;
    } rows[] = {
        {"no PCK chain", 0, BYTES_NONE, BG_QGS_COLLATERAL_EMPTY},
        {"no root CRL", 1, BYTES_NONE, BG_QGS_COLLATERAL_EMPTY},
        {"no PCK CRL", 2, BYTES_NONE, BG_QGS_COLLATERAL_EMPTY},
        {"no TCB chain", 3, BYTES_NONE, BG_QGS_COLLATERAL_EMPTY},
        {"a NUL for TCB info", 4, bytes_of("", 1), BG_QGS_COLLATERAL_EMPTY},
        {"no QE chain", 5, BYTES_NONE, BG_QGS_COLLATERAL_EMPTY},
        {"no QE identity", 6, BYTES_NONE, BG_QGS_COLLATERAL_EMPTY},
        {"large chain", 0, bytes_of(large, 2 * LIMIT_CERTS * LIMIT_CERT_DER + 1),
         BG_QGS_COLLATERAL_LARGE},
        {"large TCB info", 4, bytes_of(large, LIMIT_TCB_INFO + 1), BG_QGS_COLLATERAL_LARGE},
        {"large QE identity", 6, bytes_of(large, LIMIT_QE_IDENTITY + 1), BG_QGS_COLLATERAL_LARGE},
        {"CRL as PEM", 1, bytes_of_str("-----BEGIN X509 CRL-----"), BG_QGS_COLLATERAL_CRL},
        {"odd hex", 2, bytes_of_str("308"), BG_QGS_COLLATERAL_CRL},
        {"not hex", 2, bytes_of_str("30zz"), BG_QGS_COLLATERAL_CRL},
        {"TCB info: text", 4, bytes_of(big, 1), BG_JSON_SYNTAX},
        {"TCB info: bare", 4, b.good.collateral.tcb_info, BG_QGS_COLLATERAL_DOCUMENT},
        {"TCB info: other document", 4, b.part[6], BG_QGS_COLLATERAL_DOCUMENT},
        {"QE identity: other document", 6, b.part[4], BG_QGS_COLLATERAL_DOCUMENT},
        {"TCB info: no object", 4, bytes_of_str("{\"tcbInfo\":\"x\",\"signature\":\"\"}"),
         BG_QGS_COLLATERAL_DOCUMENT},
        {"no signature", 4, bytes_of_str("{\"tcbInfo\":{}}"), BG_QGS_COLLATERAL_SIGNATURE},
        {"short signature", 6, bytes_of_str("{\"enclaveIdentity\":{},\"signature\":\"00\"}"),
         BG_QGS_COLLATERAL_SIGNATURE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes part[PARTS];
        memcpy(part, b.part, sizeof part);
        part[rows[i].part] = rows[i].v;
        struct frame f = collateral_frame(part, 0);
        enum rc rc = collateral_of(&b, f, &got);
        CASE(rows[i].name, rc == rows[i].want && got.tcb_info.p == NULL, "BG-%04d", rc);
        free(f.b);
    }
    struct frame f = collateral_frame(b.part, 0);
    for (size_t at = 0; at < 24 + 4 * PARTS; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            f.b[at] ^= (uint8_t)(1u << bit);
            enum rc rc = collateral_of(&b, f, &got);
            bool free_byte = at == 6 || at == 7 || (at >= 20 && at < 24);
            CASE("bit", (rc == RC_OK) == free_byte, "byte %zu: BG-%04d", at, rc);
            f.b[at] ^= (uint8_t)(1u << bit);
        }
    for (size_t n = 0; n < f.n; n++) {
        struct frame cut = {f.b, n};
        enum rc rc = collateral_of(&b, cut, &got);
        CASE("cut", rc == (n < 4 ? BG_QGS_FRAME_CUT : BG_QGS_FRAME_REST), "%zu: BG-%04d", n, rc);
    }
    /* cut, and the frame says so */
    uint8_t *copy = malloc(f.n);
    memcpy(copy, f.b, f.n);
    for (size_t n = f.n - 1; n >= 20; n--) {
        struct frame cut = {copy, n};
        close_frame(&cut, 3, 0);
        enum rc rc = collateral_of(&b, cut, &got);
        CASE("cut and closed", rc == BG_QGS_COLLATERAL_PARTS || rc == BG_QGS_COLLATERAL_EMPTY,
             "%zu: BG-%04d", n, rc);
    }
    close_frame(&f, 3, 0x12001);
    CASE("refused", collateral_of(&b, f, &got) == BG_QGS_REFUSED, "accepted");
    free(copy);
    free(f.b);
    arena_free(b.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_as_documented),
        cmocka_unit_test(quote_answers),
        cmocka_unit_test(collateral_answers_verify_a_quote),
        cmocka_unit_test(malformed_collateral_is_refused_by_name),
    };
    return HARNESS_RUN("qgs", tests);
}
