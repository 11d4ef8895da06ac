/*
 * collateral from services, without a network: what an answer is taken apart into, what a quote
 * needs, which document an error is about. Over HTTP, with every way to fail:
 * tests/e2e/collateral_e2e.sh.
 */
#include "agent/collateral_store.h"
#include "agent/pcs.h"
#include "base/limits.h"
#include "quote/verify.h"
#include "tests/lib/harness.h"
#include "tests/lib/tdx_world.h"

static struct arena *arena;
static struct tdx_world world;
static struct tdx_bundle made;

/* --- which document an error is about --- */

/* By the symbols' beginnings: the numbers in the table are held against these. */
static enum collateral_doc by_symbol(const char *s)
{
    static const struct {
        const char *begin;
        enum collateral_doc doc;
    } rows[] = {
        {"CRL_CHAIN_", COLLATERAL_PCK_CRL},          {"PCK_CRL_", COLLATERAL_PCK_CRL},
        {"CRL_ISSUER_REVOKED", COLLATERAL_PCK_CRL},  {"ROOT_CRL_", COLLATERAL_ROOT_CRL},
        {"TCB_CHAIN_", COLLATERAL_TCB_INFO},         {"TCB_INFO_", COLLATERAL_TCB_INFO},
        {"TCB_SIGNER_REVOKED", COLLATERAL_TCB_INFO}, {"QE_CHAIN_", COLLATERAL_QE_IDENTITY},
        {"QE_IDENTITY_", COLLATERAL_QE_IDENTITY},    {"QE_SIGNER_REVOKED", COLLATERAL_QE_IDENTITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strncmp(s, rows[i].begin, strlen(rows[i].begin)) == 0)
            return rows[i].doc;
    return COLLATERAL_DOCS;
}

static void every_code_is_about_its_document(void **state)
{
    (void)state;
    size_t about = 0;
    const struct err_info *e;
    for (size_t i = 0; (e = err_info_at(i)) != NULL; i++) {
        enum collateral_doc want = by_symbol(e->symbol), got = collateral_doc_of(e->rc);
        CASE(e->symbol, got == want, "document %d, not %d", (int)got, (int)want);
        about += want != COLLATERAL_DOCS;
    }
    assert_true(about > 60);
}

/* --- what a quote needs --- */

static void a_quote_says_what_it_needs(void **state)
{
    (void)state;
    struct quote *q = ARENA_NEW(arena, struct quote, &(struct err){0});
    struct collateral_need need;
    struct err err = {0};
    assert_int_equal(quote_parse(made.quote, q, &err), RC_OK);
    assert_int_equal(collateral_need_of(arena, q, made.root, &need, &err), RC_OK);
    assert_memory_equal(need.fmspc, world.sgx.fmspc, 6);
    assert_false(need.processor);
    assert_null(need.root_crl_url); /* the tests' root names none */
    /* Intel's root does: RFC 5280 section 4.2.1.13, as printed by openssl x509 -text. */
    assert_int_equal(collateral_need_of(arena, q, quote_intel_root(), &need, &err), RC_OK);
    assert_non_null(need.root_crl_url);
    assert_non_null(strstr(need.root_crl_url, "/IntelSGXRootCA.der"));
    /* Cut anywhere, and with any byte changed, a root names what it names or nothing. */
    struct bytes root = quote_intel_root();
    for (size_t n = 0; n < root.n; n++) {
        struct err ignored = {0};
        CASE("cut",
             collateral_need_of(arena, q, bytes_of(root.p, n), &need, &ignored) == RC_OK &&
                 !need.root_crl_url,
             "%zu bytes", n);
    }
    struct tdx_world w = world;
    struct tdx_bundle b;
    w.pck_ca.subject = w.pck.issuer = "Intel SGX PCK Processor CA";
    tdx_world_build(arena, &w, &b);
    assert_int_equal(quote_parse(b.quote, q, &err), RC_OK);
    assert_int_equal(collateral_need_of(arena, q, b.root, &need, &err), RC_OK);
    assert_true(need.processor);
    w.no_sgx = true;
    tdx_world_build(arena, &w, &b);
    assert_int_equal(quote_parse(b.quote, q, &err), RC_OK);
    assert_int_equal(collateral_need_of(arena, q, b.root, &need, &err), BG_COLLATERAL_NEED_PCK);
}

/* --- answers --- */

static enum rc read(enum collateral_doc doc, const char *body, const char *chain, unsigned times,
                    struct collateral *out)
{
    struct err err = {0};
    const struct pcs_answer a = {bytes_of_str(body), bytes_of_str(chain), times};
    *out = (struct collateral){0};
    return pcs_read(arena, doc, &a, out, &err);
}

static void answers_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum collateral_doc doc;
        const char *body, *chain;
        unsigned times;
        enum rc want;
    } rows[] = {
        {"good", COLLATERAL_TCB_INFO, "{\"tcbInfo\":{\"a\": 1},\"signature\":\"00ff\"}", "x", 1,
         RC_OK},
        {"other order, spaces", COLLATERAL_TCB_INFO,
         " {\n\"signature\":\"00FF\" , \"tcbInfo\" : {\"a\": 1} }\n", "x", 1, RC_OK},
        {"more members", COLLATERAL_TCB_INFO,
         "{\"x\":{\"tcbInfo\":{}},\"tcbInfo\":{\"a\": 1},\"signature\":\"00ff\"}", "x", 1, RC_OK},
        {"no object", COLLATERAL_TCB_INFO, "{\"tcbInfo\":\"{}\",\"signature\":\"00ff\"}", "x", 1,
         BG_PCS_MEMBER},
        {"an escaped name", COLLATERAL_TCB_INFO, "{\"tcb\\u0049nfo\":{},\"signature\":\"00ff\"}",
         "x", 1, BG_PCS_MEMBER},
        {"two objects", COLLATERAL_TCB_INFO,
         "{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"00ff\"}", "x", 1, BG_PCS_JSON},
        {"QE identity for TCB info", COLLATERAL_TCB_INFO,
         "{\"enclaveIdentity\":{},\"signature\":\"00ff\"}", "x", 1, BG_PCS_MEMBER},
        {"half a digit", COLLATERAL_TCB_INFO, "{\"tcbInfo\":{},\"signature\":\"0\"}", "x", 1,
         BG_PCS_SIGNATURE},
        {"a number", COLLATERAL_TCB_INFO, "{\"tcbInfo\":{},\"signature\":0}", "x", 1,
         BG_PCS_SIGNATURE},
        {"nothing", COLLATERAL_TCB_INFO, "", "x", 1, BG_PCS_BODY_SIZE},
        {"no chain", COLLATERAL_TCB_INFO, "{\"tcbInfo\":{},\"signature\":\"00ff\"}", "", 0,
         BG_PCS_NO_CHAIN},
        {"CRL in hex", COLLATERAL_ROOT_CRL, "3082\n", "", 0, RC_OK},
        {"CRL in PEM", COLLATERAL_ROOT_CRL, "-----BEGIN X509 CRL-----", "", 0, BG_PCS_CRL},
        {"CRL in quotes", COLLATERAL_ROOT_CRL, "\"3082\"", "", 0, BG_PCS_CRL},
        {"no hex", COLLATERAL_ROOT_CRL, "308z", "", 0, BG_PCS_CRL},
        {"odd hex", COLLATERAL_ROOT_CRL, "30820", "", 0, BG_PCS_CRL},
        {"PCK CRL without chain", COLLATERAL_PCK_CRL, "3082", "", 0, BG_PCS_NO_CHAIN},
        {"PCK CRL, two chains", COLLATERAL_PCK_CRL, "3082", "x", 2, BG_PCS_CHAIN_TWICE},
        {"chain of percents", COLLATERAL_PCK_CRL, "3082", "%%", 1, BG_PCS_CHAIN_CODING},
        {"chain of a half", COLLATERAL_PCK_CRL, "3082", "a%4", 1, BG_PCS_CHAIN_CODING},
        {"chain with NUL", COLLATERAL_PCK_CRL, "3082", "a%00b", 1, BG_PCS_CHAIN_CODING},
        {"chain with 8 bits", COLLATERAL_PCK_CRL, "3082", "a%ffb", 1, BG_PCS_CHAIN_CODING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collateral c;
        enum rc rc = read(rows[i].doc, rows[i].body, rows[i].chain, rows[i].times, &c);
        CASE(rows[i].name, rc == rows[i].want, "code %d, not %d", (int)rc, (int)rows[i].want);
        if (rc == RC_OK && rows[i].doc == COLLATERAL_TCB_INFO)
            CASE(rows[i].name,
                 bytes_eq_str(c.tcb_info, "{\"a\": 1}") && c.tcb_info_signature.n == 2, "%.*s",
                 (int)c.tcb_info.n, (const char *)c.tcb_info.p);
    }
    struct collateral c;
    assert_int_equal(read(COLLATERAL_PCK_CRL, "3082", "a%20b%2Bc+d%0a", 1, &c), RC_OK);
    assert_true(bytes_eq_str(c.pck_crl_issuer_chain, "a b+c+d\n"));
}

