#include "tests/lib/evm_mem.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/eth/keccak.h"

static void broken(const char *why)
{
    fprintf(stderr, "evm_mem: %s\n", why);
    abort();
}

static struct evm_mem_account *find(struct evm_mem *m, const uint8_t addr[static 20])
{
    for (size_t i = 0; i < m->n; i++)
        if (memcmp(m->v[i].addr, addr, 20) == 0)
            return &m->v[i];
    return NULL;
}

static enum evm_answer miss(struct evm_mem *m, const char *what)
{
    m->missed++;
    m->last_miss = what;
    return EVM_STATE_MISS;
}

/* nobody: as a proof of absence gives it: the empty account, which does not exist. */
static struct evm_account nobody(void)
{
    struct evm_account x = {.exists = false};
    keccak256(BYTES_NONE, x.code_hash);
    return x;
}

static enum evm_answer on_account(void *ctx, const uint8_t addr[static 20], struct evm_account *out)
{
    struct evm_mem *m = ctx;
    const struct evm_mem_account *x = find(m, addr);
    m->asked++;
    if (x && x->has_data)
        *out = x->data;
    else if (m->complete)
        *out = nobody();
    else
        return miss(m, "account");
    return EVM_STATE_OK;
}

static enum evm_answer on_code(void *ctx, const uint8_t addr[static 20], struct bytes *out)
{
    struct evm_mem *m = ctx;
    const struct evm_mem_account *x = find(m, addr);
    m->asked++;
    if (x && x->has_code)
        *out = x->code;
    else if (m->complete)
        *out = BYTES_NONE;
    else
        return miss(m, "code");
    return EVM_STATE_OK;
}

static enum evm_answer on_storage(void *ctx, const uint8_t addr[static 20],
                                  const uint8_t slot[static 32], uint8_t value[static 32])
{
    struct evm_mem *m = ctx;
    const struct evm_mem_account *x = find(m, addr);
    m->asked++;
    for (size_t i = 0; x && i < x->num_slots; i++)
        if (memcmp(x->slots[i].key, slot, 32) == 0) {
            memcpy(value, x->slots[i].value, 32);
            return EVM_STATE_OK;
        }
    if (!m->complete)
        return miss(m, "storage");
    memset(value, 0, 32);
    return EVM_STATE_OK;
}

struct evm_state evm_mem_state(struct evm_mem *m)
{
    return (struct evm_state){m, on_account, on_storage, on_code};
}

struct evm_mem_account *evm_mem_at(struct evm_mem *m, const uint8_t addr[static 20])
{
    struct evm_mem_account *x = find(m, addr);
    if (x)
        return x;
    if (m->n == sizeof m->v / sizeof *m->v)
        broken("too many accounts");
    x = &m->v[m->n++];
    memcpy(x->addr, addr, 20);
    return x;
}

struct evm_mem_account *evm_mem_code(struct evm_mem *m, const uint8_t addr[static 20],
                                     struct bytes code)
{
    struct evm_mem_account *x = evm_mem_at(m, addr);
    x->has_code = x->has_data = x->data.exists = true;
    x->code = code;
    keccak256(code, x->data.code_hash);
    return x;
}

void evm_mem_slot(struct evm_mem_account *acct, u256 key, u256 value)
{
    if (acct->num_slots == sizeof acct->slots / sizeof *acct->slots)
        broken("too many slots");
    struct evm_mem_slot *slot = &acct->slots[acct->num_slots++];
    u256_to_be(key, slot->key);
    u256_to_be(value, slot->value);
}

u256 evm_mem_hex(const char *text)
{
    u256 r = U256_ZERO;
    if (text && text[0] == '0' && text[1] == 'x')
        text += 2;
    for (; text && *text; text++) {
        static const char digits[] = "0123456789abcdef";
        char low[2] = {(char)(*text >= 'A' && *text <= 'F' ? *text + 32 : *text), 0};
        const char *at = strchr(digits, low[0]);
        if (!at)
            broken("not hex");
        else
            r = u256_or(u256_shl(u256_of(4), r), u256_of((uint64_t)(at - digits)));
    }
    return r;
}

void evm_mem_addr(const char *text, uint8_t out[static 20])
{
    uint8_t word[32];
    u256_to_be(evm_mem_hex(text), word);
    memcpy(out, word + 12, 20);
}
