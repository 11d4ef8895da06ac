#include "agent/pcs.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/limits.h"

#define URL_MAX       2560u /* a configured URL has up to 2048 */
#define SIGNED_EXTRA  4096u /* around the signed object: the signature and member names */
#define SIGNATURE_MAX 1024u /* hex digits; a right one has 128 */

/* --- what came back --- */

/* unescape: RFC 3986 section 2.1. A plus stands for itself: base64 has it. */
static bool unescape(struct bytes text, uint8_t *out, size_t *out_n)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '%') {
            if (text.n - i < 3 || !hex_decode(bytes_of(text.p + i + 1, 2), &c, 1))
                return false;
            i += 2;
        }
        if (c == '\0' || c > 0x7e)
            return false;
        out[n++] = c;
    }
    *out_n = n;
    return true;
}

static enum rc read_chain(struct arena *a, const struct pcs_answer *answer, struct bytes *out,
                          struct err *err)
{
    size_t n = 0;
    if (answer->chain_times == 0)
        return err_set(err, BG_PCS_NO_CHAIN, "%s", "");
    if (answer->chain_times > 1)
        return err_set(err, BG_PCS_CHAIN_TWICE, "%u times", answer->chain_times);
    if (answer->chain.n == 0 || answer->chain.n > FETCH_HEADER_MAX)
        return err_set(err, BG_PCS_CHAIN_SIZE, "at most %u bytes", FETCH_HEADER_MAX);
    uint8_t *text = arena_alloc(a, answer->chain.n, err);
    if (!text)
        return err->rc;
    if (!unescape(answer->chain, text, &n))
        return err_set(err, BG_PCS_CHAIN_CODING, "%zu bytes", answer->chain.n);
    *out = bytes_of(text, n);
    return RC_OK;
}

static struct bytes without_space(struct bytes t)
{
    while (t.n && t.p[t.n - 1] <= ' ')
        t.n--;
    return t;
}

/* read_crl: a DER SEQUENCE of more than 127 bytes begins 30 81..84, its hex with the digit "3". */
static enum rc read_crl(struct arena *a, struct bytes body, struct bytes *out, struct err *err)
{
    struct bytes text = without_space(body);
    bool der = body.n > 2 && body.p[0] == 0x30 && body.p[1] >= 0x80;
    if ((der ? body.n : text.n / 2) > LIMIT_CRL_DER)
        return err_set(err, BG_PCS_CRL_SIZE, "%zu bytes", body.n);
    if (der)
        return arena_keep(a, body, out, err);
    if (text.n < 4 || text.p[0] != '3' || !hex_decode_any(a, text, out, err))
        return err_set(err, BG_PCS_CRL, "%zu bytes", body.n);
    return RC_OK;
}

static enum rc read_signed(struct arena *a, struct bytes body, const char *member, size_t max,
                           struct bytes *out, struct bytes *out_signature, struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    struct bytes object = BYTES_NONE, hex = BYTES_NONE;
    if (json_read(body, max + SIGNED_EXTRA, &j, &why) != RC_OK)
        return err_set(err, BG_PCS_JSON, "%.200s", why.detail);
    if (!json_is_object(json_object_get(j, member)) || !json_raw_member(body, member, &object))
        return err_set(err, BG_PCS_MEMBER, "%s", member);
    if (object.n > max)
        return err_set(err, BG_PCS_DOCUMENT_SIZE, "%zu bytes, at most %zu", object.n, max);
    if (!json_str(j, "signature", &hex) || hex.n == 0 || hex.n > SIGNATURE_MAX ||
        !hex_decode_any(a, hex, out_signature, err))
        return err_set(err, BG_PCS_SIGNATURE, "%s", member);
    return arena_keep(a, object, out, err);
}

enum rc pcs_read(struct arena *a, enum collateral_doc doc, const struct pcs_answer *answer,
                 struct collateral *out, struct err *err)
{
    struct collateral c = {0};
    if (answer->body.n == 0)
        return err_set(err, BG_PCS_BODY_SIZE, "%s", collateral_doc_name(doc));
    switch (doc) {
    case COLLATERAL_PCK_CRL:
        TRY(read_crl(a, answer->body, &c.pck_crl, err));
        TRY(read_chain(a, answer, &c.pck_crl_issuer_chain, err));
        break;
    case COLLATERAL_ROOT_CRL: /* the root signs it: there is no chain */
        TRY(read_crl(a, answer->body, &c.root_ca_crl, err));
        break;
    case COLLATERAL_TCB_INFO:
        TRY(read_signed(a, answer->body, "tcbInfo", LIMIT_TCB_INFO, &c.tcb_info,
                        &c.tcb_info_signature, err));
        TRY(read_chain(a, answer, &c.tcb_info_issuer_chain, err));
        break;
    case COLLATERAL_QE_IDENTITY:
        TRY(read_signed(a, answer->body, "enclaveIdentity", LIMIT_QE_IDENTITY, &c.qe_identity,
                        &c.qe_identity_signature, err));
        TRY(read_chain(a, answer, &c.qe_identity_issuer_chain, err));
        break;
    case COLLATERAL_DOCS:
        break;
    }
    collateral_take(out, &c, doc);
    return RC_OK;
}

enum rc pcs_read_numbers(struct arena *a, const struct pcs_answer *answer,
                         struct collateral_numbers *out, struct err *err)
{
    struct collateral_numbers n = {0};
    TRY(read_signed(a, answer->body, "tcbEvaluationDataNumbers", LIMIT_TCB_NUMBERS, &n.text,
                    &n.signature, err));
    TRY(read_chain(a, answer, &n.issuer_chain, err));
    *out = n;
    return RC_OK;
}

