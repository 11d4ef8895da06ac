/*
 * tpm_attest: endorsement certificates, each defect with its own code and each byte flipped; and
 * quotes, made by hand after TPM 2.0 Part 2, 10.12, signed by OpenSSL. tests/live/tpm_attest_test.c
 * has the same with a TPM.
 */
#include "tests/lib/ek_ca.h"
#include "tests/lib/harness.h"

#include "agent/tpm_attest.h"
#include "agent/tpm_attest_cert.h"
#include "agent/tpm_attest_quote.h"
#include "agent/tpm_put.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>

static struct ek_maker maker, other;
static EVP_PKEY *ecc, *rsa, *else_ecc;

/* What the TPM's process would say of this key and certificate; malloc'd. */
static struct bytes answer_of(EVP_PKEY *ek, X509 *cert, size_t padding, uint8_t pad)
{
    struct bytes der = ek_der(cert);
    bool is_rsa = EVP_PKEY_is_a(ek, "RSA");
    size_t key = is_rsa ? TPM_EK_RSA_LEN : TPM_EK_ECC_LEN, n = 0;
    uint8_t *p = malloc(1 + key + der.n + padding), point[65];
    assert_non_null(p);
    p[0] = is_rsa ? TPM_EK_RSA : TPM_EK_ECC;
    if (is_rsa) {
        BIGNUM *modulus = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(ek, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
        assert_int_equal(BN_bn2binpad(modulus, p + 1, (int)key), (int)key);
        BN_free(modulus);
    } else {
        assert_int_equal(
            EVP_PKEY_get_octet_string_param(ek, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n),
            1);
        memcpy(p + 1, point + 1, key);
    }
    memcpy(p + 1 + key, der.p, der.n);
    memset(p + 1 + key + der.n, pad, padding);
    free((void *)(uintptr_t)der.p);
    return bytes_of(p, 1 + key + der.n + padding);
}

struct given {
    EVP_PKEY *ek; /* NULL: ecc */
    struct ek_cert cert;
    X509 *trusted[3];
    X509_CRL *crl;
    bool with_crl;
    uint64_t now;
    size_t padding;
    uint8_t pad;
};

static struct given good(EVP_PKEY *ek)
{
    return (struct given){.ek = ek,
                          .cert = ek_maker_cert(&maker, ek),
                          .trusted = {maker.root, maker.ca},
                          .now = EK_NOW};
}

static enum rc verify(const struct given *g, struct err *err)
{
    struct bytes ca = BYTES_NONE, crl = BYTES_NONE;
    X509 *cert = ek_cert_make(&g->cert);
    for (size_t i = 0; i < 3 && g->trusted[i]; i++)
        ek_pem_cert(&ca, g->trusted[i]);
    if (g->crl)
        ek_pem_crl(&crl, g->crl);
    const struct tpm_ek_trust trust = {
        .ca = ca, .crl = crl, .with_crl = g->with_crl, .now = g->now};
    struct bytes ek = answer_of(g->ek, cert, g->padding, g->pad);
    err_clear(err);
    enum rc rc = tpm_ek_verify(&trust, ek, err);
    X509_free(cert);
    free((void *)(uintptr_t)ca.p);
    free((void *)(uintptr_t)crl.p);
    free((void *)(uintptr_t)ek.p);
    return rc;
}

static void each_defect_has_its_code(void **state)
{
    (void)state;
#define VERIFY(code, change)                                                                       \
    do {                                                                                           \
        struct err err = {0};                                                                      \
        struct given g = good(ecc);                                                                \
        change;                                                                                    \
        enum rc rc = verify(&g, &err);                                                             \
        CASE(#change, rc == (code), "BG-%d %s, not BG-%d", (int)rc, err.detail, (int)(code));      \
    } while (0)
    X509_CRL *empty = ek_crl_make("Maker CA", maker.ca_key, 0, EK_NOW - 10, EK_NOW + 10),
             *revoked = ek_crl_make("Maker CA", maker.ca_key, 77, EK_NOW - 10, EK_NOW + 10),
             *another = ek_crl_make("Maker CA", maker.ca_key, 78, EK_NOW - 10, EK_NOW + 10),
             *old = ek_crl_make("Maker CA", maker.ca_key, 0, EK_NOW - 10, EK_NOW - 1),
             *early = ek_crl_make("Maker CA", maker.ca_key, 0, EK_NOW + 1, EK_NOW + 10),
             *forged = ek_crl_make("Maker CA", other.ca_key, 0, EK_NOW - 10, EK_NOW + 10),
             *of_root = ek_crl_make("Maker root", maker.root_key, 0, EK_NOW - 10, EK_NOW + 10);
    VERIFY(RC_OK, (void)0);
    VERIFY(RC_OK, g = good(rsa));
    VERIFY(RC_OK, (g.trusted[0] = maker.ca, g.trusted[1] = NULL));
    VERIFY(RC_OK,
           (g.trusted[2] = g.trusted[1], g.trusted[1] = g.trusted[0], g.trusted[0] = other.root));
    VERIFY(RC_OK, (g.padding = 300, g.pad = 0));
    VERIFY(RC_OK, (g.padding = 300, g.pad = 0xff));
    VERIFY(BG_TPM_EK_CERT_FORMAT, (g.padding = 300, g.pad = 0x30));
    VERIFY(BG_TPM_EK_CHAIN, g.trusted[1] = NULL); /* the intermediate is missing */
    VERIFY(BG_TPM_EK_CHAIN, (g.trusted[0] = other.root, g.trusted[1] = NULL));
    /* The same names, other keys. */
    VERIFY(BG_TPM_EK_SIGNATURE, (g.trusted[0] = other.root, g.trusted[1] = other.ca));
    VERIFY(BG_TPM_EK_SIGNATURE, g.cert.issuer_key = other.ca_key);
    VERIFY(BG_TPM_EK_CHAIN, (g.cert.issuer = g.cert.subject, g.cert.issuer_key = ecc));
    VERIFY(BG_TPM_EK_CA_FORMAT, g.trusted[0] = NULL);
    VERIFY(BG_TPM_EK_TIME, g.cert.until = EK_NOW - 1);
    VERIFY(BG_TPM_EK_TIME, g.cert.from = EK_NOW + 1);
    VERIFY(BG_TPM_EK_TIME, g.now = EK_NOW + 2 * UINT64_C(31536000));
    VERIFY(BG_TPM_EK_TIME, g.now = 1);
    VERIFY(RC_OK, (g.with_crl = true, g.crl = empty));
    VERIFY(RC_OK, (g.with_crl = true, g.crl = another));
    VERIFY(BG_TPM_EK_REVOKED, (g.with_crl = true, g.crl = revoked));
    VERIFY(BG_TPM_EK_CRL, (g.with_crl = true, g.crl = old));
    VERIFY(BG_TPM_EK_CRL, (g.with_crl = true, g.crl = early));
    VERIFY(BG_TPM_EK_CRL, (g.with_crl = true, g.crl = forged));
    VERIFY(BG_TPM_EK_CRL, (g.with_crl = true, g.crl = of_root));
    VERIFY(BG_TPM_EK_CRL_FORMAT, g.with_crl = true);
    VERIFY(BG_TPM_EK_PROFILE, g.cert.ext_usage = "");
    VERIFY(BG_TPM_EK_PROFILE, g.cert.ext_usage = "2.23.133.8.3"); /* an attestation key's */
    VERIFY(BG_TPM_EK_PROFILE, g.cert.ext_usage = "serverAuth");
    VERIFY(RC_OK, g.cert.ext_usage = "serverAuth,2.23.133.8.1");
    VERIFY(BG_TPM_EK_PROFILE, g.cert.usage = "");
    VERIFY(BG_TPM_EK_PROFILE, g.cert.usage = "critical,digitalSignature");
    VERIFY(BG_TPM_EK_PROFILE, g.cert.usage = "critical,keyEncipherment");
    VERIFY(BG_TPM_EK_PROFILE, (g = good(rsa), g.cert.usage = "critical,keyAgreement"));
    VERIFY(BG_TPM_EK_PROFILE, g.cert.ca = true);
    /* All else as it should be: its key makes certificates, too. */
    VERIFY(BG_TPM_EK_PROFILE, (g.cert.ca = true, g.cert.usage = "keyAgreement,keyCertSign",
                               g.cert.ext_usage = "2.23.133.8.1"));
    VERIFY(BG_TPM_EK_OTHER, g.cert.extra_oid = "1.3.6.1.4.1.99999.1");
    VERIFY(BG_TPM_EK_KEY, g.ek = else_ecc);
    VERIFY(BG_TPM_EK_KEY, (g.ek = rsa, g.cert.usage = "critical,keyAgreement,keyEncipherment"));
    VERIFY(BG_TPM_EK_KEY,
           (g = good(rsa), g.ek = ecc, g.cert.usage = "critical,keyAgreement,keyEncipherment"));
    VERIFY(BG_TPM_EK_OTHER, g.cert.md = EVP_sha1());
    /* A certificate that is listed itself: this TPM alone. */
    struct ek_cert own = ek_maker_cert(&maker, ecc);
    X509 *itself = ek_cert_make(&own);
    struct bytes pem = BYTES_NONE;
    ek_pem_cert(&pem, itself);
    const struct tpm_ek_trust only = {.ca = pem, .now = EK_NOW};
    struct err err = {0};
    struct bytes mine = answer_of(ecc, itself, 0, 0);
    enum rc rc = tpm_ek_verify(&only, mine, &err);
    CASE("listed itself", rc == RC_OK, "BG-%d %s", (int)rc, err.detail);
    free((void *)(uintptr_t)mine.p);
    own = ek_maker_cert(&maker, else_ecc);
    X509 *neighbour = ek_cert_make(&own);
    mine = answer_of(else_ecc, neighbour, 0, 0);
    err_clear(&err);
    rc = tpm_ek_verify(&only, mine, &err);
    CASE("its neighbour", rc == BG_TPM_EK_CHAIN, "BG-%d %s", (int)rc, err.detail);
    free((void *)(uintptr_t)mine.p);
    free((void *)(uintptr_t)pem.p);
    X509_free(itself);
    X509_free(neighbour);
    X509_CRL *all[] = {empty, revoked, another, old, early, forged, of_root};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        X509_CRL_free(all[i]);
}

#ifdef __SANITIZE_ADDRESS__ /* slower, and after other defects */
#define STRIDE 13u
#else
#define STRIDE 1u
#endif

static void every_byte_counts(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = {ecc, rsa};
    struct bytes ca = BYTES_NONE;
    ek_pem_cert(&ca, maker.root);
    ek_pem_cert(&ca, maker.ca);
    const struct tpm_ek_trust trust = {.ca = ca, .now = EK_NOW};
    for (size_t k = 0; k < 2; k++) {
        struct ek_cert c = ek_maker_cert(&maker, keys[k]);
        X509 *cert = ek_cert_make(&c);
        struct bytes ek = answer_of(keys[k], cert, 0, 0);
        uint8_t *p = malloc(ek.n);
        assert_non_null(p);
        for (size_t i = 0; i < ek.n; i += STRIDE)
            for (unsigned bit = 0; bit < 8; bit += 7) {
                struct err err = {0};
                memcpy(p, ek.p, ek.n);
                p[i] ^= (uint8_t)(1u << bit);
                enum rc rc = tpm_ek_verify(&trust, bytes_of(p, ek.n), &err);
                CASE("flipped", rc != RC_OK, "byte %zu bit %u of %zu", i, bit, ek.n);
            }
        for (size_t n = 0; n < ek.n; n += STRIDE) {
            struct err err = {0};
            enum rc rc = tpm_ek_verify(&trust, bytes_of(ek.p, n), &err);
            CASE("cut", rc != RC_OK, "%zu of %zu bytes", n, ek.n);
        }
        struct err err = {0};
        CASE("whole", tpm_ek_verify(&trust, ek, &err) == RC_OK, "BG-%d %s", (int)err.rc,
             err.detail);
        free(p);
        free((void *)(uintptr_t)ek.p);
        X509_free(cert);
    }
    free((void *)(uintptr_t)ca.p);
}

/* --- quotes --- */

struct made {
    uint8_t attest[256], values[TPM_PCR_COUNT][TPM_PCR_MAX];
    size_t n;
    struct tpm_quote_asked asked;
    EVP_PKEY *key;
};

static void sha256(const void *p, size_t n, uint8_t out[32])
{
    assert_int_equal(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL), 1);
}

static void sign(const struct made *m, struct tpm_quote *q)
{
    uint8_t der[80];
    size_t n = sizeof der;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, m->key), 1);
    assert_int_equal(EVP_DigestSign(md, der, &n, m->attest, m->n), 1);
    EVP_MD_CTX_free(md);
    const uint8_t *at = der;
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)n);
    assert_non_null(s);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(s), q->signature, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(s), q->signature + 32, 32), 32);
    ECDSA_SIG_free(s);
    q->attest = bytes_of(m->attest, m->n);
}

