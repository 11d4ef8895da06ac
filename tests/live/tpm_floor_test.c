/*
 * tpm_floor: how far the chain was seen, in an NV index of a software TPM. tpm2-tools is the second
 * client, which reads the same bytes and can't write them; Python derives the same authorization
 * value; and somebody sits on the bus.
 */
#include "tests/lib/tpm_case.h"

#include "agent/kdf.h"
#include "agent/tpm_floor.h"
#include "base/hex.h"

#include <stdio.h>
#include <time.h>
#include <tss2/tss2_tpm2_types.h>

#define INDEX "0x01800210"

static const uint8_t chain[SHA256_LEN] = {0xc0, 0xff, 0xee, 0x01, [31] = 0x99};

struct floor_case {
    struct tpm_case c;
    struct secret *key;
    char auth[2 * TPM_FLOOR_AUTH + 1]; /* as Python derives it */
};

static struct secret *key_of(const uint8_t *seed, const uint8_t of_chain[static SHA256_LEN])
{
    struct err err = {0};
    struct secret *s = secret_new(TPM_SEED_LEN, &err), *key = secret_new(TPM_FLOOR_KEY, &err);
    assert_true(s && key);
    memcpy(secret_data(s), seed, TPM_SEED_LEN);
    assert_int_equal(kdf_floor_auth(s, 0x01800210, secret_data(key), &err), RC_OK);
    memcpy(secret_data(key) + TPM_FLOOR_AUTH, of_chain, SHA256_LEN);
    secret_free(s);
    return key;
}

/* RFC 5869 in Python, from the seed and the label as the manual has them. */
static void oracle(struct floor_case *f)
{
    char seed[2 * TPM_SEED_LEN + 1];
    uint8_t have[2 * TPM_FLOOR_AUTH], text[sizeof f->auth];
    hex_encode(bytes_of(case_seed, TPM_SEED_LEN), seed);
    assert_int_equal(
        swtpm_run(&f->c.sw,
                  "python3 -c \"import hmac,hashlib as h;s=bytes.fromhex('%s');"
                  "p=hmac.new(bytes(32),s,h.sha256).digest();"
                  "print(hmac.new(p,b'bootgate/floor/v1'+bytes.fromhex('01800210')+b'\\x01',"
                  "h.sha256).hexdigest(),end='')\" > auth",
                  seed),
        0);
    assert_true(swtpm_file(&f->c.sw, "auth", have, sizeof have));
    memcpy(f->auth, have, sizeof have);
    f->auth[sizeof have] = '\0';
    hex_encode(bytes_of(secret_data(f->key), TPM_FLOOR_AUTH), (char *)text);
    CASE("the value by Python", strcmp((char *)text, f->auth) == 0, "%s, ours %s", f->auth, text);
}

static void open_floor(struct floor_case *f, int variant)
{
    case_open(&f->c, variant);
    f->c.cfg.floor_index = 0x01800210;
    f->key = key_of(case_seed, chain);
    oracle(f);
}

static void close_floor(struct floor_case *f)
{
    secret_free(f->key);
    case_close(&f->c);
}

static void connect(struct floor_case *f)
{
    const struct timespec while_busy = {0, 50000000};
    enum rc rc = case_connect(&f->c);
    for (int i = 0; rc == BG_TPM_TRANSPORT && i < 400; i++) {
        nanosleep(&while_busy, NULL);
        rc = case_connect(&f->c);
    }
    assert_int_equal(rc, RC_OK);
}

static enum rc define(struct floor_case *f, uint64_t position, struct tpm_floor *out)
{
    const struct tpm_floor first = {position, 0};
    connect(f);
    return tpm_floor_define(f->c.tpm, f->key, &first, out, &f->c.err);
}

static enum rc raise_to(struct floor_case *f, uint64_t position, uint64_t checkpoint)
{
    const struct tpm_floor to = {position, checkpoint};
    connect(f);
    return tpm_floor_raise(f->c.tpm, f->key, &to, &f->c.err);
}

static enum rc read_with(struct floor_case *f, struct secret *key, struct tpm_floor *out)
{
    connect(f);
    return tpm_floor_read(f->c.tpm, key, out, &f->c.err);
}

