/*
 * evm_mem: contract state in memory for tests of the EVM, filled by hand or from recordings.
 * Nothing in it is proven; that is what other tests are for.
 */
#ifndef BOOTGATE_TESTS_EVM_MEM_H
#define BOOTGATE_TESTS_EVM_MEM_H

#include "policy/evm/evm.h"
#include "tests/lib/harness.h"

struct evm_mem_slot {
    uint8_t key[32], value[32];
};

struct evm_mem_account {
    uint8_t addr[20];
    bool has_code, has_data;
    struct bytes code;
    struct evm_account data;
    struct evm_mem_slot slots[64];
    size_t num_slots;
};

struct evm_mem {
    struct evm_mem_account v[64];
    size_t n;
    bool complete;         /* what is not there is empty or zero; else it is a miss */
    size_t asked, missed;  /* calls of the callbacks; those answered with a miss */
    const char *last_miss; /* "account", "code", "storage" */
};

/* evm_mem_state: the callbacks over m. */
struct evm_state evm_mem_state(struct evm_mem *m);
/* evm_mem_at finds or makes an account. */
struct evm_mem_account *evm_mem_at(struct evm_mem *m, const uint8_t addr[static 20]);
/* evm_mem_code: an account that exists and has this code (and its hash). */
struct evm_mem_account *evm_mem_code(struct evm_mem *m, const uint8_t addr[static 20],
                                     struct bytes code);
void evm_mem_slot(struct evm_mem_account *acct, u256 key, u256 value);
/* evm_mem_hex: "0x.." of up to 32 bytes, right-aligned. */
u256 evm_mem_hex(const char *text);
void evm_mem_addr(const char *text, uint8_t out[static 20]);

#endif
