/*
 * near: the first byte chooses a reader. Light blocks and outcome proofs as JSON, STATE of both
 * contracts, a signed transaction, and a trie proof whose hashes are filled in, so that the walk
 * goes as deep as the shapes allow. What is accepted must hold what its reader promises.
 */
#include <stdlib.h>

#include "base/cur.h"
#include "policy/near/call.h"
#include "policy/near/contract.h"
#include "policy/near/light.h"
#include "policy/near/outcome.h"
#include "policy/near/trie.h"

static void light(struct arena *a, struct bytes text)
{
    struct err err = {0};
    json_t *parsed = NULL;
    struct near_block b;
    if (json_read(text, 1 << 17, &parsed, &err) != RC_OK)
        return;
    AUTO_JSON j = parsed;
    if (near_block_from_json(a, j, &b, &err) != RC_OK) {
        if (err.rc == RC_OK)
            abort();
        return;
    }
    if (b.has_next_bps != (b.next_bps.n != 0))
        abort();
    /* A head whose producers are the block's own next ones: the seed is signed by those. */
    struct near_head h = {.producers = b.next_bps}, before;
    memcpy(h.epoch_id, b.lite.epoch_id, 32);
    before = h;
    if (near_light_accept(a, &h, &b, &err) != RC_OK) {
        if (memcmp(&h, &before, sizeof h) != 0)
            abort();
        return;
    }
    if (h.height != b.lite.height || memcmp(h.block_hash, b.hash, 32) != 0)
        abort();
    b.hash[0] ^= 1; /* what was signed is this block and no other */
    if (near_light_accept(a, &before, &b, &err) == RC_OK)
        abort();
}

static void outcome(struct arena *a, struct bytes text)
{
    struct err err = {0};
    json_t *parsed = NULL;
    struct near_outcome o = {0};
    uint8_t root[32] = {0};
    if (json_read(text, 1 << 17, &parsed, &err) != RC_OK)
        return;
    AUTO_JSON j = parsed;
    if (near_outcome_prove(a, j, root, &o, &err) == RC_OK || o.status != NEAR_STATUS_NONE)
        abort();
}

static void states(struct bytes raw)
{
    struct err err = {0}, err2 = {0};
    struct near_app_state app;
    struct near_kms_state kms;
    if (near_app_state_read(raw, &app, &err) == RC_OK &&
        (raw.n < 35 || (app.has_kms_contract && !near_account_ok(app.kms_contract))))
        abort();
    if (near_kms_state_read(raw, &kms, &err2) == RC_OK && !near_account_ok(kms.mpc_contract))
        abort();
    if (err.rc == RC_OK && err2.rc == RC_OK)
        abort(); /* no bytes are both */
}

/* transaction: what is taken has no other reading: all of its parts lie in it, in order. */
static void transaction(struct bytes raw)
{
    struct err err = {0};
    struct near_transaction t;
    if (near_transaction_read(raw, &t, &err) != RC_OK) {
        if (err.rc == RC_OK)
            abort();
        return;
    }
    if (!near_account_ok(t.signer) || t.signer.p != raw.p + 4 || t.receiver.p < t.signer.p ||
        t.method.p < t.receiver.p || t.args.p < t.method.p ||
        t.args.p + t.args.n + 24 + 65 > raw.p + raw.n)
        abort();
    struct bytes shorter = bytes_of(raw.p, raw.n - 1);
    if (near_transaction_read(shorter, &t, &err) == RC_OK)
        abort();
}

enum { MAX = 40 };

/* name_child writes the child's hash where an inner node has its last one. */
static void name_child(uint8_t *node, size_t n, struct bytes child)
{
    if (n >= 41 && node[0] != 0)
        hash_sha256(child, node + n - 40);
}

static void trie(struct arena *a, struct cur *c)
{
    static uint8_t store[MAX][256];
    struct bytes nodes[MAX], key = cur_take(c, cur_u8(c) % 24);
    struct near_proof p;
    struct err err = {0}, err2 = {0};
    uint8_t root[32], hash[32], again[32];
    uint32_t len, len2;
    size_t n = 0;
    for (; n < MAX && cur_left(c) > 0; n++) {
        size_t want = cur_u8(c), left = cur_left(c), size = want < left ? want : left;
        cur_copy(c, store[n], size);
        nodes[n] = bytes_of(store[n], size);
    }
    if (n == 0)
        return;
    for (size_t i = n - 1; i-- > 0;)
        name_child(store[i], nodes[i].n, nodes[i + 1]);
    if (!near_proof_open(a, nodes, n, &p, &err))
        abort();
    hash_sha256(nodes[0], root);
    enum near_found found = near_trie_get(&p, root, key, &len, hash, &err);
    if ((found == NEAR_UNKNOWN) != (err.rc != RC_OK) || (found != NEAR_PRESENT && len != 0))
        abort();
    if (near_trie_get(&p, root, key, &len2, again, &err2) != found || len != len2 ||
        memcmp(hash, again, 32) != 0)
        abort();
    root[0] ^= 1;
    err_clear(&err2);
    if (near_trie_get(&p, root, key, &len2, again, &err2) != NEAR_UNKNOWN)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cur c = cur_of(bytes_of(data, size));
    struct arena *a = arena_new((size_t)1 << 21);
    uint8_t kind = cur_u8(&c);
    if (!a)
        return 0;
    switch (kind) {
    case 'l':
        light(a, cur_rest(&c));
        break;
    case 'o':
        outcome(a, cur_rest(&c));
        break;
    case 's':
        states(cur_rest(&c));
        break;
    case 't':
        transaction(cur_rest(&c));
        break;
    default:
        trie(a, &c);
    }
    arena_free(a);
    return 0;
}
