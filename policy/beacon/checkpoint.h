/*
 * checkpoint: signed checkpoint documents (DESIGN section 5). Signed bytes: "bootgate/checkpoint/
 * v1" || genesis_validators_root[32] || fork_version[4] || slot u64 BE || root[32] || issued u64 BE
 * || not_after u64 BE; secp256k1 ECDSA over their SHA-256, compact r||s, low s.
 * JSON: {"schema":1, "genesis_validators_root", "fork_version", "slot", "root", "issued",
 * "not_after", "signatures":[{"key": 33 bytes hex, "signature": 64 bytes hex}]}; 0x is written, and
 * may be left out.
 */
#ifndef BOOTGATE_POLICY_BEACON_CHECKPOINT_H
#define BOOTGATE_POLICY_BEACON_CHECKPOINT_H

#include "policy/beacon/light_client.h"

#define CHECKPOINT_MAX_LIFE    (14u * 86400u) /* not_after - issued, seconds */
#define CHECKPOINT_SKEW        60u            /* how far `issued` may lie ahead of our clock */
#define CHECKPOINT_SIGNERS_MAX 16u
#define CHECKPOINT_KEY         33u /* compressed SEC1 */
#define CHECKPOINT_SIGNATURE   64u
#define CHECKPOINT_MESSAGE     (22u + 32u + 4u + 8u + 32u + 8u + 8u)

struct checkpoint_signature {
    uint8_t key[CHECKPOINT_KEY], signature[CHECKPOINT_SIGNATURE];
};

struct checkpoint_doc {
    uint8_t genesis_validators_root[32], fork_version[4], root[32];
    uint64_t slot, issued, not_after;
    struct checkpoint_signature signatures[CHECKPOINT_SIGNERS_MAX];
    size_t num_signatures;
};

struct checkpoint_signers {
    const uint8_t (*keys)[CHECKPOINT_KEY]; /* distinct, compressed */
    size_t num_keys, threshold;            /* 1 <= threshold <= num_keys */
};

struct checkpoint_ok {
    struct lc_checkpoint checkpoint;
    uint64_t issued, not_after;
    size_t signed_by;                    /* distinct configured keys that signed */
    bool signer[CHECKPOINT_SIGNERS_MAX]; /* .. and which of them */
    size_t unknown;                      /* signatures by other keys: not looked at */
};

enum rc checkpoint_read(const json_t *j, struct checkpoint_doc *out, struct err *err) MUST_CHECK;
void checkpoint_message(const struct checkpoint_doc *d, uint8_t out[static CHECKPOINT_MESSAGE]);
/*
 * checkpoint_signature_ok: signature i is good for the key that stands beside it. Whose key that
 * is, is for the caller to ask.
 */
enum rc checkpoint_signature_ok(const struct checkpoint_doc *d, size_t i,
                                struct err *err) MUST_CHECK;
/*
 * checkpoint_signers_ok: points of the curve, 1 to CHECKPOINT_SIGNERS_MAX, no two of them of one
 * secret (equal, or each other's negative), and a threshold that they can reach.
 */
enum rc checkpoint_signers_ok(const struct checkpoint_signers *s, struct err *err) MUST_CHECK;
/*
 * checkpoint_check: all that holds of a document whoever signed it: it is for this network and this
 * fork at its slot; not_after <= issued + 14 days; issued not before its slot and <= now + 60 s;
 * now <= not_after; slot >= min_slot (the image's checkpoint, floor, any seen document).
 */
enum rc checkpoint_check(const struct checkpoint_doc *d, const struct beacon_network *n,
                         uint64_t min_slot, uint64_t now, struct err *err) MUST_CHECK;
/*
 * checkpoint_verify: checkpoint_check, and at least `threshold` distinct configured keys signed it.
 * A signature by a configured key that does not verify refuses the document; a key that signs twice
 * counts once.
 */
enum rc checkpoint_verify(const struct checkpoint_doc *d, const struct beacon_network *n,
                          const struct checkpoint_signers *signers, uint64_t min_slot, uint64_t now,
                          struct checkpoint_ok *out, struct err *err) MUST_CHECK;
/*
 * checkpoint_sign appends one signature (nonce by RFC 6979); seckey is wiped by the caller.
 * Refused: a document that carries a signature which does not verify, or one by this key.
 */
enum rc checkpoint_sign(struct checkpoint_doc *d, const uint8_t seckey[static 32],
                        struct err *err) MUST_CHECK;
/* checkpoint_to_json: a new reference, NULL: no memory. */
json_t *checkpoint_to_json(const struct checkpoint_doc *d);

#endif
