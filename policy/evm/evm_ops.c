#include "policy/eth/keccak.h"
#include "policy/evm/evm_run.h"

enum { OP_STOP = 0x00, OP_PUSH0 = 0x5f, OP_PUSH1 = 0x60, OP_DUP1 = 0x80, OP_SWAP1 = 0x90 };

static u256 truth(bool b)
{
    return u256_of(b);
}

static enum step exp_op(struct run *r, struct frame *f, u256 *s)
{
    STEP(evm_charge(r, f, GAS_EXP_BYTE * ((u256_bits(s[-2]) + 7) / 8)));
    s[-2] = u256_exp(s[-1], s[-2]);
    return STEP_NEXT;
}

/* arithmetic: 0x01 to 0x1e. s[-1] is the first operand; the result takes the lowest one's place. */
static enum step arithmetic(struct run *r, struct frame *f, uint8_t opcode, u256 *s)
{
    switch (opcode) {
    case 0x01: /* ADD */
        s[-2] = u256_add(s[-1], s[-2]);
        break;
    case 0x02: /* MUL */
        s[-2] = u256_mul(s[-1], s[-2]);
        break;
    case 0x03: /* SUB */
        s[-2] = u256_sub(s[-1], s[-2]);
        break;
    case 0x04: /* DIV */
        s[-2] = u256_div(s[-1], s[-2]);
        break;
    case 0x05: /* SDIV */
        s[-2] = u256_sdiv(s[-1], s[-2]);
        break;
    case 0x06: /* MOD */
        s[-2] = u256_mod(s[-1], s[-2]);
        break;
    case 0x07: /* SMOD */
        s[-2] = u256_smod(s[-1], s[-2]);
        break;
    case 0x08: /* ADDMOD */
        s[-3] = u256_addmod(s[-1], s[-2], s[-3]);
        break;
    case 0x09: /* MULMOD */
        s[-3] = u256_mulmod(s[-1], s[-2], s[-3]);
        break;
    case 0x0a: /* EXP */
        return exp_op(r, f, s);
    case 0x0b: /* SIGNEXTEND */
        s[-2] = u256_signextend(s[-1], s[-2]);
        break;
    case 0x10: /* LT */
        s[-2] = truth(u256_cmp(s[-1], s[-2]) < 0);
        break;
    case 0x11: /* GT */
        s[-2] = truth(u256_cmp(s[-1], s[-2]) > 0);
        break;
    case 0x12: /* SLT */
        s[-2] = truth(u256_scmp(s[-1], s[-2]) < 0);
        break;
    case 0x13: /* SGT */
        s[-2] = truth(u256_scmp(s[-1], s[-2]) > 0);
        break;
    case 0x14: /* EQ */
        s[-2] = truth(u256_eq(s[-1], s[-2]));
        break;
    case 0x15: /* ISZERO */
        s[-1] = truth(u256_is_zero(s[-1]));
        break;
    case 0x16: /* AND */
        s[-2] = u256_and(s[-1], s[-2]);
        break;
    case 0x17: /* OR */
        s[-2] = u256_or(s[-1], s[-2]);
        break;
    case 0x18: /* XOR */
        s[-2] = u256_xor(s[-1], s[-2]);
        break;
    case 0x19: /* NOT */
        s[-1] = u256_not(s[-1]);
        break;
    case 0x1a: /* BYTE */
        s[-2] = u256_byte(s[-1], s[-2]);
        break;
    case 0x1b: /* SHL */
        s[-2] = u256_shl(s[-1], s[-2]);
        break;
    case 0x1c: /* SHR */
        s[-2] = u256_shr(s[-1], s[-2]);
        break;
    case 0x1d: /* SAR */
        s[-2] = u256_sar(s[-1], s[-2]);
        break;
    case 0x1e: /* CLZ: 256 for zero (EIP-7939) */
        s[-1] = u256_of(256 - u256_bits(s[-1]));
        break;
    default:
        return evm_fault(r, "invalid opcode");
    }
    return STEP_NEXT;
}

static enum step keccak_op(struct run *r, struct frame *f, u256 *s)
{
    struct span in;
    uint8_t digest[32];
    STEP(evm_need_memory(r, f, s[-1], s[-2], &in));
    STEP(evm_charge(r, f, GAS_KECCAK_WORD * evm_words(in.n)));
    keccak256(bytes_of(f->mem + in.off, in.n), digest);
    s[-2] = u256_from_be(digest, 32);
    return STEP_NEXT;
}

static enum step mload(struct run *r, struct frame *f, u256 *s)
{
    struct span at;
    STEP(evm_need_memory(r, f, s[-1], u256_of(32), &at));
    s[-1] = u256_from_be(f->mem + at.off, 32);
    return STEP_NEXT;
}

static enum step mstore(struct run *r, struct frame *f, const u256 *s)
{
    struct span at;
    STEP(evm_need_memory(r, f, s[-1], u256_of(32), &at));
    u256_to_be(s[-2], f->mem + at.off);
    return STEP_NEXT;
}

static enum step mstore8(struct run *r, struct frame *f, const u256 *s)
{
    struct span at;
    STEP(evm_need_memory(r, f, s[-1], U256_ONE, &at));
    f->mem[at.off] = (uint8_t)s[-2].w[0];
    return STEP_NEXT;
}

/* EIP-5656: memory grows to the end of the farther of the two ranges. */
static enum step mcopy(struct run *r, struct frame *f, const u256 *s)
{
    struct span to, from;
    STEP(evm_need_memory(r, f, s[-1], s[-3], &to));
    STEP(evm_need_memory(r, f, s[-2], s[-3], &from));
    STEP(evm_charge(r, f, GAS_COPY_WORD * evm_words(to.n)));
    memmove(f->mem + to.off, f->mem + from.off, to.n);
    return STEP_NEXT;
}

