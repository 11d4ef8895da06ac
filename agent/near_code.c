#include "agent/near_code.h"

#include <stdlib.h>
#include <strings.h>

#include "agent/fetch.h"
#include "agent/rpc.h"
#include "base/json.h"
#include "policy/near/base58.h"

_Static_assert(LIMIT_URLS <= FETCH_GETS, "all nodes are asked at once");

/* host_of: the name or address alone: another port, spelling or path makes no other provider. */
static struct bytes host_of(const char *url)
{
    const char *p = strstr(url, "://"), *v6;
    p = p ? p + 3 : url;
    size_t n = strcspn(p, "/?#");
    for (const char *at; (at = memchr(p, '@', n)) != NULL;) {
        n -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    v6 = n && p[0] == '[' ? memchr(p, ']', n) : NULL;
    n = v6 ? (size_t)(v6 + 1 - p) : strcspn(p, ":") < n ? strcspn(p, ":") : n;
    if (n && p[n - 1] == '.')
        n--;
    return bytes_of(p, n);
}

size_t near_code_providers(const struct url_list *urls, const char *out[static LIMIT_URLS])
{
    size_t n = 0;
    for (size_t i = 0; i < urls->n; i++) {
        struct bytes host = host_of(urls->v[i]);
        bool known = false;
        for (size_t k = 0; k < n && !known; k++) {
            struct bytes other = host_of(out[k]);
            known = host.n == other.n &&
                    strncasecmp((const char *)host.p, (const char *)other.p, host.n) == 0;
        }
        if (!known)
            out[n++] = urls->v[i];
    }
    return n;
}

static char *request_text(const struct near_head *head, struct bytes account)
{
    char block[BASE58_MAX_TEXT];
    base58_write(BYTES_OF_ARRAY(head->prev_block_hash), block);
    AUTO_JSON body =
        json_pack("{s:s, s:i, s:s, s:{s:s, s:s, s:o}}", "jsonrpc", "2.0", "id", 0, "method",
                  "query", "params", "request_type", "view_account", "block_id", block,
                  "account_id", json_stringn((const char *)account.p, account.n));
    return body ? json_dumps(body, JSON_COMPACT) : NULL;
}

/* code_of: code_hash of an account view; a contract that many share is named beside it. */
static bool code_of(struct bytes body, uint8_t out[static 32])
{
    static const uint8_t none[32];
    AUTO_JSON j = NULL;
    struct err ignored = {0};
    struct bytes text;
    if (json_read(body, LIMIT_RPC_BODY, &j, &ignored) != RC_OK)
        return false;
    const json_t *result = json_object_get(j, "result");
    if (!json_str(result, "code_hash", &text) || !base58_read(text, out, 32))
        return false;
    if (memcmp(out, none, 32) == 0 && json_str(result, "global_contract_hash", &text))
        return base58_read(text, out, 32);
    return true;
}

static bool listed(const struct near_codes *list, const uint8_t hash[static 32])
{
    for (size_t i = 0; i < list->n; i++)
        if (memcmp(list->v[i], hash, 32) == 0)
            return true;
    return false;
}

static void take(struct near_code *c, const struct near_codes *list, const uint8_t hash[static 32])
{
    bool good = listed(list, hash), other = list->n && !good;
    c->said++;
    c->agreed += good;
    if (!c->seen || (other && !c->other))
        memcpy(c->hash, hash, 32);
    c->seen = true;
    c->other |= other;
}

/* struct question: one host about one contract. */
struct question {
    const char *url;
    size_t contract;
};

/* round: as many questions as may be asked at the same time; text[i]: about contract i. */
static enum rc round_of(const struct question *q, size_t n, char *const *text, struct turn *turn,
                        const struct near_codes *const *lists, struct near_code *out,
                        struct err *err)
{
    struct fetch_get g[FETCH_GETS] = {0};
    uint64_t ms = 0;
    struct err late = {0};
    turn->left = 1;
    if (turn_take(turn, &ms, &late) != RC_OK)
        return RC_OK;
    for (size_t i = 0; i < n; i++) {
        g[i].url = q[i].url;
        g[i].post = bytes_of_str(text[q[i].contract]);
    }
    enum rc rc = fetch_get(g, n, FETCH_SENDS_JSON, ms, err);
    for (size_t i = 0; i < n; i++) {
        uint8_t hash[32];
        size_t c = q[i].contract;
        if (rc == RC_OK && g[i].why.rc == RC_OK &&
            code_of(bytes_of(g[i].body.p, g[i].body.n), hash))
            take(&out[c], lists[c], hash);
        fetched_free(&g[i].body);
    }
    return rc;
}

/* ask every host about every contract, as much of it at the same time as may be. */
static enum rc ask(const struct driver *d, const struct near_head *head, struct turn *turn,
                   const struct near_codes *const *lists, struct near_code *out, size_t contracts,
                   struct err *err)
{
    const char *urls[LIMIT_URLS];
    struct question q[NEAR_CODES * LIMIT_URLS];
    char *text[NEAR_CODES] = {0};
    size_t hosts = d->offline ? 0 : near_code_providers(&d->config->rpc, urls), n = 0;
    for (size_t i = 0; i < contracts && err->rc == RC_OK; i++) {
        text[i] = request_text(head, out[i].account);
        if (!text[i])
            (void)!err_set(err, BG_NEAR_CODE_MEMORY, "%zu nodes", hosts);
        for (size_t k = 0; k < hosts; k++)
            q[n++] = (struct question){urls[k], i};
    }
    for (size_t i = 0; i < n && err->rc == RC_OK; i += FETCH_GETS)
        (void)!round_of(q + i, n - i < FETCH_GETS ? n - i : FETCH_GETS, text, turn, lists, out,
                        err);
    for (size_t i = 0; i < contracts; i++)
        free(text[i]);
    return err->rc;
}

static enum rc add_check(struct arena *a, const struct driver *d, const struct near_codes *list,
                         const struct near_code *c, struct checks *checks, struct err *err)
{
    char hash[BASE58_MAX_TEXT] = "no hash";
    bool report = d->config->near.report_code;
    if (c->seen)
        base58_write(BYTES_OF_ARRAY(c->hash), hash);
    struct check k = {.id = "near.code_hash",
                      .status = CHECK_UNKNOWN,
                      .source = "view_account of the nodes: unproven",
                      .hint = "code can't be proven on NEAR: give chain.code_hashes and two nodes "
                              "of different hosts, and ask live"};
    k.actual = arena_printf(a, err, "%.*s: %s by %zu of %zu hosts", (int)c->account.n,
                            (const char *)c->account.p, hash,
                            list->n && !c->other ? c->agreed : c->said, c->said);
    if (!k.actual)
        return err->rc;
    if (c->other) {
        k.status = CHECK_FAIL;
        k.code = BG_NEAR_CODE_OTHER;
        k.hint = NULL;
    } else if (c->agreed >= NEAR_CODE_PROVIDERS) {
        k.status = CHECK_PASS;
        k.hint = NULL;
    } else if (!report) {
        k.status = CHECK_FAIL;
        k.code = BG_NEAR_CODE_UNCONFIRMED;
        k.hint = NULL;
    }
    return checks_add(a, checks, k, err);
}

enum rc near_code_check(struct arena *a, const struct driver *d, const struct near_head *head,
                        struct bytes app, struct turn *turn,
                        struct near_code out[static NEAR_CODES], size_t *out_n,
                        struct checks *checks, struct err *err)
{
    const struct near_source *s = &d->config->near;
    const struct near_codes *lists[NEAR_CODES] = {&s->kms_codes, &s->app_codes};
    *out_n = d->question == ASK_KMS ? 1 : 2;
    out[0] = (struct near_code){.role = "kms", .account = s->client.contract_id};
    out[1] = (struct near_code){.role = "app", .account = app};
    TRY(ask(d, head, turn, lists, out, *out_n, err));
    for (size_t i = 0; i < *out_n; i++)
        TRY(add_check(a, d, lists[i], &out[i], checks, err));
    return RC_OK;
}
