#include "policy/near/call.h"

#include "base/base64.h"
#include "base/limits.h"
#include "policy/near/base58.h"
#include "policy/near/contract.h"

#define ACTION_FUNCTION_CALL 2u
#define KEY_ED25519          0u
#define KEY_SECP256K1        1u

/* key: a public key (32 or 64 bytes after its type) or a signature (64 or 65). */
static void skip_key(struct cur *c, size_t ed25519, size_t secp256k1)
{
    uint8_t type = cur_u8(c);
    (void)cur_take(c, type == KEY_ED25519 ? ed25519 : secp256k1);
    if (type > KEY_SECP256K1)
        c->bad = true;
}

/* nearcore core/primitives transaction.rs: V0 {signer_id, public_key, nonce, receiver_id,
 * block_hash, actions}; V1 begins with a byte 1 where V0 has the low byte of the signer's length
 * and is told by the byte after it, which in V0 is 0: a length is below 256. */
enum rc near_transaction_read(struct bytes signed_tx, struct near_transaction *out, struct err *err)
{
    struct cur c = cur_of(signed_tx);
    struct near_transaction t = {0};
    if (signed_tx.n > NEAR_TX_MAX)
        return err_set(err, BG_NEAR_TX_SIZE, "%zu bytes", signed_tx.n);
    if (signed_tx.n > 1 && signed_tx.p[1] != 0)
        return err_set(err, BG_NEAR_TX_VERSION, "it begins with %02x %02x", signed_tx.p[0],
                       signed_tx.p[1]);
    t.signer = borsh_bytes(&c, NEAR_ACCOUNT_MAX);
    skip_key(&c, 32, 64);
    (void)cur_take(&c, 8); /* nonce */
    t.receiver = borsh_bytes(&c, NEAR_ACCOUNT_MAX);
    (void)cur_take(&c, 32); /* block hash */
    uint32_t actions = cur_u32le(&c);
    uint8_t action = cur_u8(&c);
    if (!c.bad && (actions != 1 || action != ACTION_FUNCTION_CALL))
        return err_set(err, BG_NEAR_TX_ACTION, "%u actions, the first of kind %u", actions, action);
    t.method = borsh_bytes(&c, 256);
    t.args = borsh_bytes(&c, NEAR_TX_MAX);
    (void)cur_take(&c, 8 + 16); /* gas, deposit */
    struct bytes tx = bytes_of(signed_tx.p, signed_tx.n - cur_left(&c));
    skip_key(&c, 64, 65);
    if (!cur_done(&c) || !near_account_ok(t.signer) || !near_account_ok(t.receiver))
        return err_set(err, BG_NEAR_TX_FORMAT, "%zu bytes", signed_tx.n);
    hash_sha256(tx, t.hash);
    *out = t;
    return RC_OK;
}

static bool is_text(const json_t *params, const char *key, struct bytes want)
{
    struct bytes have;
    return json_str(params, key, &have) && bytes_eq(have, want);
}

static bool is_hash(const json_t *params, const char *key, const uint8_t want[static 32])
{
    struct bytes have;
    uint8_t hash[32];
    return json_str(params, key, &have) && base58_read(have, hash, 32) &&
           memcmp(hash, want, 32) == 0;
}

/* bad notes why an answer was refused; the first one of a step is what a user gets to see. */
static void bad(struct near_calls *s, const struct err *why)
{
    if (s->last_bad->rc == RC_OK)
        *s->last_bad = *why;
}

/* relayed: answer e is a relay's, to this call, and the transaction does just that. */
static bool relayed(struct near_calls *s, const struct answer *e, const struct near_call *call,
                    struct near_transaction *out)
{
    struct bytes text, tx;
    struct err why = {0};
    if (strcmp(e->method, "bootgate_relay") != 0 ||
        !is_text(e->params, "contract_id", call->contract) ||
        !is_text(e->params, "method_name", call->method))
        return false;
    if (!json_str(e->result, "signed_transaction", &text) || !base64_decode(s->a, text, &tx, &why))
        (void)!err_set(&why, BG_NEAR_RELAY_ANSWER, "%s", "signed_transaction");
    else if (near_transaction_read(tx, out, &why) == RC_OK &&
             (!bytes_eq(out->receiver, call->contract) || !bytes_eq(out->method, call->method) ||
              !bytes_eq(out->args, call->args)))
        (void)!err_set(&why, BG_NEAR_RELAY_OTHER, "%.*s.%.*s", (int)out->receiver.n,
                       (const char *)out->receiver.p, (int)out->method.n,
                       (const char *)out->method.p);
    if (why.rc != RC_OK)
        bad(s, &why);
    return why.rc == RC_OK;
}

