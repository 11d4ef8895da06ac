/*
 * TCB info, QE identity and collateral as texts: what is not exactly as Intel writes it is refused,
 * what Intel may add is not. Each row changes the good document in one place.
 */
#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "quote/collateral.h"
#include "tests/lib/tcb_case.h"

static struct tcb_case c;
static struct bytes tcb_text, qe_text;

static int setup(void **state)
{
    (void)state;
    tcb_case_new(&c);
    tcb_text = tcb_info_text(c.a, &c.w.tcb_info);
    qe_text = qe_identity_text(c.a, &c.w.qe_identity);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcb_case_end(&c);
    return 0;
}

static const char *kind_of(enum rc rc)
{
    return rc == RC_OK ? "" : err_info_of((int)rc)->kind;
}

static const char *parse(bool qe, struct bytes text, struct err *err)
{
    struct tcb_info ti;
    struct qe_identity qi;
    memset(err, 0, sizeof *err);
    return kind_of(qe ? qe_identity_parse(c.a, text, &qi, err)
                      : tcb_info_parse(c.a, text, &ti, err));
}

static void expect(bool qe, const char *name, struct bytes text, const char *want)
{
    struct err err;
    const char *got = parse(qe, text, &err);
    CASE(name, strcmp(got, want) == 0, "got \"%s\" (%s), want \"%s\"", got, err.detail, want);
}

struct row {
    const char *from, *to;
};

static void refuse_rows(bool qe, const struct row *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(qe, t[i].to, text_replace(c.a, qe ? qe_text : tcb_text, t[i].from, t[i].to),
               qe ? "QE_IDENTITY_FORMAT" : "TCB_INFO_FORMAT");
}

static void tcb_info_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const struct row t[] = {
        {"\"id\":\"TDX\"", "\"ID\":\"TDX\""},
        {"\"id\":\"TDX\"", "\"id\":3"},
        {"\"id\":\"TDX\"", "\"id\":\"\""},
        {"\"id\":\"TDX\"", "\"id\":\"T\\u0001X\""},
        {"\"id\":\"TDX\"", "\"id\":\"TDX\",\"id\":\"TDX\""},
        {"\"version\":3", "\"version\":\"3\""},
        {"\"version\":3", "\"version\":3.0"},
        {"\"version\":3", "\"version\":-3"},
        {"\"version\":3", "\"version\":4"},
        {"\"version\":3", "\"version\":4294967299"},
        {"\"version\":3", "\"version\":99999999999999999999"},
        {"\"version\":3,", ""},
        {"\"issueDate\"", "\"issuedate\""},
        {"\"nextUpdate\"", "\"next\""},
        {"\"fmspc\":\"90", "\"fmspc\":\"0x90"},
        {"\"fmspc\":\"90", "\"fmspc\":\""},
        {"\"fmspc\":\"90", "\"fmspc\":\"9"},
        {"\"fmspc\":\"90", "\"fmspc\":\"9g"},
        {"\"fmspc\":\"90", "\"fmspc\":\"9090"},
        {"\"pceId\":\"0000\"", "\"pceId\":0"},
        {"\"pceId\":\"0000\"", "\"pceId\":\"00\""},
        {"\"tcbType\":0", "\"tcbType\":1"},
        {"\"tcbType\":0,", ""},
        {"\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":-1"},
        {"\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":4294967296"},
        {"\"tcbEvaluationDataNumber\":18,", ""},
        {"\"tdxModule\":{", "\"tdxModule\":null,\"x\":{"},
        {"\"tdxModule\":{", "\"tdxmodule\":{"},
        {"\"mrsigner\":\"00", "\"mrsigner\":\""},
        {"\"attributes\":\"00", "\"attributes\":\"0000"},
        {"\"attributesMask\":\"FF", "\"attributesMask\":\"FG"},
        {"\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":[3,"},
        {"\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":{},\"x\":["},
        {"\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":null,\"x\":["},
        {"{\"id\":\"TDX_03\",", "{"},
        {"\"isvsvn\":3", "\"isvsvn\":256"},
        {"\"isvsvn\":3", "\"isvsvn\":-1"},
        {"\"isvsvn\":3", "\"isvsvn\":\"3\""},
        {"\"isvsvn\":3", "\"isvsvn\":null"},
        {"\"isvsvn\":3", "\"isvSvn\":3"},
        {"\"isvsvn\":4", "\"isvsvn\":6"}, /* a level twice */
        {"\"tcbDate\":\"2024", "\"tcbDate\":\"24"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":0"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"\""},
        {",\"tcbStatus\":\"UpToDate\"", ""},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":null,\"x\":["},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":{},\"x\":["},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":[1,"},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":[\"\","},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":[\"a\\nb\","},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":[\"\\u00e9\","},
        {"\"sgxtcbcomponents\":[", "\"sgxtcbcomponents\":[{\"svn\":0},"},
        {"\"sgxtcbcomponents\":[", "\"sgxtcbcomponents\":{},\"x\":["},
        {"\"sgxtcbcomponents\":[{", "\"sgxtcbcomponents\":[0,{"},
        {"\"svn\":3", "\"svn\":256"},
        {"\"svn\":3", "\"svn\":-1"},
        {"\"svn\":3", "\"svn\":3.5"},
        {"\"svn\":3", "\"svn\":true"},
        {"\"svn\":3", "\"SVN\":3"},
        {"\"category\":\"BIOS\"", "\"category\":1"},
        {"\"type\":\"TXT SINIT\"", "\"type\":[]"},
        {"\"pcesvn\":13", "\"pcesvn\":65536"},
        {"\"pcesvn\":13", "\"pcesvn\":-1"},
        {"\"pcesvn\":13", "\"pcesvn\":\"13\""},
        {"\"tdxtcbcomponents\":[", "\"tdxtcbcomponents\":[{\"svn\":0},"},
        {"\"tdxtcbcomponents\"", "\"tdxComponents\""},
        {"\"tcbLevels\":[{\"tcb\":{\"s", "\"tcbLevels\":[7,{\"tcb\":{\"s"},
        {"\"tcbLevels\":[{\"tcb\":{\"s", "\"levels\":[{\"tcb\":{\"s"},
        {"\"tcbLevels\":[{\"tcb\":{\"s", "\"tcbLevels\":[{\"tcb\":[],\"x\":{\"s"},
        {"{\"id\"", "[{\"id\""},
        {"{\"id\"", "{\"a\":[,],\"id\""},
        {"{\"id\"",
         "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],\"id\""},
    };
    refuse_rows(false, t, sizeof t / sizeof *t);
    static const char *const whole[] = {"", "null", "3", "\"TDX\"", "[]", "{}", "true", "{}{}"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        expect(false, whole[i], bytes_of_str(whole[i]), "TCB_INFO_FORMAT");
}

