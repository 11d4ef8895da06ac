/*
 * tcb: Intel's appraisal rules one by one. The expectations are written out from the sources named
 * at each test, not computed. "QVL" is Intel's Quote Verification Library (Src/AttestationLibrary,
 * July 2026), "QAPI" the paragraph numbers in its comments.
 */
#include "tests/lib/harness.h"

#include <stdio.h>

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

#define WORDS 7
static const char *const words[WORDS] = {"UpToDate",
                                         "SWHardeningNeeded",
                                         "ConfigurationNeeded",
                                         "ConfigurationAndSWHardeningNeeded",
                                         "OutOfDate",
                                         "OutOfDateConfigurationNeeded",
                                         "Revoked"};
/* The same, short, for the tables below. */
static const char *word(const char *abbreviation)
{
    static const char *const abbreviations[] = {"U", "S", "C", "CS", "O", "OC", "R", "T", "TC"};
    for (size_t i = 0; i < 9; i++)
        if (strcmp(abbreviation, abbreviations[i]) == 0)
            return i < WORDS ? words[i]
                   : i == 7  ? "TDRelaunchAdvised"
                             : "TDRelaunchAdvisedConfigurationNeeded";
    return "?";
}

/* expect: the case as it stands comes out with this status (accepted) or error class (refused). */
static void expect(const char *name, const char *want)
{
    enum rc rc = tcb_case_run(&c);
    const char *got = rc == RC_OK ? tcb_status_name(c.r.status) : tcb_case_kind(&c);
    CASE(name, strcmp(got, want) == 0, "got %s (%s), want %s", got, c.err.detail, want);
}

static void advisories_are(const char *name, const struct tcb_advisories *adv, const char *want)
{
    char got[512] = "";
    for (size_t i = 0; i < adv->n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", i ? "," : "",
                 (int)adv->v[i].n, adv->v[i].p);
    CASE(name, strcmp(got, want) == 0, "got %s, want %s", got, want);
}

static void the_default_platform_is_up_to_date(void **state)
{
    (void)state;
    expect("default", "UpToDate");
    assert_int_equal(c.r.platform, TCB_UP_TO_DATE);
    assert_int_equal(c.r.module, TCB_UP_TO_DATE);
    assert_int_equal(c.r.qe, TCB_UP_TO_DATE);
    assert_int_equal(c.r.launch, TCB_UP_TO_DATE);
    assert_int_equal(c.r.current, TCB_NONE);
    assert_int_equal(c.r.advisories.n, 0);
    assert_int_equal(c.r.tcb_date, 1731456000); /* 2024-11-13 */
    assert_int_equal(c.r.evaluation_number, 18);
}

/* QVL TcbLevel.cpp operator>: the reader orders the levels, the document does not. */
static void levels_are_taken_highest_first_in_any_order(void **state)
{
    (void)state;
    static const size_t order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct tcb_info_spec given = c.w.tcb_info;
    for (size_t k = 0; k < 6; k++) {
        for (size_t i = 0; i < 3; i++)
            c.w.tcb_info.levels[i] = given.levels[order[k][i]];
        expect("sgx order", "UpToDate");
    }
    /* Same SGX SVNs: PCESVN decides, then the TDX SVNs. */
    c.w.sgx.pce_svn = 20;
    c.w.tcb_info = given;
    c.w.tcb_info.levels[0] = c.w.tcb_info.levels[1] = given.levels[0];
    c.w.tcb_info.levels[0].status = "OutOfDate";
    c.w.tcb_info.levels[1].pce_svn = 14;
    expect("pcesvn order", "UpToDate");
    c.w.tcb_info.levels[1].pce_svn = c.w.tcb_info.levels[0].pce_svn;
    c.w.tcb_info.levels[0].tdx[2] = 2;
    expect("tdx order", "UpToDate");
    c.w.tcb_info.levels[1].tdx[2] = 2;
    expect("the same level twice", "TCB_INFO_FORMAT");
}

