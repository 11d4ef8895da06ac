/*
 * TCB info version 3 and QE identity versions 2 and 3 of Intel's provisioning certification service
 * (api.portal.trustedservices.intel.com, "TCB Info Model V3", "Enclave Identity Model V2"). Signed
 * text is read as strictly as it is written: every member that decides something must be there, of
 * its type and in its range. Members that we do not use are skipped, Intel may add some.
 */
#include "quote/tcb_internal.h"

#include "base/ck.h"
#include "quote/flat_json.h"

#define TEXT_MAX 64u /* bytes of one id, status word or component name */

/* One document being read. */
struct doc {
    struct arena *a;
    struct err *err;
    bool qe;            /* QE identity, else TCB info */
    size_t levels_left; /* of LIMIT_TCB_LEVELS, all lists together */
};

#define NO_INDEX SIZE_MAX

/* bad: the member `name` (of element `i` of list `where`) is missing or malformed. */
static enum rc bad(const struct doc *d, const char *where, size_t i, const char *name)
{
    enum rc rc = d->qe ? BG_QE_IDENTITY_SHAPE : BG_TCB_INFO_SHAPE;
    return i == NO_INDEX ? err_set(d->err, rc, "%s%s%s", where, *where ? "." : "", name)
                         : err_set(d->err, rc, "%s[%zu].%s", where, i, name);
}

static enum rc read_root(const struct doc *d, struct bytes text, const struct flat **out)
{
    size_t at = 0, max = d->qe ? LIMIT_QE_IDENTITY : LIMIT_TCB_INFO;
    struct err memory = {0};
    if (text.n <= max && flat_read(d->a, text, out, &at, &memory))
        return flat_is(*out, FLAT_OBJECT) ? RC_OK : bad(d, "", NO_INDEX, "(not an object)");
    if (memory.rc != RC_OK) {
        *d->err = memory;
        return memory.rc;
    }
    return err_set(d->err, d->qe ? BG_QE_IDENTITY_JSON : BG_TCB_INFO_JSON, "at byte %zu of %zu", at,
                   text.n);
}

/* keep copies a short text into the arena; false: empty, too long, no memory. */
static bool keep(const struct doc *d, struct bytes text, struct bytes *out)
{
    return text.n > 0 && text.n <= TEXT_MAX && arena_keep(d->a, text, out, d->err) == RC_OK;
}

static bool keep_member(const struct doc *d, const struct flat *obj, const char *key,
                        struct bytes *out)
{
    struct bytes text;
    return flat_str(obj, key, &text) && keep(d, text, out);
}

static bool u16_member(const struct flat *obj, const char *key, uint64_t max, uint16_t *out)
{
    uint64_t v;
    if (!flat_u64(obj, key, max < UINT16_MAX ? max : UINT16_MAX, &v))
        return false;
    *out = (uint16_t)v;
    return true;
}

static bool u32_member(const struct flat *obj, const char *key, uint32_t *out)
{
    uint64_t v;
    return flat_u64(obj, key, UINT32_MAX, &v) && ck_u32(v, out);
}

/*
 * level_status: only words that a document may give (QVL EvaluateTcb.cpp VALID_TCB_INFO_STATUSES).
 * The relaunch words are results of an appraisal, never in a document. An unknown word matters only
 * when its level is selected, so it is not an error here.
 */
static enum tcb_status level_status(struct bytes word)
{
    enum tcb_status s = tcb_status_read(word);
    return s == TCB_TD_RELAUNCH_ADVISED || s == TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
               ? TCB_NONE
               : s;
}

/* advisories: the member may be absent (no advisories). */
static bool advisories(const struct doc *d, const struct flat *level, struct tcb_advisories **out)
{
    const struct flat *list = flat_get(level, "advisoryIDs");
    struct tcb_advisories *adv = ARENA_NEW(d->a, struct tcb_advisories, d->err);
    if (!adv || (list && !flat_is(list, FLAT_ARRAY)) || flat_size(list) > LIMIT_ADVISORIES)
        return false;
    const struct flat *id = NULL;
    struct bytes text;
    for (; adv->n < flat_size(list); adv->n++) {
        id = flat_next(list, id);
        if (!flat_text(id, &text) || !keep(d, text, &adv->v[adv->n]))
            return false;
    }
    *out = adv;
    return true;
}