/* Offsets of members, for the cases that change one. */
enum { AT_TYPE = 4, AT_SIGNER = 8, AT_NONCE = 44, AT_BANK = 105, AT_MASK = 108, AT_DIGEST = 113 };

static void make(struct made *m, enum tpm_bank bank)
{
    uint8_t point[65], signer[38], digest[32], values[3 * TPM_PCR_MAX];
    size_t len = tpm_bank_len(bank), n = 0;
    memset(m, 0, sizeof *m);
    m->key = ecc;
    for (size_t i = 0; i < TPM_PCR_COUNT; i++)
        memset(m->values[i], (int)(i + 1), len);
    m->asked.bank = bank;
    m->asked.pcrs = 1u << 4 | 1u << 9 | 1u << 15;
    m->asked.values = (const uint8_t(*)[TPM_PCR_MAX])m->values;
    memset(m->asked.nonce, 0x5c, TPM_NONCE_LEN);
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(ecc, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n), 1);
    memcpy(m->asked.key, point + 1, 64);
    m->asked.key_name[1] = 0x0b;
    memset(m->asked.key_name + 2, 0x77, 32);
    memcpy(values, m->values[4], len);
    memcpy(values + len, m->values[9], len);
    memcpy(values + 2 * len, m->values[15], len);
    sha256(values, 3 * len, digest);
    memcpy(signer, "\x40\x00\x00\x01", 4);
    memcpy(signer + 4, m->asked.key_name, 34);
    uint8_t qualified[32];
    sha256(signer, sizeof signer, qualified);

    struct put o = {m->attest, 0, sizeof m->attest, false};
    put_be(&o, 0xff544347, 4);
    put_be(&o, 0x8018, 2);
    put_be(&o, 34, 2);
    put_be(&o, 0x000b, 2);
    put_bytes(&o, qualified, 32);
    put_be(&o, 32, 2);
    put_bytes(&o, m->asked.nonce, 32);
    put_be(&o, 123456, 8); /* clock */
    put_be(&o, 7, 4);
    put_be(&o, 1, 4);
    put_be(&o, 1, 1);
    put_be(&o, 0x20220101, 8); /* firmware */
    put_be(&o, 1, 4);
    put_be(&o, bank == TPM_BANK_SHA384 ? 0x0c : 0x0b, 2);
    put_be(&o, 3, 1);
    put_be(&o, 0x10, 1);
    put_be(&o, 0x82, 1);
    put_be(&o, 0x00, 1);
    put_be(&o, 32, 2);
    put_bytes(&o, digest, 32);
    m->n = o.n;
}

