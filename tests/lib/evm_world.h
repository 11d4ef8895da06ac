/*
 * evm_world: one hand-assembled program in a small world, for the EVM's unit tests. The account
 * that runs is c0de (balance 1000, slot 1 holds 1111); another contract, if given, is 4e1b (slot 1
 * holds 2222); state that is not there is empty unless world.mem->complete is cleared.
 */
#ifndef BOOTGATE_TESTS_EVM_WORLD_H
#define BOOTGATE_TESTS_EVM_WORLD_H

#include "tests/lib/evm_mem.h"

#define SELF   "000000000000000000000000000000000000c0de"
#define HELPER "0000000000000000000000000000000000004e1b"
#define OTHER  "00000000000000000000000000000000000a11ce"
#define MINER  "000000000000000000000000000000000000c01b"
#define CALLER "00000000000000000000000000000000000f4011"
#define GAS    100000u

#define RET     "5f5260205ff3" /* MSTORE the top at 0, RETURN 32 bytes: 13 gas */
#define RET_GAS 13
#define ANY_GAS UINT64_MAX

struct program {
    const char *name;
    enum eth_fork fork;
    const char *code, *helper; /* helper NULL: no such account */
    enum evm_outcome outcome;
    uint64_t gas;
    const char *output; /* a word, as a number; NULL: do not look */
};

struct world {
    struct arena *a;
    struct evm_mem *mem;
    struct evm_block block;
    struct evm_call call;
    struct evm_result res;
};

/* world_open: helper NULL: no such account. world_run fails the test on anything but an outcome. */
void world_open(struct world *w, enum eth_fork fork, const char *code, const char *helper);
void world_run(struct world *w);
void world_close(struct world *w);
/* world_check runs one program and compares (CASE). */
void world_check(const struct program *p);

#define CHECK_ALL(table)                                                                           \
    for (size_t i_ = 0; i_ < sizeof(table) / sizeof *(table); i_++)                                \
    world_check(&(table)[i_])

#endif