/* What all kinds of levels share: tcbDate, tcbStatus, advisoryIDs. */
struct level_tail {
    struct bytes status_text;
    enum tcb_status status;
    uint64_t date;
    struct tcb_advisories *advisories;
};

static enum rc read_tail(const struct doc *d, const char *where, size_t i, const struct flat *level,
                         struct level_tail *out)
{
    if (!flat_date(level, "tcbDate", &out->date))
        return bad(d, where, i, "tcbDate");
    if (!keep_member(d, level, "tcbStatus", &out->status_text))
        return bad(d, where, i, "tcbStatus");
    out->status = level_status(out->status_text);
    if (!advisories(d, level, &out->advisories))
        return bad(d, where, i, "advisoryIDs");
    return RC_OK;
}

/* take_levels finds a level list and charges its length to the document's budget. */
static enum rc take_levels(struct doc *d, const char *where, const struct flat *obj,
                           const struct flat **list)
{
    const struct flat *l = flat_get(obj, "tcbLevels");
    if (!flat_is(l, FLAT_ARRAY) || flat_size(l) > d->levels_left)
        return bad(d, where, NO_INDEX, "tcbLevels");
    d->levels_left -= flat_size(l);
    *list = l;
    return RC_OK;
}

/* read_svn_levels: levels by ISVSVN (modules: one byte; QE: two), sorted, no SVN twice. */
static enum rc read_svn_levels(struct doc *d, const char *where, const struct flat *obj,
                               uint64_t max_svn, struct tcb_svn_level **out, size_t *out_n)
{
    const struct flat *list;
    TRY(take_levels(d, where, obj, &list));
    size_t n = flat_size(list);
    struct tcb_svn_level *v = ARENA_ARRAY(d->a, struct tcb_svn_level, n, d->err);
    if (!v)
        return d->err->rc;
    const struct flat *level = NULL;
    for (size_t i = 0; i < n; i++) {
        level = flat_next(list, level);
        struct tcb_svn_level l = {0};
        struct level_tail t = {0};
        if (!u16_member(flat_get(level, "tcb"), "isvsvn", max_svn, &l.isv_svn))
            return bad(d, where, i, "tcb.isvsvn");
        TRY(read_tail(d, where, i, level, &t));
        l.status = t.status;
        l.status_text = t.status_text;
        l.date = t.date;
        l.advisories = t.advisories;
        size_t at = 0;
        while (at < i && v[at].isv_svn > l.isv_svn)
            at++;
        if (at < i && v[at].isv_svn == l.isv_svn)
            return bad(d, where, i, "tcb (a level twice)");
        memmove(v + at + 1, v + at, (i - at) * sizeof *v);
        v[at] = l;
    }
    *out = v;
    *out_n = n;
    return RC_OK;
}

/* components: exactly 16 {svn 0..255, category?, type?}. */
static bool components(const struct doc *d, const struct flat *tcb, const char *key,
                       uint8_t out[16], struct tcb_comp_names **out_names)
{
    const struct flat *list = flat_get(tcb, key);
    struct tcb_comp_names *names = ARENA_NEW(d->a, struct tcb_comp_names, d->err);
    if (!names || !flat_is(list, FLAT_ARRAY) || flat_size(list) != 16)
        return false;
    const struct flat *c = NULL;
    for (size_t i = 0; i < 16; i++) {
        c = flat_next(list, c);
        uint64_t svn;
        if (!flat_u64(c, "svn", UINT8_MAX, &svn))
            return false;
        out[i] = (uint8_t)svn;
        if (flat_get(c, "category") && !keep_member(d, c, "category", &names->category[i]))
            return false;
        if (flat_get(c, "type") && !keep_member(d, c, "type", &names->type[i]))
            return false;
    }
    *out_names = names;
    return true;
}

/* The order of QVL's reader (TcbLevel.cpp, operator>): SGX SVNs, PCESVN, TDX SVNs, descending. */
static int level_cmp(const struct tcb_comp_level *a, const struct tcb_comp_level *b)
{
    int c = memcmp(a->sgx, b->sgx, sizeof a->sgx);
    if (c == 0)
        c = (a->pce_svn > b->pce_svn) - (a->pce_svn < b->pce_svn);
    return c ? c : memcmp(a->tdx, b->tdx, sizeof a->tdx);
}

