#include "policy/beacon/checkpoint.h"

#include <secp256k1.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/hex.h"
#include "policy/beacon/checkpoint_digest.h"

static const char tag[] = "bootgate/checkpoint/v1";
_Static_assert(sizeof tag - 1 == 22, "the tag as CHECKPOINT_MESSAGE counts it");

static uint8_t *put_u64(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (56 - 8 * i));
    return p + 8;
}

static uint8_t *put(uint8_t *p, const void *from, size_t n)
{
    memcpy(p, from, n);
    return p + n;
}

void checkpoint_message(const struct checkpoint_doc *d, uint8_t out[static CHECKPOINT_MESSAGE])
{
    uint8_t *p = put(out, tag, sizeof tag - 1);
    p = put(p, d->genesis_validators_root, sizeof d->genesis_validators_root);
    p = put(p, d->fork_version, sizeof d->fork_version);
    p = put_u64(p, d->slot);
    p = put(p, d->root, sizeof d->root);
    p = put_u64(p, d->issued);
    (void)put_u64(p, d->not_after);
}

void checkpoint_digest(const struct checkpoint_doc *d, uint8_t out[static SHA256_LEN])
{
    uint8_t message[CHECKPOINT_MESSAGE];
    checkpoint_message(d, message);
    hash_sha256(BYTES_OF_ARRAY(message), out);
}

/* one_secret: equal, or each other's negative: who knows one key's secret knows the other's. */
static bool one_secret(const uint8_t a[static CHECKPOINT_KEY],
                       const uint8_t b[static CHECKPOINT_KEY])
{
    return memcmp(a + 1, b + 1, CHECKPOINT_KEY - 1) == 0;
}

enum rc checkpoint_signers_ok(const struct checkpoint_signers *s, struct err *err)
{
    secp256k1_pubkey point;
    if (s->num_keys == 0 || s->num_keys > CHECKPOINT_SIGNERS_MAX)
        return err_set(err, BG_CHECKPOINT_SIGNERS, "%zu keys, 1 to %u", s->num_keys,
                       CHECKPOINT_SIGNERS_MAX);
    if (s->threshold == 0 || s->threshold > s->num_keys)
        return err_set(err, BG_CHECKPOINT_SIGNERS_THRESHOLD, "%zu of %zu keys", s->threshold,
                       s->num_keys);
    for (size_t i = 0; i < s->num_keys; i++) {
        if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, s->keys[i],
                                       CHECKPOINT_KEY))
            return err_set(err, BG_CHECKPOINT_SIGNERS_KEY, "key %zu", i);
        for (size_t k = 0; k < i; k++)
            if (one_secret(s->keys[i], s->keys[k]))
                return err_set(err, BG_CHECKPOINT_SIGNERS_SAME, "keys %zu and %zu", k, i);
    }
    return RC_OK;
}

enum rc checkpoint_check(const struct checkpoint_doc *d, const struct beacon_network *n,
                         uint64_t min_slot, uint64_t now, struct err *err)
{
    const struct beacon_fork_at *fork = beacon_fork_at_slot(n, d->slot);
    if (memcmp(d->genesis_validators_root, n->genesis_validators_root, 32) != 0)
        return err_set(err, BG_CHECKPOINT_NETWORK,
                       "its genesis_validators_root 0x%02x%02x%02x%02x.. is not that of %s",
                       d->genesis_validators_root[0], d->genesis_validators_root[1],
                       d->genesis_validators_root[2], d->genesis_validators_root[3], n->name);
    if (!fork || memcmp(d->fork_version, fork->version, 4) != 0)
        return err_set(err, BG_CHECKPOINT_FORK,
                       "version 0x%02x%02x%02x%02x, and slot %llu is in %s", d->fork_version[0],
                       d->fork_version[1], d->fork_version[2], d->fork_version[3],
                       (unsigned long long)d->slot, fork ? beacon_fork_name(fork->fork) : "none");
    if (d->not_after <= d->issued || d->not_after - d->issued > CHECKPOINT_MAX_LIFE)
        return err_set(err, BG_CHECKPOINT_LIFE, "issued %s, not_after %s", date_of(d->issued).s,
                       date_of(d->not_after).s);
    if (d->issued < beacon_time_of(n, d->slot))
        return err_set(err, BG_CHECKPOINT_BEFORE_SLOT, "issued %s, and slot %llu began %s",
                       date_of(d->issued).s, (unsigned long long)d->slot,
                       date_of(beacon_time_of(n, d->slot)).s);
    if (d->issued > now && d->issued - now > CHECKPOINT_SKEW)
        return err_set(err, BG_CHECKPOINT_FUTURE, "issued %s, the clock says %s",
                       date_of(d->issued).s, date_of(now).s);
    if (now > d->not_after)
        return err_set(err, BG_CHECKPOINT_EXPIRED, "not_after %s, the clock says %s",
                       date_of(d->not_after).s, date_of(now).s);
    if (d->slot < min_slot)
        return err_set(err, BG_CHECKPOINT_OLD_SLOT, "slot %llu, and %llu is known",
                       (unsigned long long)d->slot, (unsigned long long)min_slot);
    return RC_OK;
}