static void qe_identity_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const struct row t[] = {
        {"\"id\":\"TD_QE\"", "\"id\":null"},
        {"\"id\":\"TD_QE\"", "\"id\":\"TD_QE\",\"id\":\"TD_QE\""},
        {"\"version\":2", "\"version\":4"},
        {"\"version\":2", "\"version\":\"2\""},
        {"\"issueDate\":\"2025", "\"issueDate\":\"25"},
        {"\"nextUpdate\":\"2026", "\"nextUpdate\":\"+2026"},
        {"\"tcbEvaluationDataNumber\":18,", ""},
        {"\"miscselect\":\"00", "\"miscselect\":\""},
        {"\"miscselect\":\"00000000\"", "\"miscselect\":0"},
        {"\"miscselectMask\":\"FF", "\"miscselectMask\":\"FFFF"},
        {"\"attributes\":\"11", "\"attributes\":\"1"},
        {"\"attributesMask\":\"FB", "\"attributesMask\":\"\""},
        {"\"mrsigner\":\"DC", "\"mrsigner\":\""}, /* QVL takes an empty one for "any" */
        {"\"mrsigner\"", "\"mrSigner\""},
        {"\"isvprodid\":2", "\"isvprodid\":65536"},
        {"\"isvprodid\":2", "\"isvprodid\":-2"},
        {"\"isvprodid\":2,", ""},
        {"\"tcbLevels\":[", "\"tcbLevels\":{},\"x\":["},
        {"\"isvsvn\":6", "\"isvsvn\":65536"},
        {"\"isvsvn\":6", "\"isvsvn\":4"},
        {"{\"tcb\":{\"isvsvn\":6}", "{\"tcb\":6"},
        {"\"tcbDate\":\"2024-11-13", "\"tcbDate\":\"2024-11-31"},
        {"\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":null"},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":[null,"},
        {"}]}", "}]}}"},
    };
    refuse_rows(true, t, sizeof t / sizeof *t);
    expect(true, "TCB info as QE identity", tcb_text, "QE_IDENTITY_FORMAT");
    expect(false, "QE identity as TCB info", qe_text, "TCB_INFO_FORMAT");
}

/* Intel may add members, and did so before; white space and order are the document's own. */
static void what_decides_nothing_is_not_looked_at(void **state)
{
    (void)state;
    static const struct row t[] = {
        {"{\"id\"", " {\n\t\"id\""},
        {"{\"id\"", "{\"new\":{\"svn\":-1},\"id\""},
        {"{\"svn\":3", "{\"new\":[1.5],\"svn\":3"},
        {"\"pcesvn\":13", "\"new\":null,\"pcesvn\":13"},
        {"\"tcbDate\"", "\"newDate\":\"never\",\"tcbDate\""},
        {"\"advisoryIDs\":[", "\"x\":["},
        {"\"advisoryIDs\":[", "\"advisoryIDs\":[],\"x\":["},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        expect(false, t[i].to, text_replace(c.a, tcb_text, t[i].from, t[i].to), "");
}

static void only_dates_that_exist_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t want; /* 0: refused. By `date -u -d TEXT +%s` of coreutils */
    } t[] = {
        {"1970-01-01T00:00:01Z", 1},
        {"1972-02-29T00:00:00Z", 68169600},
        {"1999-12-31T23:59:59Z", 946684799},
        {"2000-02-29T12:00:00Z", 951825600},
        {"2000-03-01T00:00:00Z", 951868800},
        {"2024-12-31T23:59:59Z", 1735689599},
        {"2026-02-18T10:58:51Z", 1771412331},
        {"2100-03-01T00:00:00Z", 4107542400},
        {"2400-02-29T00:00:00Z", 13574563200},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"2023-02-29T00:00:00Z", 0},
        {"2100-02-29T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", 0},
        {"0000-01-01T00:00:00Z", 0},
        {"2024-00-01T00:00:00Z", 0},
        {"2024-13-01T00:00:00Z", 0},
        {"2024-01-00T00:00:00Z", 0},
        {"2024-01-32T00:00:00Z", 0},
        {"2024-04-31T00:00:00Z", 0},
        {"2024-06-31T00:00:00Z", 0},
        {"2024-09-31T00:00:00Z", 0},
        {"2024-11-31T00:00:00Z", 0},
        {"2024-01-01T24:00:00Z", 0},
        {"2024-01-01T00:60:00Z", 0},
        {"2024-01-01T00:00:60Z", 0},
        {"2024-01-01T00:00:00", 0},
        {"2024-01-01T00:00:00z", 0},
        {"2024-01-01t00:00:00Z", 0},
        {"2024-01-01 00:00:00Z", 0},
        {"2024-01-01T00:00:00+00:00", 0},
        {"2024-01-01T00:00:00.0Z", 0},
        {"2024-01-01T00:00:00ZZ", 0},
        {"2024-1-01T00:00:00Z", 0},
        {"2024-01-01T 0:00:00Z", 0},
        {"+024-01-01T00:00:00Z", 0},
        {"2024/01-01T00:00:00Z", 0},
        {"2024-01/01T00:00:00Z", 0},
        {"2024-01-01T00.00:00Z", 0},
        {"2024-01-01T00:00.00Z", 0},
        {"2024-01-01", 0},
        {"tomorrow", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct tcb_info ti = {0};
        struct err err = {0};
        c.w.tcb_info.issue_date = t[i].text;
        enum rc rc = tcb_info_parse(c.a, tcb_info_text(c.a, &c.w.tcb_info), &ti, &err);
        CASE(t[i].text,
             t[i].want ? rc == RC_OK && ti.issue_date == t[i].want
                       : rc == BG_TCB_INFO_SHAPE && !strcmp(err.detail, "issueDate"),
             "%s, %llu", err.detail, (unsigned long long)ti.issue_date);
    }
}

