#include "policy/chain_state.h"

#include "base/limits.h"
#include "base/keccak.h"

enum rc chain_state_init(struct chain_state *st, struct arena *a, const struct answers *answers,
                         const struct eth_header *h, enum eth_fork fork, uint64_t chain_id,
                         struct needs *needs, struct err *last_bad, struct err *err)
{
    *st = (struct chain_state){
        .a = a,
        .scratch = a,
        .answers = answers,
        .header = h,
        .block = {.fork = fork,
                  .chain_id = chain_id,
                  .number = h->number,
                  .timestamp = h->timestamp,
                  .gas_limit = h->gas_limit,
                  .base_fee = u256_from_be(h->base_fee, 32),
                  .excess_blob_gas = h->excess_blob_gas},
        .needs = needs,
        .last_bad = last_bad,
        .err = err,
    };
    memcpy(st->block.coinbase, h->coinbase, 20);
    memcpy(st->block.prev_randao, h->prev_randao, 32);
    st->accounts = ARENA_ARRAY(a, struct proven_account, LIMIT_ACCOUNTS, err);
    return st->accounts ? RC_OK : err->rc;
}

static void note(struct chain_state *st, enum need_kind kind, const uint8_t *address,
                 const uint8_t *slot)
{
    if (st->miss == MISS_QUIET || st->err->rc != RC_OK)
        return;
    /* A failure is kept in st->err, where every caller looks. */
    if (needs_add(st->a, st->needs, kind, st->miss == MISS_HARD, st->header->number,
                  st->header->hash, address, slot, st->err) != RC_OK)
        return;
}

/* read_nodes: a list of hex strings into proof nodes, bounded before memory is taken. */
static enum rc read_nodes(struct arena *a, const json_t *list, struct bytes **out, size_t *out_n,
                          struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > LIMIT_PROOF_NODES)
        return err_set(err, BG_CHAIN_PROOF_NODES, "%zu nodes, at most %u", n, LIMIT_PROOF_NODES);
    struct bytes *v = ARENA_ARRAY(a, struct bytes, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        if (!answers_data(a, json_array_get(list, i), LIMIT_PROOF_NODE, &v[i], err))
            return err_set(err, BG_CHAIN_PROOF_NODE, "node %zu", i);
    *out = v;
    *out_n = n;
    return RC_OK;
}

/*
 * The values beside a proof are nobody's word, but who contradicts his own proof is not to be
 * believed about the rest. Two conventions exist for an absent account (facts 2, step 4): zero
 * hashes, or those of the empty code and the empty trie.
 */
static const char *contradiction(const json_t *r, const struct eth_account *acc,
                                 const uint8_t address[static 20])
{
    uint8_t w[32], said[20], nonce[32] = {0};
    for (size_t i = 0; i < 8; i++)
        nonce[31 - i] = (uint8_t)(acc->nonce >> 8 * i);
    const struct {
        const char *key;
        const uint8_t *proven;
        bool zero_when_absent;
    } words[] = {{"balance", acc->balance, false},
                 {"nonce", nonce, false},
                 {"codeHash", acc->code_hash, true},
                 {"storageHash", acc->storage_root, true}};
    const json_t *v = json_object_get(r, "address");
    if (v && (!answers_fixed(v, said, 20) || memcmp(said, address, 20) != 0))
        return "address";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        v = json_object_get(r, words[i].key);
        if (!v)
            continue;
        if (!answers_word(v, w))
            return words[i].key;
        bool same = memcmp(w, words[i].proven, 32) == 0;
        if (!same && !(words[i].zero_when_absent && !acc->exists && mem_is_zero(w, 32)))
            return words[i].key;
    }
    return NULL;
}

static enum rc prove_account(struct chain_state *st, const json_t *r,
                             const uint8_t address[static 20], struct eth_account *out,
                             struct err *err)
{
    struct bytes *nodes;
    size_t n;
    if (!json_is_object(r))
        return err_set(err, BG_CHAIN_PROOF_SHAPE, "the result is not an object");
    TRY(read_nodes(st->scratch, json_object_get(r, "accountProof"), &nodes, &n, err));
    TRY(mpt_prove_account(st->header->state_root, address, nodes, n, out, err));
    const char *what = contradiction(r, out, address);
    if (what)
        return err_set(err, BG_CHAIN_CLAIM, "%s is not what the proof says", what);
    return RC_OK;
}

