/*
 * evm: the Ethereum Virtual Machine for static calls on proven state. All opcodes up to Osaka;
 * whatever would change state is a static violation. State comes from callbacks; a missing piece
 * stops the run (EVM_MISSED), it is never zero. Each piece is asked for once in a run, and only
 * when gas was paid for it.
 *
 * Gas is charged as the fork has it, from a limit the caller gives, without a transaction's
 * intrinsic cost. Warm from the start (EIP-2929, 3651, 7702): the precompiles, from, to, the
 * account to delegates to, and since Shanghai the coinbase.
 */
#ifndef BOOTGATE_POLICY_EVM_EVM_H
#define BOOTGATE_POLICY_EVM_EVM_H

#include "base/arena.h"
#include "policy/eth/header.h"
#include "policy/evm/u256.h"

enum evm_answer { EVM_STATE_MISS = 0, EVM_STATE_OK };

struct evm_account {
    bool exists; /* false: absent or empty; EXTCODEHASH gives 0 */
    u256 balance;
    uint8_t code_hash[32];
};

/* struct evm_state: where state comes from. A MISS must have been noted by the callee. */
struct evm_state {
    void *ctx;
    enum evm_answer (*account)(void *ctx, const uint8_t addr[static 20], struct evm_account *out);
    enum evm_answer (*storage)(void *ctx, const uint8_t addr[static 20],
                               const uint8_t slot[static 32], uint8_t value[static 32]);
    enum evm_answer (*code)(void *ctx, const uint8_t addr[static 20], struct bytes *out);
};

struct evm_block {
    enum eth_fork fork; /* PARIS .. OSAKA; older: refused */
    uint64_t chain_id, number, timestamp, gas_limit;
    uint8_t coinbase[20];
    uint8_t prev_randao[32];
    u256 base_fee;
    uint64_t excess_blob_gas; /* Cancun and later: BLOBBASEFEE */
};

struct evm_call {
    uint8_t from[20], to[20];
    struct bytes input;
    uint64_t gas;
};

enum evm_outcome {
    EVM_NONE = 0,
    EVM_RETURNED,    /* output is the return data */
    EVM_REVERTED,    /* output is the revert data */
    EVM_FAULTED,     /* out of gas, invalid opcode, static violation, bad jump, stack */
    EVM_MISSED,      /* state is missing: fetch it, run again */
    EVM_UNSUPPORTED, /* BLOCKHASH, a precompile we do not have, more memory or output than
                        base/limits.h allows: named in `what`. No answer, unlike a fault */
};

struct evm_result {
    enum evm_outcome outcome;
    struct bytes output; /* arena; at most LIMIT_RETURN_DATA */
    uint64_t gas_used;   /* execution only, no intrinsic cost; 0 when it did not come to an end */
    const char *what;    /* static: why FAULTED or UNSUPPORTED */
    unsigned max_depth;
};

/*
 * evm_run executes one static call, depth and memory bounded (base/limits.h), on heap frames. Its
 * working memory is an arena of its own, gone when it returns; only the output lies in `a`.
 * Gas ends recursion near depth 480: each call keeps a 64th (EIP-150), so that at depth 1024 less
 * than the 100 gas of one more call would be left of LIMIT_CALL_GAS.
 * BG_EVM_* and BG_NOMEM only for what cannot be an outcome (a fork we do not run, call->gas above
 * LIMIT_CALL_GAS, no memory, a failing library).
 */
enum rc evm_run(struct arena *a, const struct evm_state *state, const struct evm_block *block,
                const struct evm_call *call, struct evm_result *out, struct err *err) MUST_CHECK;

#endif