static enum rc read_comp_level(const struct doc *d, size_t i, const struct flat *level,
                               struct tcb_comp_level *out)
{
    static const char where[] = "tcbLevels";
    const struct flat *tcb = flat_get(level, "tcb");
    struct level_tail t = {0};
    if (!components(d, tcb, "sgxtcbcomponents", out->sgx, &out->sgx_names))
        return bad(d, where, i, "tcb.sgxtcbcomponents");
    if (!u16_member(tcb, "pcesvn", UINT16_MAX, &out->pce_svn))
        return bad(d, where, i, "tcb.pcesvn");
    if (!components(d, tcb, "tdxtcbcomponents", out->tdx, &out->tdx_names))
        return bad(d, where, i, "tcb.tdxtcbcomponents");
    TRY(read_tail(d, where, i, level, &t));
    out->status = t.status;
    out->status_text = t.status_text;
    out->date = t.date;
    out->advisories = t.advisories;
    return RC_OK;
}

static enum rc read_comp_levels(struct doc *d, const struct flat *root, struct tcb_info *ti)
{
    const struct flat *list;
    TRY(take_levels(d, "", root, &list));
    size_t n = flat_size(list);
    struct tcb_comp_level *v = ARENA_ARRAY(d->a, struct tcb_comp_level, n, d->err);
    if (!v)
        return d->err->rc;
    const struct flat *level = NULL;
    for (size_t i = 0; i < n; i++) {
        struct tcb_comp_level l = {0};
        level = flat_next(list, level);
        TRY(read_comp_level(d, i, level, &l));
        size_t at = 0;
        while (at < i && level_cmp(&v[at], &l) > 0)
            at++;
        /* As QVL: two levels of the same SVNs would leave it to the reader which one holds. */
        if (at < i && level_cmp(&v[at], &l) == 0)
            return bad(d, "tcbLevels", i, "tcb (a level twice)");
        memmove(v + at + 1, v + at, (i - at) * sizeof *v);
        v[at] = l;
    }
    ti->levels = v;
    ti->num_levels = n;
    return RC_OK;
}

static enum rc read_module(const struct doc *d, const char *where, size_t i, const struct flat *obj,
                           struct tcb_module *out)
{
    if (!flat_hex(obj, "mrsigner", out->mr_signer, sizeof out->mr_signer))
        return bad(d, where, i, "mrsigner");
    if (!flat_hex(obj, "attributes", out->attributes, sizeof out->attributes))
        return bad(d, where, i, "attributes");
    if (!flat_hex(obj, "attributesMask", out->attributes_mask, sizeof out->attributes_mask))
        return bad(d, where, i, "attributesMask");
    return RC_OK;
}

bool tcb_module_id_eq(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        uint8_t x = a.p[i], y = b.p[i];
        x = x >= 'a' && x <= 'z' ? (uint8_t)(x - 32) : x;
        y = y >= 'a' && y <= 'z' ? (uint8_t)(y - 32) : y;
        if (x != y)
            return false;
    }
    return true;
}

/* tdxModuleIdentities may be absent: documents of 2023 had none. */
static enum rc read_identities(struct doc *d, const struct flat *root, struct tcb_info *ti)
{
    static const char where[] = "tdxModuleIdentities";
    const struct flat *list = flat_get(root, where);
    if (!list)
        return RC_OK;
    if (!flat_is(list, FLAT_ARRAY) || flat_size(list) > d->levels_left)
        return bad(d, "", NO_INDEX, where);
    d->levels_left -= flat_size(list);
    size_t n = flat_size(list);
    struct tcb_module *v = ARENA_ARRAY(d->a, struct tcb_module, n, d->err);
    if (!v)
        return d->err->rc;
    const struct flat *obj = NULL;
    for (size_t i = 0; i < n; i++) {
        obj = flat_next(list, obj);
        if (!keep_member(d, obj, "id", &v[i].id))
            return bad(d, where, i, "id");
        for (size_t k = 0; k < i; k++)
            if (tcb_module_id_eq(v[k].id, v[i].id))
                return bad(d, where, i, "id (twice)");
        TRY(read_module(d, where, i, obj, &v[i]));
        TRY(read_svn_levels(d, where, obj, UINT8_MAX, &v[i].levels, &v[i].num_levels));
    }
    ti->identities = v;
    ti->num_identities = n;
    return RC_OK;
}