static void sizes_have_caps(void **state)
{
    (void)state;
    struct err err = {0};
    struct collateral c = {0};
    struct bytes big = {0};
    uint8_t *p = arena_alloc(arena, 2 * LIMIT_CRL_DER + 4, &err);
    assert_non_null(p);
    memset(p, '3', 2 * LIMIT_CRL_DER + 4);
    big = bytes_of(p, 2 * LIMIT_CRL_DER + 2);
    assert_int_equal(
        pcs_read(arena, COLLATERAL_ROOT_CRL, &(struct pcs_answer){big, BYTES_NONE, 0}, &c, &err),
        BG_PCS_CRL_SIZE);
    err_clear(&err);
    struct bytes fits = bytes_of(p, 2 * LIMIT_CRL_DER);
    assert_int_equal(
        pcs_read(arena, COLLATERAL_ROOT_CRL, &(struct pcs_answer){fits, BYTES_NONE, 0}, &c, &err),
        RC_OK);
    /* {"enclaveIdentity":{"a":"333.."},"signature":"00"} one byte over the cap. */
    static const char head[] = "{\"enclaveIdentity\":", tail[] = ",\"signature\":\"00\"}";
    for (size_t over = 0; over < 2; over++) {
        size_t n = LIMIT_QE_IDENTITY + over;
        uint8_t *t = arena_alloc(arena, n + sizeof head + sizeof tail, &err);
        assert_non_null(t);
        memset(t, '3', n + sizeof head + sizeof tail);
        memcpy(t, head, sizeof head - 1);
        memcpy(t + sizeof head - 1, "{\"a\":\"", 6);
        memcpy(t + sizeof head - 1 + n - 2, "\"}", 2);
        memcpy(t + sizeof head - 1 + n, tail, sizeof tail - 1);
        struct bytes body = bytes_of(t, n + sizeof head + sizeof tail - 2);
        enum rc rc = pcs_read(arena, COLLATERAL_QE_IDENTITY,
                              &(struct pcs_answer){body, bytes_of_str("x"), 1}, &c, &err);
        CASE("document", rc == (over ? BG_PCS_DOCUMENT_SIZE : RC_OK), "%zu over: %d", over,
             (int)rc);
    }
}