/* struct subject: whose outcome is asked for. */
struct subject {
    const char *type, *id_key; /* of the parameters */
    const uint8_t *id;
    struct bytes account;
    enum need_kind need;
};

/* outcome_of: the proven outcome of a transaction or receipt; false: a need, or err is set. */
static bool outcome_of(struct near_calls *s, const struct subject *of, struct near_outcome *out)
{
    for (size_t i = 0; i < s->answers->n; i++) {
        const struct answer *e = &s->answers->v[i];
        struct err why = {0};
        /* An answer into another head is a recording of an earlier attempt. */
        if (strcmp(e->method, "EXPERIMENTAL_light_client_proof") != 0 ||
            !is_text(e->params, "type", bytes_of_str(of->type)) ||
            !is_hash(e->params, of->id_key, of->id) ||
            !is_hash(e->params, "light_client_head", s->head->block_hash))
            continue;
        if (near_outcome_prove(s->a, e->result, s->head->block_merkle_root, out, &why) == RC_OK) {
            if (memcmp(out->id, of->id, 32) == 0)
                return true;
            (void)!err_set(&why, BG_NEAR_CALL_OTHER_ID, "%s", of->type);
        }
        bad(s, &why);
    }
    (void)!needs_add_outcome(s->a, s->needs, of->need, of->id, of->account, s->head->block_hash,
                             s->err);
    return false;
}

/* dead: nothing will come of this transaction any more; another relay's may do better. */
static bool dead(struct near_calls *s, enum rc code, const char *what)
{
    struct err why = {0};
    (void)!err_set(&why, code, "%s", what);
    bad(s, &why);
    return false;
}

static void note_block(struct near_calls *s, const struct near_outcome *o)
{
    if (s->height && s->height <= o->height)
        return;
    s->height = o->height;
    s->timestamp = o->timestamp;
    memcpy(s->block_hash, o->block_hash, 32);
}

/* came_to: what one transaction came to. */
static bool came_to(struct near_calls *s, const struct near_call *call,
                    const struct near_transaction *tx, struct bytes *out_value)
{
    struct near_outcome sent = {0}, ran = {0};
    if (!outcome_of(s,
                    &(struct subject){"transaction", "transaction_hash", tx->hash, tx->signer,
                                      NEED_NEAR_TX_OUTCOME},
                    &sent))
        return false;
    if (sent.status != NEAR_STATUS_RECEIPT)
        return dead(s, BG_NEAR_CALL_NOT_SENT, "the transaction became no receipt");
    if (!outcome_of(s,
                    &(struct subject){"receipt", "receipt_id", sent.receipt_id, call->contract,
                                      NEED_NEAR_RECEIPT_OUTCOME},
                    &ran))
        return false;
    if (!bytes_eq(ran.executor_id, call->contract))
        return dead(s, BG_NEAR_CALL_EXECUTOR, "the receipt ran in another account");
    if (ran.status == NEAR_STATUS_FAILURE)
        return dead(s, BG_NEAR_CALL_FAILED, "the contract's call failed");
    if (ran.status != NEAR_STATUS_VALUE)
        return dead(s, BG_NEAR_CALL_NO_VALUE, "the call returned no value of its own");
    note_block(s, &ran);
    *out_value = ran.value;
    return true;
}

bool near_call_prove(struct near_calls *s, const struct near_call *call, struct bytes *out_value)
{
    size_t before = s->needs->n, tried = 0;
    for (size_t i = 0; i < s->answers->n && tried < NEAR_RELAYED_MAX; i++) {
        struct near_transaction tx = {0};
        if (!relayed(s, &s->answers->v[i], call, &tx))
            continue;
        tried++;
        if (came_to(s, call, &tx, out_value)) {
            s->needs->n = before; /* those of the others */
            return true;
        }
    }
    /* While one is under way, another relay is only wished for. */
    (void)!needs_add_relay(s->a, s->needs, s->needs->n == before, call->contract, call->method,
                           call->args, s->err);
    return false;
}
