#include "policy/evm/evm.h"

#include "base/limits.h"
#include "policy/evm/evm_run.h"

/* The run's own arena: the reserved areas, and what gas can buy of slots, code maps and outputs. */
#define RUN_ARENA ((size_t)160 << 20)

static enum rc reserve(struct run *r)
{
    size_t frames = LIMIT_CALL_DEPTH + 1;
    r->frames = ARENA_ARRAY(r->a, struct frame, frames, r->err);
    /* A word costs 3 gas at least, so little gas needs little memory. */
    size_t bought = (size_t)(r->call->gas / 3 + 1) * 32;
    r->memory_cap = bought < LIMIT_EVM_MEMORY ? bought : LIMIT_EVM_MEMORY;
    r->memory = arena_alloc(r->a, r->memory_cap, r->err);
    r->accts = ARENA_ARRAY(r->a, struct evm_acct *, EVM_BUCKETS, r->err);
    r->slots = ARENA_ARRAY(r->a, struct evm_slot *, EVM_BUCKETS, r->err);
    for (size_t i = 0; i < 4; i++)
        r->seed[i] =
            u256_from_be(r->block->prev_randao + 8 * i, 8).w[0] ^ (0x2545f4914f6cdd1du << i);
    bool all = r->frames && r->memory && r->accts && r->slots;
    return all ? RC_OK : r->err->rc;
}

/* run_frames: one loop for all frames, so that call depth costs no stack of ours. */
static void run_frames(struct run *r)
{
    static const enum evm_outcome outcomes[] = {
        [STEP_FAULT] = EVM_FAULTED, [STEP_REVERT] = EVM_REVERTED, [STEP_RETURN] = EVM_RETURNED};
    enum step how = evm_start(r);
    if (how == STEP_NEXT)
        how = STEP_CALL; /* the first frame is on top */
    for (;;) {
        if (how == STEP_CALL)
            how = evm_execute(r);
        if (how == STEP_ABORT)
            return;
        if (how == STEP_CALL)
            continue;
        if (r->depth == 0)
            break;
        how = evm_leave(r, how);
    }
    r->outcome = outcomes[how];
}

static enum rc give_result(struct arena *a, const struct run *r, struct evm_result *out,
                           struct err *err)
{
    const struct frame *first = &r->frames[0];
    struct evm_result res = {.outcome = r->outcome, .max_depth = (unsigned)r->max_depth};
    if (r->outcome == EVM_RETURNED || r->outcome == EVM_REVERTED) {
        if (first->output.n > LIMIT_RETURN_DATA) {
            res.outcome = EVM_UNSUPPORTED;
            res.what = "more than 64 KiB of output";
        } else {
            res.output.p = arena_copy(a, first->output, err);
            res.output.n = first->output.n;
            res.gas_used = r->call->gas - first->gas;
            if (!res.output.p)
                return err->rc;
        }
    } else if (r->outcome == EVM_FAULTED) {
        res.gas_used = r->call->gas;
        res.what = r->what;
    } else {
        res.what = r->what;
    }
    *out = res;
    return RC_OK;
}

enum rc evm_run_any_gas(struct arena *a, const struct evm_state *state,
                        const struct evm_block *block, const struct evm_call *call,
                        struct evm_result *out, struct err *err)
{
    if (block->fork < ETH_PARIS || block->fork > ETH_OSAKA)
        return err_set(err, BG_EVM_FORK, "fork %d", (int)block->fork);
    AUTO_ARENA own = arena_new(RUN_ARENA);
    if (!own)
        return err_set(err, BG_EVM_MEMORY, "%zu bytes", RUN_ARENA);
    struct run r = {.a = own, .state = state, .block = block, .call = call, .err = err};
    TRY(reserve(&r));
    run_frames(&r);
    TRY(r.rc);
    return give_result(a, &r, out, err);
}

enum rc evm_run(struct arena *a, const struct evm_state *state, const struct evm_block *block,
                const struct evm_call *call, struct evm_result *out, struct err *err)
{
    if (call->gas > LIMIT_CALL_GAS)
        return err_set(err, BG_EVM_GAS, "%llu asked for, %u allowed", (unsigned long long)call->gas,
                       LIMIT_CALL_GAS);
    return evm_run_any_gas(a, state, block, call, out, err);
}
