/*
 * tpm: the seed in a real TPM 2.0 (swtpm). Each policy, each refusal; tpm2-tools is the second
 * client, which must see the same PCRs and get the same refusals.
 */
#include "tests/lib/tpm_case.h"

#include <stdio.h>
#include <sys/resource.h>

#define CLOSED_EVENT "bootgate/gate/closed/v1"

static void every_policy_gives_the_seed_back(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct tpm_case c;
        case_open(&c, variant);
        case_seal(&c);
        case_given(&c, "first");
        case_given(&c, "again, over the same process");
        assert_int_equal(case_connect(&c), RC_OK);
        case_given(&c, "over a new process");
        swtpm_power_off(&c.sw);
        swtpm_power_on(&c.sw);
        case_boot(&c, "");
        assert_int_equal(case_connect(&c), RC_OK);
        case_given(&c, "after a reset and the same boot");
        case_close(&c);
    }
}

static void other_boot_measurements_are_refused(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct tpm_case c;
        case_open(&c, variant);
        case_seal(&c);
        swtpm_power_off(&c.sw);
        swtpm_power_on(&c.sw);
        case_boot(&c, "another kernel");
        if (variant & VARIANT_AUTHORIZE) /* 0x1c4 at PolicyAuthorize, facts/guest section 1 */
            case_refused(&c, "other image, old approval", BG_TPM_APPROVAL_PCRS, "0x1c4");
        else
            case_refused(&c, "other image", BG_TPM_BOOT_CHANGED, "0x99d");
        if (variant & VARIANT_AUTHORIZE) {
            case_approve(&c, c.cfg.authorize_version);
            case_given(&c, "other image, approved");
        }
        case_close(&c);
    }
}

/* PCR = SHA(old || digest), by OpenSSL alone. */
static void extended(const struct tpm_case *c, uint8_t pcr[TPM_PCR_MAX], const uint8_t *digest)
{
    unsigned n = 0;
    size_t len = c->cfg.bank == TPM_BANK_SHA384 ? 48 : 32;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_DigestInit_ex(md, c->cfg.bank == TPM_BANK_SHA384 ? EVP_sha384() : EVP_sha256(), NULL);
    EVP_DigestUpdate(md, pcr, len);
    EVP_DigestUpdate(md, digest, len);
    EVP_DigestFinal_ex(md, pcr, &n);
    EVP_MD_CTX_free(md);
    assert_int_equal(n, len);
}

static void gate_reads(struct tpm_case *c, const char *name, const uint8_t *want)
{
    uint8_t got[TPM_PCR_MAX] = {0};
    size_t n = tpm_bank_len(c->cfg.bank);
    case_disconnect(c);
    assert_int_equal(swtpm_run(&c->sw, "tpm2_pcrread -o gate.bin %s:%u",
                               c->cfg.bank == TPM_BANK_SHA384 ? "sha384" : "sha256", CASE_GATE),
                     0);
    CASE(name, swtpm_file(&c->sw, "gate.bin", got, n) && memcmp(got, want, n) == 0,
         "%s: tpm2_pcrread has another value", c->name);
}

