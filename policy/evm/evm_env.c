#include "policy/evm/evm_run.h"

/*
 * Blob base fee (EIP-4844, EIP-7691): the update fraction is a matter of the fork, and since Osaka
 * of the chain's own schedule (EIP-7892): mainnet, sepolia and hoodi, the rows of EIP-7607.
 */
struct blob_row {
    uint64_t chain_id, timestamp, fraction;
};

static const struct blob_row blob_schedule[] = {
    {1, 0, 5007716},        {1, 1765290071, 8346193},        {1, 1767747671, 11684671},
    {11155111, 0, 5007716}, {11155111, 1761017184, 8346193}, {11155111, 1761607008, 11684671},
    {560048, 0, 5007716},   {560048, 1762365720, 8346193},   {560048, 1762955544, 11684671},
};

static uint64_t blob_fraction(const struct evm_block *b)
{
    if (b->fork == ETH_CANCUN)
        return 3338477;
    if (b->fork == ETH_PRAGUE)
        return 5007716;
    uint64_t fraction = 0;
    for (size_t i = 0; i < sizeof blob_schedule / sizeof *blob_schedule; i++)
        if (blob_schedule[i].chain_id == b->chain_id && blob_schedule[i].timestamp <= b->timestamp)
            fraction = blob_schedule[i].fraction;
    return fraction;
}

/* fake_exponential of EIP-4844, factor 1. Below e^100 every step stays below 2^220. */
static u256 fake_exponential(uint64_t numerator, uint64_t denominator)
{
    u256 sum = U256_ZERO, term = u256_of(denominator);
    for (uint64_t i = 1; !u256_is_zero(term); i++) {
        sum = u256_add(sum, term);
        term = u256_div(u256_mul(term, u256_of(numerator)),
                        u256_mul(u256_of(denominator), u256_of(i)));
    }
    return u256_div(sum, u256_of(denominator));
}

static enum step blob_base_fee(struct run *r, u256 *out)
{
    const struct evm_block *b = r->block;
    if (b->excess_blob_gas == 0) { /* the fee is its minimum, whatever the schedule */
        *out = U256_ONE;
        return STEP_NEXT;
    }
    uint64_t fraction = blob_fraction(b);
    if (fraction == 0)
        return evm_abort(r, EVM_UNSUPPORTED, "BLOBBASEFEE: this chain's blob schedule");
    if (b->excess_blob_gas / fraction >= 100)
        return evm_abort(r, EVM_UNSUPPORTED, "BLOBBASEFEE: beyond e^100");
    *out = fake_exponential(b->excess_blob_gas, fraction);
    return STEP_NEXT;
}

/* access pays for reading something of the account on the stack (EIP-2929). */
static enum step access(struct run *r, struct frame *f, u256 addr, struct evm_acct **out)
{
    struct evm_acct *acct = evm_acct_of(r, addr);
    if (!acct)
        return STEP_ABORT;
    STEP(evm_charge(r, f, evm_warm(r, &acct->touched, GAS_COLD_ACCOUNT)));
    *out = acct;
    return STEP_NEXT;
}

static enum step copy(struct run *r, struct frame *f, struct bytes src, const u256 *s)
{
    struct span to;
    STEP(evm_need_memory(r, f, s[-1], s[-3], &to));
    STEP(evm_charge(r, f, GAS_COPY_WORD * evm_words(to.n)));
    evm_copy_padded(f, to, src, s[-2]);
    return STEP_NEXT;
}

static enum step extcodecopy(struct run *r, struct frame *f, const u256 *s)
{
    struct evm_acct *acct;
    struct span to;
    STEP(access(r, f, s[-1], &acct));
    STEP(evm_need_memory(r, f, s[-2], s[-4], &to));
    STEP(evm_charge(r, f, GAS_COPY_WORD * evm_words(to.n)));
    if (to.n == 0)
        return STEP_NEXT;
    STEP(evm_need_code(r, acct));
    evm_copy_padded(f, to, acct->code, s[-3]);
    return STEP_NEXT;
}

/* Reading behind the end of the return data is a fault, not zeros (EIP-211). */
static enum step returndatacopy(struct run *r, struct frame *f, const u256 *s)
{
    uint64_t off, n;
    if (!u256_fits64(s[-2], &off) || !u256_fits64(s[-3], &n) || off > r->ret_len ||
        n > r->ret_len - off)
        return evm_fault(r, "return data read behind its end");
    return copy(r, f, bytes_of(r->ret, r->ret_len), s);
}

