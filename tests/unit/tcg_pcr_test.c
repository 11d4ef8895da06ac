/*
 * tcg_pcr: boot event logs written here, in both banks, and what they replay to (values made with
 * another implementation of the hashes), each refusal, and the comparison with a TPM's values.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/limits.h"
#include "quote/evlog.h"
#include "quote/tcg_pcr.h"

/* PCR 4 after 11.. and 22..; PCR 0 started in locality 3, after 33.. */
#define P4_256 "78830000e1197790a7e1884139a65721210d642ad112e6c9899a05cb214027a5"
#define P0_256 "f0c81558c26f68145511606df03b56dfc1a3583458e69bb7d37d5c8134624993"
#define P4_384                                                                                     \
    "3b0aa70f13ee0d6d1e004bc3925da1d69fa9638c77923663dd226028623932c61139aacb3696bd7a45990d5eb4ca" \
    "2868"
#define P0_384                                                                                     \
    "89143a27a30d4749a4684d7459ab6f1c5530d185afa2cd8ef07d4c1310bbfc5bc54bc41b1f675cd4c2eec8620912" \
    "60da"

struct log {
    uint8_t b[4096];
    size_t n;
};

static void put(struct log *t, uint64_t v, size_t width)
{
    for (; width; width--, v >>= 8)
        t->b[t->n++] = (uint8_t)v;
}

static void fill(struct log *t, uint8_t v, size_t n)
{
    memset(t->b + t->n, v, n);
    t->n += n;
}

static void header(struct log *t, bool sha256, bool sha384)
{
    unsigned n = (unsigned)sha256 + sha384;
    t->n = 0;
    put(t, 0, 4);
    put(t, EV_NO_ACTION, 4);
    fill(t, 0, 20);
    put(t, 16 + 8 + 4 + 4 * n + 1, 4);
    memcpy(t->b + t->n, "Spec ID Event03", 16);
    t->n += 16;
    put(t, 0, 8);
    put(t, n, 4);
    if (sha256)
        put(t, 0x0020000b, 4);
    if (sha384)
        put(t, 0x0030000c, 4);
    put(t, 0, 1);
}

/* An event of both banks, each digest the same byte over and over. */
static void event(struct log *t, uint32_t pcr, uint32_t type, uint8_t digest, struct bytes data)
{
    put(t, pcr, 4);
    put(t, type, 4);
    put(t, 2, 4);
    put(t, 0x000b, 2);
    fill(t, digest, 32);
    put(t, 0x000c, 2);
    fill(t, digest, 48);
    put(t, data.n, 4);
    if (data.n)
        memcpy(t->b + t->n, data.p, data.n);
    t->n += data.n;
}

static void start(struct log *t, uint32_t pcr, uint8_t locality)
{
    uint8_t data[17] = "StartupLocality";
    data[16] = locality;
    event(t, pcr, EV_NO_ACTION, 0, BYTES_OF_ARRAY(data));
}

static void good(struct log *t)
{
    header(t, true, true);
    start(t, 0, 3);
    event(t, 0, 8, 0x33, bytes_of("x", 1));
    event(t, 4, 0x80000003u, 0x11, bytes_of("kernel", 6));
    event(t, 9, EV_NO_ACTION, 0x77, BYTES_NONE);
    event(t, 4, 0x80000003u, 0x22, BYTES_NONE);
}

static enum rc replay(const struct log *t, uint16_t bank, struct tcg_pcrs *out)
{
    struct err err = {0};
    memset(out, 0, sizeof *out);
    return tcg_pcr_replay(bytes_of(t->b, t->n), bank, out, &err);
}

