#include "tests/lib/bls_sign.h"

#include "base/hash.h"
#include "tests/lib/bls_points.h"

static const char dst[] = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

void bls_secret(uint64_t seed, uint64_t i, uint8_t out[static BLS_SECRET])
{
    uint8_t in[16];
    for (unsigned b = 0; b < 8; b++) {
        in[b] = (uint8_t)(seed >> 8 * b);
        in[8 + b] = (uint8_t)(i >> 8 * b);
    }
    hash_sha256(BYTES_OF_ARRAY(in), out);
    out[0] &= 0x3f; /* below r, which begins with 73 */
}

/* The sum of n secret keys, not reduced: what is multiplied has the order r. */
#define SUM_BYTES (BLS_SECRET + 8u)
static void add_secrets(const uint8_t (*secrets)[BLS_SECRET], size_t n,
                        uint8_t out[static SUM_BYTES])
{
    memset(out, 0, SUM_BYTES);
    for (size_t i = 0; i < n; i++) {
        unsigned carry = 0;
        for (size_t b = SUM_BYTES; b-- > 0;) {
            carry += out[b];
            if (b >= SUM_BYTES - BLS_SECRET)
                carry += secrets[i][b - (SUM_BYTES - BLS_SECRET)];
            out[b] = (uint8_t)carry;
            carry >>= 8;
        }
    }
}

void bls_public_all(const uint8_t (*secrets)[BLS_SECRET], size_t n, uint8_t out[static BLS_KEY])
{
    uint8_t k[SUM_BYTES];
    struct g1_affine a;
    struct g1 p;
    add_secrets(secrets, n, k);
    g1_from_affine(&p, &g1_generator);
    g1_times(&p, &p, BYTES_OF_ARRAY(k));
    g1_to_affine(&a, &p);
    g1_compress(&a, out);
}

void bls_sign_all(const uint8_t (*secrets)[BLS_SECRET], size_t n, struct bytes msg,
                  uint8_t out[static BLS_SIGNATURE])
{
    uint8_t k[SUM_BYTES];
    struct g2_affine a;
    struct g2 p;
    add_secrets(secrets, n, k);
    g2_hash(msg, bytes_of_str(dst), &a);
    g2_from_affine(&p, &a);
    g2_times(&p, &p, BYTES_OF_ARRAY(k));
    g2_to_affine(&a, &p);
    g2_compress(&a, out);
}

void bls_public(const uint8_t secret[static BLS_SECRET], uint8_t out[static BLS_KEY])
{
    bls_public_all((const uint8_t(*)[BLS_SECRET])secret, 1, out);
}

void bls_sign(const uint8_t secret[static BLS_SECRET], struct bytes msg,
              uint8_t out[static BLS_SIGNATURE])
{
    bls_sign_all((const uint8_t(*)[BLS_SECRET])secret, 1, msg, out);
}

bool bls_aggregate(const uint8_t (*sigs)[BLS_SIGNATURE], size_t n,
                   uint8_t out[static BLS_SIGNATURE])
{
    struct g2 sum = {.z = fp2_zero}, p;
    struct g2_affine a;
    const char *why;
    for (size_t i = 0; i < n; i++) {
        if (!g2_decompress(sigs[i], &a, &why) || !g2_in_group(&a))
            return false;
        g2_from_affine(&p, &a);
        g2_add(&sum, &sum, &p);
    }
    g2_to_affine(&a, &sum);
    g2_compress(&a, out);
    return n != 0;
}
