/* boot_info: the values of dstack's AppBootInfo (dstack-attest attestation.rs; tdx facts 4.2). */
#include "quote/boot_info.h"

#include "base/hash.h"
#include "quote/dstack.h"
#include "quote/evlog_internal.h"

static const char tee_tdx[] = "dstack-tdx";

static enum rc check_facts(const struct evlog_facts *f, enum boot_view view, struct err *err)
{
    if (!f->app_id.n)
        return err_set(err, BG_BOOT_NO_APP_ID, "no app-id event before system-ready");
    if (!f->compose_hash.n)
        return err_set(err, BG_BOOT_NO_COMPOSE_HASH, "no compose-hash event before system-ready");
    if (!f->has_instance_id)
        return err_set(err, BG_BOOT_NO_INSTANCE_ID, "no instance-id event before system-ready");
    if (view != BOOT_VIEW_APP && view != BOOT_VIEW_KMS)
        return err_set(err, BG_BOOT_VIEW, "view %d", (int)view);
    if (view == BOOT_VIEW_APP && !f->boot_mr_done)
        return err_set(err, BG_BOOT_NO_BOOT_MR, "no boot-mr-done event before system-ready");
    return RC_OK;
}

/* SHA-256(MRTD | RTMR0 | RTMR1 | RTMR2 | key provider's digest or 32 zero bytes). */
static void mr_system(const struct td_body *td, struct bytes key_provider, uint8_t out[32])
{
    uint8_t kp[32] = {0};
    if (key_provider.n)
        hash_sha256(key_provider, kp);
    HASH_PARTS(hash_sha256_parts, out, bytes_of(td->mr_td, 48), bytes_of(td->rtmr[0], 48),
               bytes_of(td->rtmr[1], 48), bytes_of(td->rtmr[2], 48), BYTES_OF_ARRAY(kp));
}

/* The same registers, RTMR3, and the three configuration fields unless all of them are zero. */
static void mr_aggregated(const struct td_body *td, const uint8_t rtmr3[48], uint8_t out[32])
{
    bool plain = mem_is_zero(td->mr_config_id, 48) && mem_is_zero(td->mr_owner, 48) &&
                 mem_is_zero(td->mr_owner_config, 48);
    size_t n = plain ? 0 : 48;
    HASH_PARTS(hash_sha256_parts, out, bytes_of(td->mr_td, 48), bytes_of(td->rtmr[0], 48),
               bytes_of(td->rtmr[1], 48), bytes_of(td->rtmr[2], 48), bytes_of(rtmr3, 48),
               bytes_of(td->mr_config_id, n), bytes_of(td->mr_owner, n),
               bytes_of(td->mr_owner_config, n));
}

static enum rc copy_tcb(struct arena *a, const struct tcb_result *tcb, struct boot_info *bi,
                        struct err *err)
{
    TRY(arena_keep(a, bytes_of_str(tcb_status_name(tcb->status)), &bi->tcb_status, err));
    bi->advisory_ids = ARENA_ARRAY(a, struct bytes, tcb->advisories.n, err);
    if (!bi->advisory_ids)
        return err->rc;
    for (size_t i = 0; i < tcb->advisories.n; i++)
        TRY(arena_keep(a, tcb->advisories.v[i], &bi->advisory_ids[i], err));
    bi->num_advisory_ids = tcb->advisories.n;
    return RC_OK;
}

enum rc boot_info_make(struct arena *a, const struct td_report *td, const struct evlog_facts *f,
                       const struct os_image *image, enum boot_view view, struct boot_info *out,
                       struct err *err)
{
    struct boot_info bi = {.tee_variant = tee_tdx};
    uint8_t rtmr3[48];
    bool known;
    TRY(check_facts(f, view, err));
    TRY(mr_config_check(td->td.mr_config_id, f->compose_hash, f->app_id, f->key_provider,
                        image->mr_config, &known, err));
    /* At an app's key request the log ends with boot-mr-done and names no key provider yet. */
    bool whole = view == BOOT_VIEW_KMS;
    struct bytes key_provider = whole ? f->key_provider : BYTES_NONE;
    evlog_replay_register(f->log, 3, whole ? SIZE_MAX : f->boot_mr_done, rtmr3);
    mr_system(&td->td, key_provider, bi.mr_system);
    mr_aggregated(&td->td, rtmr3, bi.mr_aggregated);
    memcpy(bi.os_image_hash, image->hash, sizeof bi.os_image_hash);
    memcpy(bi.app_id, f->app_id.p, sizeof bi.app_id); /* widths: evlog_lookup */
    memcpy(bi.compose_hash, f->compose_hash.p, sizeof bi.compose_hash);
    memcpy(bi.device_id, td->device_id, sizeof bi.device_id);
    bi.has_instance_id = f->instance_id.n == sizeof bi.instance_id;
    if (bi.has_instance_id)
        memcpy(bi.instance_id, f->instance_id.p, sizeof bi.instance_id);
    TRY(arena_keep(a, key_provider, &bi.key_provider_info, err));
    TRY(copy_tcb(a, &td->tcb, &bi, err));
    *out = bi;
    return RC_OK;
}
