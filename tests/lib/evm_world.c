#include "tests/lib/evm_world.h"

#include <stdlib.h>

#include "base/limits.h"

void world_open(struct world *w, enum eth_fork fork, const char *code, const char *helper)
{
    uint8_t addr[20];
    *w = (struct world){.a = arena_new(LIMIT_ARENA), .mem = calloc(1, sizeof *w->mem)};
    assert_non_null(w->mem);
    w->mem->complete = true;
    w->block = (struct evm_block){.fork = fork,
                                  .chain_id = 0x1234,
                                  .number = 0x5678,
                                  .timestamp = 0x9abc,
                                  .gas_limit = 0xdef0,
                                  .base_fee = u256_of(0x77),
                                  .prev_randao = {0xaa, [31] = 0xbb}};
    evm_mem_addr(MINER, w->block.coinbase);
    evm_mem_addr(SELF, w->call.to);
    evm_mem_addr(CALLER, w->call.from);
    w->call.gas = GAS;
    struct evm_mem_account *self = evm_mem_code(w->mem, w->call.to, unhex(w->a, code));
    self->data.balance = u256_of(1000);
    evm_mem_slot(self, u256_of(1), u256_of(0x1111));
    if (helper) {
        evm_mem_addr(HELPER, addr);
        evm_mem_slot(evm_mem_code(w->mem, addr, unhex(w->a, helper)), u256_of(1), u256_of(0x2222));
    }
}

void world_close(struct world *w)
{
    free(w->mem);
    arena_free(w->a);
}

void world_run(struct world *w)
{
    struct err err = {0};
    struct evm_state state = evm_mem_state(w->mem);
    assert_int_equal(evm_run(w->a, &state, &w->block, &w->call, &w->res, &err), RC_OK);
}

void world_check(const struct program *p)
{
    struct world w;
    world_open(&w, p->fork, p->code, p->helper);
    world_run(&w);
    CASE(p->name, w.res.outcome == p->outcome, "outcome %d (%s), expected %d", w.res.outcome,
         w.res.what ? w.res.what : "", p->outcome);
    if (p->gas != ANY_GAS)
        CASE(p->name, w.res.gas_used == p->gas, "gas %llu, expected %llu",
             (unsigned long long)w.res.gas_used, (unsigned long long)p->gas);
    if (p->output)
        CASE(p->name,
             w.res.output.n == 32 &&
                 u256_eq(u256_from_be(w.res.output.p, 32), evm_mem_hex(p->output)),
             "another output (%zu bytes, last byte %02x)", w.res.output.n,
             w.res.output.n ? w.res.output.p[w.res.output.n - 1] : 0);
    world_close(&w);
}