static void a_log_replays_to_the_known_values(void **state)
{
    (void)state;
    struct arena *a = arena_new(1u << 20);
    struct log t;
    struct tcg_pcrs p;
    const struct {
        uint16_t bank;
        const char *pcr0, *pcr4;
    } rows[] = {{TCG_SHA256, P0_256, P4_256}, {TCG_SHA384, P0_384, P4_384}};
    for (size_t i = 0; i < 2; i++) {
        good(&t);
        enum rc rc = replay(&t, rows[i].bank, &p);
        size_t n = i ? 48 : 32;
        CASE("replay", rc == RC_OK && p.size == n && p.bank == rows[i].bank, "BG-%04d", rc);
        CASE("PCR 0", bytes_eq(bytes_of(p.value[0], n), unhex(a, rows[i].pcr0)), "bank %zu", n);
        CASE("PCR 4", bytes_eq(bytes_of(p.value[4], n), unhex(a, rows[i].pcr4)), "bank %zu", n);
        CASE("events", p.events[0] == 1 && p.events[4] == 2 && p.events[9] == 0, "counted");
        CASE("PCR 9", mem_is_zero(p.value[9], 48), "extended by an event that extends nothing");
        size_t end = t.n;
        fill(&t, 0xff, 64);
        CASE("padding", replay(&t, rows[i].bank, &p) == RC_OK && p.events[4] == 2, "0xff");
        t.n = end;
        struct tcg_pcrs whole = p;
        for (size_t k = 0; k < end; k++) {
            t.n = k;
            rc = replay(&t, rows[i].bank, &p);
            CASE("cut", rc != RC_OK || memcmp(&p, &whole, sizeof p) != 0, "at %zu", k);
        }
    }
    arena_free(a);
}