/* Many levels: `n` copies of {"tcb":{"isvsvn":i},..} in place of the QE identity's. */
static struct bytes qe_with_levels(size_t n)
{
    struct err err = {0};
    size_t cap = n * 80 + 16, at = 0;
    char *list = arena_alloc(c.a, cap, &err);
    assert_non_null(list);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(list + at, cap - at,
                               "{\"tcb\":{\"isvsvn\":%zu},\"tcbDate\":\"2024-01-01T00:00:00Z\","
                               "\"tcbStatus\":\"UpToDate\"},",
                               1000 + i);
    return text_replace(c.a, qe_text, "{\"tcb\"", strcat(list, "{\"tcb\""));
}

/* n module identities without levels, in front of the two that are there (with 4 levels). */
static struct bytes tcb_with_identities(size_t n)
{
    struct err err = {0};
    char *list = arena_alloc(c.a, n * 256 + 64, &err), *at = list;
    assert_non_null(list);
    at += sprintf(at, "\"tdxModuleIdentities\":[");
    for (size_t i = 0; i < n; i++)
        at += sprintf(at,
                      "{\"id\":\"A%zu\",\"mrsigner\":\"%096d\",\"attributes\":\"%016d\","
                      "\"attributesMask\":\"%016d\",\"tcbLevels\":[]},",
                      i, 0, 0, 0);
    return text_replace(c.a, tcb_text, "\"tdxModuleIdentities\":[", list);
}

