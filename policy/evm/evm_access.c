#include "policy/evm/evm_run.h"
#include "policy/evm/precompile.h"

__extension__ typedef unsigned __int128 u128;

static uint64_t fold(uint64_t a, uint64_t b)
{
    u128 p = (u128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/*
 * bucket_of: keys are chosen by whoever wrote the contract, so the buckets depend on the block's
 * randomness, which was not known then: no contract can pile its slots up in one of them.
 */
static size_t bucket_of(const struct run *r, u256 key, uint64_t salt)
{
    uint64_t h = fold(key.w[0] ^ r->seed[0], key.w[1] ^ r->seed[1] ^ salt);
    h ^= fold(key.w[2] ^ r->seed[2], key.w[3] ^ r->seed[3]);
    return fold(h ^ r->seed[1], 0x9e3779b97f4a7c15u) % EVM_BUCKETS;
}

struct evm_acct *evm_acct_of(struct run *r, u256 key)
{
    uint8_t word[32];
    key.w[2] &= UINT32_MAX; /* addresses are the low 160 bits of a word */
    key.w[3] = 0;
    struct evm_acct **at = &r->accts[bucket_of(r, key, 0)];
    for (struct evm_acct *x = *at; x; x = x->next)
        if (u256_eq(x->key, key))
            return x;
    struct evm_acct *x = ARENA_NEW(r->a, struct evm_acct, r->err);
    if (!x) {
        r->rc = r->err->rc;
        return NULL;
    }
    u256_to_be(key, word);
    memcpy(x->addr, word + 12, sizeof x->addr);
    x->key = key;
    x->precompile = precompile_is(r->block->fork, x->addr);
    x->touched.warm = x->precompile; /* EIP-2929: from the start, and for good */
    x->next = *at;
    *at = x;
    return x;
}

struct evm_acct *evm_acct_at(struct run *r, const uint8_t addr[static 20])
{
    return evm_acct_of(r, u256_from_be(addr, 20));
}

uint64_t evm_warm(struct run *r, struct touched *t, uint64_t cold_gas)
{
    if (t->warm)
        return GAS_WARM;
    t->warm = true;
    t->older = r->journal;
    r->journal = t;
    return cold_gas;
}

void evm_cool(struct run *r, struct touched *mark)
{
    while (r->journal != mark) {
        struct touched *t = r->journal;
        r->journal = t->older;
        *t = (struct touched){false, NULL};
    }
}

enum step evm_need_code(struct run *r, struct evm_acct *acct)
{
    if (acct->has_code)
        return STEP_NEXT;
    struct bytes code = BYTES_NONE;
    if (r->state->code(r->state->ctx, acct->addr, &code) != EVM_STATE_OK)
        return evm_abort(r, EVM_MISSED, "an account's code is not proven yet");
    acct->code = code;
    acct->has_code = true;
    return STEP_NEXT;
}

enum step evm_need_data(struct run *r, struct evm_acct *acct)
{
    if (acct->has_data)
        return STEP_NEXT;
    struct evm_account data = {0};
    if (r->state->account(r->state->ctx, acct->addr, &data) != EVM_STATE_OK)
        return evm_abort(r, EVM_MISSED, "an account is not proven yet");
    acct->data = data;
    acct->has_data = true;
    return STEP_NEXT;
}

static struct evm_slot *slot_of(struct run *r, const struct evm_acct *owner, u256 key)
{
    struct evm_slot **at = &r->slots[bucket_of(r, key, fold(owner->key.w[0], owner->key.w[1] | 1))];
    for (struct evm_slot *x = *at; x; x = x->next)
        if (x->owner == owner && u256_eq(x->key, key))
            return x;
    struct evm_slot *x = ARENA_NEW(r->a, struct evm_slot, r->err);
    if (!x) {
        r->rc = r->err->rc;
        return NULL;
    }
    x->owner = owner;
    x->key = key;
    x->next = *at;
    *at = x;
    return x;
}

enum step evm_sload(struct run *r, struct frame *f, u256 key, u256 *out)
{
    struct evm_slot *slot = slot_of(r, f->self, key);
    if (!slot)
        return STEP_ABORT;
    STEP(evm_charge(r, f, evm_warm(r, &slot->touched, GAS_COLD_SLOT)));
    if (!slot->known) {
        uint8_t word[32], value[32] = {0};
        u256_to_be(key, word);
        if (r->state->storage(r->state->ctx, f->self->addr, word, value) != EVM_STATE_OK)
            return evm_abort(r, EVM_MISSED, "a storage slot is not proven yet");
        slot->value = u256_from_be(value, 32);
        slot->known = true;
    }
    *out = slot->value;
    return STEP_NEXT;
}

/* EIP-7702: an account whose code is 0xef0100 and an address runs that address' code, one level
 * deep. Reading the code (EXTCODE*) still sees the 23 bytes. */
enum step evm_delegate(struct run *r, struct evm_acct *acct, struct evm_acct **out)
{
    static const uint8_t mark[3] = {0xef, 0x01, 0x00};
    *out = NULL;
    if (r->block->fork < ETH_PRAGUE || acct->precompile)
        return STEP_NEXT;
    STEP(evm_need_code(r, acct));
    if (acct->code.n != 23 || memcmp(acct->code.p, mark, sizeof mark) != 0)
        return STEP_NEXT;
    *out = evm_acct_at(r, acct->code.p + 3);
    return *out ? STEP_NEXT : STEP_ABORT;
}

/* Bytes that are data of a PUSH are no jump destinations (Yellow Paper, 9.4.3). */
static enum step find_jumps(struct run *r, struct evm_acct *acct)
{
    uint8_t *map = arena_alloc(r->a, acct->code.n / 8 + 1, r->err);
    if (!map)
        return evm_broken(r, r->err->rc);
    for (size_t i = 0; i < acct->code.n; i++) {
        uint8_t op = acct->code.p[i];
        if (op == 0x5b)
            map[i / 8] |= (uint8_t)(1u << (i % 8));
        else if (op >= 0x60 && op <= 0x7f)
            i += op - 0x5fu;
    }
    acct->jumps = map;
    return STEP_NEXT;
}

enum step evm_jump(struct run *r, struct frame *f, u256 dest)
{
    uint64_t to;
    if (!f->code->jumps)
        STEP(find_jumps(r, f->code));
    if (!u256_fits64(dest, &to) || to >= f->code->code.n ||
        !(f->code->jumps[to / 8] >> (to % 8) & 1))
        return evm_fault(r, "jump to no JUMPDEST");
    f->pc = (size_t)to;
    return STEP_NEXT;
}
