#include "policy/bls/bls.h"

#include "policy/bls/pairing.h"

/* consensus-specs phase0/beacon-chain.md, "BLS signatures" */
static const char dst[] = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

bool bls_key_valid(const uint8_t key[static BLS_KEY], struct g1_affine *out, const char **why)
{
    struct g1_affine p;
    if (!g1_decompress(key, &p, why))
        return false;
    if (p.infinity) {
        *why = "the key is the point at infinity";
        return false;
    }
    if (!g1_in_group(&p)) {
        *why = "the key is not in the subgroup";
        return false;
    }
    *out = p;
    return true;
}

/*
 * e(key, H(msg)) == e(g, sig). The key has been checked: in the subgroup and not infinity. With
 * such a key, infinity signs only a message that hashes to infinity; so neither is ever accepted.
 */
static bool signature_of(const struct g1_affine *key, struct bytes msg,
                         const uint8_t sig[static BLS_SIGNATURE], const char **why)
{
    struct g1_affine p[2];
    struct g2_affine q[2];
    if (!g2_decompress(sig, &q[1], why))
        return false;
    if (q[1].infinity) {
        *why = "the signature is the point at infinity";
        return false;
    }
    if (!g2_in_group(&q[1])) {
        *why = "the signature is not in the subgroup";
        return false;
    }
    g2_hash(msg, bytes_of_str(dst), &q[0]);
    p[0] = *key;
    g1_neg_affine(&p[1], &g1_generator);
    if (q[0].infinity || !pairing_product_is_one(p, q, 2)) {
        *why = "the signature is not one of this key over this message";
        return false;
    }
    return true;
}

/* A sum of keys as a key: KeyValidate of FastAggregateVerify's step 4 (CoreVerify). */
static bool signature_of_sum(const struct g1 *sum, struct bytes msg,
                             const uint8_t sig[static BLS_SIGNATURE], const char **why)
{
    struct g1_affine key;
    g1_to_affine(&key, sum);
    if (key.infinity) {
        *why = "the keys add up to infinity";
        return false;
    }
    if (!g1_in_group(&key)) {
        *why = "the sum of the keys is not in the subgroup";
        return false;
    }
    return signature_of(&key, msg, sig, why);
}

bool bls_verify(const uint8_t key[static BLS_KEY], struct bytes msg,
                const uint8_t sig[static BLS_SIGNATURE], const char **why)
{
    struct g1_affine p;
    return bls_key_valid(key, &p, why) && signature_of(&p, msg, sig, why);
}

bool bls_fast_aggregate_verify(const uint8_t (*keys)[BLS_KEY], size_t n, struct bytes msg,
                               const uint8_t sig[static BLS_SIGNATURE], const char **why)
{
    struct g1 sum = {.z = fp_zero};
    if (n == 0) {
        *why = "there is no key";
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct g1_affine p;
        if (!bls_key_valid(keys[i], &p, why))
            return false;
        g1_add_affine(&sum, &sum, &p);
    }
    return signature_of_sum(&sum, msg, sig, why);
}

bool bls_committee_read(const uint8_t (*keys)[BLS_KEY], size_t n, const uint8_t (*y)[FP_BYTES],
                        struct bls_committee *out, size_t *out_wrong_hints, const char **why)
{
    const struct g1_affine *all[BLS_MAX_KEYS];
    struct g1 sum;
    size_t wrong = 0;
    out->n = 0;
    *out_wrong_hints = 0;
    if (n == 0 || n > BLS_MAX_KEYS) {
        *why = "a committee has 1 to 512 keys";
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct g1_affine *p = &out->keys[i];
        all[i] = p;
        if (y && g1_from_hint(keys[i], y[i], p, why))
            continue;
        if (!g1_decompress(keys[i], p, why))
            return false;
        if (p->infinity) {
            *why = "a member's key is the point at infinity";
            return false;
        }
        wrong += y != NULL;
    }
    g1_sum(all, n, &sum);
    g1_to_affine(&out->aggregate, &sum);
    *out_wrong_hints = wrong;
    out->n = n;
    return true;
}

void bls_committee_hints(const struct bls_committee *c, uint8_t (*y)[FP_BYTES])
{
    for (size_t i = 0; i < c->n; i++)
        fp_write(&c->keys[i].y, y[i]);
}

bool bls_committee_verify(const struct bls_committee *c, struct bytes bits, struct bytes msg,
                          const uint8_t sig[static BLS_SIGNATURE], const char **why)
{
    const struct g1_affine *members[2][BLS_MAX_KEYS]; /* absent, present */
    size_t count[2] = {0, 0};
    struct g1 sum;
    if (c->n == 0 || c->n > BLS_MAX_KEYS) {
        *why = "there is no committee";
        return false;
    }
    if (bits.n != (c->n + 7) / 8 || (c->n % 8 && bits.p[bits.n - 1] >> c->n % 8)) {
        *why = "the bits do not have the committee's size";
        return false;
    }
    for (size_t i = 0; i < c->n; i++) {
        unsigned present = bits.p[i / 8] >> i % 8 & 1;
        members[present][count[present]++] = &c->keys[i];
    }
    if (count[1] == 0) {
        *why = "no member has signed";
        return false;
    }
    if (count[0] < count[1]) {
        struct g1_affine absent;
        g1_sum(members[0], count[0], &sum);
        g1_to_affine(&absent, &sum);
        g1_neg_affine(&absent, &absent);
        g1_from_affine(&sum, &c->aggregate);
        g1_add_affine(&sum, &sum, &absent);
    } else {
        g1_sum(members[1], count[1], &sum);
    }
    return signature_of_sum(&sum, msg, sig, why);
}