static void a_closed_gate_stays_closed_until_reset(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct tpm_case c;
        uint8_t pcr[TPM_PCR_MAX] = {0}, digest[TPM_PCR_MAX], verdict[TPM_PCR_MAX], got[TPM_PCR_MAX];
        size_t n = variant & VARIANT_SHA384 ? 48 : 32;
        memset(verdict, 0xc7, sizeof verdict);
        case_open(&c, variant);
        case_seal(&c);
        gate_reads(&c, "gate before", pcr);
        case_given(&c, "open");
        CASE("verdict before closing",
             tpm_gate_extend(c.tpm, verdict, n, &c.err) == BG_TPM_GATE_ORDER, "BG-%d",
             (int)c.err.rc);
        err_clear(&c.err);
        CASE("close", tpm_gate_close(c.tpm, &c.err) == RC_OK, "BG-%d %s", (int)c.err.rc,
             c.err.detail);
        unsigned len = 0;
        EVP_Digest(CLOSED_EVENT, strlen(CLOSED_EVENT), digest, &len,
                   n == 48 ? EVP_sha384() : EVP_sha256(), NULL);
        extended(&c, pcr, digest);
        case_refused(&c, "after closing", BG_TPM_GATE_CLOSED, "0x99d");
        err_clear(&c.err);
        CASE("verdict after", tpm_gate_extend(c.tpm, verdict, n, &c.err) == BG_TPM_GATE_ORDER,
             "a refusal makes the gate unknown: BG-%d", (int)c.err.rc);
        gate_reads(&c, "closed", pcr);

        assert_int_equal(case_connect(&c), RC_OK);
        CASE("close twice", tpm_gate_close(c.tpm, &c.err) == BG_TPM_GATE_BEFORE, "BG-%d",
             (int)c.err.rc);
        gate_reads(&c, "a refused close extends nothing", pcr);

        swtpm_power_off(&c.sw);
        swtpm_power_on(&c.sw);
        case_boot(&c, "");
        memset(pcr, 0, sizeof pcr);
        assert_int_equal(case_connect(&c), RC_OK);
        case_given(&c, "after reset");
        CASE("close again", tpm_gate_close(c.tpm, &c.err) == RC_OK, "BG-%d", (int)c.err.rc);
        CASE("verdict", tpm_gate_extend(c.tpm, verdict, n, &c.err) == RC_OK, "BG-%d %s",
             (int)c.err.rc, c.err.detail);
        CASE("verdict of another length",
             tpm_gate_extend(c.tpm, verdict, n - 1, &c.err) == BG_TPM_GATE_ORDER, "BG-%d",
             (int)c.err.rc);
        err_clear(&c.err);
        extended(&c, pcr, digest);
        extended(&c, pcr, verdict);
        CASE("read", tpm_gate_read(c.tpm, got, &c.err) == RC_OK && memcmp(got, pcr, n) == 0,
             "BG-%d", (int)c.err.rc);
        gate_reads(&c, "closed, then the verdict", pcr);
        case_close(&c);
    }
}

