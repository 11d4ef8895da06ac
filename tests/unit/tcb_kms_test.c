/*
 * kms_view: the peculiarities of dstack's verifier, one by one. Sources: dcap-qvl 0.5.2
 * src/verify.rs, src/tcb_info.rs, src/quote.rs; dstack dstack-attest/src/attestation.rs
 * validate_tcb.
 */
#include "tests/lib/harness.h"

#include "tests/lib/tcb_case.h"

static struct tcb_case c;

static int setup(void **state)
{
    (void)state;
    tcb_case_new(&c);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcb_case_end(&c);
    return 0;
}

static void the_kms_view_follows_dcap_qvl(void **state)
{
    (void)state;
    struct tdx_world given = c.w;
    struct td_body *td = &c.w.quote.td;
#define KMS(name, want)                                                                            \
    do {                                                                                           \
        assert_int_equal(tcb_case_run(&c), RC_OK);                                                 \
        const char *got = c.r.kms_view_ok ? tcb_status_name(c.r.kms_view_status) : "error";        \
        CASE(name, strcmp(got, want) == 0, "kms view %s, want %s (%s)", got, want,                 \
             c.r.kms_view_note ? c.r.kms_view_note : "");                                          \
        c.w = given;                                                                               \
    } while (0)
    KMS("default", "UpToDate");
    assert_null(c.r.kms_view_note);
    td->tee_tcb_svn[0] = 4;
    KMS("components 0 and 1 are compared", "error");
    td->tee_tcb_svn[1] = 0; /* both sides: version 0 has no identity of its own */
    c.w.tcb_info.identities[1].id = "TDX_00";
    c.w.tcb_info.identities[1].levels[0].status = "OutOfDate";
    KMS("an identity for version 0 is not looked at", "UpToDate");
    assert_int_equal(c.r.status, TCB_UP_TO_DATE);
    c.w.quote.qe.isv_svn = 4;
    KMS("QE out of date", "OutOfDate");
    assert_null(c.r.kms_view_note);
    c.w.quote.qe.isv_svn = 4;
    c.w.tcb_info.levels[0].status = "ConfigurationNeeded";
    KMS("the configuration part is dropped", "OutOfDate");
    assert_int_equal(c.r.status, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED);
    assert_non_null(strstr(c.r.kms_view_note, "configuration part"));
    td->td15 = true;
    c.w.quote.qe.isv_svn = 4;
    c.w.tcb_info.levels[0].status = "ConfigurationNeeded";
    KMS("the same on TD 1.5, no relaunch in play", "OutOfDate");
    assert_non_null(strstr(c.r.kms_view_note, "configuration part"));
    td->td15 = true;
    td->tee_tcb_svn[2] = 2;
    KMS("no relaunch", "OutOfDate");
    assert_int_equal(c.r.status, TCB_TD_RELAUNCH_ADVISED);
    assert_non_null(strstr(c.r.kms_view_note, "relaunch"));
    c.w.qe_identity.levels[2].status = "Strange";
    KMS("a strange word at the QE", "error");
    c.w.tcb_info.identities[0].levels[0].status = "Strange";
    KMS("a strange word at another module", "error");
    for (unsigned bit = 0; bit < 64; bit++) {
        /* PKS, KL, and 39, which its parser does not see; PERFMON it takes for reserved */
        bool fine = bit == 30 || bit == 31 || bit == 39;
        td->td_attributes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        KMS("attribute bit", fine ? "UpToDate" : "error");
    }
    c.w.quote.qe.isv_svn = 2;
    KMS("Revoked is an error", "error");
    assert_int_equal(c.r.status, TCB_REVOKED);
    td->td15 = true;
    td->mr_service_td[0] = 1;
    KMS("service TD", "error");
    c.w.quote.qe_auth_data = bytes_of("", 0);
    KMS("QE authentication data of 0 bytes", "error");
    td->mr_signer_seam[0] = c.w.tcb_info.identities[1].mr_signer[0] = 1;
    KMS("MRSIGNERSEAM", "error");
    c.w.sgx.cpu_svn[4] = 3;
    KMS("it reads CPUSVN, not the components", "OutOfDate");
#undef KMS
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_kms_view_follows_dcap_qvl, setup, teardown),
    };
    return HARNESS_RUN("tcb_kms", tests);
}