/* QVL EvaluateTcb.cpp areSvnsHigherOrEqual: every component counts. QAPI 4.1.2.5.2.1.1-3. */
static void every_component_must_reach_the_level(void **state)
{
    (void)state;
    struct tcb_info_spec given = c.w.tcb_info;
    for (size_t i = 0; i < 16; i++) {
        char name[32];
        snprintf(name, sizeof name, "sgx component %zu", i);
        c.w.tcb_info = given;
        c.w.tcb_info.levels[0].sgx[i] = c.w.sgx.comp_svn[i] + 1;
        expect(name, "OutOfDate");
        snprintf(name, sizeof name, "tdx component %zu", i);
        c.w.tcb_info = given;
        c.w.tcb_info.levels[0].tdx[i] = c.w.quote.td.tee_tcb_svn[i] + 1;
        expect(name, i < 2 ? "UpToDate" : "OutOfDate"); /* module version 1: index 2 rule */
    }
    c.w.tcb_info = given;
    c.w.tcb_info.levels[0].pce_svn = 14;
    expect("pcesvn", "OutOfDate");
    c.w.tcb_info = given;
    memset(c.w.sgx.comp_svn, 255, 16);
    c.w.sgx.pce_svn = 65535;
    expect("all higher", "UpToDate");
}

/* QVL EvaluateTcb.cpp: start_index = teeTcbSvns[1] > 0 ? 2 : 0. */
static void components_0_and_1_count_only_for_module_version_0(void **state)
{
    (void)state;
    uint8_t *svn = c.w.quote.td.tee_tcb_svn;
    svn[0] = 4; /* below the level's 5, and OutOfDate as a module */
    expect("version 1", "OutOfDate");
    assert_int_equal(c.r.platform, TCB_UP_TO_DATE);
    assert_int_equal(c.r.module, TCB_OUT_OF_DATE);
    svn[1] = 0;
    expect("version 0, below", "TCB_NOT_SUPPORTED");
    svn[0] = 5;
    expect("version 0, reached", "UpToDate");
    assert_int_equal(c.r.module, TCB_NONE);
    c.w.tcb_info.no_identities = true;
    expect("version 0 needs no identities", "UpToDate");
    c.w.tcb_info.levels[0].tdx[1] = 1;
    expect("version 0, component 1", "OutOfDate");
}

/* What the platform lacks is said against the best UpToDate level (users ask for exactly this). */
static void a_platform_below_all_levels_is_told_what_it_lacks(void **state)
{
    (void)state;
    c.w.sgx.comp_svn[7] = 3;
    c.w.sgx.pce_svn = 11;
    c.w.quote.td.tee_tcb_svn[2] = 1;
    expect("below all", "TCB_NOT_SUPPORTED");
    assert_string_equal(c.err.detail, "sgx component 7 is 3, needs 5 (SEAMLDR ACM); "
                                      "pcesvn is 11, needs 13; tdx component 2 is 1, needs 3");
    assert_int_equal(err_exit_status(c.err.rc), 1);
    c.w.tcb_info.levels[0].status = "Revoked"; /* not a level to reach for */
    c.w.tcb_info.levels[1].status = "UpToDate";
    expect("below all, other best", "TCB_NOT_SUPPORTED");
    assert_string_equal(c.err.detail, "sgx component 7 is 3, needs 5 (SEAMLDR ACM); "
                                      "pcesvn is 11, needs 13; tdx component 2 is 1, needs 2");
    c.w.sgx.pce_svn = 13;
    expect("what is reached is not listed", "TCB_NOT_SUPPORTED");
    assert_null(strstr(c.err.detail, "pcesvn"));
    memset(c.w.sgx.comp_svn, 0, 16);
    for (size_t i = 0; i < 16; i++)
        c.w.tcb_info.levels[1].sgx[i] = c.w.tcb_info.levels[1].tdx[i] = 255;
    expect("a long list is cut", "TCB_NOT_SUPPORTED");
    assert_non_null(strstr(c.err.detail, "sgx component 5 is 0, needs 255"));
    memset(c.w.tcb_info.levels[0].sgx, 0, sizeof c.w.tcb_info.levels[0].sgx);
    memset(c.w.tcb_info.levels[0].tdx, 0, sizeof c.w.tcb_info.levels[0].tdx);
    c.w.tcb_info.levels[0].pce_svn = 0;
    c.w.tcb_info.levels[0].status = "OutOfDate";
    c.w.qe_identity.levels[0].svn = 0;
    expect("a level that asks for nothing", "OutOfDate");
    c.w.tcb_info.num_levels = 0;
    expect("no levels", "TCB_NOT_SUPPORTED");
}

