#include "policy/evm/precompile.h"

#include "base/hash.h"
#include "policy/evm/precompiles.h"

struct row {
    uint16_t number;
    enum eth_fork since;
    bool supported;
    const char *name;
};

/* Yellow Paper, appendix E; EIP-152, EIP-4844, EIP-2537, EIP-7951. */
static const struct row rows[] = {
    {0x01, ETH_PARIS, true, "ecrecover"},
    {0x02, ETH_PARIS, true, "sha256"},
    {0x03, ETH_PARIS, true, "ripemd160"},
    {0x04, ETH_PARIS, true, "identity"},
    {0x05, ETH_PARIS, true, "modexp"},
    {0x06, ETH_PARIS, false, "precompile 0x06: bn256 add"},
    {0x07, ETH_PARIS, false, "precompile 0x07: bn256 mul"},
    {0x08, ETH_PARIS, false, "precompile 0x08: bn256 pairing"},
    {0x09, ETH_PARIS, true, "blake2f"},
    {0x0a, ETH_CANCUN, false, "precompile 0x0a: KZG point evaluation"},
    {0x0b, ETH_PRAGUE, false, "precompile 0x0b: BLS12-381 G1 add"},
    {0x0c, ETH_PRAGUE, false, "precompile 0x0c: BLS12-381 G1 sum"},
    {0x0d, ETH_PRAGUE, false, "precompile 0x0d: BLS12-381 G2 add"},
    {0x0e, ETH_PRAGUE, false, "precompile 0x0e: BLS12-381 G2 sum"},
    {0x0f, ETH_PRAGUE, false, "precompile 0x0f: BLS12-381 pairing"},
    {0x10, ETH_PRAGUE, false, "precompile 0x10: BLS12-381 map to G1"},
    {0x11, ETH_PRAGUE, false, "precompile 0x11: BLS12-381 map to G2"},
    {0x100, ETH_OSAKA, true, "p256verify"},
};

static const struct row *row_of(enum eth_fork fork, const uint8_t addr[static 20])
{
    unsigned number = (unsigned)addr[18] << 8 | addr[19];
    if (!mem_is_zero(addr, 18))
        return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].number == number && rows[i].since <= fork)
            return &rows[i];
    return NULL;
}

bool precompile_is(enum eth_fork fork, const uint8_t addr[static 20])
{
    return row_of(fork, addr) != NULL;
}

static uint64_t per_word(uint64_t base, uint64_t word, size_t n)
{
    return base + word * (((uint64_t)n + 31) / 32);
}

/* price: *ok false: the input is one that fails whatever the gas. */
static uint64_t price(unsigned number, enum eth_fork fork, struct bytes in, bool *ok)
{
    uint8_t rounds[4];
    *ok = true;
    switch (number) {
    case 0x01:
        return 3000;
    case 0x02:
        return per_word(60, 12, in.n);
    case 0x03:
        return per_word(600, 120, in.n);
    case 0x04:
        return per_word(15, 3, in.n);
    case 0x05:
        return precompile_modexp_gas(fork, in, ok);
    case 0x09: /* EIP-152: one gas a round */
        precompile_pad(in, 0, rounds, 4);
        *ok = in.n == 213 && in.p[212] <= 1;
        return (uint64_t)rounds[0] << 24 | (uint64_t)rounds[1] << 16 | (uint64_t)rounds[2] << 8 |
               rounds[3];
    default: /* 0x100: EIP-7951 */
        return 6900;
    }
}

static struct bytes left_padded(uint8_t *word, size_t n)
{
    memset(word, 0, 32 - n);
    return bytes_of(word, 32);
}

/* compute: the price is paid. */
static enum rc compute(struct arena *a, unsigned number, struct bytes in, struct bytes *out,
                       struct err *err)
{
    uint8_t *buf = arena_alloc(a, 64, err);
    bool valid = false;
    if (!buf)
        return err->rc;
    switch (number) {
    case 0x01:
        valid = precompile_ecrecover(in, buf);
        *out = valid ? bytes_of(buf, 32) : BYTES_NONE;
        return RC_OK;
    case 0x02:
        hash_sha256(in, buf);
        *out = bytes_of(buf, 32);
        return RC_OK;
    case 0x03:
        hash_ripemd160(in, buf + 12);
        *out = left_padded(buf, 20);
        return RC_OK;
    case 0x04:
        *out = in;
        return RC_OK;
    case 0x05:
        return precompile_modexp(a, in, out, err);
    case 0x09:
        valid = precompile_blake2f(in, buf);
        *out = valid ? bytes_of(buf, 64) : BYTES_NONE;
        return RC_OK;
    default:
        TRY(precompile_p256(in, &valid, err));
        buf[31] = 1;
        *out = valid ? bytes_of(buf, 32) : BYTES_NONE;
        return RC_OK;
    }
}

enum rc precompile_run(struct arena *a, enum eth_fork fork, const uint8_t addr[static 20],
                       struct bytes input, uint64_t gas_given, struct precompile_result *out,
                       struct err *err)
{
    const struct row *row = row_of(fork, addr);
    struct precompile_result res = {.outcome = PRECOMPILE_NOT_ONE};
    bool ok;
    if (row)
        res.name = row->name;
    if (row && !row->supported)
        res.outcome = PRECOMPILE_UNSUPPORTED;
    if (row && row->supported) {
        res.outcome = PRECOMPILE_FAILED;
        res.gas = price(row->number, fork, input, &ok);
        if (ok && res.gas <= gas_given) {
            TRY(compute(a, row->number, input, &res.output, err));
            res.outcome = PRECOMPILE_OK;
        }
    }
    *out = res;
    return RC_OK;
}
