#include "agent/proofs.h"

#include <stdlib.h>

#include "agent/rpc.h"
#include "base/hash.h"
#include "base/limits.h"
#include "policy/chain_head.h"

#define MAX_ASKED   ((size_t)LIMIT_CHAIN_ROUNDS * LIMIT_URLS * 64)
#define WISH_ROUNDS 2u /* fetches for what is only nice to have, once the decision stands */

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

static bool was_asked(const struct proofs *s, const uint8_t question[static 32], size_t node)
{
    for (size_t i = 0; i < s->num_asked; i++)
        if (s->asked[i].node == node && memcmp(s->asked[i].question, question, 32) == 0)
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
static bool news(const struct proofs *s, const struct need *part, size_t node,
                 uint8_t name[static 32])
{
    return name_question(part, name) && !was_asked(s, name, node);
}

/* could_help: there is something to ask this node that the decision cannot do without. */
static bool could_help(const struct proofs *s, const struct needs *needs, size_t node)
{
    uint8_t name[32];
    for (size_t i = 0; i < needs->n; i++)
        for (size_t k = 0; needs->v[i].hard && k < parts(&needs->v[i]); k++) {
            struct need part = part_of(&needs->v[i], k);
            if (news(s, &part, node, name))
                return true;
        }
    return false;
}

/* call_for asks what of a need this node was not asked yet, and notes it; NULL: nothing. */
static json_t *call_for(struct proofs *s, const struct need *need, size_t node)
{
    struct need rest = *need;
    size_t new_parts = 0;
    rest.slots = malloc(parts(need) * sizeof *rest.slots);
    for (size_t i = 0; rest.slots && i < parts(need) && s->num_asked < MAX_ASKED; i++) {
        struct need part = part_of(need, i);
        if (!news(s, &part, node, s->asked[s->num_asked].question))
            continue;
        s->asked[s->num_asked++].node = node;
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
static bool fetch(struct proofs *s, const struct needs *needs, bool hard_only)
{
    struct nodes *nodes = &s->nodes;
    for (size_t k = 0; k < nodes->n; k++) {
        size_t node = (nodes->preferred + k) % nodes->n;
        if (hard_only && !could_help(s, needs, node))
            continue;
        AUTO_JSON calls = json_array();
        for (size_t i = 0; i < needs->n; i++)
            (void)json_array_append_new(calls, call_for(s, &needs->v[i], node));
        if (json_array_size(calls) == 0)
            continue;
        struct err why = {0};
        s->turn->left = nodes->n - k;
        enum rc rc = rpc_ask(&nodes->v[node], s->turn, calls, s->bundle->rpc, &why);
        nodes->v[node].why = why;
        if (rc == RC_OK) {
            nodes->preferred = node;
            return true;
        }
    }
    return false;
}

/* refused: every node answered, and none had what was asked. */
static bool refused(const struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->n; i++)
        if (nodes->v[i].why.rc != BG_RPC_NO_RESULT)
            return false;
    return nodes->n > 0;
}

/* nothing_left says why the decision could not be reached: the last proof that failed, or what
 * each node did, or that there was no node to ask. */
static enum rc nothing_left(const struct proofs *s, const struct chain_head *head,
                            const struct needs *needs, const struct err *last_bad, struct err *err)
{
    char failures[ERR_DETAIL_MAX] = "";
    const struct nodes *nodes = &s->nodes;
    if (last_bad->rc != RC_OK) {
        *err = *last_bad;
        return err->rc;
    }
    if (nodes->n == 0)
        return err_set(err, BG_DRIVER_OFFLINE, "%zu pieces of chain state are missing",
                       needs_hard(needs));
    bool failed = nodes_failures(nodes, failures, sizeof failures);
    if (head && refused(nodes))
        return err_set(err, BG_DRIVER_WINDOW, "block %llu, %s: %s",
                       (unsigned long long)head_facts_of(head)->header.number,
                       head_facts_of(head)->assurance, failures);
    if (failed && nodes->n == 1)
        return err_set(err, nodes->v[0].why.rc, "%s", failures);
    if (failed)
        return err_set(err, BG_DRIVER_NODES, "%s", failures);
    return err_set(err, BG_DRIVER_NO_ANSWER,
                   "%zu pieces of chain state are missing, %zu nodes asked", needs_hard(needs),
                   nodes->n);
}

static enum rc keep(struct arena *a, const struct checks *from, struct checks *to, struct err *err)
{
    for (size_t i = 0; i < from->n; i++)
        TRY(checks_add(a, to, from->v[i], err));
    return RC_OK;
}

/* attempt: with the answers at hand, first a proven block, then the question. */
static enum rc attempt(const struct proofs *s, const struct chain_head *head,
                       const struct answers *answers, struct needs *needs, struct checks *checks,
                       struct chain_result *out, struct err *last_bad, struct err *err)
{
    if (s->chain->source == CHAIN_PINNED)
        TRY(chain_head_pinned(s->a, answers, s->chain->block_hash, needs, &head, last_bad, err));
    if (!head && needs_hard(needs) > 0)
        return RC_OK;
    return chain_ask(s->a, s->chain, head, s->question, s->bi, answers, s->now, needs, checks, out,
                     last_bad, err);
}

enum rc proofs_run(struct proofs *s, const struct chain_head *head, struct checks *checks,
                   struct chain_result *out, struct err *err)
{
    size_t wishes = WISH_ROUNDS;
    if (!s->asked)
        s->asked = ARENA_ARRAY(s->a, struct asked, s->nodes.n ? MAX_ASKED : 1, err);
    if (!s->asked)
        return err->rc;
    for (size_t round = 0; round < LIMIT_CHAIN_ROUNDS; round++) {
        struct answers answers = {0};
        struct needs needs = {0};
        struct checks found = {0};
        struct chain_result result = {0};
        struct err last_bad = {0};
        TRY(answers_read(s->a, s->bundle->rpc, &answers, err));
        TRY(attempt(s, head, &answers, &needs, &found, &result, &last_bad, err));
        bool stands = needs_hard(&needs) == 0 && result.say != CHAIN_UNDECIDED;
        if (!stands && fetch(s, &needs, true))
            continue;
        if (!stands)
            return nothing_left(s, head, &needs, &last_bad, err);
        if (needs.n && wishes && round + 1 < LIMIT_CHAIN_ROUNDS) {
            wishes--;
            if (fetch(s, &needs, false))
                continue;
        }
        *out = result;
        return keep(s->a, &found, checks, err);
    }
    return err_set(err, BG_DRIVER_ROUNDS, "%u rounds", LIMIT_CHAIN_ROUNDS);
}
