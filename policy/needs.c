#include "policy/needs.h"

static bool same_target(const struct need *n, enum need_kind kind, uint64_t number,
                        const uint8_t *hash, const uint8_t *address)
{
    return n->kind == kind && n->number == number && memcmp(n->hash, hash, 32) == 0 &&
           (!address || memcmp(n->address, address, 20) == 0);
}

static enum rc add_slot(struct arena *a, struct need *n, const uint8_t *slot, struct err *err)
{
    for (size_t i = 0; i < n->num_slots; i++)
        if (memcmp(n->slots[i], slot, 32) == 0)
            return RC_OK;
    /* Room doubles at powers of two: 1, 2, 4, .. slots. */
    if ((n->num_slots & (n->num_slots - 1)) == 0) {
        size_t cap = n->num_slots ? 2 * n->num_slots : 1;
        uint8_t(*grown)[32] = arena_array(a, cap, sizeof *grown, err);
        if (!grown)
            return err->rc;
        if (n->num_slots)
            memcpy(grown, n->slots, n->num_slots * sizeof *grown);
        n->slots = grown;
    }
    memcpy(n->slots[n->num_slots++], slot, 32);
    return RC_OK;
}

/* new_need: room at the end of the list. */
static struct need *new_need(struct arena *a, struct needs *ns, struct err *err)
{
    if (ns->n == ns->cap) {
        size_t cap = ns->cap ? 2 * ns->cap : 16;
        struct need *v = ARENA_ARRAY(a, struct need, cap, err);
        if (!v)
            return NULL;
        if (ns->n)
            memcpy(v, ns->v, ns->n * sizeof *v);
        ns->v = v;
        ns->cap = cap;
    }
    return &ns->v[ns->n++];
}

enum rc needs_add(struct arena *a, struct needs *ns, enum need_kind kind, bool hard,
                  uint64_t number, const uint8_t hash[static 32], const uint8_t *address,
                  const uint8_t *slot, struct err *err)
{
    struct need *n = NULL;
    for (size_t i = 0; i < ns->n && !n; i++)
        if (same_target(&ns->v[i], kind, number, hash, address))
            n = &ns->v[i];
    if (!n) {
        n = new_need(a, ns, err);
        if (!n)
            return err->rc;
        *n = (struct need){.kind = kind, .number = number};
        memcpy(n->hash, hash, 32);
        if (address)
            memcpy(n->address, address, 20);
    }
    if (hard)
        n->hard = true;
    return slot ? add_slot(a, n, slot, err) : RC_OK;
}

enum rc needs_add_updates(struct arena *a, struct needs *ns, bool hard, uint64_t first,
                          uint64_t count, struct err *err)
{
    for (size_t i = 0; i < ns->n && count; i++) {
        struct need *n = &ns->v[i];
        if (n->kind != NEED_UPDATES || n->hard != hard)
            continue;
        uint64_t begin = first < n->number ? first : n->number;
        uint64_t old_end = n->number + n->count, new_end = first + count;
        uint64_t end = new_end > old_end ? new_end : old_end;
        bool touch = first <= old_end && n->number <= new_end;
        if (touch && end - begin <= NEED_UPDATES_MAX) {
            n->number = begin;
            n->count = end - begin;
            return RC_OK;
        }
    }
    while (count) {
        struct need *n = new_need(a, ns, err);
        if (!n)
            return err->rc;
        *n = (struct need){.kind = NEED_UPDATES,
                           .hard = hard,
                           .number = first,
                           .count = count < NEED_UPDATES_MAX ? count : NEED_UPDATES_MAX};
        first += n->count;
        count -= n->count;
    }
    return RC_OK;
}

enum rc needs_add_near(struct arena *a, struct needs *ns, enum need_kind kind, bool hard,
                       const uint8_t hash[static 32], struct bytes account, struct bytes key,
                       struct err *err)
{
    for (size_t i = 0; i < ns->n; i++) {
        struct need *n = &ns->v[i];
        if (n->kind == kind && memcmp(n->hash, hash, 32) == 0 && bytes_eq(n->account, account) &&
            bytes_eq(n->key, key)) {
            n->hard = n->hard || hard;
            return RC_OK;
        }
    }
    struct need *n = new_need(a, ns, err);
    if (!n)
        return err->rc;
    *n = (struct need){.kind = kind, .hard = hard, .account = account, .key = key};
    memcpy(n->hash, hash, 32);
    return RC_OK;
}

enum rc needs_take(struct arena *a, struct needs *ns, const struct need *need, struct err *err)
{
    struct need *n = new_need(a, ns, err);
    if (!n)
        return err->rc;
    *n = *need;
    return RC_OK;
}

enum rc needs_add_outcome(struct arena *a, struct needs *ns, enum need_kind kind,
                          const uint8_t id[static 32], struct bytes account,
                          const uint8_t head[static 32], struct err *err)
{
    struct need n = {.kind = kind, .hard = true, .account = account};
    memcpy(n.hash, id, 32);
    memcpy(n.head, head, 32);
    return needs_take(a, ns, &n, err);
}

enum rc needs_add_relay(struct arena *a, struct needs *ns, bool hard, struct bytes account,
                        struct bytes method, struct bytes args, struct err *err)
{
    struct need n = {
        .kind = NEED_NEAR_RELAY, .hard = hard, .account = account, .key = method, .args = args};
    return needs_take(a, ns, &n, err);
}

size_t needs_hard(const struct needs *ns)
{
    size_t hard = 0;
    for (size_t i = 0; i < ns->n; i++)
        hard += ns->v[i].hard;
    return hard;
}
