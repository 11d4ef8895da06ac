/*
 * x509, crl, der, p256: our reader of certificates and CRLs against OpenSSL's, on the tests' own
 * PKI, on every real certificate at hand, and on both with each byte flipped: what we accept,
 * OpenSSL reads the same.
 */
#include "tests/lib/harness.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "quote/crl.h"
#include "quote/der.h"
#include "quote/pem.h"
#include "quote/quote.h"
#include "quote/verify.h"
#include "tests/lib/tdx_world.h"

static bool same_time(const ASN1_TIME *t, uint64_t ours)
{
    struct tm tm;
    return ASN1_TIME_to_tm(t, &tm) == 1 && (uint64_t)timegm(&tm) == ours;
}

static bool same_integer(const ASN1_INTEGER *i, struct bytes content)
{
    unsigned char *der = NULL;
    int n = i2d_ASN1_INTEGER(i, &der);
    bool same = n > 2 && (size_t)n == content.n + 2 && memcmp(der + 2, content.p, content.n) == 0;
    OPENSSL_free(der);
    return same;
}

static bool same_name(X509_NAME *name, struct bytes whole)
{
    const unsigned char *p = NULL;
    size_t n = 0;
    return X509_NAME_get0_der(name, &p, &n) == 1 && n == whole.n && memcmp(p, whole.p, n) == 0;
}

static bool openssl_is_ca(const X509 *x)
{
    BASIC_CONSTRAINTS *bc = X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);
    bool ca = bc && bc->ca;
    BASIC_CONSTRAINTS_free(bc);
    return ca;
}

static unsigned openssl_key_usage(const X509 *x)
{
    ASN1_BIT_STRING *ku = X509_get_ext_d2i(x, NID_key_usage, NULL, NULL);
    unsigned bits = 0;
    for (int i = 0; ku && i < 16; i++)
        if (ASN1_BIT_STRING_get_bit(ku, i))
            bits |= 1u << i;
    ASN1_BIT_STRING_free(ku);
    return bits;
}

/* same_as_openssl: OpenSSL reads the certificate, and each field as we do. */
static const char *same_as_openssl(const struct cert *c)
{
    const unsigned char *p = c->der.p;
    uint8_t point[65];
    size_t point_n = 0;
    X509 *x = d2i_X509(NULL, &p, (long)c->der.n);
    if (!x || p != c->der.p + c->der.n) {
        X509_free(x);
        return "OpenSSL cannot read it";
    }
    const char *why = NULL;
    EVP_PKEY *key = X509_get0_pubkey(x);
    X509_NAME_ENTRY *cn = NULL;
    int at = X509_NAME_get_index_by_NID(X509_get_subject_name(x), NID_commonName, -1);
    if (at >= 0)
        cn = X509_NAME_get_entry(X509_get_subject_name(x), at);
    ASN1_STRING *cn_text = cn ? X509_NAME_ENTRY_get_data(cn) : NULL;
    struct bytes cn_bytes =
        cn_text ? bytes_of(ASN1_STRING_get0_data(cn_text), (size_t)ASN1_STRING_length(cn_text))
                : BYTES_NONE;
    if (X509_get_version(x) != 2)
        why = "version";
    else if (!same_integer(X509_get0_serialNumber(x), c->serial))
        why = "serial";
    else if (!same_name(X509_get_issuer_name(x), c->issuer) ||
             !same_name(X509_get_subject_name(x), c->subject))
        why = "names";
    else if (!bytes_eq(cn_bytes, c->common_name))
        why = "common name";
    else if (!same_time(X509_get0_notBefore(x), c->not_before) ||
             !same_time(X509_get0_notAfter(x), c->not_after))
        why = "dates";
    /* A point off the curve is bytes to us until a signature is checked; OpenSSL has no key then.
     */
    else if (key &&
             (EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &point_n) != 1 ||
              point_n != 65 || memcmp(point + 1, c->point.p, 64) != 0))
        why = "key";
    else if (openssl_is_ca(x) != c->is_ca)
        why = "CA flag";
    else if (openssl_key_usage(x) != c->key_usage)
        why = "key usage";
    X509_free(x);
    return why;
}

