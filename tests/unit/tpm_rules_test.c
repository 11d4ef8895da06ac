/*
 * tpm_rules: what needs no TPM. Each configuration that must not be used, the sealed seed's file to
 * the last byte, and policy digests against ones that a TPM computed.
 */
#include "tests/lib/harness.h"

#include "agent/build.h"
#include "agent/tpm_blob.h"
#include "agent/tpm_esys.h"
#include "base/hex.h"

static struct tpm_config good(void)
{
    struct tpm_config c = {
        .cls = TPM_CLASS_HOST,
        .accept_host_tpm = true,
        .bank = TPM_BANK_SHA256,
        .boot_pcrs = 1u << 4 | 1u << 9,
        .gate_pcr = 13,
    };
    return c;
}

static void bad_configurations_are_named(void **state)
{
    (void)state;
#define BAD(code, change)                                                                          \
    do {                                                                                           \
        struct tpm_config c = good();                                                              \
        struct err err = {0};                                                                      \
        change;                                                                                    \
        CASE(#change, tpm_config_check(&c, &err) == (code), "BG-%d %s", (int)err.rc, err.detail);  \
    } while (0)
    BAD(RC_OK, (void)0);
    BAD(BG_TPM_CLASS, c.cls = TPM_CLASS_NONE);
    BAD(BG_TPM_HOST_NOT_ACCEPTED, c.accept_host_tpm = false);
    BAD(RC_OK, (c.cls = TPM_CLASS_ATTESTED, c.accept_host_tpm = false));
    BAD(BG_TPM_CLASS, c.cls = (enum tpm_class)3);
    BAD(RC_OK, c.tcti = "swtpm:port=1");
    BAD(BG_TPM_TCTI, c.tcti = "device:/dev/tpm0");
    BAD(BG_TPM_TCTI, c.tcti = "");
    BAD(BG_TPM_BANK, c.bank = TPM_BANK_NONE);
    BAD(BG_TPM_BANK, c.bank = (enum tpm_bank)3);
    BAD(BG_TPM_BOOT_EMPTY, c.boot_pcrs = 0);
    BAD(BG_TPM_BOOT_PCR, c.boot_pcrs |= 1u << 16);
    BAD(BG_TPM_BOOT_PCR, c.boot_pcrs |= 1u << 23);
    BAD(BG_TPM_BOOT_PCR, c.boot_pcrs |= 1u << 24);
    BAD(RC_OK, c.boot_pcrs |= 1u << 17);
    BAD(BG_TPM_GATE_PCR, c.gate_pcr = 10);
    for (uint32_t i = 16; i < 26; i++)
        BAD(BG_TPM_GATE_PCR, c.gate_pcr = i);
    BAD(BG_TPM_GATE_PCR, c.gate_pcr = UINT32_MAX);
    BAD(BG_TPM_GATE_PCR, c.gate_pcr = 4);
    BAD(BG_TPM_GATE_PCR, (c.gate_pcr = 14, c.dstack = true));
    BAD(RC_OK, c.gate_pcr = 14);
    BAD(BG_TPM_VERSION_INDEX, c.version_index = 0x81000001);
    BAD(RC_OK, c.version_index = 0x01800100);
    BAD(RC_OK, c.floor_index = 0x01800000);
    BAD(RC_OK, c.floor_index = 0x01bfffff);
    BAD(BG_TPM_FLOOR_INDEX, c.floor_index = 0x017fffff);
    BAD(BG_TPM_FLOOR_INDEX, c.floor_index = 0x01c00000);
    BAD(BG_TPM_FLOOR_INDEX, c.floor_index = 0x01c0000a);
    BAD(BG_TPM_FLOOR_INDEX, c.floor_index = 1);
    BAD(BG_TPM_FLOOR_INDEX, c.floor_index = c.version_index = 0x01800100);
    BAD(BG_TPM_SRK_PIN, c.srk_pinned = true);
    BAD(RC_OK, (c.srk_pinned = true, c.srk_name[1] = 0x0b));
    struct tpm_config c = good();
    CASE("protection", strcmp(tpm_key_protection(&c), "none-against-host") == 0, "%s",
         tpm_key_protection(&c));
}

/* A policy of each kind, every field of it in use. */
static struct tpm_blob a_blob(unsigned kind)
{
    static uint8_t private_part[190];
    struct tpm_blob b = {0};
    b.policy.bank = kind & 4 ? TPM_BANK_SHA384 : TPM_BANK_SHA256;
    b.policy.boot_pcrs = 1u << 2 | 1u << 9 | 1u << 15;
    b.policy.gate_pcr = 13;
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++)
        if (b.policy.boot_pcrs >> i & 1)
            memset(b.policy.pcrs[i], (int)(i + 1), tpm_bank_len(b.policy.bank));
    if (kind & 1) {
        b.policy.authorize = true;
        tpm_policy_key_name(private_part, b.policy.authorize_name);
        b.policy.authorize_version = 0x1122334455667788;
    }
    if (kind & 2) {
        b.policy.version_index = 0x01800100;
        b.policy.version_limit = 99;
    }
    b.srk_name[1] = 0x0b;
    memset(b.unique, 0x77, sizeof b.unique);
    memset(private_part, 0x55, sizeof private_part);
    b.private_part = BYTES_OF_ARRAY(private_part);
    return b;
}

