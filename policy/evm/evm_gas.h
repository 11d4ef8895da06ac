/*
 * evm_gas: what each opcode takes from the stack, leaves there and costs, and the prices that are
 * worked out while running. Yellow Paper (Paris), appendices G and H, as changed by the EIPs named.
 */
#ifndef BOOTGATE_POLICY_EVM_EVM_GAS_H
#define BOOTGATE_POLICY_EVM_EVM_GAS_H

#include <stdint.h>

#include "policy/eth/header.h"

struct evm_op {
    enum eth_fork since; /* ETH_FORK_NONE: no opcode in any fork that we run */
    uint8_t in, out;     /* stack items */
    uint8_t gas;         /* the constant part */
};

/* evm_ops: by opcode. An opcode of a later fork than the block's is invalid. */
extern const struct evm_op evm_ops[256];

#define GAS_COLD_ACCOUNT 2600u /* EIP-2929: COLD_ACCOUNT_ACCESS_COST */
#define GAS_COLD_SLOT    2100u /* EIP-2929: COLD_SLOAD_COST */
#define GAS_WARM         100u  /* EIP-2929: WARM_STORAGE_READ_COST */
#define GAS_EXP_BYTE     50u   /* EIP-160 */
#define GAS_KECCAK_WORD  6u
#define GAS_COPY_WORD    3u
#define GAS_CALL_VALUE   9000u
#define GAS_CALL_STIPEND 2300u
#define EVM_STACK_ITEMS  1024u

/* evm_words: how many 32-byte words hold n bytes; n below 2^63. */
static inline uint64_t evm_words(uint64_t n)
{
    return (n + 31) / 32;
}

/* evm_memory_gas: the price of a frame's memory of that many words (below 2^28) as a whole. */
static inline uint64_t evm_memory_gas(uint64_t words)
{
    return 3 * words + words * words / 512;
}

#endif
