/*
 * precompile: the precompiled contracts 1-5, 9 and 0x100 (EIP-152, 196.., 198, 2565, 7883, 7823,
 * 7951); 6-8, 0x0a and 0x0b-0x11 are refused by name where the fork has them.
 */
#ifndef BOOTGATE_POLICY_EVM_PRECOMPILE_H
#define BOOTGATE_POLICY_EVM_PRECOMPILE_H

#include "base/arena.h"
#include "policy/eth/header.h"

enum precompile_outcome {
    PRECOMPILE_NOT_ONE = 0, /* the address is an ordinary account in this fork */
    PRECOMPILE_OK,
    PRECOMPILE_FAILED, /* consumes all gas given */
    PRECOMPILE_UNSUPPORTED,
};

struct precompile_result {
    enum precompile_outcome outcome;
    struct bytes output; /* arena, or a view of the input */
    uint64_t gas;        /* charged; > given: out of gas (outcome FAILED) */
    const char *name;    /* static */
};

/* precompile_run: the gas is worked out first, and nothing is computed that was not paid for. */
enum rc precompile_run(struct arena *a, enum eth_fork fork, const uint8_t addr[static 20],
                       struct bytes input, uint64_t gas_given, struct precompile_result *out,
                       struct err *err) MUST_CHECK;
/* precompile_is: addr is a precompile of the fork (supported or not): always warm (EIP-2929). */
bool precompile_is(enum eth_fork fork, const uint8_t addr[static 20]);

#endif