/* The blob's parts for tpm2-tools: TPM2B_PUBLIC and TPM2B_PRIVATE files. */
static void export_blob(struct tpm_case *c)
{
    struct tpm_blob b;
    uint8_t area[TPM_PUBLIC_LEN], head[2] = {0, TPM_PUBLIC_LEN};
    char path[128];
    assert_int_equal(tpm_blob_read(bytes_of(c->blob, c->blob_len), &b, &c->err), RC_OK);
    tpm_policy_public(&b.policy, b.unique, area);
    snprintf(path, sizeof path, "%s/pub", c->sw.dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(head, 1, 2, f);
    fwrite(area, 1, sizeof area, f);
    fclose(f);
    snprintf(path, sizeof path, "%s/priv", c->sw.dir);
    f = fopen(path, "wb");
    assert_non_null(f);
    head[0] = (uint8_t)(b.private_part.n >> 8);
    head[1] = (uint8_t)b.private_part.n;
    fwrite(head, 1, 2, f);
    fwrite(b.private_part.p, 1, b.private_part.n, f);
    fclose(f);
}

/* tpm2-tools makes the same storage key, loads the blob, satisfies the policy as best it can. */
static int tools_unseal(struct tpm_case *c)
{
    case_disconnect(c);
    return swtpm_run(
        &c->sw,
        "set -e; rm -f seed; printf '\\040\\000' >u; head -c 128 /dev/zero >>u; printf "
        "'\\040\\000' "
        ">>u; "
        "head -c 128 /dev/zero >>u; "
        "tpm2_createprimary -Q -C o -g sha256 -G ecc256:null:aes128cfb -u u -c srk.ctx -a "
        "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'; "
        "tpm2_flushcontext -t; tpm2_readpublic -Q -c srk.ctx -n srk.name; tpm2_flushcontext -t; "
        "tpm2_load -Q -C srk.ctx -u pub -r priv -c seal.ctx; tpm2_flushcontext -t; "
        "tpm2_startauthsession --policy-session -S s.ctx; "
        "tpm2_policypcr -Q -S s.ctx -l %s:4,7,9,%u; "
        "tpm2_unseal -c seal.ctx -p session:s.ctx -o seed",
        c->cfg.bank == TPM_BANK_SHA384 ? "sha384" : "sha256", CASE_GATE);
}

static void another_client_sees_the_same_seed_key_and_door(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant += VARIANT_SHA384) {
        struct tpm_case c;
        uint8_t seed[TPM_SEED_LEN], name[TPM_NAME_LEN];
        case_open(&c, variant);
        case_seal(&c);
        export_blob(&c);
        CASE("tpm2_unseal",
             tools_unseal(&c) == 0 && swtpm_file(&c.sw, "seed", seed, 32) &&
                 memcmp(seed, case_seed, 32) == 0,
             "%s", c.name);
        CASE("storage key's Name",
             swtpm_file(&c.sw, "srk.name", name, sizeof name) &&
                 memcmp(name, c.facts.srk_name, sizeof name) == 0,
             "%s", c.name);
        assert_int_equal(case_connect(&c), RC_OK);
        case_given(&c, "ours");
        assert_int_equal(tpm_gate_close(c.tpm, &c.err), RC_OK);
        CASE("tpm2_unseal, gate closed",
             tools_unseal(&c) != 0 && swtpm_output_has(&c.sw, "Esys_Unseal(0x99D)") &&
                 !swtpm_file(&c.sw, "seed", seed, 32),
             "%s", c.name);
        case_close(&c);
    }
}

static void the_counter_retires_seeds(void **state)
{
    (void)state;
    for (int variant = VARIANT_COUNTER; variant < 4; variant++) {
        struct tpm_case c;
        uint64_t v = 0, w = 0;
        case_open(&c, variant);
        struct secret *seed = secret_new(TPM_SEED_LEN, &c.err);
        assert_non_null(seed);
        assert_int_equal(case_connect(&c), RC_OK);
        CASE("no counter yet",
             tpm_seal(c.tpm, seed, c.blob, &c.blob_len, &c.err) == BG_TPM_VERSION_ABSENT, "BG-%d",
             (int)c.err.rc);
        secret_free(seed);
        case_seal(&c);
        case_given(&c, "sealed at this value");
        assert_int_equal(tpm_version_raise(c.tpm, &v, &c.err), RC_OK);
        case_refused(&c, "retired", BG_TPM_RETIRED, "0x126");
        err_clear(&c.err);
        CASE("it counts", tpm_version_raise(c.tpm, &w, &c.err) == RC_OK && w == v + 1,
             "%llu after %llu", (unsigned long long)w, (unsigned long long)v);

        c.cfg.version_minimum = w;
        case_seal(&c); /* raises once more */
        case_given(&c, "minimum met");
        c.cfg.version_minimum = w + 2;
        assert_int_equal(case_connect(&c), RC_OK);
        case_refused(&c, "below the minimum", BG_TPM_VERSION_OLD, "at least");
        c.cfg.version_minimum = 0;

        /* Taken away and made anew it does not go back. */
        case_disconnect(&c);
        assert_int_equal(swtpm_run(&c.sw, "tpm2_nvundefine -C o 0x%x", CASE_COUNTER), 0);
        case_refused(&c, "counter gone", BG_TPM_VERSION_ABSENT, "");
        err_clear(&c.err);
        assert_int_equal(tpm_version_raise(c.tpm, &v, &c.err), RC_OK);
        CASE("never back", v > w + 1, "%llu after %llu", (unsigned long long)v,
             (unsigned long long)(w + 1));
        case_refused(&c, "counter made anew", BG_TPM_RETIRED, "0x126");

        /* An index that is something else has another Name. */
        case_disconnect(&c);
        assert_int_equal(
            swtpm_run(&c.sw,
                      "set -e; tpm2_nvundefine -Q -C o 0x%x; tpm2_nvdefine -Q -C o -s 8 -a "
                      "'ownerwrite|authread|no_da' 0x%x; head -c 8 /dev/zero | "
                      "tpm2_nvwrite -Q -C o -i- 0x%x",
                      CASE_COUNTER, CASE_COUNTER, CASE_COUNTER),
            0);
        case_refused(&c, "an index that can be rewritten", BG_TPM_VERSION_NAME, "");
        case_close(&c);
    }
}

