#include "policy/evm/precompiles.h"

/* RFC 7693, section 2.6: the initialisation vector of BLAKE2b. */
static const uint64_t iv[8] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
};

/* RFC 7693, section 2.7: message word schedule; round i uses row i mod 10. */
static const uint8_t sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t rotate_right(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

/* RFC 7693, section 3.1: the mixing function G. */
static void mix(uint64_t v[16], size_t a, size_t b, size_t c, size_t d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate_right(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotate_right(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotate_right(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate_right(v[b] ^ v[c], 63);
}

static void compress_rounds(uint64_t v[16], const uint64_t m[16], uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds; i++) {
        const uint8_t *s = sigma[i % 10];
        for (size_t k = 0; k < 4; k++)
            mix(v, k, k + 4, k + 8, k + 12, m[s[2 * k]], m[s[2 * k + 1]]);
        for (size_t k = 0; k < 4; k++)
            mix(v, k, (k + 1) % 4 + 4, (k + 2) % 4 + 8, (k + 3) % 4 + 12, m[s[2 * k + 8]],
                m[s[2 * k + 9]]);
    }
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t w = 0;
    for (size_t i = 8; i-- > 0;)
        w = w << 8 | p[i];
    return w;
}

/* EIP-152: rounds (4, big-endian), h (64), m (128), t (16), final flag (1). */
bool precompile_blake2f(struct bytes in, uint8_t out[static 64])
{
    uint64_t h[8], m[16], v[16];
    if (in.n != 213 || in.p[212] > 1)
        return false;
    uint32_t rounds =
        (uint32_t)in.p[0] << 24 | (uint32_t)in.p[1] << 16 | (uint32_t)in.p[2] << 8 | in.p[3];
    for (size_t i = 0; i < 8; i++)
        h[i] = le64(in.p + 4 + 8 * i);
    for (size_t i = 0; i < 16; i++)
        m[i] = le64(in.p + 68 + 8 * i);
    for (size_t i = 0; i < 8; i++) {
        v[i] = h[i];
        v[i + 8] = iv[i];
    }
    v[12] ^= le64(in.p + 196);
    v[13] ^= le64(in.p + 204);
    if (in.p[212])
        v[14] = ~v[14];
    compress_rounds(v, m, rounds);
    for (size_t i = 0; i < 64; i++)
        out[i] = (uint8_t)((h[i / 8] ^ v[i / 8] ^ v[i / 8 + 8]) >> (8 * (i % 8)));
    return true;
}