static enum step balance(struct run *r, struct evm_acct *acct, u256 *out)
{
    STEP(evm_need_data(r, acct));
    *out = acct->data.exists ? acct->data.balance : U256_ZERO;
    return STEP_NEXT;
}

static u256 word_at(struct bytes src, u256 off)
{
    uint8_t word[32] = {0};
    uint64_t from;
    if (u256_fits64(off, &from) && from < src.n) {
        size_t left = src.n - (size_t)from;
        memcpy(word, src.p + from, left < 32 ? left : 32);
    }
    return u256_from_be(word, 32);
}

/* account_op: the four that read another account, or our own balance. */
static enum step account_op(struct run *r, struct frame *f, uint8_t opcode, u256 *s)
{
    struct evm_acct *acct;
    if (opcode == 0x47) /* SELFBALANCE */
        return balance(r, f->self, &s[0]);
    if (opcode == 0x3c) /* EXTCODECOPY */
        return extcodecopy(r, f, s);
    STEP(access(r, f, s[-1], &acct));
    if (opcode == 0x31) /* BALANCE */
        return balance(r, acct, &s[-1]);
    if (opcode == 0x3b) { /* EXTCODESIZE */
        STEP(evm_need_code(r, acct));
        s[-1] = u256_of(acct->code.n);
        return STEP_NEXT;
    }
    STEP(evm_need_data(r, acct)); /* EXTCODEHASH: 0 for an empty account (EIP-1052) */
    s[-1] = acct->data.exists ? u256_from_be(acct->data.code_hash, 32) : U256_ZERO;
    return STEP_NEXT;
}

enum step evm_environment(struct run *r, struct frame *f, uint8_t opcode, u256 *s)
{
    const struct evm_block *b = r->block;
    switch (opcode) {
    case 0x30: /* ADDRESS */
        s[0] = f->self->key;
        break;
    case 0x31: /* BALANCE */
    case 0x3b: /* EXTCODESIZE */
    case 0x3c: /* EXTCODECOPY */
    case 0x3f: /* EXTCODEHASH */
    case 0x47: /* SELFBALANCE */
        return account_op(r, f, opcode, s);
    case 0x32: /* ORIGIN */
        s[0] = u256_from_be(r->call->from, 20);
        break;
    case 0x33: /* CALLER */
        s[0] = u256_from_be(f->caller, 20);
        break;
    case 0x34: /* CALLVALUE */
        s[0] = f->value;
        break;
    case 0x35: /* CALLDATALOAD */
        s[-1] = word_at(f->input, s[-1]);
        break;
    case 0x36: /* CALLDATASIZE */
        s[0] = u256_of(f->input.n);
        break;
    case 0x37: /* CALLDATACOPY */
        return copy(r, f, f->input, s);
    case 0x38: /* CODESIZE */
        s[0] = u256_of(f->code->code.n);
        break;
    case 0x39: /* CODECOPY */
        return copy(r, f, f->code->code, s);
    case 0x3a: /* GASPRICE: nobody pays for the question */
        s[0] = U256_ZERO;
        break;
    case 0x3d: /* RETURNDATASIZE */
        s[0] = u256_of(r->ret_len);
        break;
    case 0x3e: /* RETURNDATACOPY */
        return returndatacopy(r, f, s);
    case 0x40: /* BLOCKHASH: needs headers that nobody proved to us */
        return evm_abort(r, EVM_UNSUPPORTED, "BLOCKHASH");
    case 0x41: /* COINBASE */
        s[0] = u256_from_be(b->coinbase, 20);
        break;
    case 0x42: /* TIMESTAMP */
        s[0] = u256_of(b->timestamp);
        break;
    case 0x43: /* NUMBER */
        s[0] = u256_of(b->number);
        break;
    case 0x44: /* PREVRANDAO: EIP-4399 */
        s[0] = u256_from_be(b->prev_randao, 32);
        break;
    case 0x45: /* GASLIMIT */
        s[0] = u256_of(b->gas_limit);
        break;
    case 0x46: /* CHAINID */
        s[0] = u256_of(b->chain_id);
        break;
    case 0x48: /* BASEFEE */
        s[0] = b->base_fee;
        break;
    case 0x49: /* BLOBHASH: the question carries no blobs */
        s[-1] = U256_ZERO;
        break;
    case 0x4a: /* BLOBBASEFEE */
        return blob_base_fee(r, &s[0]);
    default:
        return evm_fault(r, "invalid opcode");
    }
    return STEP_NEXT;
}
