#include "agent/tpm_attest_cert.h"

#include "agent/tpm_attest.h"
#include "base/cur.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define EK_USAGE   "2.23.133.8.1" /* tcg-kp-EKCertificate */
#define CERTS_MAX  64
#define DEPTH_MAX  8
#define LEVEL      2
#define RSA_PUBLIC 65537u

#define CLEANUP(name, type, gone)                                                                  \
    static void name##_cleanup(type **p)                                                           \
    {                                                                                              \
        gone(*p);                                                                                  \
    }
#define AUTO(name) __attribute__((cleanup(name##_cleanup)))
CLEANUP(bio, BIO, BIO_free_all)
CLEANUP(cert, X509, X509_free)
CLEANUP(crl, X509_CRL, X509_CRL_free)
CLEANUP(store, X509_STORE, X509_STORE_free)
CLEANUP(run, X509_STORE_CTX, X509_STORE_CTX_free)
CLEANUP(usages, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
CLEANUP(number, BIGNUM, BN_free)

static enum rc no_memory(struct err *err)
{
    return err_set(err, BG_TPM_EK_LIBRARY, "%s", "OpenSSL");
}

static BIO *reader(struct bytes b)
{
    return b.n && b.n <= INT32_MAX ? BIO_new_mem_buf(b.p, (int)b.n) : NULL;
}

/* The end of the text is the one error that is none. */
static bool at_end(void)
{
    unsigned long e = ERR_peek_last_error();
    ERR_clear_error();
    return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static enum rc add_certs(X509_STORE *store, struct bytes pem, struct err *err)
{
    AUTO(bio) BIO *in = reader(pem);
    int n = 0;
    ERR_clear_error();
    for (; in && n < CERTS_MAX; n++) {
        AUTO(cert) X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (!cert)
            break;
        if (X509_STORE_add_cert(store, cert) != 1)
            return no_memory(err);
    }
    if (!in || n == 0 || n == CERTS_MAX || !at_end())
        return err_set(err, BG_TPM_EK_CA_FORMAT, "%d certificates in %zu bytes", n, pem.n);
    return RC_OK;
}

static enum rc add_crls(X509_STORE *store, struct bytes pem, struct err *err)
{
    AUTO(bio) BIO *in = reader(pem);
    int n = 0;
    ERR_clear_error();
    for (; in && n < CERTS_MAX; n++) {
        AUTO(crl) X509_CRL *crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
        if (!crl)
            break;
        if (X509_STORE_add_crl(store, crl) != 1)
            return no_memory(err);
    }
    if (!in || n == 0 || n == CERTS_MAX || !at_end())
        return err_set(err, BG_TPM_EK_CRL_FORMAT, "%d lists in %zu bytes", n, pem.n);
    return RC_OK;
}

static enum rc read_cert(struct bytes der, X509 **out, struct err *err)
{
    const unsigned char *at = der.p;
    AUTO(cert) X509 *cert = der.n ? d2i_X509(NULL, &at, (long)der.n) : NULL;
    unsigned char *again = NULL;
    int n = cert ? i2d_X509(cert, &again) : 0;
    /* What stands there must be the one encoding of it, and nothing behind it. */
    size_t used = cert ? (size_t)(at - der.p) : 0;
    bool whole = n > 0 && (size_t)n == used && memcmp(again, der.p, used) == 0;
    for (size_t i = used; whole && i < der.n; i++)
        whole = der.p[i] == der.p[used] && (der.p[i] == 0 || der.p[i] == 0xff);
    OPENSSL_free(again);
    if (!whole)
        return err_set(err, BG_TPM_EK_CERT_FORMAT, "%zu of %zu bytes", used, der.n);
    *out = cert;
    cert = NULL;
    return RC_OK;
}

static enum rc not_trusted(int why, int depth, struct err *err)
{
    const char *says = X509_verify_cert_error_string(why);
    switch (why) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return err_set(err, BG_TPM_EK_CHAIN, "depth %d: %s", depth, says);
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return err_set(err, BG_TPM_EK_SIGNATURE, "depth %d: %s", depth, says);
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return err_set(err, BG_TPM_EK_TIME, "depth %d: %s", depth, says);
    case X509_V_ERR_CERT_REVOKED:
        return err_set(err, BG_TPM_EK_REVOKED, "depth %d", depth);
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
        return err_set(err, BG_TPM_EK_CRL, "depth %d: %s", depth, says);
    default:
        return err_set(err, BG_TPM_EK_OTHER, "depth %d: %s", depth, says);
    }
}

static enum rc trusted(const struct tpm_ek_trust *trust, X509 *cert, struct err *err)
{
    AUTO(store) X509_STORE *store = X509_STORE_new();
    AUTO(run) X509_STORE_CTX *run = X509_STORE_CTX_new();
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | (trust->with_crl ? X509_V_FLAG_CRL_CHECK : 0);
    if (!store || !run)
        return no_memory(err);
    TRY(add_certs(store, trust->ca, err));
    if (trust->with_crl)
        TRY(add_crls(store, trust->crl, err));
    if (X509_STORE_CTX_init(run, store, cert, NULL) != 1)
        return no_memory(err);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(run);
    X509_VERIFY_PARAM_set_time(param, (time_t)trust->now);
    X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
    X509_VERIFY_PARAM_set_auth_level(param, LEVEL);
    if (X509_VERIFY_PARAM_set_flags(param, flags) != 1)
        return no_memory(err);
    if (X509_verify_cert(run) == 1)
        return RC_OK;
    return not_trusted(X509_STORE_CTX_get_error(run), X509_STORE_CTX_get_error_depth(run), err);
}

/* It is for an endorsement key: the same CA may have certified other things. */
static enum rc of_profile(X509 *cert, enum tpm_ek_kind kind, struct err *err)
{
    uint32_t need = kind == TPM_EK_ECC ? KU_KEY_AGREEMENT : KU_KEY_ENCIPHERMENT;
    AUTO(usages) EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    bool endorsed = false;
    for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages); i++) {
        char text[32];
        int n = OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usages, i), 1);
        endorsed = endorsed || (n > 0 && strcmp(text, EK_USAGE) == 0);
    }
    uint32_t usage = X509_get_key_usage(cert);
    const char *why = X509_check_ca(cert) != 0 ? "it is a CA's"
                      : usage == UINT32_MAX    ? "it has no key usage"
                      : !(usage & need)        ? "its key usage does not fit"
                      : !endorsed              ? "its extended key usage is not " EK_USAGE
                                               : NULL;
    if (why)
        return err_set(err, BG_TPM_EK_PROFILE, "%s", why);
    return RC_OK;
}

