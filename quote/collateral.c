#include "quote/collateral.h"

#include "base/hex.h"
#include "base/limits.h"

#define CHAIN_MAX   (LIMIT_CERTS * LIMIT_CERT_DER * 3 / 2) /* PEM: base64 and line ends */
#define SIG_HEX_MAX 1024u /* a right one has 128 digits; DER forms are a little longer */

/* member reads one string member. Its bytes belong to obj. */
static enum rc member(const json_t *obj, const char *key, struct bytes *out, struct err *err)
{
    if (!json_str(obj, key, out))
        return err_set(err, BG_COLLATERAL_MEMBER, "%s", key);
    return RC_OK;
}

static enum rc chain(struct arena *a, const json_t *obj, const char *key, struct bytes *out,
                     struct err *err)
{
    struct bytes text;
    TRY(member(obj, key, &text, err));
    if (text.n > CHAIN_MAX)
        return err_set(err, BG_COLLATERAL_CHAIN_SIZE, "%s: %zu bytes, at most %u", key, text.n,
                       CHAIN_MAX);
    return arena_keep(a, text, out, err);
}

static enum rc crl(struct arena *a, const json_t *obj, const char *key, struct bytes *out,
                   struct err *err)
{
    struct bytes text;
    TRY(member(obj, key, &text, err));
    if (text.n > 2 * LIMIT_CRL_DER)
        return err_set(err, BG_COLLATERAL_CRL_SIZE, "%s: %zu hex digits, at most %u", key, text.n,
                       2 * LIMIT_CRL_DER);
    if (!hex_decode_any(a, text, out, err))
        return err_set(err, BG_COLLATERAL_CRL_HEX, "%s", key);
    return RC_OK;
}

static enum rc document(struct arena *a, const json_t *obj, const char *key, size_t max,
                        struct bytes *out, struct err *err)
{
    struct bytes text;
    TRY(member(obj, key, &text, err));
    if (text.n > max)
        return err_set(err, BG_COLLATERAL_TEXT_SIZE, "%s: %zu bytes, at most %zu", key, text.n,
                       max);
    return arena_keep(a, text, out, err);
}

/* A signature of a wrong length is passed on: quote_verify names that (SIG_FORMAT). */
static enum rc signature(struct arena *a, const json_t *obj, const char *key, struct bytes *out,
                         struct err *err)
{
    struct bytes text;
    TRY(member(obj, key, &text, err));
    if (text.n > SIG_HEX_MAX || !hex_decode_any(a, text, out, err))
        return err_set(err, BG_COLLATERAL_SIG_HEX, "%s", key);
    return RC_OK;
}

static enum rc documents(struct arena *a, const json_t *obj, struct collateral *c, struct err *err)
{
    TRY(chain(a, obj, "tcb_info_issuer_chain", &c->tcb_info_issuer_chain, err));
    TRY(document(a, obj, "tcb_info", LIMIT_TCB_INFO, &c->tcb_info, err));
    TRY(signature(a, obj, "tcb_info_signature", &c->tcb_info_signature, err));
    TRY(chain(a, obj, "qe_identity_issuer_chain", &c->qe_identity_issuer_chain, err));
    TRY(document(a, obj, "qe_identity", LIMIT_QE_IDENTITY, &c->qe_identity, err));
    return signature(a, obj, "qe_identity_signature", &c->qe_identity_signature, err);
}

static enum rc numbers(struct arena *a, const json_t *obj, struct collateral_numbers *out,
                       struct err *err)
{
    bool first = json_object_get(obj, "tcb_numbers_issuer_chain") != NULL;
    bool second = json_object_get(obj, "tcb_numbers") != NULL;
    bool third = json_object_get(obj, "tcb_numbers_signature") != NULL;
    if (first != second || second != third)
        return err_set(err, BG_COLLATERAL_NUMBERS, "%d of 3 members", first + second + third);
    if (!first)
        return RC_OK;
    TRY(chain(a, obj, "tcb_numbers_issuer_chain", &out->issuer_chain, err));
    TRY(document(a, obj, "tcb_numbers", LIMIT_TCB_NUMBERS, &out->text, err));
    return signature(a, obj, "tcb_numbers_signature", &out->signature, err);
}

enum rc collateral_early_from_json(struct arena *a, const json_t *obj, struct collateral *out,
                                   struct collateral_numbers *out_numbers, struct err *err)
{
    struct collateral c = {0};
    struct collateral_numbers n = {0};
    if (!json_is_object(obj))
        return err_set(err, BG_COLLATERAL_EARLY, "%s", "");
    TRY(documents(a, obj, &c, err));
    TRY(numbers(a, obj, &n, err));
    *out = c;
    *out_numbers = n;
    return RC_OK;
}

enum rc collateral_from_json(struct arena *a, const json_t *obj, struct collateral *out,
                             struct err *err)
{
    struct collateral c = {0};
    if (!json_is_object(obj))
        return err_set(err, BG_COLLATERAL_NOT_OBJECT, "%s", "");
    TRY(chain(a, obj, "pck_crl_issuer_chain", &c.pck_crl_issuer_chain, err));
    TRY(crl(a, obj, "root_ca_crl", &c.root_ca_crl, err));
    TRY(crl(a, obj, "pck_crl", &c.pck_crl, err));
    TRY(documents(a, obj, &c, err));
    *out = c;
    return RC_OK;
}