enum rc tcb_info_parse(struct arena *a, struct bytes text, struct tcb_info *out, struct err *err)
{
    struct doc d = {.a = a, .err = err, .levels_left = LIMIT_TCB_LEVELS};
    struct tcb_info ti = {0};
    uint64_t type;
    const struct flat *root = NULL;
    TRY(read_root(&d, text, &root));
    if (!keep_member(&d, root, "id", &ti.id))
        return bad(&d, "", NO_INDEX, "id");
    if (!u32_member(root, "version", &ti.version) || ti.version > 3)
        return bad(&d, "", NO_INDEX, "version");
    if (!flat_date(root, "issueDate", &ti.issue_date))
        return bad(&d, "", NO_INDEX, "issueDate");
    if (!flat_date(root, "nextUpdate", &ti.next_update))
        return bad(&d, "", NO_INDEX, "nextUpdate");
    if (!flat_hex(root, "fmspc", ti.fmspc, sizeof ti.fmspc))
        return bad(&d, "", NO_INDEX, "fmspc");
    if (!flat_hex(root, "pceId", ti.pce_id, sizeof ti.pce_id))
        return bad(&d, "", NO_INDEX, "pceId");
    if (!flat_u64(root, "tcbType", 0, &type))
        return bad(&d, "", NO_INDEX, "tcbType");
    if (!u32_member(root, "tcbEvaluationDataNumber", &ti.evaluation_number))
        return bad(&d, "", NO_INDEX, "tcbEvaluationDataNumber");
    if (ti.version == 3 && bytes_eq_str(ti.id, "TDX")) {
        TRY(read_module(&d, "tdxModule", NO_INDEX, flat_get(root, "tdxModule"), &ti.module));
        ti.has_module = true;
        TRY(read_identities(&d, root, &ti));
        TRY(read_comp_levels(&d, root, &ti));
    }
    *out = ti;
    return RC_OK;
}

static bool u32le_member(const struct flat *obj, const char *key, uint32_t *out)
{
    uint8_t b[4];
    if (!flat_hex(obj, key, b, sizeof b))
        return false;
    *out = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    return true;
}

enum rc qe_identity_parse(struct arena *a, struct bytes text, struct qe_identity *out,
                          struct err *err)
{
    struct doc d = {.a = a, .err = err, .qe = true, .levels_left = LIMIT_TCB_LEVELS};
    struct qe_identity qi = {0};
    const struct flat *root = NULL;
    TRY(read_root(&d, text, &root));
    if (!keep_member(&d, root, "id", &qi.id))
        return bad(&d, "", NO_INDEX, "id");
    if (!u32_member(root, "version", &qi.version) || qi.version > 3)
        return bad(&d, "", NO_INDEX, "version");
    if (!flat_date(root, "issueDate", &qi.issue_date))
        return bad(&d, "", NO_INDEX, "issueDate");
    if (!flat_date(root, "nextUpdate", &qi.next_update))
        return bad(&d, "", NO_INDEX, "nextUpdate");
    if (!u32_member(root, "tcbEvaluationDataNumber", &qi.evaluation_number))
        return bad(&d, "", NO_INDEX, "tcbEvaluationDataNumber");
    if (!u32le_member(root, "miscselect", &qi.misc_select))
        return bad(&d, "", NO_INDEX, "miscselect");
    if (!u32le_member(root, "miscselectMask", &qi.misc_select_mask))
        return bad(&d, "", NO_INDEX, "miscselectMask");
    if (!flat_hex(root, "attributes", qi.attributes, sizeof qi.attributes))
        return bad(&d, "", NO_INDEX, "attributes");
    if (!flat_hex(root, "attributesMask", qi.attributes_mask, sizeof qi.attributes_mask))
        return bad(&d, "", NO_INDEX, "attributesMask");
    if (!flat_hex(root, "mrsigner", qi.mr_signer, sizeof qi.mr_signer))
        return bad(&d, "", NO_INDEX, "mrsigner");
    if (!u16_member(root, "isvprodid", UINT16_MAX, &qi.isv_prod_id))
        return bad(&d, "", NO_INDEX, "isvprodid");
    TRY(read_svn_levels(&d, "tcbLevels", root, UINT16_MAX, &qi.levels, &qi.num_levels));
    *out = qi;
    return RC_OK;
}