static size_t bucket_of(const uint8_t slot[static 32])
{
    return slot[31] ^ slot[30];
}

/* index_room makes an index on first use. */
static bool index_room(struct arena *a, struct slot_index **at, struct err *err)
{
    if (!*at)
        *at = ARENA_NEW(a, struct slot_index, err);
    return *at != NULL;
}

/* index_add puts entry number i (from 1) last in its bucket. It gives the number of the entry that
 * was last until now, whose `next` the caller sets; 0: none. */
static uint32_t index_add(struct slot_index *at, const uint8_t slot[static 32], uint32_t i)
{
    size_t b = bucket_of(slot);
    uint32_t before = at->last[b];
    at->last[b] = i;
    if (!before)
        at->first[b] = i;
    return before;
}

/* claims_room: room for n more, doubled, so that many answers cost no more than their bytes. */
static bool claims_room(struct chain_state *st, struct proven_account *p, size_t n)
{
    if (p->cap_claims - p->num_claims >= n)
        return true;
    size_t cap = 2 * (p->num_claims + n);
    struct claimed_slot *v = ARENA_ARRAY(st->scratch, struct claimed_slot, cap, st->err);
    if (!v)
        return false;
    if (p->num_claims)
        memcpy(v, p->claims, p->num_claims * sizeof *v);
    p->claims = v;
    p->cap_claims = cap;
    return true;
}

/* add_claims indexes an answer's storage proofs by the slot they say they are for. */
static void add_claims(struct chain_state *st, struct proven_account *p, const json_t *r)
{
    const json_t *list = json_object_get(r, "storageProof");
    size_t n = json_array_size(list);
    if (n == 0 || !claims_room(st, p, n) || !index_room(st->scratch, &p->claims_at, st->err))
        return;
    for (size_t i = 0; i < n; i++) {
        const json_t *element = json_array_get(list, i);
        struct claimed_slot *c = &p->claims[p->num_claims];
        if (!answers_word(json_object_get(element, "key"), c->slot))
            continue;
        c->element = element;
        p->num_claims++;
        uint32_t before = index_add(p->claims_at, c->slot, (uint32_t)p->num_claims);
        if (before)
            p->claims[before - 1].next = (uint32_t)p->num_claims;
    }
}

/* look_account tries every answer about this address at this block. */
static void look_account(struct chain_state *st, struct proven_account *p)
{
    for (size_t i = 0; i < st->answers->n && st->err->rc == RC_OK; i++) {
        const struct answer *e = &st->answers->v[i];
        if (!answers_about(e, "eth_getProof", 3, st->header->number, st->header->hash, p->address))
            continue;
        struct err bad = {0};
        struct eth_account acc;
        enum rc rc = prove_account(st, e->result, p->address, &acc, &bad);
        if (rc == BG_NOMEM) {
            (void)err_set(st->err, rc, "%s", bad.detail);
        } else if (rc != RC_OK) {
            chain_bad(st->last_bad, &bad, e->method, p->address);
        } else {
            p->account = acc;
            p->known = true;
            add_claims(st, p, e->result);
        }
    }
}

/* account_of: the entry of an address, looked up on first use; NULL: st->err, or no room (quiet).
 */
static struct proven_account *account_of(struct chain_state *st, const uint8_t *address)
{
    for (size_t i = 0; i < st->num_accounts; i++)
        if (memcmp(st->accounts[i].address, address, 20) == 0)
            return &st->accounts[i];
    if (st->num_accounts == LIMIT_ACCOUNTS) {
        if (st->miss == MISS_HARD)
            (void)err_set(st->err, BG_CHAIN_ACCOUNTS, "more than %u", LIMIT_ACCOUNTS);
        return NULL;
    }
    struct proven_account *p = &st->accounts[st->num_accounts++];
    memcpy(p->address, address, 20);
    look_account(st, p);
    return p;
}