enum rc checkpoint_signature_ok(const struct checkpoint_doc *d, size_t i, struct err *err)
{
    const secp256k1_context *ctx = secp256k1_context_static;
    const struct checkpoint_signature *s = &d->signatures[i];
    uint8_t digest[SHA256_LEN];
    char who[2 * 5 + 1];
    secp256k1_ecdsa_signature sig;
    secp256k1_pubkey key;
    checkpoint_digest(d, digest);
    hex_encode(bytes_of(s->key, 5), who);
    if (!secp256k1_ec_pubkey_parse(ctx, &key, s->key, CHECKPOINT_KEY))
        return err_set(err, BG_CHECKPOINT_KEY_POINT, "key 0x%s..", who);
    if (!secp256k1_ecdsa_signature_parse_compact(ctx, &sig, s->signature))
        return err_set(err, BG_CHECKPOINT_SIG_RANGE, "of key 0x%s..", who);
    if (secp256k1_ecdsa_signature_normalize(ctx, NULL, &sig))
        return err_set(err, BG_CHECKPOINT_SIG_HIGH_S, "of key 0x%s..", who);
    if (!secp256k1_ecdsa_verify(ctx, &sig, digest, &key))
        return err_set(err, BG_CHECKPOINT_SIGNATURE_BAD, "of key 0x%s..", who);
    return RC_OK;
}

/* signer_of: which configured key this is; num_keys: none of them. */
static size_t signer_of(const struct checkpoint_signers *s, const uint8_t *key)
{
    size_t i = 0;
    while (i < s->num_keys && memcmp(s->keys[i], key, CHECKPOINT_KEY) != 0)
        i++;
    return i;
}

enum rc checkpoint_verify(const struct checkpoint_doc *d, const struct beacon_network *n,
                          const struct checkpoint_signers *signers, uint64_t min_slot, uint64_t now,
                          struct checkpoint_ok *out, struct err *err)
{
    struct checkpoint_ok ok = {
        .checkpoint.slot = d->slot, .issued = d->issued, .not_after = d->not_after};
    TRY(checkpoint_signers_ok(signers, err));
    TRY(checkpoint_check(d, n, min_slot, now, err));
    for (size_t i = 0; i < d->num_signatures; i++) {
        size_t who = signer_of(signers, d->signatures[i].key);
        if (who == signers->num_keys) {
            ok.unknown++;
            continue;
        }
        TRY(checkpoint_signature_ok(d, i, err));
        ok.signed_by += !ok.signer[who];
        ok.signer[who] = true;
    }
    if (ok.signed_by < signers->threshold)
        return err_set(err, BG_CHECKPOINT_THRESHOLD,
                       "%zu of %zu configured keys signed, %zu must; %zu signatures are by others",
                       ok.signed_by, signers->num_keys, signers->threshold, ok.unknown);
    memcpy(ok.checkpoint.root, d->root, 32);
    *out = ok;
    return RC_OK;
}
