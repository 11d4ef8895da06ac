#include "base/hash.h"
#include "policy/bls/g2_map.h"

/* RFC 9380 5.3.1: a block is SHA-256's, a result has at most 255 digests. */
#define HASH_BLOCK   64u
#define DIGESTS_MAX  255u
#define TAG_MAX      255u
#define OVERSIZE_TAG "H2C-OVERSIZE-DST-"

bool hash_expand_xmd(struct bytes msg, struct bytes dst, uint8_t *out, size_t n)
{
    static const uint8_t pad[HASH_BLOCK];
    const uint8_t lib[2] = {(uint8_t)(n >> 8), (uint8_t)n}, zero = 0;
    uint8_t first[SHA256_LEN], block[SHA256_LEN], tag[SHA256_LEN], mix[SHA256_LEN];
    memset(out, 0, n);
    if (n > (size_t)DIGESTS_MAX * SHA256_LEN)
        return false;
    if (dst.n > TAG_MAX) {
        HASH_PARTS(hash_sha256_parts, tag, bytes_of_str(OVERSIZE_TAG), dst);
        dst = BYTES_OF_ARRAY(tag);
    }
    const uint8_t dst_len = (uint8_t)dst.n;
    HASH_PARTS(hash_sha256_parts, first, BYTES_OF_ARRAY(pad), msg, BYTES_OF_ARRAY(lib),
               bytes_of(&zero, 1), dst, bytes_of(&dst_len, 1));
    memset(block, 0, sizeof block);
    uint8_t i = 0;
    for (size_t at = 0; at < n; at += SHA256_LEN) {
        i++;
        for (size_t k = 0; k < sizeof mix; k++)
            mix[k] = first[k] ^ block[k]; /* b_0 for the first, its xor with b_(i-1) afterwards */
        HASH_PARTS(hash_sha256_parts, block, BYTES_OF_ARRAY(mix), bytes_of(&i, 1), dst,
                   bytes_of(&dst_len, 1));
        memcpy(out + at, block, n - at < sizeof block ? n - at : sizeof block);
    }
    return true;
}

/* RFC 9380 5.2 with count 2, m 2, L 64; then 3: two points, added, the cofactor cleared. */
void g2_hash(struct bytes msg, struct bytes dst, struct g2_affine *out)
{
    uint8_t uniform[4 * 64];
    struct g2 sum = {.z = fp2_zero};
    *out = (struct g2_affine){.infinity = true};
    if (!hash_expand_xmd(msg, dst, uniform, sizeof uniform))
        return;
    for (size_t i = 0; i < 2; i++) {
        struct fp2 u;
        struct iso_point q;
        struct g2 on_twist;
        fp_reduce_wide(uniform + 128 * i, &u.c0);
        fp_reduce_wide(uniform + 128 * i + 64, &u.c1);
        map_sswu(&u, &q);
        map_isogeny(&q, &on_twist);
        g2_add(&sum, &sum, &on_twist);
    }
    g2_clear_cofactor(&sum, &sum);
    g2_to_affine(out, &sum);
}
