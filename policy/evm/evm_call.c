#include "base/limits.h"
#include "policy/evm/evm_run.h"
#include "policy/evm/precompile.h"

enum { OP_CALL = 0xf1, OP_CALLCODE = 0xf2, OP_DELEGATECALL = 0xf4, OP_STATICCALL = 0xfa };

/* struct plan: a call as read from the stack. */
struct plan {
    uint8_t opcode;
    u256 gas_wanted, value;
    struct span in, answer;
    struct evm_acct *target; /* the address named */
    struct evm_acct *code;   /* whose code runs: another one for a delegated account */
    uint64_t gas;            /* what the callee gets */
};

static void answered(struct frame *f, bool success)
{
    f->stack[f->sp - 1] = u256_of(success);
}

/* keep: the output becomes the caller's return data, and as much as it asked for its memory. */
static enum step keep(struct run *r, struct frame *f, struct bytes output, struct span answer)
{
    if (output.n > r->ret_cap) {
        size_t cap = 2 * r->ret_cap > output.n ? 2 * r->ret_cap : output.n;
        r->ret = arena_alloc(r->a, cap, r->err);
        if (!r->ret)
            return evm_broken(r, r->err->rc);
        r->ret_cap = cap;
    }
    r->ret_len = output.n;
    if (output.n)
        memcpy(r->ret, output.p, output.n);
    size_t n = output.n < answer.n ? output.n : answer.n;
    if (n)
        memcpy(f->mem + answer.off, r->ret, n);
    return STEP_NEXT;
}

/* read_plan: memory first, then the account, then its delegate: the order of EIP-2929 and 7702. */
static enum step read_plan(struct run *r, struct frame *f, const u256 *s, struct plan *p)
{
    bool has_value = p->opcode == OP_CALL || p->opcode == OP_CALLCODE;
    size_t at = has_value ? 4 : 3;
    p->gas_wanted = s[-1];
    if (has_value)
        p->value = s[-3];
    /* EIP-214. CALLCODE keeps the value where it is, so it is no state change. */
    if (p->opcode == OP_CALL && !u256_is_zero(p->value))
        return evm_fault(r, "a value sent in a static call");
    const u256 *range = s - at;
    STEP(evm_need_memory(r, f, range[0], range[-1], &p->in));
    STEP(evm_need_memory(r, f, range[-2], range[-3], &p->answer));
    p->target = evm_acct_of(r, s[-2]);
    if (!p->target)
        return STEP_ABORT;
    STEP(evm_charge(r, f, evm_warm(r, &p->target->touched, GAS_COLD_ACCOUNT)));
    if (!u256_is_zero(p->value))
        STEP(evm_charge(r, f, GAS_CALL_VALUE));
    struct evm_acct *delegate;
    STEP(evm_delegate(r, p->target, &delegate));
    if (delegate)
        STEP(evm_charge(r, f, evm_warm(r, &delegate->touched, GAS_COLD_ACCOUNT)));
    p->code = delegate ? delegate : p->target;
    return STEP_NEXT;
}

/* set_gas: all but one 64th at most (EIP-150), and the stipend on top. */
static void set_gas(struct frame *f, struct plan *p)
{
    uint64_t most = f->gas - f->gas / 64;
    if (!u256_fits64(p->gas_wanted, &p->gas) || p->gas > most)
        p->gas = most;
    f->gas -= p->gas;
    if (!u256_is_zero(p->value))
        p->gas += GAS_CALL_STIPEND;
}

/* affordable: only CALLCODE can carry a value here, from the frame's own account to itself. */
static enum step affordable(struct run *r, struct frame *f, u256 value, bool *out)
{
    *out = true;
    if (u256_is_zero(value))
        return STEP_NEXT;
    STEP(evm_need_data(r, f->self));
    *out = f->self->data.exists && u256_cmp(f->self->data.balance, value) >= 0;
    return STEP_NEXT;
}

static enum step call_precompile(struct run *r, const struct evm_acct *acct, struct bytes input,
                                 uint64_t gas, struct precompile_result *out)
{
    enum rc rc = precompile_run(r->a, r->block->fork, acct->addr, input, gas, out, r->err);
    if (rc != RC_OK)
        return evm_broken(r, rc);
    if (out->outcome == PRECOMPILE_UNSUPPORTED)
        return evm_abort(r, EVM_UNSUPPORTED, out->name);
    if (out->output.n > LIMIT_EVM_MEMORY)
        return evm_abort(r, EVM_UNSUPPORTED, "more than 16 MiB of return data");
    return STEP_NEXT;
}