static void malformed_logs_are_refused_by_name(void **state)
{
    (void)state;
    struct log t;
    struct tcg_pcrs p;
    struct err err = {0};
    const struct {
        const char *name;
        bool again, late;
        uint32_t pcr;
        uint8_t locality;
        enum rc want;
    } rows[] = {
        {"locality 0", false, false, 0, 0, RC_OK},
        {"locality 3", false, false, 0, 3, RC_OK},
        {"locality 4", false, false, 0, 4, RC_OK},
        {"locality 1", false, false, 0, 1, BG_PCR_LOG_LOCALITY},
        {"locality 255", false, false, 0, 255, BG_PCR_LOG_LOCALITY},
        {"of PCR 1", false, false, 1, 3, BG_PCR_LOG_LOCALITY},
        {"twice", true, false, 0, 3, BG_PCR_LOG_LOCALITY},
        {"after an event", false, true, 0, 3, BG_PCR_LOG_LOCALITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        header(&t, true, true);
        if (rows[i].late)
            event(&t, 0, 8, 1, BYTES_NONE);
        start(&t, rows[i].pcr, rows[i].locality);
        if (rows[i].again)
            start(&t, 0, 3);
        enum rc rc = replay(&t, TCG_SHA256, &p);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d", rc);
        CASE(rows[i].name, rc != RC_OK || p.value[0][31] == rows[i].locality, "start");
    }
    header(&t, true, true);
    event(&t, 0, EV_NO_ACTION, 0, bytes_of("StartupLocality", 16));
    CASE("no locality in it", replay(&t, TCG_SHA256, &p) == BG_PCR_LOG_LOCALITY, "accepted");
    header(&t, true, true);
    event(&t, 0, EV_NO_ACTION, 0, bytes_of("StartupLocalitx\0\3", 17));
    CASE("another event", replay(&t, TCG_SHA256, &p) == RC_OK && p.value[0][31] == 0, "read");
    for (uint32_t pcr = 0; pcr < 64; pcr++) {
        header(&t, true, true);
        event(&t, pcr, 8, 1, BYTES_NONE);
        enum rc rc = replay(&t, TCG_SHA384, &p);
        CASE("PCR", rc == (pcr < 16 ? RC_OK : BG_PCR_LOG_INDEX), "%u: BG-%04d", pcr, rc);
    }
    header(&t, true, false);
    CASE("no SHA-384", replay(&t, TCG_SHA384, &p) == BG_PCR_LOG_NO_BANK, "accepted");
    CASE("SHA-256", replay(&t, TCG_SHA256, &p) == RC_OK, "refused");
    CASE("SHA-1", replay(&t, 4, &p) == BG_PCR_LOG_NO_BANK, "accepted");
    header(&t, true, true);
    put(&t, 4, 4);
    put(&t, 8, 4);
    put(&t, 1, 4);
    put(&t, 0x000b, 2);
    fill(&t, 1, 32);
    put(&t, 0, 4);
    CASE("a digest is missing", replay(&t, TCG_SHA384, &p) == BG_PCR_LOG_NO_DIGEST, "accepted");
    CASE("the other is there", replay(&t, TCG_SHA256, &p) == RC_OK, "refused");
    t.n = 0;
    CASE("empty", replay(&t, TCG_SHA256, &p) == BG_PCR_LOG_SIZE, "accepted");
    uint8_t *big = calloc(1, LIMIT_EVENT_LOG + 1);
    CASE("large",
         tcg_pcr_replay(bytes_of(big, LIMIT_EVENT_LOG + 1), TCG_SHA256, &p, &err) ==
             BG_PCR_LOG_SIZE,
         "accepted");
    header(&t, true, true);
    memcpy(big, t.b, t.n);
    size_t n = t.n;
    for (size_t i = 0; i <= LIMIT_EVENTS; i++, n += 16)
        big[n + 4] = EV_NO_ACTION;
    err_clear(&err);
    CASE("many", tcg_pcr_replay(bytes_of(big, n), TCG_SHA256, &p, &err) == BG_PCR_LOG_TOO_MANY,
         "accepted");
    err_clear(&err);
    CASE("most", tcg_pcr_replay(bytes_of(big, n - 16), TCG_SHA256, &p, &err) == RC_OK, "refused");
    free(big);
}

static enum rc match(const struct tcg_pcrs *p, uint32_t set, const uint8_t tpm[TCG_PCRS][48])
{
    struct err err = {0};
    return tcg_pcr_match(p, set, tpm, &err);
}

static void a_tpm_must_have_the_values(void **state)
{
    (void)state;
    struct log t;
    struct tcg_pcrs p;
    uint8_t tpm[TCG_PCRS][48];
    const uint16_t banks[] = {TCG_SHA256, TCG_SHA384};
    for (size_t i = 0; i < 2; i++) {
        good(&t);
        assert_int_equal(replay(&t, banks[i], &p), RC_OK);
        memcpy(tpm, p.value, sizeof tpm);
        CASE("0 and 4", match(&p, 1u << 0 | 1u << 4, tpm) == RC_OK, "refused");
        CASE("none", match(&p, 0, tpm) == BG_PCR_NONE, "accepted");
        CASE("16", match(&p, 1u << 16 | 1u << 4, tpm) == BG_PCR_NONE, "accepted");
        CASE("31", match(&p, 1u << 31, tpm) == BG_PCR_NONE, "accepted");
        CASE("all 0", match(&p, 1u << 4 | 1u << 7, tpm) == BG_PCR_BLANK, "accepted");
        memset(tpm[7], 0xff, 48);
        CASE("all 1", match(&p, 1u << 4 | 1u << 7, tpm) == BG_PCR_BLANK, "accepted");
        CASE("not in the set", match(&p, 1u << 4, tpm) == RC_OK, "refused");
        for (size_t at = 0; at < 8 * p.size; at++) {
            tpm[4][at / 8] ^= (uint8_t)(1u << at % 8);
            CASE("bit", match(&p, 1u << 4 | 1u, tpm) == BG_PCR_MISMATCH, "%zu", at);
            CASE("bit of another", match(&p, 1u, tpm) == RC_OK, "%zu", at);
            tpm[4][at / 8] ^= (uint8_t)(1u << at % 8);
        }
    }
    memset(&p, 0, sizeof p);
    CASE("nothing replayed", match(&p, 1, tpm) == BG_PCR_NONE, "accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_replays_to_the_known_values),
        cmocka_unit_test(malformed_logs_are_refused_by_name),
        cmocka_unit_test(a_tpm_must_have_the_values),
    };
    return HARNESS_RUN("tcg_pcr", tests);
}