/* QVL TdxModuleCheck.cpp, QuoteVerifier.cpp 4.1.2.5.12. */
static void the_tdx_module_must_be_one_that_tcb_info_lists(void **state)
{
    (void)state;
    struct tdx_world given = c.w;
    uint8_t *svn = c.w.quote.td.tee_tcb_svn;
    struct module_spec *m = &c.w.tcb_info.identities[1];
#define AFRESH(name, want)                                                                         \
    do {                                                                                           \
        expect(name, want);                                                                        \
        c.w = given;                                                                               \
    } while (0)
    m->id = "tdx_01";
    AFRESH("lower case id", "UpToDate");
    m->id = "TDX_0a";
    svn[1] = 10;
    AFRESH("hex id", "UpToDate");
    m->id = "TDX_10";
    svn[1] = 10;
    AFRESH("the id is hex, not decimal", "TDX_MODULE_MISMATCH");
    m->id = "TDX_1";
    AFRESH("short id", "TDX_MODULE_MISMATCH");
    svn[1] = 2;
    AFRESH("unlisted version", "TDX_MODULE_MISMATCH");
    c.w.tcb_info.no_identities = true;
    AFRESH("no identities", "TDX_MODULE_MISMATCH");
    c.w.tcb_info.num_identities = 0;
    AFRESH("empty identities", "TDX_MODULE_MISMATCH");
    c.w.tcb_info.no_module = true;
    AFRESH("no tdxModule", "TCB_INFO_FORMAT");
    c.w.quote.td.mr_signer_seam[47] = 1;
    AFRESH("signer", "TDX_MODULE_MISMATCH");
    c.w.quote.td.mr_signer_seam[47] = m->mr_signer[47] = 1;
    AFRESH("signer of the identity", "UpToDate");
    c.w.quote.td.mr_signer_seam[47] = c.w.tcb_info.module.mr_signer[47] = 1;
    AFRESH("signer of tdxModule does not count for version 1", "TDX_MODULE_MISMATCH");
    c.w.quote.td.mr_signer_seam[0] = c.w.tcb_info.module.mr_signer[0] = 1;
    svn[1] = 0;
    AFRESH("signer of tdxModule counts for version 0", "UpToDate");
    svn[1] = 0;
    c.w.quote.td.mr_signer_seam[0] = 1;
    AFRESH("version 0, wrong signer", "TDX_MODULE_MISMATCH");
    for (size_t i = 0; i < 8; i++) {
        c.w.quote.td.seam_attributes[i] = 0x80;
        AFRESH("SEAMATTRIBUTES", "TDX_MODULE_MISMATCH");
        c.w.quote.td.seam_attributes[i] = 0x80;
        m->attributes_mask[i] = 0;
        AFRESH("SEAMATTRIBUTES outside the mask", "TDX_MODULE_MISMATCH");
        c.w.quote.td.seam_attributes[i] = m->attributes[i] = 0x80;
        AFRESH("SEAMATTRIBUTES listed, still not zero", "TDX_MODULE_MISMATCH");
        m->attributes[i] = 0x80;
        AFRESH("attributes in TCB info", "TDX_MODULE_MISMATCH");
    }
    m->id = "TDX_03";
    AFRESH("an id twice", "TCB_INFO_FORMAT");
    m->id = "tdx_03";
    AFRESH("an id twice, other case", "TCB_INFO_FORMAT");
    m->levels[1].svn = 6;
    AFRESH("a module level twice", "TCB_INFO_FORMAT");
#undef AFRESH
}

/* QVL EvaluateTcb.cpp 4.1.2.5.2.2; VALID_TDX_MODULE_STATUSES. */
static void the_module_level_is_the_first_at_or_below_its_svn(void **state)
{
    (void)state;
    static const struct {
        uint8_t svn;
        const char *want;
    } t[] = {{255, "UpToDate"}, {7, "UpToDate"},          {6, "UpToDate"},
             {5, "OutOfDate"},  {4, "OutOfDate"},         {3, "Revoked"},
             {2, "Revoked"},    {1, "TCB_NOT_SUPPORTED"}, {0, "TCB_NOT_SUPPORTED"}};
    struct module_spec *m = &c.w.tcb_info.identities[1];
    for (int reverse = 0; reverse < 2; reverse++) {
        for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
            c.w.quote.td.tee_tcb_svn[0] = t[i].svn;
            expect("module level", t[i].want);
        }
        assert_string_equal(c.err.detail, "TDX_01 ISVSVN 0, lowest listed 2");
        struct svn_level_spec l = m->levels[0]; /* the order of the document does not matter */
        m->levels[0] = m->levels[2];
        m->levels[2] = l;
    }
    c.w.quote.td.tee_tcb_svn[0] = 6;
    for (size_t i = 0; i < WORDS; i++) {
        m->levels[0].status = words[i];
        expect("module word", i == 0 || i == 4 || i == 6 ? words[i] : "TCB_UNRECOGNIZED_STATUS");
    }
    m->num_levels = 0;
    expect("no module levels", "TCB_NOT_SUPPORTED");
}