static const char *crl_same_as_openssl(struct bytes der, const struct crl *c)
{
    const unsigned char *p = der.p;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.n);
    if (!x || p != der.p + der.n) {
        X509_CRL_free(x);
        return "OpenSSL cannot read it";
    }
    const char *why = NULL;
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x);
    int n = revoked ? sk_X509_REVOKED_num(revoked) : 0;
    if (X509_CRL_get_version(x) != 1 || !same_name(X509_CRL_get_issuer(x), c->issuer))
        why = "version or issuer";
    else if (!same_time(X509_CRL_get0_lastUpdate(x), c->this_update) ||
             !same_time(X509_CRL_get0_nextUpdate(x), c->next_update))
        why = "dates";
    else if (c->num_revoked != (size_t)n)
        why = "number of entries";
    for (int i = 0; i < n && !why; i++) {
        unsigned char *serial = NULL;
        int len = i2d_ASN1_INTEGER(
            X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i)), &serial);
        if (len <= 2 || !crl_lists(c, bytes_of(serial + 2, (size_t)len - 2)))
            why = "an entry is not found";
        OPENSSL_free(serial);
    }
    X509_CRL_free(x);
    return why;
}

static bool inside(struct bytes whole, size_t i, struct bytes part)
{
    size_t at = (size_t)(part.p - whole.p);
    return i >= at && i < at + part.n;
}

/*
 * flip_cert: the certificate, and each byte of it flipped in three ways. Names are left out:
 * OpenSSL also checks character sets; we compare names byte for byte with an issuer's or an
 * expected one.
 */
static void flip_cert(const char *name, struct bytes der)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    struct cert c, original = {0};
    const char *why = NULL;
    uint8_t *p = malloc(der.n);
    assert_non_null(p);
    memcpy(p, der.p, der.n);
    CASE(name, cert_read(der, &c, &why), "refused: %s", why);
    if (!why) {
        original = c;
        why = same_as_openssl(&c);
        CASE(name, why == NULL, "%s", why);
    }
    size_t accepted = 0;
    for (size_t i = 0; i < der.n; i++) {
        uint8_t m = masks[i % 3];
        if (inside(der, i, original.issuer) || inside(der, i, original.subject))
            continue;
        p[i] ^= m;
        if (cert_read(bytes_of(p, der.n), &c, &why)) {
            accepted++;
            why = same_as_openssl(&c);
            CASE(name, why == NULL, "byte %zu ^ %02x: %s", i, m, why);
        }
        p[i] ^= m;
    }
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        assert_non_null(exact);
        if (n)
            memcpy(exact, der.p, n);
        CASE(name, !cert_read(bytes_of(exact, n), &c, &why), "accepted cut at %zu", n);
        free(exact);
    }
    CASE(name, accepted > 0, "no mutant was accepted: the comparison did not run");
    free(p);
}

static void flip_crl(const char *name, struct bytes der)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    struct crl c, original = {0};
    const char *why = NULL;
    uint8_t *p = malloc(der.n);
    assert_non_null(p);
    memcpy(p, der.p, der.n);
    CASE(name, crl_read(der, &c, &why), "refused: %s", why);
    if (!why) {
        original = c;
        why = crl_same_as_openssl(der, &c);
        CASE(name, why == NULL, "%s", why);
    }
    for (size_t i = 0; i < der.n; i++) {
        uint8_t m = masks[i % 3];
        if (inside(der, i, original.issuer))
            continue;
        p[i] ^= m;
        if (crl_read(bytes_of(p, der.n), &c, &why)) {
            why = crl_same_as_openssl(bytes_of(p, der.n), &c);
            CASE(name, why == NULL, "byte %zu ^ %02x: %s", i, m, why);
        }
        p[i] ^= m;
    }
    for (size_t n = 0; n < der.n; n += 1 + n / 64)
        CASE(name, !crl_read(bytes_of(der.p, n), &c, &why), "accepted cut at %zu", n);
    free(p);
}

