/*
 * tpm_attest: class `attested` on a software TPM with an endorsement certificate. tpm2-tools makes
 * the same endorsement key, from its own template; swtpm_setup makes a certificate as makers do;
 * and somebody sits on the bus.
 */
#include "tests/lib/ek_ca.h"
#include "tests/lib/tpm_case.h"

#include "agent/tpm_attest.h"
#include "agent/tpm_attest_boot.h"
#include "base/limits.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tss2/tss2_tpm2_types.h>
#include <unistd.h>

#define CERT_ECC "0x01c0000a"
#define CERT_RSA "0x01c00002"

struct attested {
    struct tpm_case c;
    struct ek_maker maker;
    EVP_PKEY *ek; /* as tpm2_createek makes it */
    struct bytes ca;
    struct tpm_ek_trust trust;
};

/* The endorsement key, by tpm2-tools. */
static EVP_PKEY *ek_of(const struct swtpm *s, const char *kind)
{
    char path[96];
    assert_int_equal(
        swtpm_run(s, "rm -f ek.pem; tpm2_createek -Q -G %s -c ek.ctx -u ek.pem -f pem", kind), 0);
    swtpm_flush(s);
    snprintf(path, sizeof path, "%s/ek.pem", s->dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    EVP_PKEY *key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(key);
    return key;
}

static void put_file(const struct swtpm *s, const char *name, struct bytes b)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
    fclose(f);
}

/* As a maker would: by the platform, for everybody to read. padding: the index is that much
 * longer. */
static void put_cert(struct attested *a, const char *index, const struct ek_cert *cert)
{
    X509 *x = ek_cert_make(cert);
    struct bytes der = ek_der(x);
    case_disconnect(&a->c);
    put_file(&a->c.sw, "ek.der", der);
    (void)swtpm_run(&a->c.sw, "tpm2_nvundefine %s -C p", index);
    int status = swtpm_run(&a->c.sw,
                           "tpm2_nvdefine %s -C p -s %zu -a "
                           "'ppwrite|ppread|ownerread|authread|no_da|platformcreate' && "
                           "tpm2_nvwrite %s -C p -i ek.der",
                           index, der.n, index);
    assert_int_equal(status, 0);
    free((void *)(uintptr_t)der.p);
    X509_free(x);
}

static void open_attested(struct attested *a, const char *kind, int variant)
{
    bool ecc = strcmp(kind, "ecc") == 0;
    memset(a, 0, sizeof *a);
    case_open(&a->c, variant);
    ek_maker_open(&a->maker);
    a->ek = ek_of(&a->c.sw, kind);
    ek_pem_cert(&a->ca, a->maker.root);
    ek_pem_cert(&a->ca, a->maker.ca);
    a->trust = (struct tpm_ek_trust){.ca = a->ca, .now = EK_NOW};
    a->c.cfg.cls = TPM_CLASS_ATTESTED;
    a->c.cfg.accept_host_tpm = false;
    struct ek_cert good = ek_maker_cert(&a->maker, a->ek);
    put_cert(a, ecc ? CERT_ECC : CERT_RSA, &good);
}

static void close_attested(struct attested *a)
{
    EVP_PKEY_free(a->ek);
    ek_maker_close(&a->maker);
    free((void *)(uintptr_t)a->ca.p);
    case_close(&a->c);
}

static void connect(struct attested *a)
{
    const struct timespec while_busy = {0, 50000000};
    enum rc rc = case_connect(&a->c);
    for (int i = 0; rc == BG_TPM_TRANSPORT && i < 400; i++) {
        nanosleep(&while_busy, NULL);
        rc = case_connect(&a->c);
    }
    assert_int_equal(rc, RC_OK);
}

static enum rc attest(struct attested *a)
{
    const struct watch w = {.deadline_ms = clock_ms() + CASE_MS, .signal_fd = -1};
    struct arena *arena = arena_new(LIMIT_ARENA);
    assert_non_null(arena);
    err_clear(&a->c.err);
    enum rc rc = tpm_attest_run(arena, a->c.tpm, &a->trust, &w, &a->c.facts, &a->c.err);
    arena_free(arena);
    return rc;
}

