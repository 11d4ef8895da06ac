#include "agent/driver.h"

#include <stdlib.h>

#include "agent/clock.h"
#include "agent/rpc.h"
#include "base/hash.h"
#include "base/limits.h"
#include "policy/chain_head.h"

#define MAX_ASKED   ((size_t)LIMIT_CHAIN_ROUNDS * LIMIT_URLS * 64)
#define WISH_ROUNDS 2u /* fetches for what is only nice to have, once the decision stands */

/* struct asked: which question (one account, code or slot) went to which node, so that none is put
 * to the same one twice: a node that proves one slot at a time must not use up our rounds. */
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
    struct rpc_node nodes[LIMIT_URLS];
    uint64_t deadline_ms;
    struct err last; /* why the last node was of no use */
};

/* name_question: the call for a need, hashed. */
static bool name_question(const struct need *need, uint8_t out[static 32])
{
    AUTO_JSON call = rpc_call_of(need);
    if (!call)
        return false;
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

/* part_of: the i-th question of a need: one of its slots, or all of it when it names none. */
static struct need part_of(const struct need *need, size_t i)
{
    struct need part = *need;
    if (need->num_slots) {
        part.slots = &need->slots[i];
        part.num_slots = 1;
    }
    return part;
}

static size_t parts(const struct need *need)
{
    return need->num_slots ? need->num_slots : 1;
}

/* news: this node was not asked that yet; its name. */
static bool news(const struct state *s, const struct need *part, size_t url,
                 uint8_t name[static 32])
{
    return name_question(part, name) && !was_asked(s, name, url);
}

/* could_help: there is something to ask this node that the decision cannot do without. */
static bool could_help(const struct state *s, const struct needs *needs, size_t url)
{
    uint8_t name[32];
    for (size_t i = 0; i < needs->n; i++)
        for (size_t k = 0; needs->v[i].hard && k < parts(&needs->v[i]); k++) {
            struct need part = part_of(&needs->v[i], k);
            if (news(s, &part, url, name))
                return true;
        }
    return false;
}

/* call_for asks what of a need this node was not asked yet, and notes it; NULL: nothing. */
static json_t *call_for(struct state *s, const struct need *need, size_t url)
{
    struct need rest = *need;
    size_t new_parts = 0;
    rest.slots = malloc(parts(need) * sizeof *rest.slots);
    for (size_t i = 0; rest.slots && i < parts(need) && s->n < MAX_ASKED; i++) {
        struct need part = part_of(need, i);
        if (!news(s, &part, url, s->v[s->n].question))
            continue;
        s->v[s->n++].url = url;
        if (need->num_slots)
            memcpy(rest.slots[new_parts], need->slots[i], 32);
        new_parts++;
    }
    if (need->num_slots)
        rest.num_slots = new_parts;
    json_t *call = new_parts ? rpc_call_of(&rest) : NULL;
    free(rest.slots);
    return call;
}

/*
 * fetch asks one node for what is needed, beginning with the preferred one; a node that fails, or
 * that was asked all of this before without helping, makes way for the next. False: none is left.
 */
static bool fetch(struct state *s, const struct needs *needs, bool hard_only)
{
    for (size_t k = 0; k < s->d->num_urls; k++) {
        size_t url = (s->preferred + k) % s->d->num_urls;
        if (hard_only && !could_help(s, needs, url))
            continue;
        AUTO_JSON calls = json_array();
        for (size_t i = 0; i < needs->n; i++)
            (void)json_array_append_new(calls, call_for(s, &needs->v[i], url));
        if (json_array_size(calls) == 0)
            continue;
        struct err why = {0};
        if (rpc_ask(&s->nodes[url], calls, s->deadline_ms, s->bundle->rpc, &why) == RC_OK) {
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

/* attempt: with the answers at hand, first a proven block, then the question. */
static enum rc attempt(struct arena *a, const struct driver *d, const struct boot_info *bi,
                       const struct answers *answers, struct needs *needs, struct checks *checks,
                       struct chain_result *out, struct err *last_bad, struct err *err)
{
    const struct chain_head *head = NULL;
    if (d->chain->source == CHAIN_PINNED)
        TRY(chain_head_pinned(a, answers, d->chain->block_hash, needs, &head, last_bad, err));
    if (!head && needs_hard(needs) > 0)
        return RC_OK;
    return chain_ask(a, d->chain, head, d->question, bi, answers, d->now, needs, checks, out,
                     last_bad, err);
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
    for (size_t i = 0; i < d->num_urls; i++)
        s.nodes[i].url = d->urls[i];
    size_t wishes = WISH_ROUNDS;
    for (size_t round = 0; round < LIMIT_CHAIN_ROUNDS; round++) {
        struct answers answers = {0};
        struct needs needs = {0};
        struct checks found = {0};
        struct chain_result result = {0};
        struct err last_bad = {0};
        TRY(answers_read(a, bundle->rpc, &answers, err));
        TRY(attempt(a, d, bi, &answers, &needs, &found, &result, &last_bad, err));
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