const struct proven_account *chain_state_account(struct chain_state *st,
                                                 const uint8_t address[static 20])
{
    const struct proven_account *p = account_of(st, address);
    if (st->err->rc != RC_OK || !p)
        return NULL;
    if (p->known)
        return p;
    note(st, NEED_PROOF, address, NULL);
    return NULL;
}

static enum rc prove_slot(struct chain_state *st, const struct proven_account *p,
                          const json_t *element, struct proven_slot *s, struct err *err)
{
    struct bytes *nodes;
    size_t n;
    uint8_t value[32], said[32];
    bool zero_leaf = false;
    TRY(read_nodes(st->scratch, json_object_get(element, "proof"), &nodes, &n, err));
    TRY(mpt_prove_slot(p->account.storage_root, s->slot, nodes, n, value, &zero_leaf, err));
    const json_t *claim = json_object_get(element, "value");
    if (claim && (!answers_word(claim, said) || memcmp(said, value, 32) != 0))
        return err_set(err, BG_CHAIN_SLOT_CLAIM, "slot ..%02x%02x", s->slot[30], s->slot[31]);
    memcpy(s->value, value, 32);
    s->zero_leaf = zero_leaf;
    s->known = true;
    return RC_OK;
}

static void look_slot(struct chain_state *st, const struct proven_account *p, struct proven_slot *s)
{
    uint32_t i = p->claims_at ? p->claims_at->first[bucket_of(s->slot)] : 0;
    for (; i && !s->known && st->err->rc == RC_OK; i = p->claims[i - 1].next) {
        struct err bad = {0};
        if (memcmp(p->claims[i - 1].slot, s->slot, 32) != 0)
            continue;
        enum rc rc = prove_slot(st, p, p->claims[i - 1].element, s, &bad);
        if (rc == BG_NOMEM)
            (void)err_set(st->err, rc, "%s", bad.detail);
        else if (rc != RC_OK)
            chain_bad(st->last_bad, &bad, "eth_getProof, a storage proof of", p->address);
    }
}

static struct proven_slot *slot_of(struct chain_state *st, struct proven_account *p,
                                   const uint8_t *slot)
{
    uint32_t i = p->slots_at ? p->slots_at->first[bucket_of(slot)] : 0;
    for (; i; i = p->slots[i - 1].next)
        if (memcmp(p->slots[i - 1].slot, slot, 32) == 0)
            return &p->slots[i - 1];
    if (st->num_slots == LIMIT_SLOTS) {
        if (st->miss == MISS_HARD)
            (void)err_set(st->err, BG_CHAIN_SLOTS, "more than %u", LIMIT_SLOTS);
        return NULL;
    }
    if (p->num_slots == p->cap_slots) {
        size_t cap = p->cap_slots ? 2 * p->cap_slots : 16;
        struct proven_slot *v = ARENA_ARRAY(st->a, struct proven_slot, cap, st->err);
        if (!v)
            return NULL;
        if (p->num_slots)
            memcpy(v, p->slots, p->num_slots * sizeof *v);
        p->slots = v;
        p->cap_slots = cap;
    }
    if (!index_room(st->a, &p->slots_at, st->err))
        return NULL;
    struct proven_slot *s = &p->slots[p->num_slots++];
    memcpy(s->slot, slot, 32);
    uint32_t before = index_add(p->slots_at, slot, (uint32_t)p->num_slots);
    if (before)
        p->slots[before - 1].next = (uint32_t)p->num_slots;
    st->num_slots++;
    if (memcmp(p->account.storage_root, mpt_empty_root, 32) == 0)
        s->known = true; /* an empty trie holds zero everywhere */
    else
        look_slot(st, p, s);
    return s;
}

bool chain_state_slot(struct chain_state *st, const uint8_t address[static 20],
                      const uint8_t slot[static 32], uint8_t value[static 32])
{
    struct proven_account *p = account_of(st, address);
    if (st->err->rc != RC_OK || !p)
        return false;
    struct proven_slot *s = p->known ? slot_of(st, p, slot) : NULL;
    if (st->err->rc != RC_OK)
        return false;
    if (!s || !s->known) {
        if (s || !p->known)
            note(st, NEED_PROOF, address, slot);
        return false;
    }
    if (st->record)
        s->listed = true;
    memcpy(value, s->value, 32);
    return true;
}