static void is(struct attested *a, const char *name, enum rc code)
{
    connect(a);
    enum rc rc = attest(a);
    CASE(name, rc == code && a->c.facts.srk_attested == (code == RC_OK), "BG-%d %s, not BG-%d",
         (int)rc, a->c.err.detail, (int)code);
    if (code != RC_OK) { /* what it was asked for next, it must not do */
        uint8_t gate[TPM_PCR_MAX];
        err_clear(&a->c.err);
        rc = tpm_gate_read(a->c.tpm, gate, &a->c.err);
        CASE(name, rc != RC_OK, "the gate was read after BG-%d", (int)code);
    }
    case_disconnect(&a->c);
}

static void a_certified_tpm_gives_the_seed(void **state)
{
    (void)state;
    const char *kinds[] = {"ecc", "rsa"};
    for (size_t k = 0; k < 2; k++)
        for (int variant = 0; variant < 8; variant += 4) {
            struct attested a;
            struct secret *seed = secret_new(TPM_SEED_LEN, &(struct err){0}), *back = NULL;
            open_attested(&a, kinds[k], variant);
            assert_non_null(seed);
            memcpy(secret_data(seed), case_seed, TPM_SEED_LEN);
            connect(&a);
            CASE("nothing before it is known",
                 tpm_seal(a.c.tpm, seed, a.c.blob, &a.c.blob_len, &a.c.err) == BG_TPM_ATTEST_ORDER,
                 "BG-%d", (int)a.c.err.rc);
            case_disconnect(&a.c);
            connect(&a);
            err_clear(&a.c.err);
            CASE("nor proven before it is made",
                 tpm_attested(a.c.tpm, &a.c.facts, &a.c.err) == BG_TPM_ATTEST_NO_EK, "BG-%d",
                 (int)a.c.err.rc);
            case_disconnect(&a.c);
            connect(&a);
            CASE(kinds[k], attest(&a) == RC_OK && a.c.facts.srk_attested, "BG-%d %s",
                 (int)a.c.err.rc, a.c.err.detail);
            err_clear(&a.c.err);
            CASE("sealed",
                 tpm_seal(a.c.tpm, seed, a.c.blob, &a.c.blob_len, &a.c.err) == RC_OK &&
                     tpm_unseal(a.c.tpm, bytes_of(a.c.blob, a.c.blob_len), NULL, &back, &a.c.err) ==
                         RC_OK &&
                     memcmp(secret_data(back), case_seed, TPM_SEED_LEN) == 0,
                 "BG-%d %s", (int)a.c.err.rc, a.c.err.detail);
            CASE("and shut", tpm_gate_close(a.c.tpm, &a.c.err) == RC_OK, "BG-%d %s",
                 (int)a.c.err.rc, a.c.err.detail);
            secret_free(seed);
            secret_free(back);
            close_attested(&a);
        }
}