static void approvals_bind_key_version_and_pcrs(void **state)
{
    (void)state;
    for (int variant = VARIANT_AUTHORIZE; variant < 8; variant += 2) {
        struct tpm_case c;
        struct secret *seed = NULL;
        case_open(&c, variant);
        case_seal(&c);
        for (size_t i = 0; i < sizeof c.approval.signature; i += 7) {
            c.approval.signature[i] ^= 1;
            case_refused(&c, "signature spoilt", BG_TPM_APPROVAL_SIGNATURE, "0x2db");
            c.approval.signature[i] ^= 1;
        }
        c.approval.policy[5] ^= 1;
        case_refused(&c, "another policy", BG_TPM_APPROVAL_SIGNATURE, "0x2db");
        case_approve(&c, c.cfg.authorize_version - 1);
        case_refused(&c, "approved for an older minimum", BG_TPM_APPROVAL_SIGNATURE, "0x2db");
        EVP_PKEY *ours = c.signer;
        c.signer = EVP_EC_gen("P-256");
        case_approve(&c, c.cfg.authorize_version);
        case_refused(&c, "approved by another key", BG_TPM_APPROVAL_SIGNATURE, "0x2db");
        EVP_PKEY_free(c.signer);
        c.signer = ours;
        case_approve(&c, c.cfg.authorize_version);
        case_given(&c, "approved");
        CASE("no approval",
             tpm_unseal(c.tpm, bytes_of(c.blob, c.blob_len), NULL, &seed, &c.err) ==
                     BG_TPM_APPROVAL_NONE &&
                 !seed,
             "BG-%d", (int)c.err.rc);
        case_close(&c);
    }
}

static void the_storage_key_is_pinned(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, 0);
    case_seal(&c);
    CASE("unpinned is said", !c.facts.srk_pinned, "pinned");
    c.cfg.srk_pinned = true;
    memcpy(c.cfg.srk_name, c.facts.srk_name, TPM_NAME_LEN);
    CASE("pinned", case_connect(&c) == RC_OK && c.facts.srk_pinned, "BG-%d", (int)c.err.rc);
    case_given(&c, "pinned");
    for (size_t i = 2; i < TPM_NAME_LEN; i += 5) {
        c.cfg.srk_name[i] ^= 0x80;
        CASE("another Name", case_connect(&c) == BG_TPM_SRK_NAME && !c.tpm, "BG-%d", (int)c.err.rc);
        c.cfg.srk_name[i] ^= 0x80;
    }
    case_disconnect(&c);
    assert_int_equal(swtpm_run(&c.sw, "tpm2_clear"), 0);
    CASE("cleared TPM", case_connect(&c) == BG_TPM_SRK_NAME && !c.tpm, "BG-%d", (int)c.err.rc);
    c.cfg.srk_pinned = false;
    case_refused(&c, "cleared TPM, unpinned", BG_TPM_BLOB_PARENT, "sealed under");
    assert_int_equal(swtpm_run(&c.sw, "tpm2_changeauth -c o secretword"), 0);
    CASE("owner password", case_connect(&c) == BG_TPM_OWNER_AUTH, "BG-%d %s", (int)c.err.rc,
         c.err.detail);
    case_close(&c);
}