/* QVL EvaluateTcb.cpp convergeTcbStatuses; rows: platform, columns: U, O, R of module and QE. */
static void module_and_qe_worsen_the_platform(void **state)
{
    (void)state;
    static const char *const table[WORDS][3] = {
        {"U", "O", "R"}, {"S", "O", "R"},   {"C", "OC", "R"}, {"CS", "OC", "R"},
        {"O", "O", "R"}, {"OC", "OC", "R"}, {"R", "R", "R"},
    };
    static const char *const col[3] = {"UpToDate", "OutOfDate", "Revoked"};
    for (size_t p = 0; p < WORDS; p++)
        for (size_t m = 0; m < 3; m++)
            for (size_t q = 0; q < 3; q++) {
                char name[96];
                snprintf(name, sizeof name, "%s, module %s, QE %s", words[p], col[m], col[q]);
                c.w.tcb_info.levels[0].status = words[p];
                c.w.tcb_info.identities[1].levels[0].status = col[m];
                c.w.qe_identity.levels[0].status = col[q];
                expect(name, word(table[p][m > q ? m : q]));
            }
}

/*
 * QVL TDRelaunchCheck.cpp; rows: launch, columns: current, both in the order of words[].
 * One cell differs from QVL on purpose: a revoked current TCB is Revoked.
 */
static void a_td_1_5_behind_its_host_is_advised_to_relaunch(void **state)
{
    (void)state;
    static const char *const table[WORDS][WORDS] = {
        {"U", "U", "U", "U", "U", "U", "R"},   {"S", "S", "S", "S", "S", "S", "R"},
        {"C", "C", "C", "C", "C", "C", "R"},   {"CS", "CS", "CS", "CS", "CS", "CS", "R"},
        {"T", "T", "TC", "TC", "O", "O", "R"}, {"TC", "TC", "TC", "TC", "OC", "OC", "R"},
        {"R", "R", "R", "R", "R", "R", "R"},
    };
    struct td_body *td = &c.w.quote.td;
    td->td15 = true;
    td->tee_tcb_svn[2] = 2;  /* launch: below level 0, at level 1 */
    td->tee_tcb_svn2[2] = 3; /* current: level 0 */
    for (size_t l = 0; l < WORDS; l++)
        for (size_t n = 0; n < WORDS; n++) {
            char name[96];
            snprintf(name, sizeof name, "launch %s, current %s", words[l], words[n]);
            c.w.tcb_info.levels[0].status = words[n];
            c.w.tcb_info.levels[1].status = words[l];
            expect(name, word(table[l][n]));
            assert_int_equal(c.r.launch, tcb_status_read(bytes_of_str(words[l])));
            assert_int_equal(c.r.current, tcb_status_read(bytes_of_str(words[n])));
            td->td15 = false; /* TD 1.0: there is no current TCB to look at */
            expect(name, words[l]);
            td->td15 = true;
        }
}

/* au PR#130: the QE is merged into both sides first, the relaunch advice is the last word. */
static void the_relaunch_advice_comes_after_the_qe(void **state)
{
    (void)state;
    struct td_body *td = &c.w.quote.td;
    td->td15 = true;
    td->tee_tcb_svn[0] = 4; /* module OutOfDate at launch */
    expect("advised", "TDRelaunchAdvised");
    advisories_are("advisories of the launch", &c.r.advisories, "INTEL-SA-01036,INTEL-SA-01099");
    assert_int_equal(c.r.tcb_date, 1710288000); /* 2024-03-13 */
    c.w.quote.qe.isv_svn = 4;                   /* QE OutOfDate: relaunching would not help */
    expect("QE out of date", "OutOfDate");
    c.w.quote.qe.isv_svn = 7;
    td->tee_tcb_svn2[0] = 1;
    expect("current module below all", "TCB_NOT_SUPPORTED");
    td->tee_tcb_svn2[0] = 7;
    td->tee_tcb_svn2[1] = 9;
    expect("current module unlisted", "TCB_NOT_SUPPORTED");
    td->tee_tcb_svn2[1] = 1;
    td->tee_tcb_svn2[2] = 1;
    expect("current platform below all", "TCB_NOT_SUPPORTED");
}