static struct bytes tcb_with_advisories(size_t n)
{
    struct err err = {0};
    char *list = arena_alloc(c.a, n * 16 + 32, &err);
    assert_non_null(list);
    strcpy(list, "\"advisoryIDs\":[");
    for (size_t i = 0; i < n; i++)
        sprintf(list + strlen(list), "\"SA-%zu\",", i);
    return text_replace(c.a, tcb_text, "\"advisoryIDs\":[", list);
}

static void sizes_are_capped(void **state)
{
    (void)state;
    expect(true, "256 levels", qe_with_levels(LIMIT_TCB_LEVELS - 3), "");
    expect(true, "257 levels", qe_with_levels(LIMIT_TCB_LEVELS - 2), "QE_IDENTITY_FORMAT");
    /* identities and all levels share one budget: n + 2 identities, 4 + 3 levels */
    expect(false, "identities at the limit", tcb_with_identities(LIMIT_TCB_LEVELS - 9), "");
    expect(false, "identities over it", tcb_with_identities(LIMIT_TCB_LEVELS - 8),
           "TCB_INFO_FORMAT");
    expect(false, "identities alone over it", tcb_with_identities(LIMIT_TCB_LEVELS - 1),
           "TCB_INFO_FORMAT");
    expect(false, "128 advisories", tcb_with_advisories(LIMIT_ADVISORIES - 2), "");
    expect(false, "129 advisories", tcb_with_advisories(LIMIT_ADVISORIES - 1), "TCB_INFO_FORMAT");
    char word[80];
    memset(word, 'x', sizeof word);
    word[64] = '\0';
    c.w.tcb_info.levels[0].status = word;
    expect(false, "a word of 64 bytes", tcb_info_text(c.a, &c.w.tcb_info), "");
    word[64] = 'x';
    word[65] = '\0';
    expect(false, "a word of 65 bytes", tcb_info_text(c.a, &c.w.tcb_info), "TCB_INFO_FORMAT");
    struct err err = {0};
    for (int qe = 0; qe < 2; qe++) { /* padded with white space: valid JSON, too long by one */
        struct bytes text = qe ? qe_text : tcb_text;
        size_t max = qe ? LIMIT_QE_IDENTITY : LIMIT_TCB_INFO;
        uint8_t *p = arena_alloc(c.a, max + 1, &err);
        assert_non_null(p);
        memset(p, ' ', max + 1);
        memcpy(p, text.p, text.n);
        expect(qe, "at the size limit", bytes_of(p, max), "");
        expect(qe, "over the size limit", bytes_of(p, max + 1),
               qe ? "QE_IDENTITY_FORMAT" : "TCB_INFO_FORMAT");
    }
}

/* A failed call leaves its output alone, and a text cut anywhere is refused. */
static void every_prefix_is_refused(void **state)
{
    (void)state;
    struct tcb_info ti, before;
    memset(&ti, 0x5a, sizeof ti);
    before = ti;
    for (size_t n = 0; n < tcb_text.n; n += n < 600 ? 1 : 7) {
        struct err err = {0};
        assert_int_not_equal(tcb_info_parse(c.a, bytes_of(tcb_text.p, n), &ti, &err), RC_OK);
        assert_memory_equal(&ti, &before, sizeof ti);
    }
    for (size_t n = 0; n < qe_text.n; n++) {
        struct err err;
        assert_string_equal(parse(true, bytes_of(qe_text.p, n), &err), "QE_IDENTITY_FORMAT");
    }
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    struct err err = {0};
    struct tcb_info ti;
    struct arena *tiny = arena_new(4096);
    assert_int_equal(tcb_info_parse(tiny, tcb_text, &ti, &err), BG_NOMEM);
    arena_free(tiny);
}