static bool same_ecc(EVP_PKEY *key, struct bytes xy)
{
    uint8_t point[1 + TPM_EK_ECC_LEN];
    char group[32];
    size_t n = 0, name = 0;
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          &name) == 1 &&
           strcmp(group, "prime256v1") == 0 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) ==
               1 &&
           n == sizeof point && point[0] == 4 && memcmp(point + 1, xy.p, xy.n) == 0;
}

static bool same_rsa(EVP_PKEY *key, struct bytes modulus)
{
    BIGNUM *get_n = NULL, *get_e = NULL;
    uint8_t n[TPM_EK_RSA_LEN];
    bool got = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &get_n) == 1 &&
               EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &get_e) == 1;
    AUTO(number) BIGNUM *own_n = get_n;
    AUTO(number) BIGNUM *own_e = get_e;
    return got && BN_is_word(own_e, RSA_PUBLIC) && BN_bn2binpad(own_n, n, sizeof n) == sizeof n &&
           memcmp(n, modulus.p, sizeof n) == 0;
}

enum rc tpm_ek_verify(const struct tpm_ek_trust *trust, struct bytes ek, struct err *err)
{
    struct cur c = cur_of(ek);
    enum tpm_ek_kind kind = cur_u8(&c);
    struct bytes key = cur_take(&c, kind == TPM_EK_ECC ? TPM_EK_ECC_LEN : TPM_EK_RSA_LEN);
    struct bytes der = cur_rest(&c);
    X509 *read = NULL;
    if (c.bad || (kind != TPM_EK_ECC && kind != TPM_EK_RSA))
        return err_set(err, BG_TPM_EK_ANSWER, "%zu bytes", ek.n);
    TRY(read_cert(der, &read, err));
    AUTO(cert) X509 *cert = read;
    TRY(trusted(trust, cert, err));
    TRY(of_profile(cert, kind, err));
    EVP_PKEY *certified = X509_get0_pubkey(cert);
    bool same = certified &&
                (kind == TPM_EK_ECC ? EVP_PKEY_is_a(certified, "EC") && same_ecc(certified, key)
                                    : EVP_PKEY_is_a(certified, "RSA") && same_rsa(certified, key));
    if (!same)
        return err_set(err, BG_TPM_EK_KEY, "%s",
                       kind == TPM_EK_ECC ? "ECC P-256, template L-2" : "RSA 2048, template L-1");
    return RC_OK;
}