static void the_oldest_counts(void **state)
{
    (void)state;
    static const char *const d[3] = {"2020-02-29T23:59:59Z", "2021-01-01T00:00:00Z",
                                     "2022-12-31T12:00:00Z"};
    for (size_t k = 0; k < 3; k++) {
        c.w.tcb_info.levels[0].date = d[k];
        c.w.qe_identity.levels[0].date = d[(k + 1) % 3];
        c.w.tcb_info.identities[1].levels[0].date = d[(k + 2) % 3];
        assert_int_equal(tcb_case_run(&c), RC_OK);
        assert_int_equal(c.r.tcb_date, 1583020799);
    }
    c.w.qe_identity.evaluation_number = 16; /* of the documents, too, the older one counts */
    expect("older QE identity", "UpToDate");
    assert_int_equal(c.r.evaluation_number, 16);
}

/* Order: platform, QE, module (QVL finalizeTcbEvaluation); each id once (MANIFEST). */
static void advisories_are_joined_in_order_without_repeats(void **state)
{
    (void)state;
    c.w.tcb_info.levels[0].advisories = "A,B";
    c.w.qe_identity.levels[0].advisories = "C,A";
    c.w.tcb_info.identities[1].levels[0].advisories = "D,C,B,E";
    expect("joined", "UpToDate");
    advisories_are("ours", &c.r.advisories, "A,B,C,D,E");
    advisories_are("dcap-qvl: module before QE", &c.r.kms_view_advisories, "A,B,D,C,E");
    assert_non_null(c.r.kms_view_note);
    char many[3][128 * 8];
    for (size_t k = 0; k < 3; k++) {
        many[k][0] = '\0';
        for (size_t i = 0; i < 43 + (k == 2); i++)
            snprintf(many[k] + strlen(many[k]), 8, "%s%zu-%zu", i ? "," : "", k, i);
    }
    c.w.tcb_info.levels[0].advisories = many[0];
    c.w.qe_identity.levels[0].advisories = many[1];
    c.w.tcb_info.identities[1].levels[0].advisories = "D";
    expect("87 ids", "UpToDate");
    assert_int_equal(c.r.advisories.n, 87);
    c.w.tcb_info.identities[1].levels[0].advisories = many[2];
    expect("130 ids", "TCB_INFO_FORMAT"); /* never cut: a denied one could be lost */
}

/* QVL EnclaveReportVerifier.cpp, QAPI 4.1.2.9.5 to 4.1.2.9.10. */
static void the_qe_must_be_intels(void **state)
{
    (void)state;
    struct tdx_world given = c.w;
    struct qe_report *qe = &c.w.quote.qe;
    struct qe_identity_spec *qi = &c.w.qe_identity;
#define AFRESH(name, want)                                                                         \
    do {                                                                                           \
        expect(name, want);                                                                        \
        c.w = given;                                                                               \
    } while (0)
    for (size_t i = 0; i < 32; i++) {
        qe->mr_signer[i] ^= 1;
        AFRESH("mrsigner", "QE_MRSIGNER");
    }
    qe->isv_prod_id = 1;
    AFRESH("isvprodid", "QE_ISVPRODID");
    qi->isv_prod_id = 65535;
    AFRESH("isvprodid of the identity", "QE_ISVPRODID");
    qe->misc_select = 0x04030201;
    memcpy(qi->misc_select, (const uint8_t[]){1, 2, 3, 4}, 4);
    AFRESH("miscselect is in memory order", "UpToDate");
    qe->misc_select = 0x01020304;
    memcpy(qi->misc_select, (const uint8_t[]){1, 2, 3, 4}, 4);
    AFRESH("miscselect is not big-endian", "QE_MISCSELECT");
    qe->misc_select = 0x80000000;
    AFRESH("miscselect inside the mask", "QE_MISCSELECT");
    qe->misc_select = 0x80000000;
    qi->misc_select_mask[3] = 0x7f;
    AFRESH("miscselect outside the mask", "UpToDate");
    qi->misc_select[3] = 0x80;
    qi->misc_select_mask[3] = 0x7f;
    AFRESH("an identity outside its own mask", "QE_MISCSELECT");
    for (size_t i = 0; i < 16; i++) {
        uint8_t bit = i == 0 ? 0x20 : 0x80;
        qe->attributes[i] ^= bit;
        AFRESH("attributes", i < 8 ? "QE_ATTRIBUTES" : "UpToDate"); /* mask: the low 8 bytes */
        qi->attributes[i] ^= bit;
        AFRESH("attributes of the identity", "QE_ATTRIBUTES");
    }
    qe->attributes[0] |= 2;
    AFRESH("debug", "QE_ATTRIBUTES");
    qe->attributes[0] |= 2;
    qi->attributes_mask[0] = 0xf9;
    AFRESH("debug, masked out", "QE_ATTRIBUTES");
    qe->attributes[0] |= 2;
    qi->attributes[0] |= 2;
    AFRESH("debug, asked for", "QE_ATTRIBUTES");
#undef AFRESH
}