static void made_ones_are_read_as_openssl_reads_them(void **state)
{
    (void)state;
    struct arena *a = arena_new(8u << 20);
    struct tdx_world w;
    struct tdx_bundle b;
    tdx_world_default(&w);
    w.pck_crl.num_revoked = 3;
    w.pck_crl.revoked[0] = 1;
    w.pck_crl.revoked[1] = 0x80;
    w.pck_crl.revoked[2] = UINT64_MAX;
    w.pck.not_after = 2840140800; /* 2060: GeneralizedTime */
    tdx_world_build(a, &w, &b);
    flip_cert("root", b.root);
    flip_cert("PCK CA", b.pck_ca);
    flip_cert("PCK", b.pck);
    flip_cert("TCB signer", b.tcb_signer);
    flip_crl("root CRL", b.collateral.root_ca_crl);
    flip_crl("PCK CRL", b.collateral.pck_crl);
    arena_free(a);
}

static void real_ones_are_read_as_openssl_reads_them(void **state)
{
    (void)state;
    char *there = vectors_path("tdx/index.json");
    if (!there) {
        case_skip(1, "no vectors/tdx");
        return;
    }
    free(there);
    struct arena *a = arena_new(64u << 20);
    struct err err = {0};
    struct collateral c;
    const char *why = NULL;
    AUTO_JSON index = vectors_json("tdx/index.json");
    AUTO_JSON j = vectors_json("tdx/real/collateral/dcap-qvl-90c06f000000-2026-02.json");
    const json_t *row;
    size_t k, certs = 0;
    json_array_foreach(json_object_get(index, "quotes"), k, row)
    {
        char path[200];
        struct quote q;
        snprintf(path, sizeof path, "tdx/%s", json_string_value(json_object_get(row, "quote")));
        err_clear(&err);
        if (quote_parse(vectors_bytes(a, path), &q, &err) != RC_OK)
            continue; /* the SGX one */
        struct bytes der;
        while (pem_next(a, &q.pck_chain_pem, LIMIT_CERT_DER, &der, &why, &err) && der.n) {
            struct cert cert;
            bool read = cert_read(der, &cert, &why);
            CASE(path, read, "%s", why);
            if (read) {
                why = same_as_openssl(&cert);
                CASE(path, why == NULL, "%s", why);
            }
            certs++;
        }
    }
    CASE("certificates", certs == 48, "%zu", certs);
    err_clear(&err);
    assert_int_equal(collateral_from_json(a, j, &c, &err), RC_OK);
    struct bytes der;
    assert_true(pem_next(a, &c.tcb_info_issuer_chain, LIMIT_CERT_DER, &der, &why, &err));
    flip_cert("Intel TCB signer", der);
    flip_cert("Intel root", quote_intel_root());
    flip_crl("Intel root CRL", c.root_ca_crl);
    flip_crl("Intel PCK CRL", c.pck_crl);
    arena_free(a);
}

/* One OpenSSL key serves all checks: nothing of an earlier point or signature may linger. */
static void checks_do_not_remember_the_last_key(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "b", "c"};
    struct err err = {0};
    AUTO_P256 p = {0};
    uint8_t point[3][64], sig[3][64], off[64];
    struct bytes msg = bytes_of_str("message");
    assert_int_equal(p256_open(&p, &err), RC_OK);
    for (size_t i = 0; i < 3; i++) {
        pki_public(keys[i], point[i]);
        pki_sign(keys[i], msg, sig[i]);
    }
    memcpy(off, point[0], 64);
    off[63] ^= 1;
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < 3; k++) {
                bool ok = p256_check_raw(&p, BYTES_OF_ARRAY(point[i]), msg, BYTES_OF_ARRAY(sig[k]));
                assert_int_equal(ok, i == k);
                assert_false(p256_point(&p, BYTES_OF_ARRAY(off)));
                assert_false(p256_check_raw(&p, BYTES_OF_ARRAY(off), msg, BYTES_OF_ARRAY(sig[0])));
            }
    assert_false(p256_point(&p, bytes_of(point[0], 63)));
    assert_false(p256_check_raw(&p, BYTES_OF_ARRAY(point[0]), msg, bytes_of(sig[0], 63)));
    assert_false(p256_check_raw(&p, BYTES_OF_ARRAY(point[0]), bytes_of("messagf", 7),
                                BYTES_OF_ARRAY(sig[0])));
    uint8_t zero[64] = {0};
    assert_false(p256_point(&p, BYTES_OF_ARRAY(zero)));
    assert_false(p256_check_raw(&p, BYTES_OF_ARRAY(point[0]), msg, BYTES_OF_ARRAY(zero)));
}