static void a_quote_is_what_was_asked(void **state)
{
    (void)state;
#define QUOTE(code, change)                                                                        \
    do {                                                                                           \
        struct made m;                                                                             \
        struct tpm_quote q;                                                                        \
        struct err err = {0};                                                                      \
        make(&m, TPM_BANK_SHA256);                                                                 \
        change;                                                                                    \
        sign(&m, &q);                                                                              \
        CASE(#change, tpm_quote_check(&q, &m.asked, &err) == (code), "BG-%d %s", (int)err.rc,      \
             err.detail);                                                                          \
    } while (0)
    QUOTE(RC_OK, (void)0);
    QUOTE(RC_OK, make(&m, TPM_BANK_SHA384));
    QUOTE(BG_TPM_QUOTE_SIGNATURE, m.key = else_ecc);
    QUOTE(BG_TPM_QUOTE_FORMAT, m.attest[0] ^= 1);
    QUOTE(BG_TPM_QUOTE_FORMAT, m.attest[AT_TYPE + 1] = 0x17); /* TPM2_Certify's */
    QUOTE(BG_TPM_QUOTE_FORMAT, m.n--);
    QUOTE(BG_TPM_QUOTE_FORMAT, m.n++);
    QUOTE(BG_TPM_QUOTE_NONCE, m.attest[AT_NONCE] ^= 1);
    QUOTE(BG_TPM_QUOTE_NONCE, m.asked.nonce[31] ^= 1); /* an older one, played again */
    QUOTE(BG_TPM_QUOTE_SIGNER, m.attest[AT_SIGNER + 2] ^= 1);
    QUOTE(BG_TPM_QUOTE_SIGNER, m.asked.key_name[33] ^= 1);
    QUOTE(BG_TPM_QUOTE_SELECTION, m.attest[AT_MASK] ^= 1);
    QUOTE(BG_TPM_QUOTE_SELECTION, m.asked.pcrs |= 1);
    QUOTE(BG_TPM_QUOTE_SELECTION, m.attest[AT_BANK] ^= 7);
    QUOTE(BG_TPM_QUOTE_PCRS, m.attest[AT_DIGEST] ^= 1);
    QUOTE(BG_TPM_QUOTE_PCRS, m.values[4][0] ^= 1);
    QUOTE(BG_TPM_QUOTE_PCRS, m.values[15][31] ^= 1);
    QUOTE(RC_OK, m.values[16][0] ^= 1); /* was not asked for */
    struct made m;
    struct tpm_quote q;
    make(&m, TPM_BANK_SHA256);
    sign(&m, &q);
    for (size_t i = 0; i < m.n + 64; i++) {
        struct err err = {0};
        uint8_t *at = i < m.n ? &m.attest[i] : &q.signature[i - m.n];
        *at ^= 1;
        CASE("flipped", tpm_quote_check(&q, &m.asked, &err) == BG_TPM_QUOTE_SIGNATURE,
             "byte %zu: BG-%d", i, (int)err.rc);
        *at ^= 1;
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_defect_has_its_code),
    cmocka_unit_test(every_byte_counts),
    cmocka_unit_test(a_quote_is_what_was_asked),
};

int main(void)
{
    ek_maker_open(&maker);
    ek_maker_open(&other);
    ecc = EVP_EC_gen("P-256");
    else_ecc = EVP_EC_gen("P-256");
    rsa = EVP_RSA_gen(2048);
    int failed = HARNESS_RUN("tpm_attest", tests);
    EVP_PKEY_free(ecc);
    EVP_PKEY_free(else_ecc);
    EVP_PKEY_free(rsa);
    ek_maker_close(&maker);
    ek_maker_close(&other);
    return failed;
}