static void the_qe_level_is_the_first_at_or_below_its_svn(void **state)
{
    (void)state;
    static const struct {
        uint16_t svn;
        const char *want;
    } t[] = {{65535, "UpToDate"},
             {6, "UpToDate"},
             {5, "OutOfDate"},
             {4, "OutOfDate"},
             {3, "Revoked"},
             {1, "Revoked"},
             {0, "QE_ISVSVN_NOT_SUPPORTED"}};
    for (int reverse = 0; reverse < 2; reverse++) {
        for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
            c.w.quote.qe.isv_svn = t[i].svn;
            expect("QE level", t[i].want);
        }
        assert_string_equal(c.err.detail, "QE ISVSVN 0, lowest listed 1");
        struct svn_level_spec l = c.w.qe_identity.levels[0];
        c.w.qe_identity.levels[0] = c.w.qe_identity.levels[2];
        c.w.qe_identity.levels[2] = l;
    }
    c.w.quote.qe.isv_svn = 7;
    for (size_t i = 0; i < WORDS; i++) {
        c.w.qe_identity.levels[0].status = words[i];
        expect("QE word", i == 0 || i == 4 || i == 6 ? words[i] : "TCB_UNRECOGNIZED_STATUS");
    }
    c.w.qe_identity.levels[1].svn = 6;
    expect("a QE level twice", "QE_IDENTITY_FORMAT");
    c.w.qe_identity.num_levels = 0;
    expect("no QE levels", "QE_ISVSVN_NOT_SUPPORTED");
}

/* A word that we do not know must not stop a platform it does not speak of. */
static void an_unknown_word_matters_only_when_selected(void **state)
{
    (void)state;
    static const char *const strange[] = {"FineProbably", "uptodate", "UpToDate ",
                                          "TDRelaunchAdvised",
                                          "TDRelaunchAdvisedConfigurationNeeded"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        c.w.tcb_info.levels[0].status = strange[i];
        expect("platform, selected", "TCB_UNRECOGNIZED_STATUS");
        c.w.tcb_info.levels[0].status = "UpToDate";
        c.w.tcb_info.levels[2].status = strange[i];
        expect("platform, not selected", "UpToDate");
        assert_false(c.r.kms_view_ok); /* dcap-qvl cannot read such a document at all */
        c.w.tcb_info.levels[2].status = "OutOfDate";
        c.w.tcb_info.identities[1].levels[0].status = strange[i];
        expect("module, selected", "TCB_UNRECOGNIZED_STATUS");
        c.w.tcb_info.identities[1].levels[0].status = "UpToDate";
        c.w.qe_identity.levels[0].status = strange[i];
        expect("QE, selected", "TCB_UNRECOGNIZED_STATUS");
        c.w.qe_identity.levels[0].status = "UpToDate";
    }
}