/* Small r or s need fewer octets in DER: short forms must not be mistaken. */
static void signatures_with_leading_zeros_verify(void **state)
{
    (void)state;
    struct err err = {0};
    AUTO_P256 p = {0};
    uint8_t point[64], sig[64], text[4] = {0};
    size_t short_ones = 0;
    assert_int_equal(p256_open(&p, &err), RC_OK);
    pki_public("k", point);
    for (uint32_t i = 0; short_ones < 2 && i < 4000; i++) {
        memcpy(text, &i, 4);
        pki_sign("k", BYTES_OF_ARRAY(text), sig);
        if (sig[0] != 0 && sig[32] != 0)
            continue;
        short_ones++;
        assert_true(
            p256_check_raw(&p, BYTES_OF_ARRAY(point), BYTES_OF_ARRAY(text), BYTES_OF_ARRAY(sig)));
    }
    assert_int_equal(short_ones, 2);
}

static uint64_t read_time(uint8_t tag, const char *text, bool *ok)
{
    uint8_t der[40] = {tag, (uint8_t)strlen(text)};
    memcpy(der + 2, text, strlen(text));
    struct cur c = cur_of(bytes_of(der, 2 + strlen(text)));
    uint64_t t = der_time(&c);
    *ok = cur_done(&c);
    return t;
}

static void times_are_those_of_rfc_5280(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        bool ok;
        uint64_t want;
    } rows[] = {
        {0x17, "700101000000Z", true, 0},
        {0x17, "491231235959Z", true, 2524607999},   /* 2049: the last of UTCTime */
        {0x18, "20500101000000Z", true, 2524608000}, /* 2050: the first of the other */
        {0x17, "000229120000Z", true, 951825600},
        {0x18, "21000228235959Z", true, 4107542399},
        {0x17, "500101000000Z", false, 0}, /* 1950 */
        {0x18, "21000229000000Z", false, 0},
        {0x17, "010229000000Z", false, 0},
        {0x17, "2601010000Z", false, 0},
        {0x17, "260101000000", false, 0},
        {0x17, "260101000000+0000", false, 0},
        {0x18, "20260101000000.5Z", false, 0},
        {0x17, "261301000000Z", false, 0},
        {0x17, "260001000000Z", false, 0},
        {0x17, "260100000000Z", false, 0},
        {0x17, "260132000000Z", false, 0},
        {0x17, "260101240000Z", false, 0},
        {0x17, "260101006000Z", false, 0},
        {0x17, "260101000060Z", false, 0},
        {0x17, "26010100000/Z", false, 0},
        {0x17, "26010100000:Z", false, 0},
        {0x04, "260101000000Z", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool ok;
        uint64_t got = read_time(rows[i].tag, rows[i].text, &ok);
        CASE(rows[i].text, ok == rows[i].ok && (!ok || got == rows[i].want), "%llu",
             (unsigned long long)got);
    }
}

