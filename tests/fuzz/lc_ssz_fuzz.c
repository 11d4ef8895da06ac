/*
 * lc_ssz: light-client containers as SSZ. The first byte says what the rest is: bits 0-1 the kind,
 * bit 2 mainnet (else a chain of the minimal preset that has every fork), bit 3 an answer of
 * /light_client/updates. What is accepted is written back to the same bytes: SSZ has one encoding.
 * Then a store is asked, whose committee has no key: it takes no update, and stays as it is.
 */
#include <stdlib.h>

#include "policy/beacon/ssz.h"
#include "policy/beacon/store.h"
#include "tests/fuzz/lc_fuzz.h"

static void ask_store(struct arena *a, const struct beacon_network *n, const struct lc_update *u)
{
    static const uint8_t keys[BEACON_COMMITTEE_MAX][BLS_KEY];
    struct lc_store s = {.network = n}, before;
    struct err err = {0};
    bool moved;
    /* Of the attested header's own period, so that the checks behind are reached. */
    uint64_t period = n->slots_per_epoch * n->epochs_per_period;
    s.finalized.beacon.slot = u->attested.beacon.slot / period * period;
    s.current.known = true;
    s.current.raw = (struct lc_committee){.keys = keys, .n = n->committee_size};
    before = s;
    if (lc_store_update(a, &s, u, UINT64_MAX, &moved, &err) == RC_OK ||
        memcmp(&s, &before, sizeof s) != 0)
        abort();
}

static void one(const struct beacon_network *n, enum lc_kind kind, struct bytes ssz)
{
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_update u;
    struct arena *a = arena_new((size_t)1 << 20);
    struct bytes again;
    if (!a)
        return;
    if (kind == LC_BOOTSTRAP) {
        if (lc_bootstrap_from_ssz(a, n, ssz, &b, &err) == RC_OK) {
            struct lc_store s;
            uint8_t root[32];
            if (!write_back(a, n, kind, &b, NULL, &again) || !bytes_eq(again, ssz))
                abort();
            /* For its own root: the proofs decide. For another: never. */
            ssz_root_of_header(&b.header.beacon, root);
            if (lc_store_start(a, n, root, &b, &s, &err) == RC_OK && !s.current.known)
                abort();
            root[7] ^= 1;
            if (lc_store_start(a, n, root, &b, &s, &err) == RC_OK)
                abort();
        }
    } else if (lc_update_from_ssz(a, n, kind, ssz, &u, &err) == RC_OK) {
        if (!write_back(a, n, kind, NULL, &u, &again) || !bytes_eq(again, ssz))
            abort();
        ask_store(a, n, &u);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct beacon_network *n =
        data[0] & 4 ? beacon_network_named(bytes_of_str("mainnet")) : &fuzz_network;
    enum lc_kind kind = (enum lc_kind)(LC_BOOTSTRAP + (data[0] & 3));
    struct bytes in = bytes_of(data + 1, size - 1), out[16];
    struct err err = {0};
    size_t count, total = 0;
    if (!(data[0] & 8)) {
        one(n, kind, in);
        return 0;
    }
    if (lc_updates_split(in, out, 16, &count, &err) != RC_OK)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (out[i].n && (out[i].p < in.p || out[i].p + out[i].n > in.p + in.n))
            abort();
        total += out[i].n;
        one(n, LC_UPDATE, out[i]);
    }
    /* The framing is 12 bytes each, or 20 and an offset. */
    if (total + 12 * count != in.n && total + 24 * count != in.n)
        abort();
    return 0;
}
