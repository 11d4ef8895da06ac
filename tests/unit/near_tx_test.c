/*
 * near_tx: which signed transactions count as a call of one view: their bytes are put together in
 * tests/lib/near_tx.c.
 */
#include "tests/lib/harness.h"

#include "base/hash.h"
#include "tests/lib/near_tx.h"

static void transactions_are_read_exactly(void **state)
{
    (void)state;
    struct near_transaction out = {0};
    struct err err = {0};
    size_t n;
    uint8_t hash[32];
    struct near_wire w = near_tx_make(near_tx_usual(), &n);
    enum rc rc = near_transaction_read(bytes_of(w.p, w.n), &out, &err);
    hash_sha256(bytes_of(w.p, n), hash);
    CASE("as it is",
         rc == RC_OK && memcmp(hash, out.hash, 32) == 0 && bytes_eq_str(out.signer, "relay.near") &&
             bytes_eq_str(out.receiver, "kms.near") && bytes_eq_str(out.method, "is_kms_allowed") &&
             bytes_eq_str(out.args, "{}"),
         "BG-%04d", rc);
    for (size_t i = 0; i < w.n; i++) {
        err_clear(&err);
        CASE("cut", near_transaction_read(bytes_of(w.p, i), &out, &err) != RC_OK, "%zu bytes", i);
    }
    err_clear(&err);
    rc = near_transaction_read(bytes_of(w.p, w.n + 1), &out, &err);
    CASE("one more", rc == BG_NEAR_TX_FORMAT, "BG-%04d", rc);
    err_clear(&err);
    rc = near_transaction_read(bytes_of(w.p, NEAR_TX_MAX + 1), &out, &err);
    CASE("too large", rc == BG_NEAR_TX_SIZE, "BG-%04d", rc);
    static const struct {
        const char *name, *signer, *receiver;
        uint8_t key_type, action;
        uint32_t actions;
        enum rc want;
    } cases[] = {
        {"a secp256k1 key", "relay.near", "kms.near", 1, 2, 1, RC_OK},
        {"another key", "relay.near", "kms.near", 2, 2, 1, BG_NEAR_TX_FORMAT},
        {"no action", "relay.near", "kms.near", 0, 2, 0, BG_NEAR_TX_ACTION},
        {"two actions", "relay.near", "kms.near", 0, 2, 2, BG_NEAR_TX_ACTION},
        {"to deploy", "relay.near", "kms.near", 0, 1, 1, BG_NEAR_TX_ACTION},
        {"a transfer", "relay.near", "kms.near", 0, 3, 1, BG_NEAR_TX_ACTION},
        {"for another", "relay.near", "kms.near", 0, 8, 1, BG_NEAR_TX_ACTION},
        {"a signer's name", "Relay.near", "kms.near", 0, 2, 1, BG_NEAR_TX_FORMAT},
        {"a receiver's name", "relay.near", "kms..near", 0, 2, 1, BG_NEAR_TX_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct near_tx t = near_tx_usual();
        t.signer = cases[i].signer;
        t.receiver = bytes_of_str(cases[i].receiver);
        t.key_type = cases[i].key_type;
        t.action = cases[i].action;
        t.actions = cases[i].actions;
        w = near_tx_make(t, &n);
        err_clear(&err);
        rc = near_transaction_read(bytes_of(w.p, w.n), &out, &err);
        CASE(cases[i].name, rc == cases[i].want, "BG-%04d, not BG-%04d", rc, cases[i].want);
    }
    w = near_tx_make(near_tx_usual(), &n);
    w.p[1] = 1; /* a signer of 266 characters, or Transaction V1 */
    err_clear(&err);
    rc = near_transaction_read(bytes_of(w.p, w.n), &out, &err);
    CASE("another version", rc == BG_NEAR_TX_VERSION, "BG-%04d", rc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_are_read_exactly),
    };
    return HARNESS_RUN("near_tx", tests);
}
