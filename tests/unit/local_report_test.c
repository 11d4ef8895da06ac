/*
 * local_report: TDREPORTs written here by offset (Intel TDX Module ABI specification), each byte
 * changed with and without the hashes that cover it, and the comparison with a quote's body, member
 * by member. Bytes that may change without a refusal or a difference, and why:
 *   2         version 0 or 1 says only whether SERVTD_HASH is in use; its value is compared itself
 *   16-31     CPUSVN is not in a quote's body; the quote's PCK certificate speaks of it
 *   224-255   MAC: only the machine itself can check it
 *   256-263   VALID (with the hash made anew): the members that it speaks of are compared
 * themselves
 */
#include "tests/lib/harness.h"

#include <stdio.h>

#include "base/hash.h"
#include "quote/local_report.h"

struct part {
    const char *name;
    size_t at, size;
};
static const struct part parts[] = {
    {"report_data", 128, 64},    {"tee_tcb_svn", 264, 16},
    {"mr_seam", 280, 48},        {"mr_signer_seam", 328, 48},
    {"seam_attributes", 376, 8}, {"tee_tcb_svn2", 384, 16},
    {"td_attributes", 512, 8},   {"xfam", 520, 8},
    {"mr_td", 528, 48},          {"mr_config_id", 576, 48},
    {"mr_owner", 624, 48},       {"mr_owner_config", 672, 48},
    {"rtmr0", 720, 48},          {"rtmr1", 768, 48},
    {"rtmr2", 816, 48},          {"rtmr3", 864, 48},
    {"mr_service_td", 912, 48},
};
#define N_PARTS (sizeof parts / sizeof *parts)

static void rehash(uint8_t r[1024])
{
    hash_sha384(bytes_of(r + 256, 239), r + 32);
    hash_sha384(bytes_of(r + 512, 512), r + 80);
}

/* A report whose members are all different patterns; version 1, so that a service TD may be there.
 */
static void good(uint8_t r[1024])
{
    memset(r, 0, 1024);
    r[0] = 0x81;
    r[2] = 1;
    memset(r + 16, 0xc5, 16);
    memset(r + 224, 0x3a, 32);
    r[256] = 0xff;
    for (size_t i = 0; i < N_PARTS; i++)
        for (size_t k = 0; k < parts[i].size; k++)
            r[parts[i].at + k] = (uint8_t)(17 * i + k + 1);
    rehash(r);
}

static enum rc parse(const uint8_t r[1024], struct local_report *out)
{
    struct err err = {0};
    return local_report_parse(bytes_of(r, 1024), out, &err);
}

static const struct part *part_at(size_t at)
{
    for (size_t i = 0; i < N_PARTS; i++)
        if (at >= parts[i].at && at < parts[i].at + parts[i].size)
            return &parts[i];
    return NULL;
}

static bool does_not_matter(size_t at)
{
    return (at >= 16 && at < 32) || (at >= 224 && at < 256);
}

static void a_report_says_what_was_written(void **state)
{
    (void)state;
    uint8_t r[1024];
    struct local_report got;
    good(r);
    assert_int_equal(parse(r, &got), RC_OK);
    assert_true(got.td.td15);
    assert_int_equal(got.version, 1);
    const struct {
        const char *name;
        const uint8_t *p;
    } views[] = {{"report_data", got.td.report_data},
                 {"tee_tcb_svn", got.td.tee_tcb_svn},
                 {"mr_seam", got.td.mr_seam},
                 {"mr_signer_seam", got.td.mr_signer_seam},
                 {"seam_attributes", got.td.seam_attributes},
                 {"tee_tcb_svn2", got.td.tee_tcb_svn2},
                 {"td_attributes", got.td.td_attributes},
                 {"xfam", got.td.xfam},
                 {"mr_td", got.td.mr_td},
                 {"mr_config_id", got.td.mr_config_id},
                 {"mr_owner", got.td.mr_owner},
                 {"mr_owner_config", got.td.mr_owner_config},
                 {"rtmr0", got.td.rtmr[0]},
                 {"rtmr1", got.td.rtmr[1]},
                 {"rtmr2", got.td.rtmr[2]},
                 {"rtmr3", got.td.rtmr[3]},
                 {"mr_service_td", got.td.mr_service_td}};
    for (size_t i = 0; i < N_PARTS; i++) {
        assert_string_equal(views[i].name, parts[i].name);
        CASE(parts[i].name, memcmp(views[i].p, r + parts[i].at, parts[i].size) == 0, "differs");
    }
}

