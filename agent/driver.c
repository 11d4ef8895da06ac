#include "agent/driver.h"

#include <stdlib.h>

#include "agent/clock.h"
#include "agent/rpc.h"
#include "base/hash.h"
#include "base/limits.h"

#define MAX_ASKED   ((size_t)LIMIT_CHAIN_ROUNDS * LIMIT_URLS * 64)
#define WISH_ROUNDS 2u /* fetches for what is only nice to have, once the decision stands */

/* struct asked: which question went to which node, so that none is put to the same one twice. */
struct asked {
    uint8_t question[32];
    size_t url;
};

struct state {
    const struct driver *d;
    struct bundle *bundle;
    struct asked *v;
    size_t n;
    size_t preferred; /* the node that is asked first */
    uint64_t deadline_ms;
    struct err last; /* why the last node was of no use */
};

/* name_question: a call's method and params, hashed. */
static bool name_question(const json_t *call, uint8_t out[static 32])
{
    char *text = json_dumps(call, JSON_COMPACT | JSON_SORT_KEYS);
    if (text)
        hash_sha256(bytes_of_str(text), out);
    free(text);
    return text != NULL;
}

static bool was_asked(const struct state *s, const uint8_t question[static 32], size_t url)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].url == url && memcmp(s->v[i].question, question, 32) == 0)
            return true;
    return false;
}

/* calls_for lists the needs that this node was not asked yet; *out_hard: how many stop us. */
static json_t *calls_for(const struct state *s, const struct needs *needs, size_t url,
                         size_t *out_hard)
{
    json_t *calls = json_array();
    *out_hard = 0;
    for (size_t i = 0; i < needs->n; i++) {
        AUTO_JSON call = rpc_call_of(&needs->v[i]);
        uint8_t name[32];
        if (!call || !name_question(call, name) || was_asked(s, name, url))
            continue;
        if (json_array_append(calls, call) == 0 && needs->v[i].hard)
            (*out_hard)++;
    }
    return calls;
}

static void remember(struct state *s, const json_t *calls, size_t url)
{
    for (size_t i = 0; i < json_array_size(calls) && s->n < MAX_ASKED; i++)
        if (name_question(json_array_get(calls, i), s->v[s->n].question))
            s->v[s->n++].url = url;
}

/*
 * fetch asks one node for what is needed, beginning with the preferred one; a node that fails, or
 * that was asked all of this before without helping, makes way for the next. False: none is left.
 */
static bool fetch(struct state *s, const struct needs *needs, bool hard_only)
{
    const struct driver *d = s->d;
    for (size_t k = 0; k < d->num_urls; k++) {
        size_t url = (s->preferred + k) % d->num_urls, hard;
        AUTO_JSON calls = calls_for(s, needs, url, &hard);
        if (json_array_size(calls) == 0 || (hard_only && hard == 0))
            continue;
        if (s->n + json_array_size(calls) > MAX_ASKED)
            return false;
        remember(s, calls, url);
        struct err why = {0};
        if (rpc_ask(d->urls[url], calls, s->deadline_ms, s->bundle->rpc, &why) == RC_OK) {
            s->preferred = url;
            return true;
        }
        s->last = why;
    }
    return false;
}

/* nothing_left says why the decision could not be reached: the last proof that failed, or the last
 * node that did, or that there was no node to ask. */
static enum rc nothing_left(const struct state *s, const struct needs *needs,
                            const struct err *last_bad, struct err *err)
{
    if (last_bad->rc != RC_OK) {
        *err = *last_bad;
        return err->rc;
    }
    if (s->last.rc != RC_OK) {
        *err = s->last;
        return err->rc;
    }
    if (s->d->num_urls == 0)
        return err_set(err, BG_DRIVER_OFFLINE, "%zu pieces of chain state are missing",
                       needs_hard(needs));
    return err_set(err, BG_DRIVER_NO_ANSWER,
                   "%zu pieces of chain state are missing, %zu nodes asked", needs_hard(needs),
                   s->d->num_urls);
}

static enum rc keep(struct arena *a, const struct checks *from, struct checks *to, struct err *err)
{
    for (size_t i = 0; i < from->n; i++)
        TRY(checks_add(a, to, from->v[i], err));
    return RC_OK;
}

enum rc driver_run(struct arena *a, const struct driver *d, const struct boot_info *bi,
                   struct bundle *bundle, struct checks *checks, struct chain_result *out,
                   struct err *err)
{
    struct state s = {
        .d = d, .bundle = bundle, .deadline_ms = clock_ms() + LIMIT_RUN_SECONDS * 1000ull};
    s.v = ARENA_ARRAY(a, struct asked, d->num_urls ? MAX_ASKED : 1, err);
    if (!s.v)
        return err->rc;
    size_t wishes = WISH_ROUNDS;
    for (size_t round = 0; round < LIMIT_CHAIN_ROUNDS; round++) {
        struct answers answers = {0};
        struct needs needs = {0};
        struct checks found = {0};
        struct chain_result result = {0};
        struct err last_bad = {0};
        TRY(answers_read(a, bundle->rpc, &answers, err));
        TRY(chain_ask(a, d->chain, d->question, bi, &answers, d->now, &needs, &found, &result,
                      &last_bad, err));
        bool stands = needs_hard(&needs) == 0 && result.say != CHAIN_UNDECIDED;
        if (!stands && fetch(&s, &needs, true))
            continue;
        if (!stands)
            return nothing_left(&s, &needs, &last_bad, err);
        if (needs.n && wishes && round + 1 < LIMIT_CHAIN_ROUNDS) {
            wishes--;
            if (fetch(&s, &needs, false))
                continue;
        }
        *out = result;
        return keep(a, &found, checks, err);
    }
    return err_set(err, BG_DRIVER_ROUNDS, "%u rounds", LIMIT_CHAIN_ROUNDS);
}
