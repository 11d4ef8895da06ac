#include "base/keccak.h"

#include "base/cur.h"

/* Keccak reference 3.0, section 1.2 (FIPS 202, section 3.2.5): round constants of iota. */
static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* Yellow Paper, notation: KEC is Keccak with capacity 512, so a block is 200 - 64 bytes. */
#define RATE 136

static inline uint64_t rol(uint64_t v, unsigned n)
{
    return v << n | v >> ((64 - n) & 63);
}

/*
 * PLANE: rho, pi and chi for one row of the result. The five lanes named come from the diagonal
 * that pi moves into this row, each with its column's theta word and its rho offset.
 */
#define PLANE(o, a, x0, r0, x1, r1, x2, r2, x3, r3, x4, r4, out)                                   \
    do {                                                                                           \
        uint64_t b0 = rol((a)[x0] ^ d[(x0) % 5], r0), b1 = rol((a)[x1] ^ d[(x1) % 5], r1);         \
        uint64_t b2 = rol((a)[x2] ^ d[(x2) % 5], r2), b3 = rol((a)[x3] ^ d[(x3) % 5], r3);         \
        uint64_t b4 = rol((a)[x4] ^ d[(x4) % 5], r4);                                              \
        (out)[(o) + 0] = b0 ^ (~b1 & b2);                                                          \
        (out)[(o) + 1] = b1 ^ (~b2 & b3);                                                          \
        (out)[(o) + 2] = b2 ^ (~b3 & b4);                                                          \
        (out)[(o) + 3] = b3 ^ (~b4 & b0);                                                          \
        (out)[(o) + 4] = b4 ^ (~b0 & b1);                                                          \
    } while (0)

/* One round from a into e; lane (x, y) of the specification is index x + 5y. */
static inline __attribute__((always_inline)) void keccak_round(const uint64_t a[static 25],
                                                               uint64_t e[static 25], uint64_t rc)
{
    /* Spelled out: gcc keeps the lanes in registers only without the loops. */
    uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20], c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22], c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    const uint64_t d[5] = {c4 ^ rol(c1, 1), c0 ^ rol(c2, 1), c1 ^ rol(c3, 1), c2 ^ rol(c4, 1),
                           c3 ^ rol(c0, 1)};
    PLANE(0, a, 0, 0, 6, 44, 12, 43, 18, 21, 24, 14, e);
    PLANE(5, a, 3, 28, 9, 20, 10, 3, 16, 45, 22, 61, e);
    PLANE(10, a, 1, 1, 7, 6, 13, 25, 19, 8, 20, 18, e);
    PLANE(15, a, 4, 27, 5, 36, 11, 10, 17, 15, 23, 56, e);
    PLANE(20, a, 2, 62, 8, 55, 14, 39, 15, 41, 21, 2, e);
    e[0] ^= rc;
}

static void permute(uint64_t s[static 25])
{
    uint64_t a[25], e[25];
    memcpy(a, s, sizeof a);
    for (unsigned r = 0; r < 24; r += 2) {
        keccak_round(a, e, round_constants[r]);
        keccak_round(e, a, round_constants[r + 1]);
    }
    memcpy(s, a, sizeof a);
}

struct sponge {
    uint64_t s[25];
    uint8_t block[RATE];
    size_t fill;
};

static void absorb_block(struct sponge *k, struct bytes block)
{
    struct cur c = cur_of(block);
    for (unsigned i = 0; i < RATE / 8; i++)
        k->s[i] ^= cur_u64le(&c);
    permute(k->s);
}

static void absorb(struct sponge *k, struct bytes in)
{
    struct cur c = cur_of(in);
    while (cur_left(&c)) {
        if (k->fill == 0 && cur_left(&c) >= RATE) {
            absorb_block(k, cur_take(&c, RATE));
            continue;
        }
        size_t room = RATE - k->fill, left = cur_left(&c), n = left < room ? left : room;
        cur_copy(&c, k->block + k->fill, n);
        k->fill += n;
        if (k->fill == RATE) {
            absorb_block(k, BYTES_OF_ARRAY(k->block));
            k->fill = 0;
        }
    }
}

static void squeeze(struct sponge *k, uint8_t out[static 32])
{
    memset(k->block + k->fill, 0, RATE - k->fill);
    k->block[k->fill] = 0x01;
    k->block[RATE - 1] |= 0x80;
    absorb_block(k, BYTES_OF_ARRAY(k->block));
    for (unsigned i = 0; i < 32; i++)
        out[i] = (uint8_t)(k->s[i / 8] >> (8 * (i % 8)));
}

void keccak256_parts(const struct bytes *parts, size_t n, uint8_t out[static 32])
{
    struct sponge k = {.fill = 0};
    for (size_t i = 0; i < n; i++)
        absorb(&k, parts[i]);
    squeeze(&k, out);
}

void keccak256(struct bytes in, uint8_t out[static 32])
{
    keccak256_parts(&in, 1, out);
}
