#include "agent/collateral_store.h"

#include <stdlib.h>

#include "base/hex.h"

/* Every member, and whether it stands there as hex. */
struct member {
    const char *key;
    bool hex;
    struct bytes v;
};

static enum rc put_members(struct arena *a, json_t *o, const struct member *v, size_t n,
                           struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        char *hex = v[i].hex ? hex_str(a, v[i].v, err) : NULL;
        if (v[i].hex && !hex)
            return err->rc;
        json_t *text = v[i].hex ? json_string(hex) : json_stringn((const char *)v[i].v.p, v[i].v.n);
        if (!o || json_object_set_new(o, v[i].key, text) != 0)
            return err_set(err, BG_COLLATERAL_DUMP, "%s", v[i].key);
    }
    return RC_OK;
}

#define CRL_MEMBERS 3u

/* put_set writes the members from first on. */
static enum rc put_set(struct arena *a, const struct collateral *c, size_t first, json_t *o,
                       struct err *err)
{
    const struct member members[] = {
        {"pck_crl_issuer_chain", false, c->pck_crl_issuer_chain},
        {"root_ca_crl", true, c->root_ca_crl},
        {"pck_crl", true, c->pck_crl},
        {"tcb_info_issuer_chain", false, c->tcb_info_issuer_chain},
        {"tcb_info", false, c->tcb_info},
        {"tcb_info_signature", true, c->tcb_info_signature},
        {"qe_identity_issuer_chain", false, c->qe_identity_issuer_chain},
        {"qe_identity", false, c->qe_identity},
        {"qe_identity_signature", true, c->qe_identity_signature},
    };
    return put_members(a, o, members + first, sizeof members / sizeof *members - first, err);
}

enum rc collateral_to_json(struct arena *a, const struct collateral *c, json_t **out,
                           struct err *err)
{
    AUTO_JSON o = json_object();
    TRY(put_set(a, c, 0, o, err));
    *out = json_incref(o);
    return RC_OK;
}

enum rc collateral_early_to_json(struct arena *a, const struct collateral *c,
                                 const struct collateral_numbers *n, json_t **out, struct err *err)
{
    const struct member members[] = {
        {"tcb_numbers_issuer_chain", false, n->issuer_chain},
        {"tcb_numbers", false, n->text},
        {"tcb_numbers_signature", true, n->signature},
    };
    AUTO_JSON o = json_object();
    TRY(put_set(a, c, CRL_MEMBERS, o, err));
    if (n->text.p)
        TRY(put_members(a, o, members, 3, err));
    *out = json_incref(o);
    return RC_OK;
}

bool collateral_stored_read(struct arena *a, struct bytes text, struct collateral *out,
                            struct err *why)
{
    static const char *const keys[] = {"schema", "collateral"};
    AUTO_JSON j = NULL;
    struct err inner = {0};
    const char *bad = NULL;
    uint64_t schema = 0;
    if (json_read(text, STORE_COLLATERAL_MAX, &j, &inner) == RC_OK &&
        json_only_keys(j, keys, 2, &bad) && json_u64(j, "schema", 1, &schema) && schema == 1 &&
        collateral_from_json(a, json_object_get(j, "collateral"), out, &inner) == RC_OK)
        return true;
    (void)!err_set(why, BG_COLLATERAL_STORED, "%.200s", bad ? bad : inner.detail);
    return false;
}

enum rc collateral_stored_make(struct arena *a, const struct collateral *c, struct bytes *out,
                               struct err *err)
{
    AUTO_JSON inner = NULL;
    TRY(collateral_to_json(a, c, &inner, err));
    AUTO_JSON j = json_pack("{s:i, s:O}", "schema", 1, "collateral", inner);
    char *text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;
    size_t n = text ? strlen(text) : STORE_COLLATERAL_MAX + 1;
    enum rc rc = n <= STORE_COLLATERAL_MAX
                     ? arena_keep(a, bytes_of(text, n), out, err)
                     : err_set(err, BG_COLLATERAL_STORED_SIZE, "%zu bytes", n);
    free(text);
    return rc;
}
