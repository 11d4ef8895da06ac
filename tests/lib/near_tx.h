/* near_tx: signed transactions of NEAR as bytes (nearcore core/primitives transaction.rs), for
 * tests. */
#ifndef BOOTGATE_TESTS_NEAR_TX_H
#define BOOTGATE_TESTS_NEAR_TX_H

#include "policy/near/call.h"

struct near_wire {
    uint8_t p[NEAR_TX_MAX + 64];
    size_t n;
};

void near_put(struct near_wire *w, const void *p, size_t n);
void near_put_le(struct near_wire *w, uint64_t v, size_t n);
/* near_put_text: u32 length, bytes. */
void near_put_text(struct near_wire *w, struct bytes text);

struct near_tx {
    const char *signer;
    struct bytes receiver, method, args;
    uint8_t key_type, action;
    uint32_t actions;
};

/* near_tx_usual: relay.near calls kms.near.is_kms_allowed({}) with an ed25519 key. */
struct near_tx near_tx_usual(void);
/* near_tx_make: V0 {signer, key, nonce, receiver, block hash, [FunctionCall]}; *out_n: its bytes
 * without the signature. */
struct near_wire near_tx_make(struct near_tx t, size_t *out_n);

#endif