static void lockout_does_not_keep_us_out(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, VARIANT_COUNTER);
    case_seal(&c);
    case_disconnect(&c);
    assert_int_equal(
        swtpm_run(&c.sw,
                  "set -e; tpm2_dictionarylockout -Q -s -n 2 -t 1000 -l 1000; "
                  "tpm2_createprimary -Q -C o -p right -c k.ctx; tpm2_flushcontext -t; "
                  "for i in 1 2 3 4; do tpm2_sign -Q -c k.ctx -p wrong -g sha256 -o s out || true; "
                  "tpm2_flushcontext -t; done; "
                  "echo end; tpm2_create -C k.ctx -p x -P right -u a -r b || true"),
        0);
    CASE("locked out", swtpm_output_has(&c.sw, "0x921") || swtpm_output_has(&c.sw, "0x00000921"),
         "no lockout was reached");
    case_given(&c, "in lockout");
    case_close(&c);
}

static void unused_boot_pcrs_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *name;
        uint32_t pcrs;
        const char *text;
    } table[] = {{"never extended", 1u << 4 | 1u << 5, "PCR 5 is all-0"},
                 {"all ones until a dynamic launch", 1u << 4 | 1u << 17, "PCR 17 is all-1"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct tpm_case c;
        case_open(&c, 0);
        c.cfg.boot_pcrs = table[i].pcrs;
        struct secret *seed = secret_new(TPM_SEED_LEN, &c.err);
        assert_non_null(seed);
        assert_int_equal(case_connect(&c), RC_OK);
        CASE(table[i].name,
             tpm_seal(c.tpm, seed, c.blob, &c.blob_len, &c.err) == BG_TPM_BOOT_UNUSED &&
                 strstr(c.err.detail, table[i].text),
             "BG-%d %s", (int)c.err.rc, c.err.detail);
        secret_free(seed);
        case_close(&c);
    }
    struct tpm_case c;
    case_open(&c, VARIANT_AUTHORIZE);
    case_seal(&c);
    swtpm_power_off(&c.sw);
    swtpm_power_on(&c.sw); /* nothing measured: even an approval would not help */
    case_approve(&c, c.cfg.authorize_version);
    case_refused(&c, "a boot that measures nothing", BG_TPM_BOOT_UNUSED, "PCR 4 is all-0");
    case_boot(&c, "");
    assert_int_equal(case_connect(&c), RC_OK);
    assert_int_equal(tpm_gate_close(c.tpm, &c.err), RC_OK);
    struct secret *seed = secret_new(TPM_SEED_LEN, &c.err);
    assert_non_null(seed);
    CASE("seal behind a closed gate",
         tpm_seal(c.tpm, seed, c.blob, &c.blob_len, &c.err) == BG_TPM_SEAL_GATE, "BG-%d",
         (int)c.err.rc);
    secret_free(seed);
    case_close(&c);
}

static void an_absent_bank_or_device_is_named(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, VARIANT_SHA384);
    assert_int_equal(swtpm_run(&c.sw, "tpm2_pcrallocate -Q sha256:all+sha384:none"), 0);
    swtpm_power_off(&c.sw);
    swtpm_power_on(&c.sw);
    uint8_t pcr[TPM_PCR_MAX];
    assert_int_equal(case_connect(&c), RC_OK);
    CASE("bank", tpm_gate_read(c.tpm, pcr, &c.err) == BG_TPM_PCR_ABSENT, "BG-%d %s", (int)c.err.rc,
         c.err.detail);
    case_close(&c);
    struct tpm_config cfg = c.cfg;
    cfg.tcti = "swtpm:host=127.0.0.1,port=1";
    struct tpm *t = NULL;
    struct err err = {0};
    CASE("nothing there",
         tpm_start(&cfg, clock_ms() + CASE_MS, &t, &c.facts, &err) == BG_TPM_OPEN && !t, "BG-%d",
         (int)err.rc);
}

