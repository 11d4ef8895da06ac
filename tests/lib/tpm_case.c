#include "tests/lib/tpm_case.h"

#include "agent/tpm_policy.h"
#include "base/hex.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <stdio.h>

const uint8_t case_seed[TPM_SEED_LEN] = {
    0x91, 0x0d, 0xe2, 0x57, 0x3c, 0xb8, 0x46, 0xfa, 0x15, 0x6e, 0xd3, 0x28, 0x7b, 0xc4, 0x09, 0xaf,
    0x64, 0xf1, 0x3a, 0x8d, 0x50, 0xe7, 0x1c, 0xb2, 0x49, 0x9e, 0x05, 0xd8, 0x73, 0x2a, 0xcf, 0x86};

void case_boot(struct tpm_case *c, const char *extra)
{
    for (uint32_t pcr = 4; pcr <= 9; pcr++) {
        uint8_t sha256[32], sha384[48];
        char event[64];
        int n = snprintf(event, sizeof event, "measured %u %s", pcr, extra);
        if (pcr != 4 && pcr != 7 && pcr != 9)
            continue;
        hash_sha256(bytes_of(event, (size_t)n), sha256);
        hash_sha384(bytes_of(event, (size_t)n), sha384);
        swtpm_extend(&c->sw, pcr, sha256, sha384);
    }
}

void case_open(struct tpm_case *c, int variant)
{
    memset(c, 0, sizeof *c);
    snprintf(c->name, sizeof c->name, "%s%s%s", variant & VARIANT_AUTHORIZE ? "authorize" : "pcr",
             variant & VARIANT_COUNTER ? " counter" : "",
             variant & VARIANT_SHA384 ? " sha384" : " sha256");
    swtpm_start(&c->sw);
    c->cfg = (struct tpm_config){
        .cls = TPM_CLASS_HOST,
        .accept_host_tpm = true,
        .tcti = c->sw.tcti,
        .bank = variant & VARIANT_SHA384 ? TPM_BANK_SHA384 : TPM_BANK_SHA256,
        .boot_pcrs = 1u << 4 | 1u << 7 | 1u << 9,
        .gate_pcr = CASE_GATE,
        .version_index = variant & VARIANT_COUNTER ? CASE_COUNTER : 0,
        .authorize = variant & VARIANT_AUTHORIZE,
        .authorize_version = variant & VARIANT_AUTHORIZE ? 7 : 0,
    };
    c->signer = EVP_EC_gen("P-256");
    assert_non_null(c->signer);
    uint8_t point[65];
    size_t n = 0;
    assert_int_equal(EVP_PKEY_get_octet_string_param(c->signer, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     sizeof point, &n),
                     1);
    assert_int_equal(n, sizeof point);
    if (c->cfg.authorize)
        memcpy(c->cfg.authorize_key, point + 1, 64);
    case_boot(c, "");
}

void case_close(struct tpm_case *c)
{
    case_disconnect(c);
    EVP_PKEY_free(c->signer);
    swtpm_stop(&c->sw);
}

enum rc case_connect(struct tpm_case *c)
{
    case_disconnect(c);
    err_clear(&c->err);
    return tpm_start(&c->cfg, clock_ms() + CASE_MS, &c->tpm, &c->facts, &c->err);
}

void case_disconnect(struct tpm_case *c)
{
    c->tpm = tpm_stop(c->tpm);
    swtpm_flush(&c->sw);
}

static void need(struct tpm_case *c, enum rc rc, const char *what)
{
    if (rc != RC_OK)
        fail_msg("%s: %s: BG-%d %s", c->name, what, (int)rc, c->err.detail);
}

void case_approve(struct tpm_case *c, uint64_t version)
{
    /* The boot PCRs as tpm2-tools reads them, in the policy's form; signed by OpenSSL. */
    uint8_t message[SHA256_LEN + TPM_POLICY_REF_LEN], der[80];
    size_t der_len = sizeof der, n = tpm_bank_len(c->cfg.bank);
    uint8_t values[3 * TPM_PCR_MAX];
    struct tpm_policy p;
    tpm_policy_of(&c->cfg, &p);
    case_disconnect(c);
    assert_int_equal(swtpm_run(&c->sw, "tpm2_pcrread -o pcrs.bin %s:4,7,9",
                               c->cfg.bank == TPM_BANK_SHA384 ? "sha384" : "sha256"),
                     0);
    assert_true(swtpm_file(&c->sw, "pcrs.bin", values, 3 * n));
    memcpy(p.pcrs[4], values, n);
    memcpy(p.pcrs[7], values + n, n);
    memcpy(p.pcrs[9], values + 2 * n, n);
    tpm_policy_boot(&p, c->approval.policy);
    memcpy(message, c->approval.policy, SHA256_LEN);
    tpm_policy_ref(version, message + SHA256_LEN);

    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, c->signer), 1);
    assert_int_equal(EVP_DigestSign(md, der, &der_len, message, sizeof message), 1);
    EVP_MD_CTX_free(md);
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), c->approval.signature, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), c->approval.signature + 32, 32), 32);
    ECDSA_SIG_free(sig);
}

void case_seal(struct tpm_case *c)
{
    uint64_t counter = 0;
    need(c, case_connect(c), "start");
    if (c->cfg.version_index)
        need(c, tpm_version_raise(c->tpm, &counter, &c->err), "raise the counter");
    struct secret *seed = secret_new(TPM_SEED_LEN, &c->err);
    assert_non_null(seed);
    memcpy(secret_data(seed), case_seed, TPM_SEED_LEN);
    enum rc rc = tpm_seal(c->tpm, seed, c->blob, &c->blob_len, &c->err);
    secret_free(seed);
    need(c, rc, "seal");
    if (c->cfg.authorize)
        case_approve(c, c->cfg.authorize_version);
}

enum rc case_unseal(struct tpm_case *c, struct secret **out)
{
    err_clear(&c->err);
    if (!c->tpm)
        TRY(case_connect(c));
    return tpm_unseal(c->tpm, bytes_of(c->blob, c->blob_len),
                      c->cfg.authorize ? &c->approval : NULL, out, &c->err);
}

void case_refused(struct tpm_case *c, const char *name, enum rc code, const char *text)
{
    struct secret *seed = NULL;
    enum rc rc = case_unseal(c, &seed);
    CASE(name, rc == code && !seed && strstr(c->err.detail, text), "%s: BG-%d %s, not BG-%d %s",
         c->name, (int)rc, c->err.detail, (int)code, text);
    secret_free(seed);
}

void case_given(struct tpm_case *c, const char *name)
{
    struct secret *seed = NULL;
    enum rc rc = case_unseal(c, &seed);
    CASE(name, rc == RC_OK && seed && memcmp(secret_data(seed), case_seed, TPM_SEED_LEN) == 0,
         "%s: BG-%d %s", c->name, (int)rc, c->err.detail);
    secret_free(seed);
}