static enum step leave_with(struct run *r, struct frame *f, const u256 *s, enum step how)
{
    struct span at;
    STEP(evm_need_memory(r, f, s[-1], s[-2], &at));
    f->output = bytes_of(f->mem + at.off, at.n);
    return how;
}

/*
 * others: memory, storage, flow, calls. The whole run is static from its first frame on: on the
 * chain eth_call's first frame isn't, but our questions are views, and a contract that writes to
 * answer one is refused. So what changes state is a fault wherever it stands (EIP-214).
 */
static enum step others(struct run *r, struct frame *f, uint8_t opcode, u256 *s)
{
    switch (opcode) {
    case OP_STOP:
        f->output = BYTES_NONE;
        return STEP_RETURN;
    case 0x20: /* KECCAK256 */
        return keccak_op(r, f, s);
    case 0x50: /* POP */
        return STEP_NEXT;
    case 0x51: /* MLOAD */
        return mload(r, f, s);
    case 0x52: /* MSTORE */
        return mstore(r, f, s);
    case 0x53: /* MSTORE8 */
        return mstore8(r, f, s);
    case 0x54: /* SLOAD */
        return evm_sload(r, f, s[-1], &s[-1]);
    case 0x56: /* JUMP */
        return evm_jump(r, f, s[-1]);
    case 0x57: /* JUMPI */
        return u256_is_zero(s[-2]) ? STEP_NEXT : evm_jump(r, f, s[-1]);
    case 0x58: /* PC: of this opcode */
        s[0] = u256_of(f->pc - 1);
        return STEP_NEXT;
    case 0x59: /* MSIZE */
        s[0] = u256_of(f->mem_len);
        return STEP_NEXT;
    case 0x5a: /* GAS: after paying for this opcode */
        s[0] = u256_of(f->gas);
        return STEP_NEXT;
    case 0x5b: /* JUMPDEST */
        return STEP_NEXT;
    case 0x5c: /* TLOAD: nothing can have been stored, since nothing may store */
        s[-1] = U256_ZERO;
        return STEP_NEXT;
    case 0x5e: /* MCOPY */
        return mcopy(r, f, s);
    case 0xf1: /* CALL */
    case 0xf2: /* CALLCODE */
    case 0xf4: /* DELEGATECALL */
    case 0xfa: /* STATICCALL */
        return evm_call_op(r, f, opcode, s);
    case 0xf3: /* RETURN */
        return leave_with(r, f, s, STEP_RETURN);
    case 0xfd: /* REVERT */
        return leave_with(r, f, s, STEP_REVERT);
    case 0x55: /* SSTORE */
    case 0x5d: /* TSTORE */
    case 0xa0: /* LOG0 to LOG4 */
    case 0xa1:
    case 0xa2:
    case 0xa3:
    case 0xa4:
    case 0xf0: /* CREATE */
    case 0xf5: /* CREATE2 */
    case 0xff: /* SELFDESTRUCT */
        return evm_fault(r, "a state change in a static call");
    default:
        return evm_fault(r, "invalid opcode");
    }
}

/* push: the n bytes behind the opcode; what lies behind the code's end is zero. */
static void push(struct frame *f, size_t n, u256 *to)
{
    struct bytes code = f->code->code;
    size_t have = code.n - f->pc < n ? code.n - f->pc : n;
    *to = u256_from_be(code.p + f->pc, have);
    if (have < n)
        *to = u256_shl(u256_of(8 * (n - have)), *to);
    f->pc += have;
}

static enum step perform(struct run *r, struct frame *f, uint8_t opcode, u256 *s)
{
    if (opcode >= OP_PUSH1 && opcode < OP_DUP1) {
        push(f, opcode - OP_PUSH0, s);
    } else if (opcode >= OP_DUP1 && opcode < OP_SWAP1) {
        s[0] = s[OP_DUP1 - 1 - opcode];
    } else if (opcode >= OP_SWAP1 && opcode < 0xa0) {
        u256 *other = &s[OP_SWAP1 - 2 - opcode], top = s[-1];
        s[-1] = *other;
        *other = top;
    } else if (opcode == OP_PUSH0) {
        s[0] = U256_ZERO;
    } else if (opcode > OP_STOP && opcode < 0x20) {
        return arithmetic(r, f, opcode, s);
    } else if (opcode >= 0x30 && opcode < 0x50) {
        return evm_environment(r, f, opcode, s);
    } else {
        return others(r, f, opcode, s);
    }
    return STEP_NEXT;
}

enum step evm_execute(struct run *r)
{
    struct frame *f = &r->frames[r->depth];
    const struct bytes code = f->code->code;
    for (;;) {
        uint8_t opcode = f->pc < code.n ? code.p[f->pc++] : (uint8_t)OP_STOP;
        const struct evm_op *op = &evm_ops[opcode];
        if (op->since == ETH_FORK_NONE || op->since > r->block->fork)
            return evm_fault(r, "invalid opcode");
        if (f->sp < op->in)
            return evm_fault(r, "stack underflow");
        if (f->sp - op->in + op->out > EVM_STACK_ITEMS)
            return evm_fault(r, "stack overflow");
        STEP(evm_charge(r, f, op->gas));
        u256 *s = f->stack + f->sp; /* one past the top, as it was before this opcode */
        f->sp = f->sp - op->in + op->out;
        STEP(perform(r, f, opcode, s));
    }
}
