/*
 * findings: each policy switch alone, on quotes that verify. Names of findings: vectors/tdx
 * MANIFEST.
 */
#include "tests/lib/harness.h"

#include <stdio.h>

#include "base/hex.h"
#include "tests/lib/tdx_case.h"

static struct arena *a;
static struct tdx_world w;
static struct td_policy p;
static struct tdx_outcome o;

static int setup(void **state)
{
    (void)state;
    a = arena_new(64u << 20);
    memset(&p, 0, sizeof p);
    tdx_world_default(&w);
    return a ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* expect: the quote verifies, and exactly this finding refuses it ("": none). */
static void expect(const char *name, const char *finding)
{
    struct tdx_bundle b;
    char got[200] = "";
    tdx_world_build(a, &w, &b);
    tdx_case_bundle(a, &b, w.now, &p, &o);
    CASE(name, o.rc == RC_OK, "not verified: %s %s", tdx_case_kind(&o), o.err.detail);
    for (size_t i = 0; i < o.findings.n; i++) {
        const struct check *k = &o.findings.v[i];
        if (k->status != CHECK_FAIL)
            continue;
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", *got ? "," : "",
                 td_finding_name(k->id));
        CASE(name,
             err_exit_status(k->code) == 1 &&
                 !strcmp(err_info_of((int)k->code)->kind, td_finding_name(k->id)),
             "code of %s", k->id);
    }
    CASE(name, strcmp(got, finding) == 0, "got \"%s\", want \"%s\"", got, finding);
    CASE(name, o.findings.n == 10, "%zu checks", o.findings.n);
}

static void attribute_bit(unsigned bit)
{
    w.quote.td.td_attributes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void a_good_td_passes_every_switch(void **state)
{
    (void)state;
    static const char *const ids[] = {"td.debug",           "td.attributes_reserved",
                                      "td.sept_ve_disable", "td.mr_service_td",
                                      "tcb.status",         "tcb.date",
                                      "tcb.evaluation",     "tcb.advisories",
                                      "td.device",          "tcb.kms_view"};
    expect("good", "");
    for (size_t i = 0; i < 10; i++) {
        const struct check *k = tdx_case_finding(&o, ids[i]);
        assert_non_null(k);
        assert_int_equal(k->status, CHECK_PASS);
        assert_int_equal(k->code, RC_OK);
        assert_true(k->expected && k->actual && k->source);
    }
    assert_null(td_finding_name("tcb.kms_view")); /* shown, decides nothing */
    assert_null(td_finding_name("td.other"));
    assert_null(td_finding_name(NULL));
}

/* Intel TDX module ABI, ATTRIBUTES; what each single bit means for the default policy. */
static void every_attribute_bit_is_known_or_refused(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *want = "TD_ATTRIBUTES_RESERVED";
        char name[16];
        if (bit == 0)
            want = "TD_DEBUG";
        if (bit == 28) /* set by default: this clears it */
            want = "SEPT_VE_DISABLE_CLEAR";
        if (bit == 30 || bit == 31 || bit == 63) /* PKS, KL, PERFMON */
            want = "";
        snprintf(name, sizeof name, "bit %u", bit);
        attribute_bit(bit);
        expect(name, want);
        attribute_bit(bit);
    }
}

static void each_attribute_switch_allows_its_own_only(void **state)
{
    (void)state;
    attribute_bit(0);
    attribute_bit(28);
    attribute_bit(29);
    expect("all three", "TD_DEBUG,TD_ATTRIBUTES_RESERVED,SEPT_VE_DISABLE_CLEAR");
    p.allow_debug = true;
    expect("debug allowed", "TD_ATTRIBUTES_RESERVED,SEPT_VE_DISABLE_CLEAR");
    p.allow_reserved_attributes = true;
    expect("reserved allowed too", "SEPT_VE_DISABLE_CLEAR");
    p.allow_sept_ve_clear = true;
    expect("all allowed", "");
    p.allow_debug = false;
    expect("debug not", "TD_DEBUG");
    attribute_bit(0);
    attribute_bit(3); /* in the group "TD under debug": as bad as DEBUG itself */
    expect("bit 3 needs both switches", "TD_ATTRIBUTES_RESERVED");
    p.allow_debug = true;
    expect("bit 3 with both", "");
}

static void a_service_td_is_refused_unless_allowed(void **state)
{
    (void)state;
    w.quote.version = 5;
    w.quote.body_type = 3;
    w.quote.td.td15 = true;
    expect("zero", "");
    for (size_t i = 0; i < 48; i += 47) {
        w.quote.td.mr_service_td[i] = 1;
        p.allow_mr_service_td = false;
        expect("set", "MR_SERVICE_TD_NONZERO");
        p.allow_mr_service_td = true;
        expect("allowed", "");
        w.quote.td.mr_service_td[i] = 0;
    }
    p.allow_mr_service_td = false;
    w.quote.td.mr_service_td[5] = 1; /* not in the quote, so not judged */
    w.quote.body_type = 2;
    expect("TD 1.0 body", "");
}