static void a_sealed_file_reads_back(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        struct tpm_blob b = a_blob(kind), r = {0};
        struct err err = {0};
        uint8_t file[TPM_BLOB_MAX];
        size_t n = 0;
        assert_true(tpm_blob_write(&b, file, &n));
        CASE("same",
             tpm_blob_read(bytes_of(file, n), &r, &err) == RC_OK &&
                 memcmp(&r.policy, &b.policy, sizeof r.policy) == 0 &&
                 memcmp(r.srk_name, b.srk_name, sizeof r.srk_name) == 0 &&
                 bytes_eq(r.private_part, b.private_part),
             "kind %u: BG-%d %s", kind, (int)err.rc, err.detail);
        for (size_t cut = 0; cut < n; cut++) {
            err_clear(&err);
            CASE("cut", tpm_blob_read(bytes_of(file, cut), &r, &err) != RC_OK, "at %zu", cut);
        }
        file[n] = 0;
        err_clear(&err);
        CASE("one byte more", tpm_blob_read(bytes_of(file, n + 1), &r, &err) == BG_TPM_BLOB_FORMAT,
             "BG-%d", (int)err.rc);
        struct bytes part = b.private_part;
        b.private_part = BYTES_NONE;
        CASE("nothing in it", !tpm_blob_write(&b, file, &n), "written");
        uint8_t big[TPM_PRIVATE_MAX + 1] = {0};
        b.private_part = BYTES_OF_ARRAY(big);
        CASE("too much in it", !tpm_blob_write(&b, file, &n), "written");
        b.private_part = part;
    }
}

/*
 * Every byte changed three ways. What may change and still be read: the storage key's Name (the
 * caller compares it with the TPM's), the private part (TPM2_Load has its HMAC), `unique` (part of
 * the Name that TPM2_Load checks the HMAC with), and under PolicyAuthorize the PCR values, which
 * are shown and bind nothing.
 */
static void a_changed_file_is_refused(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        struct tpm_blob b = a_blob(kind), r;
        uint8_t file[TPM_BLOB_MAX];
        size_t n = 0, pcr = tpm_bank_len(b.policy.bank);
        assert_true(tpm_blob_write(&b, file, &n));
        size_t values = 8 + 2 + 4 + 1 + 1 + TPM_NAME_LEN;
        size_t private_at = n - b.private_part.n, unique_at = private_at - 2 - SHA256_LEN;
        for (size_t at = 0; at < n; at++)
            for (int how = 0; how < 3; how++) {
                const uint8_t bit[] = {0x01, 0x80, 0xff};
                struct err err = {0};
                bool may = (at >= 16 + 2 && at < values) || at >= private_at ||
                           (at >= unique_at && at < private_at - 2) ||
                           (kind & 1 && at >= values && at < values + 3 * pcr);
                file[at] ^= bit[how];
                enum rc rc = tpm_blob_read(bytes_of(file, n), &r, &err);
                file[at] ^= bit[how];
                CASE("changed byte", (rc == RC_OK) == may, "kind %u, byte %zu ^ %02x: BG-%d", kind,
                     at, bit[how], (int)rc);
            }
    }
}

static void a_file_of_another_configuration_is_refused(void **state)
{
    (void)state;
    struct tpm_config c = good();
    struct tpm_blob b = {0};
    c.version_index = 0x01800100;
    c.authorize = true;
    c.authorize_version = 5;
    c.authorize_key[3] = 9;
    tpm_policy_of(&c, &b.policy);
    struct err err = {0};
    CASE("same", tpm_blob_matches(&b, &c, &err) == RC_OK, "%s", err.detail);
#define OTHER(text, change)                                                                        \
    do {                                                                                           \
        struct tpm_config o = c;                                                                   \
        err_clear(&err);                                                                           \
        change;                                                                                    \
        CASE(text,                                                                                 \
             tpm_blob_matches(&b, &o, &err) == BG_TPM_BLOB_CONFIG && strstr(err.detail, (text)),   \
             "BG-%d %s", (int)err.rc, err.detail);                                                 \
    } while (0)
    OTHER("bank", o.bank = TPM_BANK_SHA384);
    OTHER("boot PCRs", o.boot_pcrs |= 1);
    OTHER("gate PCR", o.gate_pcr = 12);
    OTHER("authorize", o.authorize = false);
    OTHER("authorize key", o.authorize_key[60] = 1);
    OTHER("image version", o.authorize_version = 4);
    OTHER("version counter", o.version_index = 0);
    OTHER("version counter", o.version_index = 0x01800101);
}