static void malformed_reports_are_refused_by_name(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t at;
        uint8_t v;
        bool rehash;
        enum rc want;
    } rows[] = {
        {"as it is", 0, 0x81, false, RC_OK},
        {"SGX", 0, 0, false, BG_LOCAL_REPORT_TYPE},
        {"subtype", 1, 1, false, BG_LOCAL_REPORT_TYPE},
        {"version 2", 2, 2, false, BG_LOCAL_REPORT_VERSION},
        {"version 0 and a service TD", 2, 0, false, BG_LOCAL_REPORT_SERVTD},
        {"reserved, type", 3, 1, false, BG_LOCAL_REPORT_RESERVED},
        {"reserved, first", 4, 1, false, BG_LOCAL_REPORT_RESERVED},
        {"reserved, last of 12", 15, 1, false, BG_LOCAL_REPORT_RESERVED},
        {"reserved, behind the report data", 192, 1, false, BG_LOCAL_REPORT_RESERVED},
        {"reserved, before the MAC", 223, 1, false, BG_LOCAL_REPORT_RESERVED},
        {"reserved, TCB info", 400, 1, true, BG_LOCAL_REPORT_RESERVED},
        {"reserved, behind TCB info", 511, 1, true, BG_LOCAL_REPORT_RESERVED},
        {"reserved, TDINFO", 960, 1, true, BG_LOCAL_REPORT_RESERVED},
        {"reserved, last byte", 1023, 1, true, BG_LOCAL_REPORT_RESERVED},
        {"hash of TCB info", 32, 0, false, BG_LOCAL_REPORT_TCB_HASH},
        {"hash of TDINFO", 80, 0, false, BG_LOCAL_REPORT_TDINFO_HASH},
    };
    uint8_t r[1025];
    struct local_report got;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        good(r);
        r[rows[i].at] = rows[i].v == 0 && rows[i].at >= 32 ? (uint8_t)~r[rows[i].at] : rows[i].v;
        if (rows[i].rehash)
            rehash(r);
        enum rc rc = parse(r, &got);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d", rc);
    }
    for (size_t n = 0; n <= 1025; n++) {
        struct err err = {0};
        good(r);
        r[1024] = 0;
        enum rc rc = local_report_parse(bytes_of(r, n), &got, &err);
        CASE("size", rc == (n == 1024 ? RC_OK : BG_LOCAL_REPORT_SIZE), "%zu: BG-%04d", n, rc);
    }
    good(r);
    memset(r + 912, 0, 48);
    r[2] = 0;
    rehash(r);
    CASE("version 0, no service TD", parse(r, &got) == RC_OK && got.version == 0, "refused");
}

/* One member of the body differs and no other. */
static bool names_only(const struct local_difference *d, const char *name)
{
    return d->n == 1 && strcmp(d->member[0], name) == 0;
}

