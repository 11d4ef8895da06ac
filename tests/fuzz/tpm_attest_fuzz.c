/* Fuzzes what a TPM sends of its endorsement: no certificate is believed that the CA did not sign,
 * and no quote that the attestation key did not. The first byte chooses. */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "agent/tpm_attest_cert.h"
#include "agent/tpm_attest_quote.h"

#define NOW 1790000000

static struct bytes ca_pem(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    BIO *b = BIO_new(BIO_s_mem());
    static uint8_t pem[2048];
    if (!key || !x || !b)
        abort();
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"CA", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_version(x, 2);
    ASN1_TIME_set(X509_getm_notBefore(x), NOW - 1000);
    ASN1_TIME_set(X509_getm_notAfter(x), NOW + 1000);
    X509_set_pubkey(x, key);
    if (X509_sign(x, key, EVP_sha256()) <= 0 || PEM_write_bio_X509(b, x) != 1)
        abort();
    int n = BIO_read(b, pem, sizeof pem);
    EVP_PKEY_free(key); /* nobody has it any more */
    X509_free(x);
    BIO_free(b);
    if (n <= 0)
        abort();
    return bytes_of(pem, (size_t)n);
}

static void quote(struct bytes in)
{
    static const uint8_t values[TPM_PCR_COUNT][TPM_PCR_MAX];
    struct tpm_quote q = {.attest = in};
    struct tpm_quote_asked a = {.bank = TPM_BANK_SHA256, .pcrs = 16, .values = values};
    struct err err = {0};
    if (in.n > sizeof q.signature) {
        memcpy(q.signature, in.p, sizeof q.signature);
        q.attest = bytes_of(in.p + sizeof q.signature, in.n - sizeof q.signature);
    }
    if (tpm_quote_check(&q, &a, &err) == RC_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bytes ca;
    struct tpm_ek_trust trust = {.now = NOW};
    struct err err = {0};
    if (!ca.n)
        ca = ca_pem();
    if (size == 0)
        return 0;
    struct bytes in = bytes_of(data + 1, size - 1);
    trust.ca = data[0] & 2 ? in : ca;
    trust.crl = in;
    trust.with_crl = data[0] & 4;
    if (data[0] & 1)
        quote(in);
    else if (tpm_ek_verify(&trust, in, &err) == RC_OK)
        abort();
    return 0;
}