static void each_lie_about_it_has_its_code(void **state)
{
    (void)state;
    struct attested a;
    struct ek_maker foreign;
    open_attested(&a, "ecc", 0);
    ek_maker_open(&foreign);
    EVP_PKEY *another = EVP_EC_gen("P-256");
    struct bytes theirs = BYTES_NONE, root = BYTES_NONE, crl = BYTES_NONE, none = BYTES_NONE;
    ek_pem_cert(&theirs, foreign.ca);
    ek_pem_cert(&root, a.maker.root);
    const struct ek_cert good = ek_maker_cert(&a.maker, a.ek);
    X509_CRL *revoked = ek_crl_make("Maker CA", a.maker.ca_key, good.serial, EK_NOW, EK_NOW + 9),
             *empty = ek_crl_make("Maker CA", a.maker.ca_key, 0, EK_NOW, EK_NOW + 9);
    is(&a, "as it should be", RC_OK);
    a.trust.ca = theirs;
    is(&a, "a foreign CA", BG_TPM_EK_SIGNATURE);
    a.trust.ca = root;
    is(&a, "the chain is missing", BG_TPM_EK_CHAIN);
    a.trust.ca = none;
    is(&a, "no CA", BG_TPM_EK_CA_FORMAT);
    a.trust.ca = a.ca;
    a.trust.now = EK_NOW + UINT64_C(10) * 31536000;
    is(&a, "another time", BG_TPM_EK_TIME);
    a.trust.now = EK_NOW;
    a.trust.with_crl = true;
    ek_pem_crl(&crl, revoked);
    a.trust.crl = crl;
    is(&a, "revoked", BG_TPM_EK_REVOKED);
    struct bytes clean = BYTES_NONE;
    ek_pem_crl(&clean, empty);
    a.trust.crl = clean;
    is(&a, "not revoked", RC_OK);
    a.trust.with_crl = false;

    struct ek_cert cert = good;
    cert.until = EK_NOW - 1;
    put_cert(&a, CERT_ECC, &cert);
    is(&a, "expired", BG_TPM_EK_TIME);
    cert = good;
    cert.key = another;
    put_cert(&a, CERT_ECC, &cert);
    is(&a, "of another key", BG_TPM_EK_KEY);
    cert = good;
    cert.issuer_key = foreign.ca_key;
    put_cert(&a, CERT_ECC, &cert);
    is(&a, "a forged one", BG_TPM_EK_SIGNATURE);
    cert = good;
    cert.ext_usage = "2.23.133.8.3";
    put_cert(&a, CERT_ECC, &cert);
    is(&a, "an attestation key's", BG_TPM_EK_PROFILE);
    assert_int_equal(swtpm_run(&a.c.sw, "tpm2_nvundefine " CERT_ECC " -C p"), 0);
    is(&a, "none", BG_TPM_EK_NO_CERT);
    assert_int_equal(swtpm_run(&a.c.sw,
                               "head -c 100 /dev/zero > z; tpm2_nvdefine " CERT_ECC
                               " -C p -s 100 -a 'ppwrite|authread|no_da|platformcreate' && "
                               "tpm2_nvwrite " CERT_ECC " -C p -i z"),
                     0);
    is(&a, "zeros", BG_TPM_EK_CERT_FORMAT);
    put_cert(&a, CERT_ECC, &good);
    is(&a, "as it should be again", RC_OK);
    assert_int_equal(swtpm_run(&a.c.sw, "tpm2_changeauth -c e secret"), 0);
    is(&a, "a password on the endorsement hierarchy", BG_TPM_EK_AUTH);
    assert_int_equal(swtpm_run(&a.c.sw, "tpm2_changeauth -c e -p secret ''"), 0);
    is(&a, "and without", RC_OK);

    /* The certificate of a TPM that is genuine, but not this one. */
    struct attested b;
    open_attested(&b, "ecc", 0);
    cert = ek_maker_cert(&a.maker, b.ek);
    put_cert(&a, CERT_ECC, &cert);
    is(&a, "of another TPM", BG_TPM_EK_KEY);
    close_attested(&b);
    free((void *)(uintptr_t)theirs.p);
    free((void *)(uintptr_t)root.p);
    free((void *)(uintptr_t)crl.p);
    free((void *)(uintptr_t)clean.p);
    X509_CRL_free(revoked);
    X509_CRL_free(empty);
    EVP_PKEY_free(another);
    ek_maker_close(&foreign);
    close_attested(&a);
}

static void arm(struct attested *a, TPM2_CC command, enum tap_mode mode, uint32_t offset)
{
    struct tap *t = a->c.sw.tap;
    t->command = 0;
    t->mode = mode;
    t->offset = offset;
    t->hits = t->answer_len = 0;
    t->command = command;
}

static enum rc attest_with(struct attested *a, TPM2_CC command, enum tap_mode mode, uint32_t offset)
{
    connect(a);
    arm(a, command, mode, offset);
    enum rc rc = attest(a);
    a->c.sw.tap->command = 0;
    case_disconnect(&a->c);
    return rc;
}

