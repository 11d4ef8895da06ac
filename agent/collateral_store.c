#include "agent/collateral_store.h"

#include <stdlib.h>

#include "base/hex.h"

/* Every member, and whether it stands there as hex. */
struct member {
    const char *key;
    bool hex;
    struct bytes v;
};

/* to_json writes the members from first on. */
static enum rc to_json(struct arena *a, const struct collateral *c, size_t first, json_t **out,
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
    AUTO_JSON o = json_object();
    for (size_t i = first; i < sizeof members / sizeof *members; i++) {
        const struct member *m = &members[i];
        char *hex = m->hex ? hex_str(a, m->v, err) : NULL;
        if (m->hex && !hex)
            return err->rc;
        json_t *v = m->hex ? json_string(hex) : json_stringn((const char *)m->v.p, m->v.n);
        if (!o || json_object_set_new(o, m->key, v) != 0)
            return err_set(err, BG_COLLATERAL_DUMP, "%s", m->key);
    }
    *out = json_incref(o);
    return RC_OK;
}

enum rc collateral_to_json(struct arena *a, const struct collateral *c, json_t **out,
                           struct err *err)
{
    return to_json(a, c, 0, out, err);
}

enum rc collateral_early_to_json(struct arena *a, const struct collateral *c, json_t **out,
                                 struct err *err)
{
    return to_json(a, c, 3, out, err); /* behind the CRLs */
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
