#include "policy/near/light.h"

#include "base/limits.h"
#include "policy/near/ed25519.h"

#define APPROVAL_MESSAGE 41u /* 0x00 (Endorsement) || hash of the next block || u64 height + 2 */
/* One entry at most: tag, account id, key, stake. */
#define STAKE_BYTES (1u + 4u + 64u + 1u + 64u + 16u)

enum rc near_bp_hash(struct arena *a, const struct near_producers *p, uint8_t out[static 32],
                     struct err *err)
{
    size_t cap = 4 + p->n * STAKE_BYTES;
    struct borsh_out o = {.p = arena_alloc(a, cap, err), .cap = cap};
    if (!o.p)
        return err->rc;
    borsh_put_u32(&o, (uint32_t)p->n);
    for (size_t i = 0; i < p->n; i++) {
        const struct near_producer *v = &p->v[i];
        borsh_put_u8(&o, 0); /* ValidatorStake::V1 */
        borsh_put_bytes(&o, v->account_id);
        borsh_put_u8(&o, v->key_type);
        borsh_put(&o, bytes_of(v->key, v->key_type == 0 ? 32 : 64));
        borsh_put_u128(&o, v->stake);
    }
    if (o.bad)
        return err_set(err, BG_NEAR_PRODUCERS_SIZE, "%zu producers", p->n);
    hash_sha256(bytes_of(o.p, o.n), out);
    return RC_OK;
}

void near_head_start(const struct near_checkpoint *c, struct near_head *out)
{
    *out = (struct near_head){.height = c->height, .timestamp = c->timestamp};
    memcpy(out->block_hash, c->block_hash, 32);
    memcpy(out->epoch_id, c->epoch_id, 32);
    memcpy(out->next_epoch_id, c->next_epoch_id, 32);
    memcpy(out->bp_hash, c->bp_hash, 32);
    memcpy(out->next_bp_hash, c->next_bp_hash, 32);
}

bool near_head_producers(struct arena *a, struct near_head *h, const struct near_producers *p,
                         struct err *err)
{
    uint8_t hash[32];
    bool taken = false;
    if (near_bp_hash(a, p, hash, err) != RC_OK)
        return false;
    if (memcmp(hash, h->bp_hash, 32) == 0) {
        h->producers = *p;
        taken = true;
    }
    if (memcmp(hash, h->next_bp_hash, 32) == 0) {
        h->next_producers = *p;
        taken = true;
    }
    return taken;
}

/* approved sums the stake of those who signed; a signature that is there and wrong refuses all. */
static enum rc approved(const struct near_block *b, const struct near_producers *p, struct err *err)
{
    uint8_t next_hash[32];
    uint8_t message[APPROVAL_MESSAGE];
    struct borsh_out o = {.p = message, .cap = sizeof message};
    u128 total = 0, given = 0;
    const u128 most = (u128)1 << 120; /* far over NEAR's supply; thrice it still fits */
    if (b->lite.height > UINT64_MAX - 2)
        return err_set(err, BG_NEAR_HEIGHT_RANGE, "%s", "height");
    HASH_PARTS(hash_sha256_parts, next_hash, BYTES_OF_ARRAY(b->next_block_inner_hash),
               BYTES_OF_ARRAY(b->hash));
    borsh_put_u8(&o, 0);
    borsh_put(&o, BYTES_OF_ARRAY(next_hash));
    borsh_put_u64(&o, b->lite.height + 2);
    for (size_t i = 0; i < p->n; i++) {
        const struct near_producer *v = &p->v[i];
        if (v->stake > most || total > most)
            return err_set(err, BG_NEAR_STAKE_RANGE, "producer %zu", i);
        total += v->stake; /* of all producers, however short the list of approvals is */
        if (i >= b->num_approvals || !b->approvals[i].given || v->key_type != 0)
            continue;
        if (!ed25519_verify(v->key, bytes_of(message, o.n), b->approvals[i].signature))
            return err_set(err, BG_NEAR_APPROVAL, "approval %zu", i);
        given += v->stake;
    }
    if (given * 3 <= total * 2)
        return err_set(err, BG_NEAR_STAKE, "%u %% of the stake has signed",
                       (unsigned)(given / (total / 100 + 1)));
    return RC_OK;
}

enum rc near_light_accept(struct arena *a, struct near_head *h, const struct near_block *b,
                          struct err *err)
{
    const struct near_inner_lite *l = &b->lite;
    uint8_t hash[32];
    if (l->height <= h->height)
        return err_set(err, BG_NEAR_NOT_NEWER, "height %llu, the head has %llu",
                       (unsigned long long)l->height, (unsigned long long)h->height);
    bool same = memcmp(l->epoch_id, h->epoch_id, 32) == 0;
    bool next = !same && memcmp(l->epoch_id, h->next_epoch_id, 32) == 0;
    if (!same && !next)
        return err_set(err, BG_NEAR_EPOCH, "height %llu", (unsigned long long)l->height);
    if (next && !b->has_next_bps)
        return err_set(err, BG_NEAR_NO_NEXT_BPS, "height %llu", (unsigned long long)l->height);
    const struct near_producers *p = next ? &h->next_producers : &h->producers;
    if (p->n == 0)
        return err_set(err, BG_NEAR_NO_PRODUCERS, "height %llu", (unsigned long long)l->height);
    TRY(approved(b, p, err));
    if (b->has_next_bps) {
        TRY(near_bp_hash(a, &b->next_bps, hash, err));
        if (memcmp(hash, l->next_bp_hash, 32) != 0)
            return err_set(err, BG_NEAR_NEXT_BP_HASH, "height %llu", (unsigned long long)l->height);
    }
    if (next) {
        h->producers = h->next_producers;
        memcpy(h->bp_hash, h->next_bp_hash, 32);
        h->epochs++;
    }
    if (b->has_next_bps)
        h->next_producers = b->next_bps;
    else if (memcmp(h->next_bp_hash, l->next_bp_hash, 32) != 0)
        h->next_producers = (struct near_producers){0};
    h->height = l->height;
    h->timestamp = l->timestamp;
    memcpy(h->block_hash, b->hash, 32);
    memcpy(h->prev_block_hash, b->prev_block_hash, 32);
    memcpy(h->epoch_id, l->epoch_id, 32);
    memcpy(h->next_epoch_id, l->next_epoch_id, 32);
    memcpy(h->prev_state_root, l->prev_state_root, 32);
    memcpy(h->outcome_root, l->outcome_root, 32);
    memcpy(h->block_merkle_root, l->block_merkle_root, 32);
    memcpy(h->next_bp_hash, l->next_bp_hash, 32);
    return RC_OK;
}