static void nothing_false_comes_over_the_bus(void **state)
{
    (void)state;
    struct attested a;
    open_attested(&a, "ecc", 0);
    a.c.cfg.request_ms = 60000;
    is(&a, "left alone", RC_OK);
    /* A quote: tag 2, size 4, code 4, parameter size 4, TPM2B_ATTEST 2 + n, signature. No byte of
       the statement and none of the signature's numbers. */
    enum rc rc = RC_OK;
    for (uint32_t at = 16, n = 17; at < n; at += 3) {
        rc = attest_with(&a, TPM2_CC_Quote, TAP_FLIP_ANSWER, at);
        n = a.c.sw.tap->answer_len > 20 ? a.c.sw.tap->answer_len - 5
                                        : n; /* the session's trailer */
        CASE("quote", rc != RC_OK && a.c.sw.tap->hits > 0, "byte %u of %u believed", at, n);
    }
    rc = attest_with(&a, TPM2_CC_Quote, TAP_FLIP_ANSWER, 60); /* in the nonce */
    CASE("the quote's nonce", rc == BG_TPM_QUOTE_SIGNATURE, "BG-%d %s", (int)rc, a.c.err.detail);
    rc = attest_with(&a, TPM2_CC_Quote, TAP_FLIP_COMMAND, 40);
    CASE("another nonce was asked for", rc == BG_TPM_QUOTE_NONCE, "BG-%d %s", (int)rc,
         a.c.err.detail);
    a.c.sw.tap->recorded_len = 0;
    rc = attest_with(&a, TPM2_CC_Quote, TAP_REPLAY, 0);
    CASE("recorded", rc == RC_OK && a.c.sw.tap->recorded_len > 100, "BG-%d %s", (int)rc,
         a.c.err.detail);
    rc = attest_with(&a, TPM2_CC_Quote, TAP_REPLAY, 0);
    CASE("an older quote", rc == BG_TPM_QUOTE_NONCE && a.c.sw.tap->hits == 1, "BG-%d %s", (int)rc,
         a.c.err.detail);
    /* PCR values: counter 4, selection 4 + 2 + 1 + 3, digests. */
    for (uint32_t at = 14, n = 15; at < n; at += 3) {
        rc = attest_with(&a, TPM2_CC_PCR_Read, TAP_FLIP_ANSWER, at);
        n = a.c.sw.tap->answer_len;
        CASE("PCR values", rc != RC_OK && a.c.sw.tap->hits > 0, "byte %u of %u believed", at, n);
    }
    rc = attest_with(&a, TPM2_CC_PCR_Read, TAP_FLIP_ANSWER, 14 + 4 + 10 + 4 + 2 + 5);
    CASE("a PCR's value", rc == BG_TPM_NOT_AUTHENTIC, "BG-%d %s", (int)rc, a.c.err.detail);
    /* The endorsement key's x: tag to parameter size 18, size 2, type to unique 54, size 2. The TSS
       holds it against the Name; a certificate of another key is above. */
    rc = attest_with(&a, TPM2_CC_CreatePrimary, TAP_FLIP_ANSWER, 18 + 2 + 54 + 2 + 3);
    CASE("another endorsement key", rc == BG_TPM_TRANSPORT, "BG-%d %s", (int)rc, a.c.err.detail);
    for (uint32_t at = 20; at < 110; at += 7) {
        rc = attest_with(&a, TPM2_CC_CreatePrimary, TAP_FLIP_ANSWER, at);
        CASE("keys", rc != RC_OK, "byte %u believed", at);
    }
    for (uint32_t at = 20; at < 300; at += 9) {
        rc = attest_with(&a, TPM2_CC_NV_Read, TAP_FLIP_ANSWER, at);
        CASE("the certificate", rc != RC_OK, "byte %u believed", at);
    }
    rc = attest_with(&a, TPM2_CC_StartAuthSession, TAP_FLIP_COMMAND, 40); /* the encrypted salt */
    CASE("the session", rc != RC_OK, "BG-%d", (int)rc);
    a.c.cfg.request_ms = 60000;
    is(&a, "left alone again", RC_OK);
    close_attested(&a);
}

static void a_moving_pcr_is_retried_and_not_for_ever(void **state)
{
    (void)state;
    struct attested a;
    open_attested(&a, "ecc", 0);
    a.c.cfg.boot_pcrs |= 1u << 10;
    a.c.sw.tap->times = 2;
    enum rc rc = attest_with(&a, TPM2_CC_PCR_Read, TAP_RACE, 0);
    CASE("moved twice", rc == RC_OK && a.c.sw.tap->hits == 2, "BG-%d %s", (int)rc, a.c.err.detail);
    a.c.sw.tap->times = 1000;
    rc = attest_with(&a, TPM2_CC_PCR_Read, TAP_RACE, 0);
    CASE("moves for ever", rc == BG_TPM_QUOTE_PCRS && a.c.sw.tap->hits == 3, "BG-%d %s, %u",
         (int)rc, a.c.err.detail, a.c.sw.tap->hits);
    close_attested(&a);
}