static void look_code(struct chain_state *st, struct proven_account *p)
{
    p->code_tried = true;
    if (memcmp(p->account.code_hash, eth_empty_code_hash, 32) == 0) {
        p->code_known = true;
        return;
    }
    for (size_t i = 0; i < st->answers->n && !p->code_known && st->err->rc == RC_OK; i++) {
        const struct answer *e = &st->answers->v[i];
        struct bytes code;
        uint8_t hash[32];
        if (!answers_about(e, "eth_getCode", 2, st->header->number, st->header->hash, p->address))
            continue;
        struct err bad = {0};
        if (!answers_data(st->scratch, e->result, LIMIT_CODE, &code, st->err)) {
            (void)err_set(&bad, BG_CHAIN_CODE_SHAPE, "at most %u bytes in hex", LIMIT_CODE);
        } else {
            keccak256(code, hash);
            if (memcmp(hash, p->account.code_hash, 32) == 0) {
                p->code = code;
                p->code_known = true;
                return;
            }
            (void)err_set(&bad, BG_CHAIN_CODE_HASH, "it hashes to %02x%02x%02x%02x..", hash[0],
                          hash[1], hash[2], hash[3]);
        }
        chain_bad(st->last_bad, &bad, e->method, p->address);
    }
}

bool chain_state_code(struct chain_state *st, const uint8_t address[static 20], struct bytes *out)
{
    struct proven_account *p = account_of(st, address);
    if (st->err->rc != RC_OK || !p)
        return false;
    if (p->known && !p->code_tried)
        look_code(st, p);
    if (st->err->rc != RC_OK)
        return false;
    if (!p->code_known) {
        if (!p->known)
            note(st, NEED_PROOF, address, NULL);
        note(st, NEED_CODE, address, NULL);
        return false;
    }
    if (st->record)
        p->code_read = true;
    *out = p->code;
    return true;
}

static enum evm_answer evm_account_of(void *ctx, const uint8_t addr[static 20],
                                      struct evm_account *out)
{
    const struct proven_account *p = chain_state_account(ctx, addr);
    if (!p)
        return EVM_STATE_MISS;
    const struct eth_account *acc = &p->account;
    /* EIP-161: an account with nothing in it is as good as absent. */
    bool empty = acc->nonce == 0 && mem_is_zero(acc->balance, 32) &&
                 memcmp(acc->code_hash, eth_empty_code_hash, 32) == 0;
    *out = (struct evm_account){.exists = acc->exists && !empty,
                                .balance = u256_from_be(acc->balance, 32)};
    memcpy(out->code_hash, acc->code_hash, 32);
    return EVM_STATE_OK;
}

static enum evm_answer evm_storage_of(void *ctx, const uint8_t addr[static 20],
                                      const uint8_t slot[static 32], uint8_t value[static 32])
{
    return chain_state_slot(ctx, addr, slot, value) ? EVM_STATE_OK : EVM_STATE_MISS;
}

static enum evm_answer evm_code_of(void *ctx, const uint8_t addr[static 20], struct bytes *out)
{
    return chain_state_code(ctx, addr, out) ? EVM_STATE_OK : EVM_STATE_MISS;
}

enum rc chain_state_call(struct chain_state *st, const uint8_t to[static 20], struct bytes input,
                         struct evm_result *out)
{
    const struct evm_state state = {st, evm_account_of, evm_storage_of, evm_code_of};
    struct evm_call call = {.input = input, .gas = LIMIT_CALL_GAS};
    memcpy(call.to, to, 20);
    struct evm_result r = {0};
    TRY(evm_run(st->a, &state, &st->block, &call, &r, st->err));
    if (st->err->rc != RC_OK) /* what stopped a callback is no ordinary miss */
        return st->err->rc;
    *out = r;
    return RC_OK;
}