static void only_listed_statuses_pass(void **state)
{
    (void)state;
    static const char *const words[] = {"UpToDate",
                                        "SWHardeningNeeded",
                                        "ConfigurationNeeded",
                                        "ConfigurationAndSWHardeningNeeded",
                                        "OutOfDate",
                                        "OutOfDateConfigurationNeeded"};
    for (size_t i = 0; i < 6; i++) {
        enum tcb_status s = tcb_status_read(bytes_of_str(words[i]));
        w.tcb_info.levels[0].status = words[i];
        p.tcb_statuses = 0;
        expect(words[i], "");
        p.tcb_statuses = 1u << s;
        expect(words[i], "");
        p.tcb_statuses = ~(1u << s);
        expect(words[i], "TCB_STATUS");
        assert_string_equal(tdx_case_finding(&o, "tcb.status")->actual, words[i]);
    }
    p.tcb_statuses = 1u << TCB_UP_TO_DATE | 1u << TCB_SW_HARDENING_NEEDED;
    expect("two listed", "TCB_STATUS");
    assert_string_equal(tdx_case_finding(&o, "tcb.status")->expected,
                        "one of UpToDate SWHardeningNeeded");
}

static void age_is_bounded_by_date_and_evaluation(void **state)
{
    (void)state;
    p.min_tcb_date = 1731456000; /* 2024-11-13, the default world's */
    p.min_evaluation_number = 18;
    expect("at the bounds", "");
    assert_string_equal(tdx_case_finding(&o, "tcb.date")->actual, "2024-11-13T00:00:00Z");
    assert_string_equal(tdx_case_finding(&o, "tcb.date")->expected,
                        "not before 2024-11-13T00:00:00Z");
    p.min_tcb_date++;
    expect("a second too old", "TCB_DATE");
    p.min_evaluation_number++;
    expect("both", "TCB_DATE,TCB_EVALUATION");
    p.min_tcb_date = 0;
    expect("evaluation too old", "TCB_EVALUATION");
    assert_string_equal(tdx_case_finding(&o, "tcb.evaluation")->expected, "at least 19");
    assert_string_equal(tdx_case_finding(&o, "tcb.evaluation")->actual, "18");
    p.min_evaluation_number = 18;
    w.qe_identity.evaluation_number = 17;
    expect("QE identity too old", "TCB_EVALUATION");
}

static void denied_advisories_refuse(void **state)
{
    (void)state;
    const struct bytes deny[] = {bytes_of_str("INTEL-SA-01079"), bytes_of_str("INTEL-SA-00615")};
    p.deny_advisories = deny;
    p.num_deny_advisories = 2;
    expect("none at hand", "");
    w.quote.td.tee_tcb_svn[2] = 2; /* level 1: 01036, 01079 */
    expect("of the platform", "TCB_ADVISORY");
    assert_string_equal(tdx_case_finding(&o, "tcb.advisories")->actual, "INTEL-SA-01079");
    p.num_deny_advisories = 0;
    expect("none denied", "");
    w.quote.td.tee_tcb_svn[2] = 3;
    w.quote.qe.isv_svn = 4;
    p.num_deny_advisories = 2;
    expect("of the QE", "TCB_ADVISORY");
    const struct bytes near[] = {bytes_of_str("INTEL-SA-0061"), bytes_of_str("INTEL-SA-006150"),
                                 bytes_of_str("intel-sa-00615")};
    p.deny_advisories = near;
    p.num_deny_advisories = 3;
    expect("only exact ids", "");
}

/* device id of PPID 0102..10: vectors/tdx MANIFEST. */
static void only_listed_devices_pass(void **state)
{
    (void)state;
    uint8_t ids[2][32] = {{1}, {2}};
    p.device_ids = (const uint8_t(*)[32])ids;
    p.num_device_ids = 2;
    expect("not listed", "DEVICE_ID");
    assert_true(
        hex_decode(bytes_of_str("5dfbabeedf318bf33c0927c43d7630f51b82f351740301354fa3d7fc51f0132e"),
                   ids[1], 32));
    expect("listed", "");
    ids[1][31] ^= 1;
    expect("one bit off", "DEVICE_ID");
    p.num_device_ids = 0;
    expect("no list", "");
}

static void a_different_kms_view_is_shown_and_decides_nothing(void **state)
{
    (void)state;
    w.quote.td.tee_tcb_svn[0] = 4;
    expect("dcap-qvl finds no level", "");
    const struct check *k = tdx_case_finding(&o, "tcb.kms_view");
    assert_int_equal(k->status, CHECK_UNKNOWN);
    assert_string_equal(k->expected, "OutOfDate");
    assert_string_equal(k->actual, "an error");
    assert_non_null(k->hint);
    assert_null(checks_failed(&o.findings));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_good_td_passes_every_switch),
        T(every_attribute_bit_is_known_or_refused),
        T(each_attribute_switch_allows_its_own_only),
        T(a_service_td_is_refused_unless_allowed),
        T(only_listed_statuses_pass),
        T(age_is_bounded_by_date_and_evaluation),
        T(denied_advisories_refuse),
        T(only_listed_devices_pass),
        T(a_different_kms_view_is_shown_and_decides_nothing),
    };
    return HARNESS_RUN("findings", tests);
}