static void is(struct floor_case *f, const char *name, uint64_t position, uint64_t checkpoint)
{
    struct tpm_floor now = {0};
    enum rc rc = read_with(f, f->key, &now);
    CASE(name, rc == RC_OK && now.position == position && now.checkpoint == checkpoint,
         "BG-%d %s: %llu, %llu", (int)rc, f->c.err.detail, (unsigned long long)now.position,
         (unsigned long long)now.checkpoint);
    case_disconnect(&f->c);
}

static void is_not_read(struct floor_case *f, const char *name, struct secret *key, enum rc code)
{
    struct tpm_floor now = {7, 7};
    enum rc rc = read_with(f, key, &now);
    CASE(name, rc == code && now.position == 7, "BG-%d %s, not BG-%d", (int)rc, f->c.err.detail,
         (int)code);
    case_disconnect(&f->c);
}

/* What tpm2-tools reads there, to the byte. */
static void tools_read(struct floor_case *f, const char *name, uint64_t position,
                       uint64_t checkpoint)
{
    uint8_t want[56] = "bgfloor\1", have[56];
    case_disconnect(&f->c);
    memcpy(want + 8, chain, sizeof chain);
    for (size_t i = 0; i < 8; i++) {
        want[40 + i] = (uint8_t)(position >> (56 - 8 * i));
        want[48 + i] = (uint8_t)(checkpoint >> (56 - 8 * i));
    }
    int status = swtpm_run(&f->c.sw, "rm -f nv; tpm2_nvread " INDEX " -C o -o nv");
    CASE(name,
         status == 0 && swtpm_file(&f->c.sw, "nv", have, sizeof have) &&
             memcmp(want, have, sizeof want) == 0,
         "tpm2_nvread: status %d or other bytes", status);
}

static void it_only_goes_up(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant += VARIANT_SHA384) {
        struct floor_case f = {0};
        struct tpm_floor made = {0};
        open_floor(&f, variant);
        is_not_read(&f, "not made yet", f.key, BG_TPM_FLOOR_ABSENT);
        CASE("nor raised", raise_to(&f, 5, 5) == BG_TPM_FLOOR_ABSENT, "BG-%d", (int)f.c.err.rc);
        case_disconnect(&f.c);
        is_not_read(&f, "a boot makes none", f.key, BG_TPM_FLOOR_ABSENT);
        CASE("made", define(&f, 1000, &made) == RC_OK && made.position == 1000, "BG-%d %s",
             (int)f.c.err.rc, f.c.err.detail);
        case_disconnect(&f.c);
        is(&f, "as made", 1000, 0);
        tools_read(&f, "as made, for others", 1000, 0);
        CASE("raised", raise_to(&f, 0x123456789abc, 77) == RC_OK, "BG-%d %s", (int)f.c.err.rc,
             f.c.err.detail);
        is(&f, "raised", 0x123456789abc, 77);
        tools_read(&f, "raised, for others", 0x123456789abc, 77);
        CASE("lower", raise_to(&f, 1, 76) == RC_OK, "BG-%d", (int)f.c.err.rc);
        is(&f, "never down", 0x123456789abc, 77);
        CASE("one of two", raise_to(&f, 5, 78) == RC_OK, "BG-%d", (int)f.c.err.rc);
        is(&f, "each for itself", 0x123456789abc, 78);
        swtpm_power_off(&f.c.sw);
        swtpm_power_on(&f.c.sw);
        case_boot(&f.c, "another kernel");
        is(&f, "over a reset", 0x123456789abc, 78);
        CASE("made again", define(&f, 3, &made) == RC_OK && made.position == 0x123456789abc,
             "BG-%d, %llu", (int)f.c.err.rc, (unsigned long long)made.position);
        is(&f, "keeps what it has", 0x123456789abc, 78);
        close_floor(&f);
    }
}