static void another_storage_key_is_found_out(void **state)
{
    (void)state;
    struct attested a;
    struct secret *seed = secret_new(TPM_SEED_LEN, &(struct err){0});
    uint8_t gate[TPM_PCR_MAX];
    assert_non_null(seed);
    open_attested(&a, "ecc", 0);
    /* The owner's seed changes between the storage key that we were shown and the proof. */
    enum rc rc = attest_with(&a, TPM2_CC_StartAuthSession, TAP_CLEAR, 0);
    CASE("other than shown", rc == BG_TPM_ATTEST_SRK && !a.c.facts.srk_attested, "BG-%d %s",
         (int)rc, a.c.err.detail);
    is(&a, "the new one from the beginning", RC_OK);
    /* And between the proof and the next time that the TPM is opened. */
    connect(&a);
    assert_int_equal(attest(&a), RC_OK);
    assert_int_equal(tpm_seal(a.c.tpm, seed, a.c.blob, &a.c.blob_len, &a.c.err), RC_OK);
    assert_int_equal(swtpm_run(&a.c.sw, "tpm2_clear -c l"), 0);
    rc = tpm_gate_read(a.c.tpm, gate, &a.c.err);
    CASE("other than proven", rc == BG_TPM_SRK_CHANGED, "BG-%d %s", (int)rc, a.c.err.detail);
    secret_free(seed);
    close_attested(&a);
}

/* A certificate as swtpm's own tools make it, which stand for a maker (they make one for RSA 2048,
   and one for a P-384 key, which is not looked at). */
static void makers_tools_are_understood(void **state)
{
    (void)state;
    struct attested a;
    uint8_t pem[8192];
    char path[96];
    if (system("command -v swtpm_setup >/dev/null && command -v certtool >/dev/null") != 0) {
        case_skip(3, "swtpm_setup or certtool is not installed");
        return;
    }
    memset(&a, 0, sizeof a);
    case_open(&a.c, 0);
    struct swtpm *s = &a.c.sw;
    swtpm_power_off(s);
    int status = swtpm_run(
        s,
        "rm -f tpm2-00.permall; mkdir ca && "
        "printf 'statedir=%s/ca\\nsigningkey=%s/ca/k.pem\\nissuercert=%s/ca/c.pem\\n"
        "certserial=%s/ca/n\\n' > ca.conf && "
        "printf -- '--platform-manufacturer T\\n--platform-version 1\\n--platform-model T\\n' "
        "> ca.options && printf 'create_certs_tool=%%s\\ncreate_certs_tool_config=%s/ca.conf\\n"
        "create_certs_tool_options=%s/ca.options\\n' \"$(command -v swtpm_localca)\" > setup.conf "
        "&& swtpm_setup --tpm2 --tpmstate dir://%s --config setup.conf --create-ek-cert --runas "
        "\"$(id -un)\" --overwrite && cat ca/c.pem ca/swtpm-localca-rootca-cert.pem > ca.pem",
        s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir);
    if (status != 0)
        fail_msg("swtpm_setup: status %d", status);
    swtpm_power_on(s);
    case_boot(&a.c, "");
    snprintf(path, sizeof path, "%s/ca.pem", s->dir);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(pem, 1, sizeof pem, f);
    fclose(f);
    a.c.cfg.cls = TPM_CLASS_ATTESTED;
    a.trust = (struct tpm_ek_trust){.ca = bytes_of(pem, n), .now = (uint64_t)time(NULL) + 60};
    is(&a, "swtpm_setup", RC_OK);
    a.trust.now = 1000;
    is(&a, "before it was made", BG_TPM_EK_TIME);
    a.trust.now = (uint64_t)time(NULL) + 60;
    struct ek_maker foreign;
    ek_maker_open(&foreign);
    struct bytes theirs = BYTES_NONE;
    ek_pem_cert(&theirs, foreign.ca);
    a.trust.ca = theirs;
    is(&a, "another maker", BG_TPM_EK_CHAIN);
    free((void *)(uintptr_t)theirs.p);
    ek_maker_close(&foreign);
    case_close(&a.c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_certified_tpm_gives_the_seed),
    cmocka_unit_test(each_lie_about_it_has_its_code),
    cmocka_unit_test(nothing_false_comes_over_the_bus),
    cmocka_unit_test(a_moving_pcr_is_retried_and_not_for_ever),
    cmocka_unit_test(another_storage_key_is_found_out),
    cmocka_unit_test(makers_tools_are_understood),
};

int main(void)
{
    if (!swtpm_available(sizeof tests / sizeof *tests)) {
        printf("0 passed, 0 failed, %zu skipped\n", sizeof tests / sizeof *tests);
        return 0;
    }
    return HARNESS_RUN("tpm_attest", tests);
}