static enum rc read_collateral(const json_t *obj, struct collateral *out, struct err *err)
{
    memset(err, 0, sizeof *err);
    return collateral_from_json(c.a, obj, out, err);
}

static void collateral_is_read_from_json(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "pck_crl_issuer_chain",     "root_ca_crl", "pck_crl",
        "tcb_info_issuer_chain",    "tcb_info",    "tcb_info_signature",
        "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature"};
    struct tdx_bundle b;
    struct collateral got;
    struct err err;
    tdx_world_build(c.a, &c.w, &b);
    AUTO_JSON obj = tdx_collateral_json(c.a, &b.collateral);
    assert_int_equal(read_collateral(obj, &got, &err), RC_OK);
    assert_true(bytes_eq(got.pck_crl_issuer_chain, b.collateral.pck_crl_issuer_chain));
    assert_true(bytes_eq(got.root_ca_crl, b.collateral.root_ca_crl));
    assert_true(bytes_eq(got.pck_crl, b.collateral.pck_crl));
    assert_true(bytes_eq(got.tcb_info_issuer_chain, b.collateral.tcb_info_issuer_chain));
    assert_true(bytes_eq(got.tcb_info, b.collateral.tcb_info));
    assert_true(bytes_eq(got.tcb_info_signature, b.collateral.tcb_info_signature));
    assert_true(bytes_eq(got.qe_identity_issuer_chain, b.collateral.qe_identity_issuer_chain));
    assert_true(bytes_eq(got.qe_identity, b.collateral.qe_identity));
    assert_true(bytes_eq(got.qe_identity_signature, b.collateral.qe_identity_signature));
    json_object_set_new(obj, "pck_certificate_chain", json_null());
    assert_int_equal(read_collateral(obj, &got, &err), RC_OK); /* newer dcap-qvl has it */

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *good = json_incref(json_object_get(obj, keys[i]));
        json_object_del(obj, keys[i]);
        CASE(keys[i], read_collateral(obj, &got, &err) == BG_COLLATERAL_MEMBER, "absent: %d",
             err.rc);
        json_object_set_new(obj, keys[i], json_integer(1));
        CASE(keys[i], read_collateral(obj, &got, &err) == BG_COLLATERAL_MEMBER, "number: %d",
             err.rc);
        assert_string_equal(err.detail, keys[i]);
        bool crl = strstr(keys[i], "_crl") && !strstr(keys[i], "chain");
        bool sig = strstr(keys[i], "signature") != NULL;
        json_object_set_new(obj, keys[i], json_string("zz"));
        CASE(keys[i],
             read_collateral(obj, &got, &err) == (crl   ? BG_COLLATERAL_CRL_HEX
                                                  : sig ? BG_COLLATERAL_SIG_HEX
                                                        : RC_OK),
             "not hex: %d", err.rc);
        json_object_set_new(obj, keys[i], json_string("123"));
        CASE(keys[i],
             read_collateral(obj, &got, &err) == (crl   ? BG_COLLATERAL_CRL_HEX
                                                  : sig ? BG_COLLATERAL_SIG_HEX
                                                        : RC_OK),
             "odd hex: %d", err.rc);
        size_t big = 3u << 20;
        char *text = malloc(big);
        assert_non_null(text);
        memset(text, '0', big);
        json_object_set_new(obj, keys[i], json_stringn(text, big));
        free(text);
        CASE(keys[i],
             read_collateral(obj, &got, &err) == (crl   ? BG_COLLATERAL_CRL_SIZE
                                                  : sig ? BG_COLLATERAL_SIG_HEX
                                                  : strstr(keys[i], "chain")
                                                      ? BG_COLLATERAL_CHAIN_SIZE
                                                      : BG_COLLATERAL_TEXT_SIZE),
             "huge: %d", err.rc);
        json_object_set_new(obj, keys[i], good);
    }
    static const struct {
        const char *key;
        size_t max;
        enum rc over;
    } caps[] = {
        {"pck_crl", 2 * LIMIT_CRL_DER, BG_COLLATERAL_CRL_SIZE},
        {"tcb_info", LIMIT_TCB_INFO, BG_COLLATERAL_TEXT_SIZE},
        {"qe_identity", LIMIT_QE_IDENTITY, BG_COLLATERAL_TEXT_SIZE},
        {"qe_identity_signature", 1024, BG_COLLATERAL_SIG_HEX},
        {"tcb_info_issuer_chain", LIMIT_CERTS * LIMIT_CERT_DER * 3 / 2, BG_COLLATERAL_CHAIN_SIZE},
    };
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        json_t *good = json_incref(json_object_get(obj, caps[i].key));
        char *text = malloc(caps[i].max + 2);
        assert_non_null(text);
        memset(text, '0', caps[i].max + 2);
        json_object_set_new(obj, caps[i].key, json_stringn(text, caps[i].max));
        CASE(caps[i].key, read_collateral(obj, &got, &err) == RC_OK, "at the cap: %d", err.rc);
        json_object_set_new(obj, caps[i].key, json_stringn(text, caps[i].max + 2));
        CASE(caps[i].key, read_collateral(obj, &got, &err) == caps[i].over, "over it: %d", err.rc);
        free(text);
        json_object_set_new(obj, caps[i].key, good);
    }
    AUTO_JSON list = json_array();
    assert_int_equal(read_collateral(list, &got, &err), BG_COLLATERAL_NOT_OBJECT);
    assert_int_equal(read_collateral(NULL, &got, &err), BG_COLLATERAL_NOT_OBJECT);
    assert_int_equal(read_collateral(obj, &got, &err), RC_OK);
}