/* Both ends of each window belong to it (index.json: at_issue_date, at_next_update). */
static void documents_are_held_against_the_clock_and_the_platform(void **state)
{
    (void)state;
    struct tdx_world given = c.w;
    c.w.now = 1765756800;
    expect("at the issue date", "UpToDate");
    c.w.now--;
    expect("before it", "TCB_INFO_NOT_YET_VALID");
    assert_int_equal(err_exit_status(c.err.rc), 5);
    c.w.now = 1768348800;
    expect("at the next update", "UpToDate");
    c.w.now++;
    expect("after it", "TCB_INFO_EXPIRED");
    assert_int_equal(err_exit_status(c.err.rc), 3);
    c.w.tcb_info.next_update = "2027-01-01T00:00:00Z";
    expect("QE identity after it", "QE_IDENTITY_EXPIRED");
    c.w.now = 1765756799;
    c.w.tcb_info.issue_date = "2025-01-01T00:00:00Z";
    expect("QE identity before it", "QE_IDENTITY_NOT_YET_VALID");
    c.w = given;
    for (size_t i = 0; i < 6; i++, c.w = given) {
        c.w.tcb_info.fmspc[i] ^= 0x10;
        expect("fmspc", "TCB_INFO_MISMATCH");
    }
    for (size_t i = 0; i < 2; i++, c.w = given) {
        c.w.tcb_info.pce_id[i] ^= 1;
        expect("pceid", "TCB_INFO_MISMATCH");
    }
    c.w.tcb_info.lower_case_fmspc = true;
    expect("fmspc in lower case", "UpToDate");
    c.w.tcb_info.id = "SGX";
    expect("TCB info of SGX", "TCB_INFO_MISMATCH");
    c.w.tcb_info.no_module = c.w.tcb_info.no_identities = true;
    for (size_t i = 0; i < c.w.tcb_info.num_levels; i++)
        c.w.tcb_info.levels[i].num_tdx = 0;
    expect("as SGX has it, without TDX parts", "TCB_INFO_MISMATCH");
    c.w = given;
    c.w.tcb_info.version = 2;
    expect("TCB info version 2", "TCB_INFO_MISMATCH");
    c.w.tcb_info.version = 4;
    expect("TCB info version 4", "TCB_INFO_FORMAT");
    c.w = given;
    c.w.qe_identity.id = "QE";
    expect("QE identity of SGX", "QE_IDENTITY_MISMATCH");
    c.w.qe_identity.id = "QVE";
    expect("QVE identity", "QE_IDENTITY_MISMATCH");
    c.w.qe_identity.id = "TD_QE";
    c.w.qe_identity.version = 1;
    expect("QE identity version 1", "QE_IDENTITY_MISMATCH");
    c.w.qe_identity.version = 3;
    expect("QE identity version 3", "UpToDate");
    c.w.qe_identity.version = 4;
    expect("QE identity version 4", "QE_IDENTITY_FORMAT");
}

static void status_words_are_intels_letter_by_letter(void **state)
{
    (void)state;
    for (unsigned s = 1; s < TCB_STATUS_MAX; s++)
        assert_int_equal(tcb_status_read(bytes_of_str(tcb_status_name((enum tcb_status)s))), s);
    assert_string_equal(tcb_status_name(TCB_UP_TO_DATE), "UpToDate"); /* auth contracts compare */
    assert_string_equal(tcb_status_name(TCB_TD_RELAUNCH_ADVISED), "TDRelaunchAdvised");
    assert_string_equal(tcb_status_name(TCB_NONE), "");
    assert_string_equal(tcb_status_name((enum tcb_status)99), "");
    assert_int_equal(tcb_status_read(BYTES_NONE), TCB_NONE);
    assert_int_equal(tcb_status_read(bytes_of_str("UpToDat")), TCB_NONE);
    assert_int_equal(tcb_status_read(bytes_of_str("UpToDate2")), TCB_NONE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_default_platform_is_up_to_date),
        T(levels_are_taken_highest_first_in_any_order),
        T(every_component_must_reach_the_level),
        T(components_0_and_1_count_only_for_module_version_0),
        T(a_platform_below_all_levels_is_told_what_it_lacks),
        T(the_tdx_module_must_be_one_that_tcb_info_lists),
        T(the_module_level_is_the_first_at_or_below_its_svn),
        T(module_and_qe_worsen_the_platform),
        T(a_td_1_5_behind_its_host_is_advised_to_relaunch),
        T(the_relaunch_advice_comes_after_the_qe),
        T(the_oldest_counts),
        T(advisories_are_joined_in_order_without_repeats),
        T(the_qe_must_be_intels),
        T(the_qe_level_is_the_first_at_or_below_its_svn),
        T(an_unknown_word_matters_only_when_selected),
        T(documents_are_held_against_the_clock_and_the_platform),
        T(status_words_are_intels_letter_by_letter),
    };
    return HARNESS_RUN("tcb", tests);
}