/*
 * tpm2-tools 5.4 on swtpm 0.7.1 computed these in trial sessions: PCR values 32 x 0x11 (PCR 4) and
 * 32 x 0x22 (PCR 9) and, for the gate, 32 x 0 (PCR 13), given to tpm2_policypcr as a file.
 */
static void policies_are_those_that_a_tpm_computes(void **state)
{
    (void)state;
    struct tpm_config c = good();
    struct tpm_policy p;
    uint8_t digest[SHA256_LEN];
    char text[2 * SHA256_LEN + 1];
    tpm_policy_of(&c, &p);
    memset(p.pcrs[4], 0x11, 32);
    memset(p.pcrs[9], 0x22, 32);
    memset(p.pcrs[13], 0x99, 32); /* what the gate PCR holds does not matter */
    tpm_policy_boot(&p, digest);
    hex_encode(BYTES_OF_ARRAY(digest), text);
    assert_string_equal(text, "cde8ed7011ecac1d07489263c197996011f3f10fa6cccafe525cb8738de0341e");
    tpm_policy_digest(&p, digest);
    hex_encode(BYTES_OF_ARRAY(digest), text);
    assert_string_equal(text, "5c151a678d2ae4798f6ce6b4bc0990d59239e758468e49d999877634e0d90cdf");
}

static void only_the_pcrs_that_were_asked_for_are_taken(void **state)
{
    (void)state;
    const struct tpm_config cfg = good();
    const uint32_t asked = 1u << 4 | 1u << 9 | 1u << 17;
#define ANSWER(want, change)                                                                       \
    do {                                                                                           \
        uint8_t out[TPM_PCR_COUNT][TPM_PCR_MAX] = {0};                                             \
        TPML_PCR_SELECTION s = tpm_pcr_selection(&cfg, 1u << 4 | 1u << 9);                         \
        TPML_DIGEST v = {.count = 2};                                                              \
        v.digests[0].size = v.digests[1].size = 32;                                                \
        v.digests[1].buffer[0] = 7;                                                                \
        change;                                                                                    \
        uint32_t got = tpm_pcr_answered(&cfg, asked, &s, &v, out);                                 \
        CASE(#change, got == (want) && (!got || out[9][0] == 7), "mask %06x", got);                \
    } while (0)
    ANSWER(1u << 4 | 1u << 9, (void)0);
    ANSWER(0, s.pcrSelections[0].pcrSelect[0] = 1 << 5); /* another PCR in the place of 4 */
    ANSWER(0, (s.pcrSelections[0].pcrSelect[2] = 1, v.count = 3, v.digests[2].size = 32));
    ANSWER(0, s.pcrSelections[0].hash = TPM2_ALG_SHA1);
    ANSWER(0, s.pcrSelections[0].hash = TPM2_ALG_SHA384);
    ANSWER(0, s.pcrSelections[0].sizeofSelect = 2);
    ANSWER(0, s.count = 0);
    ANSWER(0, s.count = 2);
    ANSWER(0, v.count = 1);
    ANSWER(0, v.count = 3);
    ANSWER(0, v.digests[1].size = 20);
    ANSWER(0, v.digests[1].size = 0);
}

static void what_can_be_reset_is_the_tpms_word_or_everything(void **state)
{
    (void)state;
#define WORD(want, change)                                                                         \
    do {                                                                                           \
        TPMS_CAPABILITY_DATA d = {.capability = TPM2_CAP_PCR_PROPERTIES};                          \
        TPMS_TAGGED_PCR_SELECT *p = &d.data.pcrProperties.pcrProperty[0];                          \
        d.data.pcrProperties.count = 1;                                                            \
        *p = (TPMS_TAGGED_PCR_SELECT){TPM2_PT_PCR_RESET_L0, 3, {0x10, 0x02, 0x81}};                \
        change;                                                                                    \
        uint32_t got = tpm_pcr_resettable(&d);                                                     \
        CASE(#change, got == (want), "mask %06x", got);                                            \
    } while (0)
    WORD(0x810210, (void)0);
    WORD(TPM_PCRS_ALL, d.capability = TPM2_CAP_PCRS);
    WORD(TPM_PCRS_ALL, d.data.pcrProperties.count = 0);
    WORD(TPM_PCRS_ALL, p->tag = TPM2_PT_PCR_RESET_L1);
    WORD(TPM_PCRS_ALL, p->sizeofSelect = 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bad_configurations_are_named),
    cmocka_unit_test(a_sealed_file_reads_back),
    cmocka_unit_test(a_changed_file_is_refused),
    cmocka_unit_test(a_file_of_another_configuration_is_refused),
    cmocka_unit_test(policies_are_those_that_a_tpm_computes),
    cmocka_unit_test(only_the_pcrs_that_were_asked_for_are_taken),
    cmocka_unit_test(what_can_be_reset_is_the_tpms_word_or_everything),
};

int main(void)
{
    return HARNESS_RUN("tpm_rules", tests);
}