static void der_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t der[8];
        size_t n;
        bool ok;
        uint64_t want;
    } rows[] = {
        {"zero", {0x02, 1, 0}, 3, true, 0},
        {"127", {0x02, 1, 0x7f}, 3, true, 127},
        {"128", {0x02, 2, 0, 0x80}, 4, true, 128},
        {"65535", {0x02, 3, 0, 0xff, 0xff}, 5, true, 65535},
        {"beyond the maximum", {0x02, 3, 1, 0, 0}, 5, false, 0},
        {"negative", {0x02, 1, 0x80}, 3, false, 0},
        {"needless zero", {0x02, 2, 0, 0x7f}, 4, false, 0},
        {"empty", {0x02, 0}, 2, false, 0},
        {"long form of a short length", {0x02, 0x81, 1, 5}, 4, false, 0},
        {"two octets of length for one", {0x02, 0x82, 0, 1, 5}, 5, false, 0},
        {"indefinite", {0x02, 0x80, 5, 0, 0}, 5, false, 0},
        {"four octets of length", {0x02, 0x84, 0, 0, 0, 1, 5}, 7, false, 0},
        {"cut", {0x02, 2, 5}, 3, false, 0},
        {"other tag", {0x04, 1, 5}, 3, false, 0},
        {"bytes behind", {0x02, 1, 5, 5}, 4, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cur c = cur_of(bytes_of(rows[i].der, rows[i].n));
        uint64_t got = der_uint(&c, DER_INTEGER, 65535);
        bool ok = cur_done(&c);
        CASE(rows[i].what, ok == rows[i].ok && (!ok || got == rows[i].want), "%llu",
             (unsigned long long)got);
    }
    static const uint8_t odd[] = {0x1f, 0x81, 0x01, 0x00};
    struct cur c = cur_of(BYTES_OF_ARRAY(odd));
    uint8_t tag;
    struct bytes content, whole;
    assert_false(der_any(&c, &tag, &content, &whole)); /* multi-byte tag */
    static const uint8_t truth[] = {0x01, 0x01, 0x01};
    c = cur_of(BYTES_OF_ARRAY(truth));
    assert_false(der_bool(&c));
    assert_true(c.bad);
}

static void pem_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *what, *text;
        bool ok;
        size_t n; /* decoded bytes of the first block */
    } rows[] = {
        {"nothing", "", true, 0},
        {"white space", " \r\n\t", true, 0},
        {"one", "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", true, 3},
        {"CRLF", "-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n-----END CERTIFICATE-----", true, 3},
        {"padded", "-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----", true, 1},
        {"one line", "-----BEGIN CERTIFICATE-----AQI=-----END CERTIFICATE-----", true, 2},
        {"stray bits", "-----BEGIN CERTIFICATE-----\nAR==\n-----END CERTIFICATE-----", false, 0},
        {"no padding", "-----BEGIN CERTIFICATE-----\nAQ\n-----END CERTIFICATE-----", false, 0},
        {"too much padding", "-----BEGIN CERTIFICATE-----\nAQ===\n-----END CERTIFICATE-----", false,
         0},
        {"padding inside", "-----BEGIN CERTIFICATE-----\nAQ==AQID\n-----END CERTIFICATE-----",
         false, 0},
        {"empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", false, 0},
        {"text before", "x-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----", false, 0},
        {"a header", "-----BEGIN CERTIFICATE-----\nA: b\n\nAQID\n-----END CERTIFICATE-----", false,
         0},
        {"end first", "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----", false, 0},
        {"no end", "-----BEGIN CERTIFICATE-----\nAQID\n", false, 0},
        {"other end", "-----BEGIN CERTIFICATE-----\nAQID\n-----END X509 CRL-----", false, 0},
        {"other kind", "-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----", false, 0},
        {"too long",
         "-----BEGIN CERTIFICATE-----\nAQIDAQIDAQIDAQIDAQIDAQIDAQIDAQID\n"
         "-----END CERTIFICATE-----",
         false, 0},
    };
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes t = bytes_of_str(rows[i].text), der = BYTES_NONE;
        struct err err = {0};
        const char *why = NULL;
        bool ok = pem_next(a, &t, 12, &der, &why, &err);
        CASE(rows[i].what, ok == rows[i].ok && der.n == rows[i].n, "%zu bytes, %s", der.n, why);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(der_is_strict),
        cmocka_unit_test(times_are_those_of_rfc_5280),
        cmocka_unit_test(pem_is_strict),
        cmocka_unit_test(checks_do_not_remember_the_last_key),
        cmocka_unit_test(signatures_with_leading_zeros_verify),
        cmocka_unit_test(made_ones_are_read_as_openssl_reads_them),
        cmocka_unit_test(real_ones_are_read_as_openssl_reads_them),
    };
    return HARNESS_RUN("x509", tests);
}
