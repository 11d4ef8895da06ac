/*
 * evm_run: what the EVM's own files share: the run, its frames, and what it has learned about
 * accounts and slots. Not for others; they use policy/evm/evm.h.
 */
#ifndef BOOTGATE_POLICY_EVM_EVM_RUN_H
#define BOOTGATE_POLICY_EVM_EVM_RUN_H

#include "policy/evm/evm.h"
#include "policy/evm/evm_gas.h"

#define EVM_BUCKETS 4096u

/* enum step: how an opcode, or a frame, ended. */
enum step {
    STEP_FAULT = 0, /* exceptional halt: the frame's gas is gone; run.what says why */
    STEP_ABORT,     /* the whole run ends: run.outcome, or run.rc, says why */
    STEP_REVERT,
    STEP_RETURN,
    STEP_CALL, /* a new frame is on top */
    STEP_NEXT,
};

/* struct touched: EIP-2929's accessed sets, with an undo list for frames that fail. */
struct touched {
    bool warm;
    struct touched *older; /* what was warmed before this one */
};

struct evm_acct {
    struct touched touched;
    struct evm_acct *next; /* same bucket */
    u256 key;
    uint8_t addr[20];
    bool precompile, has_code, has_data;
    struct bytes code;
    uint8_t *jumps; /* one bit per code byte: a JUMPDEST; NULL: not looked at yet */
    struct evm_account data;
};

struct evm_slot {
    struct touched touched;
    struct evm_slot *next; /* same bucket */
    const struct evm_acct *owner;
    u256 key, value;
    bool known;
};

struct span {
    size_t off, n;
};

struct frame {
    struct evm_acct *self; /* ADDRESS, and whose storage */
    struct evm_acct *code; /* whose code */
    uint8_t caller[20];
    u256 value;
    struct bytes input;  /* in the caller's memory, which rests while this frame runs */
    struct bytes output; /* in this frame's memory; set when it ends */
    struct span answer;  /* where the caller wants the output */
    uint64_t gas;
    size_t pc, sp, mem_len;
    u256 *stack;  /* EVM_STACK_ITEMS */
    uint8_t *mem; /* right behind the caller's */
    struct touched *journal;
};

/*
 * struct run: all of it lies in `a`, an arena of this run's own. Stacks, memory and return data
 * are reused and not given back, so what a run takes is bounded by its gas and by depth.
 */
struct run {
    struct arena *a;
    const struct evm_state *state;
    const struct evm_block *block;
    const struct evm_call *call;
    struct err *err;
    struct frame *frames; /* LIMIT_CALL_DEPTH + 1 */
    size_t depth;         /* index of the frame that runs */
    uint8_t *memory;      /* of all frames, one behind the other */
    size_t memory_cap;
    uint8_t *ret; /* return data of the last call */
    size_t ret_cap;
    size_t ret_len;
    struct touched *journal;
    uint64_t seed[4];
    struct evm_acct **accts;
    struct evm_slot **slots;
    enum evm_outcome outcome;
    enum rc rc;
    const char *what;
    size_t max_depth;
};

/* evm_fault ends the frame, evm_abort the run, evm_broken the run with an error of ours. */
static inline enum step evm_fault(struct run *r, const char *what)
{
    r->what = what;
    return STEP_FAULT;
}

static inline enum step evm_abort(struct run *r, enum evm_outcome outcome, const char *what)
{
    r->outcome = outcome;
    r->what = what;
    return STEP_ABORT;
}

static inline enum step evm_broken(struct run *r, enum rc rc)
{
    r->rc = rc;
    return STEP_ABORT;
}

static inline enum step evm_charge(struct run *r, struct frame *f, uint64_t gas)
{
    if (f->gas < gas)
        return evm_fault(r, "out of gas");
    f->gas -= gas;
    return STEP_NEXT;
}

/* STEP returns from the caller unless the expression says to go on. */
#define STEP(expr)                                                                                 \
    do {                                                                                           \
        enum step step_ = (expr);                                                                  \
        if (step_ != STEP_NEXT)                                                                    \
            return step_;                                                                          \
    } while (0)

/*
 * evm.c. evm_run_any_gas: evm_run without its bound on gas. It is there for the tests: the bound
 * on depth is out of reach of LIMIT_CALL_GAS.
 */
enum rc evm_run_any_gas(struct arena *a, const struct evm_state *state,
                        const struct evm_block *block, const struct evm_call *call,
                        struct evm_result *out, struct err *err) MUST_CHECK;

/* evm_access.c */
/* evm_acct_of finds or makes the account (key: 160 bits count); NULL: no memory, run.rc is set. */
struct evm_acct *evm_acct_of(struct run *r, u256 key);
struct evm_acct *evm_acct_at(struct run *r, const uint8_t addr[static 20]);
/* evm_warm makes it warm until the frame fails; returns the price (EIP-2929). */
uint64_t evm_warm(struct run *r, struct touched *t, uint64_t cold_gas);
/* evm_cool undoes every evm_warm since `mark` (a run.journal of then). */
void evm_cool(struct run *r, struct touched *mark);
enum step evm_need_code(struct run *r, struct evm_acct *acct);
enum step evm_need_data(struct run *r, struct evm_acct *acct);
enum step evm_sload(struct run *r, struct frame *f, u256 key, u256 *out);
/* evm_delegate: the account whose code runs for acct (EIP-7702), or NULL: its own. */
enum step evm_delegate(struct run *r, struct evm_acct *acct, struct evm_acct **out);
/* evm_jump: STEP_NEXT when dest is a JUMPDEST of the running code; sets pc. */
enum step evm_jump(struct run *r, struct frame *f, u256 dest);

/* evm_memory.c */
/* evm_need_memory pays for [off, off + len) of the frame's memory and makes it so. */
enum step evm_need_memory(struct run *r, struct frame *f, u256 off, u256 len, struct span *out);
/* evm_copy_padded fills memory from src at src_off; zero behind its end. */
void evm_copy_padded(struct frame *f, struct span to, struct bytes src, u256 src_off);

/* evm_env.c: opcodes 0x30 to 0x4a; s is one past the top of the stack as it was. */
enum step evm_environment(struct run *r, struct frame *f, uint8_t opcode, u256 *s);

/* evm_call.c */
enum step evm_call_op(struct run *r, struct frame *f, uint8_t opcode, const u256 *s);
/* evm_start: the first frame, or its end when there is nothing to run. */
enum step evm_start(struct run *r);
/* evm_leave hands the frame on top back to its caller: STEP_CALL, or STEP_ABORT. */
enum step evm_leave(struct run *r, enum step how);

/* evm_ops.c: runs the frame on top until it ends or calls. */
enum step evm_execute(struct run *r);

#endif