/* Every document of the vectors that Intel signed is read; figures of one by hand. */
static void intels_own_documents_are_read(void **state)
{
    (void)state;
    static const char *const files[] = {
        "tdx/real/collateral/dcap-qvl-b0c06f000000-2025-06.json",
        "tdx/real/collateral/dcap-qvl-90c06f000000-2026-02.json",
        "tdx/real/collateral/dcap-qvl-20a06f000000-2025-09.json",
        "tdx/real/collateral/teepot-00806f050000-2025-05.json",
    };
    char *there = vectors_path("tdx/index.json");
    if (!there) {
        case_skip(sizeof files / sizeof *files, "no vectors");
        return;
    }
    free(there);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        AUTO_JSON j = vectors_json(files[i]);
        struct collateral col = {0};
        struct tcb_info ti = {0};
        struct qe_identity qi = {0};
        struct err err = {0};
        CASE(files[i],
             collateral_from_json(c.a, j, &col, &err) == RC_OK &&
                 tcb_info_parse(c.a, col.tcb_info, &ti, &err) == RC_OK &&
                 qe_identity_parse(c.a, col.qe_identity, &qi, &err) == RC_OK,
             "%d %s", err.rc, err.detail);
        if (i != 1)
            continue;
        assert_int_equal(ti.issue_date, 1771412331);
        assert_int_equal(ti.next_update, 1774004331);
        assert_int_equal(ti.evaluation_number, 18);
        assert_int_equal(ti.num_levels, 3);
        assert_int_equal(ti.levels[0].pce_svn, 13);
        assert_int_equal(ti.levels[2].pce_svn, 5);
        assert_int_equal(ti.levels[2].advisories->n, 19);
        assert_true(bytes_eq_str(ti.levels[0].sgx_names->type[7], "SEAMLDR ACM"));
        assert_int_equal(ti.num_identities, 2);
        assert_int_equal(ti.identities[1].levels[0].isv_svn, 6);
        assert_int_equal(qi.isv_prod_id, 2);
        assert_int_equal(qi.levels[0].isv_svn, 4);
        assert_int_equal(qi.misc_select_mask, 0xffffffff);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(tcb_info_of_another_shape_is_refused),
        T(qe_identity_of_another_shape_is_refused),
        T(what_decides_nothing_is_not_looked_at),
        T(only_dates_that_exist_are_read),
        T(sizes_are_capped),
        T(every_prefix_is_refused),
        T(memory_that_runs_out_is_an_error),
        T(collateral_is_read_from_json),
        T(intels_own_documents_are_read),
    };
    return HARNESS_RUN("tcb_format", tests);
}
