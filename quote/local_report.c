#include "quote/local_report.h"

#include "base/cur.h"
#include "base/hash.h"

/* Where the hashed parts stand: TEE_TCB_INFO has 239 bytes, then 17 reserved ones. */
#define TCB_INFO_AT   256u
#define TCB_INFO_SIZE 239u
#define TD_INFO_AT    512u
#define TD_INFO_SIZE  512u

/* [ABI] REPORTTYPE.TYPE: 0 is SGX. */
#define TYPE_TDX 0x81u

struct mac_part {
    uint8_t tcb_info_hash[48], td_info_hash[48];
};

static enum rc reserved(struct cur *c, size_t n, const char *where, struct err *err)
{
    if (!bytes_is_zero(cur_take(c, n)))
        return err_set(err, BG_LOCAL_REPORT_RESERVED, "in %s", where);
    return RC_OK;
}

/* REPORTMACSTRUCT, 256 bytes. */
static enum rc read_mac(struct cur *c, struct local_report *r, struct mac_part *mac,
                        struct err *err)
{
    unsigned type = cur_u8(c), subtype = cur_u8(c);
    r->version = cur_u8(c);
    if (type != TYPE_TDX || subtype != 0)
        return err_set(err, BG_LOCAL_REPORT_TYPE, "type 0x%02x, subtype %u", type, subtype);
    if (r->version > 1)
        return err_set(err, BG_LOCAL_REPORT_VERSION, "version %u", r->version);
    TRY(reserved(c, 1 + 12, "REPORTMACSTRUCT", err));
    cur_take(c, 16); /* CPUSVN: not in a quote's body */
    cur_copy(c, mac->tcb_info_hash, sizeof mac->tcb_info_hash);
    cur_copy(c, mac->td_info_hash, sizeof mac->td_info_hash);
    cur_copy(c, r->td.report_data, sizeof r->td.report_data);
    TRY(reserved(c, 32, "REPORTMACSTRUCT", err));
    cur_take(c, 32); /* MAC */
    return RC_OK;
}

static enum rc read_tcb_info(struct cur *c, struct td_body *td, struct err *err)
{
    cur_take(c, 8); /* VALID: which of the members below the module filled in */
    cur_copy(c, td->tee_tcb_svn, sizeof td->tee_tcb_svn);
    cur_copy(c, td->mr_seam, sizeof td->mr_seam);
    cur_copy(c, td->mr_signer_seam, sizeof td->mr_signer_seam);
    cur_copy(c, td->seam_attributes, sizeof td->seam_attributes);
    cur_copy(c, td->tee_tcb_svn2, sizeof td->tee_tcb_svn2);
    return reserved(c, 95 + 17, "TEE_TCB_INFO", err);
}

static enum rc read_td_info(struct cur *c, struct td_body *td, struct err *err)
{
    cur_copy(c, td->td_attributes, sizeof td->td_attributes);
    cur_copy(c, td->xfam, sizeof td->xfam);
    cur_copy(c, td->mr_td, sizeof td->mr_td);
    cur_copy(c, td->mr_config_id, sizeof td->mr_config_id);
    cur_copy(c, td->mr_owner, sizeof td->mr_owner);
    cur_copy(c, td->mr_owner_config, sizeof td->mr_owner_config);
    cur_copy(c, td->rtmr, sizeof td->rtmr);
    cur_copy(c, td->mr_service_td, sizeof td->mr_service_td);
    return reserved(c, 64, "TDINFO", err);
}

enum rc local_report_parse(struct bytes raw, struct local_report *out, struct err *err)
{
    struct local_report r = {.td.td15 = true};
    struct mac_part mac;
    uint8_t hash[SHA384_LEN];
    if (raw.n != LOCAL_REPORT_SIZE)
        return err_set(err, BG_LOCAL_REPORT_SIZE, "%zu bytes", raw.n);
    struct cur c = cur_of(raw);
    TRY(read_mac(&c, &r, &mac, err));
    TRY(read_tcb_info(&c, &r.td, err));
    TRY(read_td_info(&c, &r.td, err));
    hash_sha384(bytes_of(raw.p + TCB_INFO_AT, TCB_INFO_SIZE), hash);
    if (!cur_done(&c) || memcmp(hash, mac.tcb_info_hash, sizeof hash) != 0)
        return err_set(err, BG_LOCAL_REPORT_TCB_HASH, "%s", "");
    hash_sha384(bytes_of(raw.p + TD_INFO_AT, TD_INFO_SIZE), hash);
    if (memcmp(hash, mac.td_info_hash, sizeof hash) != 0)
        return err_set(err, BG_LOCAL_REPORT_TDINFO_HASH, "%s", "");
    if (r.version == 0 && !mem_is_zero(r.td.mr_service_td, sizeof r.td.mr_service_td))
        return err_set(err, BG_LOCAL_REPORT_SERVTD, "%s", "version 0");
    *out = r;
    return RC_OK;
}

struct member {
    const char *name;
    size_t at, size;
    bool rtmr, td15;
};

#define MEMBER(m)                                                                                  \
    {                                                                                              \
#m, offsetof(struct td_body, m), sizeof((struct td_body *)0)->m, false, false              \
    }
#define MEMBER_RTMR(i)                                                                             \
    {                                                                                              \
        "rtmr" #i, offsetof(struct td_body, rtmr[i]), 48, true, false                              \
    }
#define MEMBER_TD15(m)                                                                             \
    {                                                                                              \
#m, offsetof(struct td_body, m), sizeof((struct td_body *)0)->m, false, true               \
    }

static const struct member members[] = {
    MEMBER(tee_tcb_svn),
    MEMBER(mr_seam),
    MEMBER(mr_signer_seam),
    MEMBER(seam_attributes),
    MEMBER(td_attributes),
    MEMBER(xfam),
    MEMBER(mr_td),
    MEMBER(mr_config_id),
    MEMBER(mr_owner),
    MEMBER(mr_owner_config),
    MEMBER_RTMR(0),
    MEMBER_RTMR(1),
    MEMBER_RTMR(2),
    MEMBER_RTMR(3),
    MEMBER(report_data),
    MEMBER_TD15(tee_tcb_svn2),
    MEMBER_TD15(mr_service_td),
};
_Static_assert(sizeof members / sizeof *members == LOCAL_REPORT_MEMBERS, "members");

/* same: a TD 1.0 body stands for "no service TD" and says nothing of a second SVN. */
static bool same(const struct member *m, const struct local_report *local,
                 const struct td_body *quote)
{
    const uint8_t *mine = (const uint8_t *)&local->td + m->at,
                  *theirs = (const uint8_t *)quote + m->at;
    if (m->td15 && !quote->td15)
        return m->at != offsetof(struct td_body, mr_service_td) || mem_is_zero(mine, m->size);
    return memcmp(mine, theirs, m->size) == 0;
}

enum rc local_report_compare(const struct local_report *local, const struct td_body *quote,
                             struct local_difference *diff, struct err *err)
{
    struct local_difference d = {0};
    const struct member *first = NULL;
    for (size_t i = 0; i < LOCAL_REPORT_MEMBERS; i++) {
        const struct member *m = &members[i];
        if (same(m, local, quote))
            continue;
        d.member[d.n++] = m->name;
        if (!first || (first->rtmr && !m->rtmr))
            first = m;
    }
    *diff = d;
    if (!first)
        return RC_OK;
    if (first->rtmr)
        return err_set(err, BG_LOCAL_REPORT_MOVED, "%s, %zu registers", first->name, d.n);
    return err_set(err, BG_LOCAL_REPORT_DIFFERS, "%s, %zu members", first->name, d.n);
}