/* --- the store's copy --- */

static void what_is_stored_reads_back(void **state)
{
    (void)state;
    struct err err = {0};
    struct bytes text;
    struct collateral c;
    assert_int_equal(collateral_stored_make(arena, &made.collateral, &text, &err), RC_OK);
    assert_true(collateral_stored_read(arena, text, &c, &err));
    for (enum collateral_doc d = 0; d < COLLATERAL_DOCS; d++) {
        uint64_t from, until;
        CASE(collateral_doc_name(d),
             collateral_dates(arena, &c, d, &from, &until) && from < world.now && until > world.now,
             "dates");
    }
    assert_true(bytes_eq(c.pck_crl, made.collateral.pck_crl) &&
                bytes_eq(c.root_ca_crl, made.collateral.root_ca_crl) &&
                bytes_eq(c.tcb_info, made.collateral.tcb_info) &&
                bytes_eq(c.qe_identity, made.collateral.qe_identity) &&
                bytes_eq(c.tcb_info_signature, made.collateral.tcb_info_signature) &&
                bytes_eq(c.qe_identity_signature, made.collateral.qe_identity_signature) &&
                bytes_eq(c.tcb_info_issuer_chain, made.collateral.tcb_info_issuer_chain) &&
                bytes_eq(c.pck_crl_issuer_chain, made.collateral.pck_crl_issuer_chain) &&
                bytes_eq(c.qe_identity_issuer_chain, made.collateral.qe_identity_issuer_chain));
    for (size_t n = 0; n < text.n; n += n < 200 || text.n - n < 200 ? 1 : 97) {
        struct err why = {0};
        CASE("cut",
             (n + 1 >= text.n || !collateral_stored_read(arena, bytes_of(text.p, n), &c, &why)),
             "%zu bytes", n);
    }
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "{\"schema\":1}",
                                      "{\"schema\":2,\"collateral\":{}}",
                                      "{\"schema\":1,\"collateral\":{}}",
                                      "{\"schema\":1,\"collateral\":{},\"evidence\":{}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err why = {0};
        CASE(bad[i],
             !collateral_stored_read(arena, bytes_of_str(bad[i]), &c, &why) &&
                 why.rc == BG_COLLATERAL_STORED,
             "%d", (int)why.rc);
    }
}

int main(void)
{
    arena = arena_new(LIMIT_ARENA);
    tdx_world_default(&world);
    tdx_world_build(arena, &world, &made);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_about_its_document),
        cmocka_unit_test(a_quote_says_what_it_needs),
        cmocka_unit_test(answers_are_taken_apart),
        cmocka_unit_test(sizes_have_caps),
        cmocka_unit_test(what_is_stored_reads_back),
    };
    int rc = HARNESS_RUN("pcs", tests);
    arena_free(arena);
    return rc;
}
