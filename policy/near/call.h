/*
 * call: that a contract was called with just these arguments, and what it returned, proven under a
 * verified head (facts/near.md 3.1, option B): the transaction's bytes hash to the id whose
 * outcome is proven; that outcome names a receipt; the receipt's outcome, proven as well, is the
 * contract's own return value. Somebody else sends the transaction; nothing of that is trusted.
 *
 * Answers, as a bundle's `rpc` has them:
 *   bootgate_relay {contract_id, method_name, args: base64} -> {signed_transaction: base64}
 *   EXPERIMENTAL_light_client_proof {type: "transaction", transaction_hash, sender_id,
 *                                    light_client_head} -> near_outcome_prove's input
 *   EXPERIMENTAL_light_client_proof {type: "receipt", receipt_id, receiver_id, light_client_head}
 */
#ifndef BOOTGATE_POLICY_NEAR_CALL_H
#define BOOTGATE_POLICY_NEAR_CALL_H

#include "policy/answers.h"
#include "policy/near/outcome.h"
#include "policy/needs.h"

#define NEAR_TX_MAX      8192u /* bytes of a signed transaction that calls one view */
#define NEAR_RELAYED_MAX 8u    /* transactions of one call that are looked at */

/* struct near_call: what we want to have been called. */
struct near_call {
    struct bytes contract, method, args; /* args: JSON text, as we wrote it */
};

/* struct near_transaction: of a SignedTransaction with a Transaction V0 and one FunctionCall. */
struct near_transaction {
    uint8_t hash[32];                            /* of borsh(Transaction), without the signature */
    struct bytes signer, receiver, method, args; /* views */
};

/* near_transaction_read is exact: no byte more or less, one action, a FunctionCall, ed25519 or
 * secp256k1 keys. NOT checked: the signature; that the chain took the transaction shows that. */
enum rc near_transaction_read(struct bytes signed_tx, struct near_transaction *out,
                              struct err *err) MUST_CHECK;

/* struct near_calls: the proofs of one decision. */
struct near_calls {
    struct arena *a;
    const struct answers *answers;
    const struct near_head *head;
    struct needs *needs;
    struct err *last_bad, *err;
    uint64_t height, timestamp; /* the oldest block that ran one of the calls; 0: none yet */
    uint8_t block_hash[32];
};

/*
 * near_call_prove: true with the returned bytes (JSON text; arena or view). False: something is a
 * need now, or err is set. A refused answer stands in *last_bad. Each relay's transaction is tried:
 * one that was never sent must not stand in the way of one that was.
 */
bool near_call_prove(struct near_calls *s, const struct near_call *call,
                     struct bytes *out_value) MUST_CHECK;

#endif