static void stopping_leaves_nothing_in_the_tpm(void **state)
{
    (void)state;
    struct tpm_case c;
    struct secret *seed = NULL;
    case_open(&c, VARIANT_COUNTER);
    case_seal(&c);
    for (int i = 0; i < 8; i++) { /* swtpm holds three objects and three sessions */
        c.tpm = tpm_stop(c.tpm);
        err_clear(&c.err);
        assert_int_equal(tpm_start(&c.cfg, clock_ms() + CASE_MS, &c.tpm, &c.facts, &c.err), RC_OK);
        CASE("start, unseal, stop", case_unseal(&c, &seed) == RC_OK, "BG-%d %s", (int)c.err.rc,
             c.err.detail);
        seed = secret_free(seed);
    }
    case_close(&c);
}

static void impossible_requests_are_named(void **state)
{
    (void)state;
    struct tpm_case c;
    struct secret *seed = NULL;
    uint8_t big[TPM_BLOB_MAX + 1] = {0};
    case_open(&c, 0);
    case_seal(&c);
    struct secret *half = secret_new(TPM_SEED_LEN / 2, &c.err);
    assert_non_null(half);
    CASE("half a seed", tpm_seal(c.tpm, half, c.blob, &c.blob_len, &c.err) == BG_TPM_SEED_SIZE,
         "BG-%d", (int)c.err.rc);
    secret_free(half);
    err_clear(&c.err);
    CASE("a large file",
         tpm_unseal(c.tpm, BYTES_OF_ARRAY(big), NULL, &seed, &c.err) == BG_TPM_BLOB_LARGE, "BG-%d",
         (int)c.err.rc);
    err_clear(&c.err);
    CASE("no file", tpm_unseal(c.tpm, BYTES_NONE, NULL, &seed, &c.err) == BG_TPM_BLOB_MAGIC,
         "BG-%d", (int)c.err.rc);
    struct rlimit files, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    none = (struct rlimit){3, files.rlim_max};
    struct tpm *t = NULL;
    err_clear(&c.err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum rc rc = tpm_start(&c.cfg, clock_ms() + CASE_MS, &t, &c.facts, &c.err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    CASE("no descriptors", rc == BG_TPM_PROCESS && !t, "BG-%d", (int)rc);
    case_close(&c);
}

/* Somebody else's object under the very same policy, with 16 bytes in it. */
static void a_foreign_seed_is_refused(void **state)
{
    (void)state;
    struct tpm_case c;
    struct tpm_blob b;
    uint8_t digest[SHA256_LEN], pub[2 + TPM_PUBLIC_LEN], priv[2 + 512];
    case_open(&c, 0);
    case_seal(&c);
    assert_int_equal(tpm_blob_read(bytes_of(c.blob, c.blob_len), &b, &c.err), RC_OK);
    export_blob(&c);
    assert_int_equal(tools_unseal(&c), 0); /* leaves the storage key's context */
    tpm_policy_digest(&b.policy, digest);
    char path[128];
    snprintf(path, sizeof path, "%s/policy", c.sw.dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(digest, 1, sizeof digest, f);
    fclose(f);
    assert_int_equal(swtpm_run(&c.sw, "tpm2_flushcontext -t; printf 0123456789abcdef >short; "
                                      "tpm2_create -Q -C srk.ctx -L policy -g sha256 -a "
                                      "'fixedtpm|fixedparent|noda' -i short -u pub -r priv && "
                                      "tpm2_flushcontext -t && head -c 2 priv | od -An -tu1"),
                     0);
    assert_true(swtpm_file(&c.sw, "pub", pub, sizeof pub));
    memcpy(b.unique, pub + sizeof pub - SHA256_LEN, SHA256_LEN);
    snprintf(path, sizeof path, "%s/priv", c.sw.dir);
    f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(priv, 1, sizeof priv, f);
    fclose(f);
    assert_true(n > 2);
    b.private_part = bytes_of(priv + 2, n - 2);
    uint8_t file[TPM_BLOB_MAX];
    assert_true(tpm_blob_write(&b, file, &c.blob_len));
    memcpy(c.blob, file, c.blob_len);
    case_refused(&c, "16 bytes", BG_TPM_SEED_LENGTH, "16 bytes");
    case_close(&c);
}

/* A seed that is sealed under another policy than the configured one: what is judged and shut here
 * would not be what guards it. */
static void a_seed_under_another_policy_is_refused(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, 0);
    case_seal(&c);
    c.cfg.gate_pcr = CASE_GATE - 1;
    assert_int_equal(case_connect(&c), RC_OK);
    case_refused(&c, "another gate PCR", BG_TPM_BLOB_CONFIG, "the gate PCR");
    c.cfg.gate_pcr = CASE_GATE;
    c.cfg.boot_pcrs = 1u << 4 | 1u << 7;
    assert_int_equal(case_connect(&c), RC_OK);
    case_refused(&c, "fewer boot PCRs", BG_TPM_BLOB_CONFIG, "the boot PCRs");
    case_close(&c);
}

/* The private part, each byte: what the TPM itself must find out. */
static void a_damaged_private_part_is_refused(void **state)
{
    (void)state;
    struct tpm_case c;
    struct tpm_blob b;
    case_open(&c, 0);
    case_seal(&c);
    assert_int_equal(tpm_blob_read(bytes_of(c.blob, c.blob_len), &b, &c.err), RC_OK);
    size_t first = (size_t)(b.private_part.p - c.blob);
    for (size_t at = first - 2 - SHA256_LEN; at < c.blob_len; at++) {
        if (at == first - 2)
            at = first; /* the length in between is the reader's */
        struct secret *seed = NULL;
        if (at % 32 == 0) /* a deadline is for a process's whole life */
            assert_int_equal(case_connect(&c), RC_OK);
        c.blob[at] ^= 0x01;
        enum rc rc = case_unseal(&c, &seed);
        c.blob[at] ^= 0x01;
        CASE("changed byte", (rc == BG_TPM_LOAD || rc == BG_TPM_COMMAND) && !seed,
             "byte %zu: BG-%d %s", at, (int)rc, c.err.detail);
        secret_free(seed);
    }
    assert_int_equal(case_connect(&c), RC_OK);
    case_given(&c, "untouched");
    case_close(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_policy_gives_the_seed_back),
    cmocka_unit_test(other_boot_measurements_are_refused),
    cmocka_unit_test(a_closed_gate_stays_closed_until_reset),
    cmocka_unit_test(another_client_sees_the_same_seed_key_and_door),
    cmocka_unit_test(the_counter_retires_seeds),
    cmocka_unit_test(approvals_bind_key_version_and_pcrs),
    cmocka_unit_test(the_storage_key_is_pinned),
    cmocka_unit_test(lockout_does_not_keep_us_out),
    cmocka_unit_test(unused_boot_pcrs_are_refused),
    cmocka_unit_test(an_absent_bank_or_device_is_named),
    cmocka_unit_test(stopping_leaves_nothing_in_the_tpm),
    cmocka_unit_test(impossible_requests_are_named),
    cmocka_unit_test(a_foreign_seed_is_refused),
    cmocka_unit_test(a_seed_under_another_policy_is_refused),
    cmocka_unit_test(a_damaged_private_part_is_refused),
};

int main(void)
{
    if (!swtpm_available(sizeof tests / sizeof *tests)) {
        printf("0 passed, 0 failed, %zu skipped\n", sizeof tests / sizeof *tests);
        return 0;
    }
    return HARNESS_RUN("tpm", tests);
}