static enum step to_precompile(struct run *r, struct frame *f, const struct plan *p)
{
    struct precompile_result res;
    struct bytes input = bytes_of(f->mem + p->in.off, p->in.n);
    STEP(call_precompile(r, p->target, input, p->gas, &res));
    if (res.outcome == PRECOMPILE_OK) {
        f->gas += p->gas - res.gas;
        STEP(keep(r, f, res.output, p->answer));
    }
    answered(f, res.outcome == PRECOMPILE_OK);
    return STEP_NEXT;
}

/* give_stack: each depth keeps its stack. */
static enum step give_stack(struct run *r, struct frame *f)
{
    if (!f->stack)
        f->stack = ARENA_ARRAY(r->a, u256, EVM_STACK_ITEMS, r->err);
    return f->stack ? STEP_NEXT : evm_broken(r, r->err->rc);
}

static enum step enter(struct run *r, struct frame *f, const struct plan *p)
{
    bool borrowed = p->opcode == OP_CALLCODE || p->opcode == OP_DELEGATECALL;
    struct frame *child = &r->frames[++r->depth];
    *child = (struct frame){
        .self = borrowed ? f->self : p->target,
        .code = p->code,
        .value = p->opcode == OP_DELEGATECALL ? f->value : p->value,
        .input = bytes_of(f->mem + p->in.off, p->in.n),
        .answer = p->answer,
        .gas = p->gas,
        .stack = child->stack,
        .mem = f->mem + f->mem_len,
        .journal = r->journal,
    };
    memcpy(child->caller, p->opcode == OP_DELEGATECALL ? f->caller : f->self->addr, 20);
    if (r->max_depth < r->depth)
        r->max_depth = r->depth;
    STEP(give_stack(r, child));
    return STEP_CALL;
}

enum step evm_call_op(struct run *r, struct frame *f, uint8_t opcode, const u256 *s)
{
    struct plan p = {.opcode = opcode};
    bool can_pay;
    STEP(read_plan(r, f, s, &p));
    set_gas(f, &p);
    r->ret_len = 0;
    STEP(affordable(r, f, p.value, &can_pay));
    if (r->depth >= LIMIT_CALL_DEPTH || !can_pay) {
        f->gas += p.gas;
        answered(f, false);
        return STEP_NEXT;
    }
    if (p.target->precompile)
        return to_precompile(r, f, &p);
    /* EIP-7702: a delegation to a precompile runs as empty code, not as the precompile. */
    if (!p.code->precompile)
        STEP(evm_need_code(r, p.code));
    if (p.code->precompile || p.code->code.n == 0) {
        f->gas += p.gas;
        answered(f, true);
        return STEP_NEXT;
    }
    return enter(r, f, &p);
}

/* start_precompile: the question itself goes to a precompile. */
static enum step start_precompile(struct run *r, struct frame *f)
{
    struct precompile_result res;
    STEP(call_precompile(r, f->self, f->input, f->gas, &res));
    if (res.outcome != PRECOMPILE_OK)
        return evm_fault(r, "the precompile failed");
    f->gas -= res.gas;
    f->output = res.output;
    return STEP_RETURN;
}

enum step evm_start(struct run *r)
{
    struct frame *f = &r->frames[0];
    *f = (struct frame){.input = r->call->input, .gas = r->call->gas, .mem = r->memory};
    memcpy(f->caller, r->call->from, 20);
    STEP(give_stack(r, f));
    struct evm_acct *from = evm_acct_at(r, r->call->from), *delegate;
    f->self = from ? evm_acct_at(r, r->call->to) : NULL;
    struct evm_acct *coinbase = f->self ? evm_acct_at(r, r->block->coinbase) : NULL;
    if (!coinbase)
        return STEP_ABORT;
    from->touched.warm = f->self->touched.warm = true; /* EIP-2929: sender and target */
    if (r->block->fork >= ETH_SHANGHAI)
        coinbase->touched.warm = true; /* EIP-3651 */
    if (f->self->precompile)
        return start_precompile(r, f);
    STEP(evm_delegate(r, f->self, &delegate));
    if (delegate)
        delegate->touched.warm = true; /* EIP-7702: as part of the transaction's access list */
    f->code = delegate ? delegate : f->self;
    if (f->code->precompile)
        return STEP_RETURN;
    STEP(evm_need_code(r, f->code));
    return STEP_NEXT;
}

enum step evm_leave(struct run *r, enum step how)
{
    const struct frame *child = &r->frames[r->depth--];
    struct frame *f = &r->frames[r->depth];
    if (how != STEP_RETURN)
        evm_cool(r, child->journal);
    if (how != STEP_FAULT)
        f->gas += child->gas;
    STEP(keep(r, f, how == STEP_FAULT ? BYTES_NONE : child->output, child->answer));
    answered(f, how == STEP_RETURN);
    return STEP_CALL;
}