static void every_byte_that_matters_is_refused_or_differs(void **state)
{
    (void)state;
    uint8_t r[1024];
    struct local_report ok, got;
    good(r);
    assert_int_equal(parse(r, &ok), RC_OK);
    for (size_t at = 0; at < 1024; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct err err = {0};
            struct local_difference d;
            good(r);
            r[at] ^= (uint8_t)(1u << bit);
            enum rc rc = parse(r, &got);
            if (rc == RC_OK)
                rc = local_report_compare(&got, &ok.td, &d, &err);
            CASE("edited", (rc == RC_OK) == does_not_matter(at), "byte %zu bit %u: BG-%04d", at,
                 bit, rc);
            rehash(r); /* what another TD's module would give out */
            err_clear(&err);
            const struct part *p = part_at(at);
            rc = parse(r, &got);
            if (rc == RC_OK)
                rc = local_report_compare(&got, &ok.td, &d, &err);
            if (!p) {
                bool free_byte =
                    does_not_matter(at) || (at >= 32 && at < 128) || (at >= 256 && at < 264);
                CASE("rehashed", (rc == RC_OK) == free_byte, "byte %zu bit %u: BG-%04d", at, bit,
                     rc);
                continue;
            }
            enum rc want =
                strncmp(p->name, "rtmr", 4) == 0 ? BG_LOCAL_REPORT_MOVED : BG_LOCAL_REPORT_DIFFERS;
            CASE("rehashed", rc == want && names_only(&d, p->name), "byte %zu bit %u: BG-%04d", at,
                 bit, rc);
            CASE("detail", strncmp(err.detail, p->name, strlen(p->name)) == 0, "%s", err.detail);
        }
}

static void the_comparison_tells_moved_from_different(void **state)
{
    (void)state;
    uint8_t r[1024];
    struct local_report local;
    struct local_difference d;
    good(r);
    assert_int_equal(parse(r, &local), RC_OK);
    struct err err = {0};
    struct td_body q = local.td;
    CASE("equal", local_report_compare(&local, &q, &d, &err) == RC_OK && d.n == 0, "%d", err.rc);
    for (unsigned i = 0; i < 4; i++)
        q.rtmr[i][47] ^= 1;
    CASE("all four moved",
         local_report_compare(&local, &q, &d, &err) == BG_LOCAL_REPORT_MOVED && d.n == 4 &&
             strcmp(d.member[3], "rtmr3") == 0,
         "%d", err.rc);
    q.report_data[0] ^= 1;
    err_clear(&err);
    CASE("moved and stale",
         local_report_compare(&local, &q, &d, &err) == BG_LOCAL_REPORT_DIFFERS && d.n == 5 &&
             strstr(err.detail, "report_data"),
         "%d %s", err.rc, err.detail);
    memset(&q, 0xff, sizeof q);
    q.td15 = true;
    err_clear(&err);
    CASE("all members",
         local_report_compare(&local, &q, &d, &err) == BG_LOCAL_REPORT_DIFFERS &&
             d.n == LOCAL_REPORT_MEMBERS,
         "%d %zu", err.rc, d.n);
    /* a TD 1.0 quote cannot say that there is a service TD */
    q = local.td;
    q.td15 = false;
    memset(q.tee_tcb_svn2, 0, sizeof q.tee_tcb_svn2);
    memset(q.mr_service_td, 0, sizeof q.mr_service_td);
    err_clear(&err);
    CASE("hidden service TD",
         local_report_compare(&local, &q, &d, &err) == BG_LOCAL_REPORT_DIFFERS &&
             names_only(&d, "mr_service_td"),
         "%d", err.rc);
    memset(local.td.mr_service_td, 0, sizeof local.td.mr_service_td);
    err_clear(&err);
    CASE("TD 1.0 quote", local_report_compare(&local, &q, &d, &err) == RC_OK, "%d", err.rc);
    q.td15 = true;
    CASE("TD 1.5 quote, other SVN 2",
         local_report_compare(&local, &q, &d, &err) == BG_LOCAL_REPORT_DIFFERS &&
             names_only(&d, "tee_tcb_svn2"),
         "%d", err.rc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_says_what_was_written),
        cmocka_unit_test(malformed_reports_are_refused_by_name),
        cmocka_unit_test(every_byte_that_matters_is_refused_or_differs),
        cmocka_unit_test(the_comparison_tells_moved_from_different),
    };
    return HARNESS_RUN("local_report", tests);
}