static void nobody_else_writes_it(void **state)
{
    (void)state;
    struct floor_case f = {0};
    struct tpm_floor made;
    open_floor(&f, 0);
    assert_int_equal(define(&f, 1000, &made), RC_OK);
    case_disconnect(&f.c);
    assert_int_equal(swtpm_run(&f.c.sw, "head -c 56 /dev/zero > zeros"), 0);
    const struct {
        const char *name, *how;
    } table[] = {{"no value", "tpm2_nvwrite " INDEX " -C " INDEX " -i zeros"},
                 {"another value", "tpm2_nvwrite " INDEX " -C " INDEX " -P hex:00112233 -i zeros"},
                 {"the owner", "tpm2_nvwrite " INDEX " -C o -i zeros"},
                 {"the platform", "tpm2_nvwrite " INDEX " -C p -i zeros"},
                 {"read without", "tpm2_nvread " INDEX " -C " INDEX},
                 {"read by the platform", "tpm2_nvread " INDEX " -C p"},
                 {"locked for writing", "tpm2_nvwritelock " INDEX " -C o"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int status = swtpm_run(&f.c.sw, "%s", table[i].how);
        CASE(table[i].name, status != 0, "%s worked", table[i].how);
        tools_read(&f, table[i].name, 1000, 0);
    }
    /* The positive control, and what comes of it: the value of this seed, and no other. */
    int status =
        swtpm_run(&f.c.sw, "tpm2_nvwrite " INDEX " -C " INDEX " -P hex:%s -i zeros", f.auth);
    CASE("with the value", status == 0, "status %d", status);
    is_not_read(&f, "no floor", f.key, BG_TPM_FLOOR_CONTENT);
    close_floor(&f);
}

static void another_seed_or_chain_is_named(void **state)
{
    (void)state;
    struct floor_case f = {0};
    struct tpm_floor made;
    uint8_t other[SHA256_LEN];
    open_floor(&f, 0);
    assert_int_equal(define(&f, 1000, &made), RC_OK);
    case_disconnect(&f.c);
    for (size_t i = 0; i < SHA256_LEN; i++) {
        memcpy(other, case_seed, sizeof other);
        other[i] ^= 1;
        struct secret *key = key_of(other, chain);
        if (i % 8 == 0) /* 32 failures would be the lockout's business, were it not for NO_DA */
            is_not_read(&f, "another seed", key, BG_TPM_FLOOR_AUTH);
        secret_free(key);
        memcpy(other, chain, sizeof other);
        other[i] ^= 0x80;
        key = key_of(case_seed, other);
        is_not_read(&f, "another chain", key, BG_TPM_FLOOR_CHAIN);
        secret_free(key);
    }
    struct secret *key = key_of(case_seed + 0, other);
    const struct tpm_floor to = {5000, 0};
    connect(&f);
    CASE("nor raised for another chain",
         tpm_floor_raise(f.c.tpm, key, &to, &f.c.err) == BG_TPM_FLOOR_CHAIN, "BG-%d",
         (int)f.c.err.rc);
    secret_free(key);
    case_disconnect(&f.c);
    is(&f, "as it was", 1000, 0);
    close_floor(&f);
}

/* The owner, and the software of a later stage is one, undefines the index and makes another. */
static void one_that_was_replaced_is_refused(void **state)
{
    (void)state;
    const char *ours = "authwrite|authread|ownerread|writeall|no_da";
    struct floor_case f = {0};
    struct tpm_floor made;
    open_floor(&f, 0);
    assert_int_equal(define(&f, 1000, &made), RC_OK);
    tools_read(&f, "before", 1000, 0);
    assert_int_equal(swtpm_run(&f.c.sw, "cp nv old && tpm2_nvundefine " INDEX " -C o"), 0);
    is_not_read(&f, "taken away", f.key, BG_TPM_FLOOR_ABSENT);
    const struct {
        const char *attributes, *auth;
        int size;
        bool written;
        enum rc code;
    } table[] = {
        {ours, "", 56, true, BG_TPM_FLOOR_AUTH},
        {ours, "-p hex:00112233", 56, true, BG_TPM_FLOOR_AUTH},
        {ours, "", 56, false, BG_TPM_FLOOR_AUTH},
        {ours, "", 57, true, BG_TPM_FLOOR_NAME},
        {"authwrite|authread|ownerread|ownerwrite|writeall|no_da", "", 56, true, BG_TPM_FLOOR_NAME},
        {"authwrite|authread|ownerread|writeall", "", 56, true, BG_TPM_FLOOR_NAME},
        {"authwrite|authread|ownerread|writeall|no_da|write_stclear", "", 56, true,
         BG_TPM_FLOOR_NAME}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(swtpm_run(&f.c.sw, "tpm2_nvdefine " INDEX " -C o -s %d -a '%s' %s",
                                   table[i].size, table[i].attributes, table[i].auth),
                         0);
        if (table[i].written)
            assert_int_equal(swtpm_run(&f.c.sw,
                                       "head -c %d old > c; printf '\\0' >> c; head -c %d c > d; "
                                       "tpm2_nvwrite " INDEX " -C " INDEX " -i d %s",
                                       table[i].size, table[i].size,
                                       *table[i].auth ? "-P hex:00112233" : ""),
                             0);
        is_not_read(&f, table[i].attributes, f.key, table[i].code);
        CASE("nor made over", define(&f, 1, &made) == table[i].code, "BG-%d %s", (int)f.c.err.rc,
             f.c.err.detail);
        case_disconnect(&f.c);
        assert_int_equal(swtpm_run(&f.c.sw, "tpm2_nvundefine " INDEX " -C o"), 0);
    }
    CASE("made anew on purpose", define(&f, 2, &made) == RC_OK, "BG-%d", (int)f.c.err.rc);
    is(&f, "and good", 2, 0);
    close_floor(&f);
}

static void nothing_false_comes_over_the_bus(void **state)
{
    (void)state;
    const struct {
        const char *name;
        TPM2_CC command;
        enum tap_mode mode;
        bool write;
    } table[] = {{"the read's answer", TPM2_CC_NV_Read, TAP_FLIP_ANSWER, false},
                 {"the read itself", TPM2_CC_NV_Read, TAP_FLIP_COMMAND, false},
                 {"the write's answer", TPM2_CC_NV_Write, TAP_FLIP_ANSWER, true},
                 {"the write itself", TPM2_CC_NV_Write, TAP_FLIP_COMMAND, true}};
    struct floor_case f = {0};
    struct tpm_floor floor;
    uint64_t position = 1000;
    open_floor(&f, 0);
    memcpy(f.c.sw.tap->marker, secret_data(f.key), sizeof f.c.sw.tap->marker);
    memcpy(f.c.sw.tap->control, chain, sizeof f.c.sw.tap->control);
    assert_int_equal(define(&f, position, &floor), RC_OK);
    f.c.cfg.srk_pinned = true;
    memcpy(f.c.cfg.srk_name, f.c.facts.srk_name, TPM_NAME_LEN);
    f.c.cfg.request_ms = 60000;
    struct tap *tap = f.c.sw.tap;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t n = 7, tried = 0;
        for (uint32_t at = 0; at<n; at += at> 20 ? 3 : 1) {
            if (at >= 2 && at < 6) /* the size: a longer message is waited for */
                continue;
            connect(&f);
            tap->command = 0;
            tap->mode = table[i].mode;
            tap->offset = at;
            tap->hits = tap->answer_len = 0;
            tap->command = table[i].command;
            const struct tpm_floor to = {position + 1, 0};
            floor = (struct tpm_floor){7, 7};
            enum rc rc = table[i].write ? tpm_floor_raise(f.c.tpm, f.key, &to, &f.c.err)
                                        : tpm_floor_read(f.c.tpm, f.key, &floor, &f.c.err);
            tap->command = 0;
            n = tap->answer_len;
            tried += tap->hits > 0;
            CASE(table[i].name, rc != RC_OK && floor.position == 7, "byte %u of %u believed", at,
                 n);
            case_disconnect(&f.c);
            if (table[i].write) { /* with a false answer it may have been written: then it is up */
                connect(&f);
                rc = tpm_floor_read(f.c.tpm, f.key, &floor, &f.c.err);
                CASE("all or nothing",
                     rc == RC_OK && (floor.position == position || floor.position == to.position),
                     "BG-%d, %llu", (int)rc, (unsigned long long)floor.position);
                position = floor.position;
                case_disconnect(&f.c);
            }
        }
        CASE(table[i].name, tried > 20, "%u bytes flipped", tried);
    }
    is(&f, "left alone", position, 0);
    CASE("the value is never on the wire", tap->marker_seen == 0, "seen %u times",
         tap->marker_seen);
    CASE("the tap sees", tap->control_seen > 0, "nothing seen");
    close_floor(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_only_goes_up),
    cmocka_unit_test(nobody_else_writes_it),
    cmocka_unit_test(another_seed_or_chain_is_named),
    cmocka_unit_test(one_that_was_replaced_is_refused),
    cmocka_unit_test(nothing_false_comes_over_the_bus),
};

int main(void)
{
    if (!swtpm_available(sizeof tests / sizeof *tests)) {
        printf("0 passed, 0 failed, %zu skipped\n", sizeof tests / sizeof *tests);
        return 0;
    }
    return HARNESS_RUN("tpm_floor", tests);
}