/* --- what is asked --- */

static size_t body_max(const struct pcs_ask *ask)
{
    if (ask->numbers)
        return LIMIT_TCB_NUMBERS + SIGNED_EXTRA;
    if (ask->doc == COLLATERAL_TCB_INFO)
        return LIMIT_TCB_INFO + SIGNED_EXTRA;
    if (ask->doc == COLLATERAL_QE_IDENTITY)
        return LIMIT_QE_IDENTITY + SIGNED_EXTRA;
    return 2 * LIMIT_CRL_DER + 2; /* hex, and a line's end */
}

/* base_of: the service's address without what many guides have behind it. */
static size_t base_of(const char *url)
{
    static const char *const ends[] = {"/sgx/certification/v4", "/tdx/certification/v4"};
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(ends[i]);
        if (n > len && memcmp(url + n - len, ends[i], len) == 0)
            return n - len;
    }
    return n;
}

static enum rc address(const struct collateral_need *need, const struct pcs_ask *ask,
                       char out[static URL_MAX], struct err *err)
{
    const char *update = ask->early ? "early" : "standard";
    int base = (int)base_of(ask->url), n = 0;
    char fmspc[2 * sizeof need->fmspc + 1];
    hex_encode(BYTES_OF_ARRAY(need->fmspc), fmspc);
    if (ask->whole)
        n = snprintf(out, URL_MAX, "%s", ask->url);
    else if (ask->numbers)
        n = snprintf(out, URL_MAX, "%.*s/tdx/certification/v4/tcbevaluationdatanumbers", base,
                     ask->url);
    else if (ask->doc == COLLATERAL_PCK_CRL)
        n = snprintf(out, URL_MAX, "%.*s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", base,
                     ask->url, need->processor ? "processor" : "platform");
    else if (ask->doc == COLLATERAL_ROOT_CRL)
        n = snprintf(out, URL_MAX, "%.*s/sgx/certification/v4/rootcacrl", base, ask->url);
    else if (ask->doc == COLLATERAL_TCB_INFO)
        n = snprintf(out, URL_MAX, "%.*s/tdx/certification/v4/tcb?fmspc=%s&update=%s", base,
                     ask->url, fmspc, update);
    else
        n = snprintf(out, URL_MAX, "%.*s/tdx/certification/v4/qe/identity?update=%s", base,
                     ask->url, update);
    return n > 0 && n < (int)URL_MAX ? RC_OK : err_set(err, BG_PCS_URL, "%d characters", n);
}

static void wants(struct fetch_get *g, const struct pcs_ask *ask)
{
    g->body.max = body_max(ask);
    if (ask->numbers) {
        g->header[0] = "TCB-Evaluation-Data-Numbers-Issuer-Chain";
        return;
    }
    switch (ask->doc) {
    case COLLATERAL_PCK_CRL:
        g->header[0] = "SGX-PCK-CRL-Issuer-Chain";
        break;
    case COLLATERAL_TCB_INFO:
        g->header[0] = "TCB-Info-Issuer-Chain";
        g->header[1] = "SGX-TCB-Info-Issuer-Chain"; /* PCCS of older API versions */
        break;
    case COLLATERAL_QE_IDENTITY:
        g->header[0] = "SGX-Enclave-Identity-Issuer-Chain";
        break;
    case COLLATERAL_ROOT_CRL:
    case COLLATERAL_DOCS:
        break;
    }
}

/* took: the answer's document, or why there is none; details name the service. */
static void took(struct arena *a, const struct fetch_get *g, struct pcs_ask *ask)
{
    struct err why = {0};
    char host[FETCH_HOST];
    const struct pcs_answer answer = {.body = bytes_of(g->body.p, g->body.n),
                                      .chain = bytes_of(g->value.p, g->value.n),
                                      .chain_times = g->times};
    ask->why = g->why;
    if (ask->why.rc != RC_OK)
        return;
    if ((ask->numbers ? pcs_read_numbers(a, &answer, ask->numbers, &why)
                      : pcs_read(a, ask->doc, &answer, ask->out, &why)) == RC_OK)
        return;
    fetch_url_host(ask->url, host, sizeof host);
    (void)!err_set(&ask->why, why.rc, "%s: %s", host, why.detail);
}

enum rc pcs_ask(struct arena *a, const struct collateral_need *need, struct pcs_ask *v, size_t n,
                uint64_t ms, struct err *err)
{
    struct fetch_get g[PCS_ASKS] = {0};
    char(*urls)[URL_MAX] = arena_array(a, PCS_ASKS, URL_MAX, err);
    enum rc rc = urls ? RC_OK : err->rc;
    if (n > PCS_ASKS)
        n = PCS_ASKS;
    for (size_t i = 0; rc == RC_OK && i < n; i++) {
        rc = address(need, &v[i], urls[i], err);
        g[i].url = urls[i];
        wants(&g[i], &v[i]);
    }
    if (rc == RC_OK)
        rc = fetch_get(g, n, FETCH_ACCEPT_ANY, ms, err);
    for (size_t i = 0; i < n; i++) {
        if (rc == RC_OK)
            took(a, &g[i], &v[i]);
        fetched_free(&g[i].body);
        fetched_free(&g[i].value);
    }
    return rc;
}
