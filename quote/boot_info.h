/*
 * boot_info: dstack's AppBootInfo / bootAuth request, made only from verified parts
 * (tdx facts 4.2, 4.3, 4.7). This is all that policy/ ever sees of a quote.
 */
#ifndef BOOTGATE_QUOTE_BOOT_INFO_H
#define BOOTGATE_QUOTE_BOOT_INFO_H

#include "base/json.h"

struct td_report_ok;
struct evlog_ok;
struct os_image;

enum boot_view {
    BOOT_VIEW_NONE = 0,
    BOOT_VIEW_APP, /* as the KMS sees it at the app's key request: RTMR3 to boot-mr-done, zero key
                      provider */
    BOOT_VIEW_KMS, /* a KMS's self check: the whole log, the key provider of the log */
};

struct boot_info {
    const char *tee_variant; /* dstack's spelling for TDX; static */
    uint8_t mr_aggregated[32];
    uint8_t os_image_hash[32];
    uint8_t mr_system[32];
    uint8_t app_id[20];
    uint8_t compose_hash[32];
    uint8_t instance_id[20];
    bool has_instance_id; /* false: empty; encoded as the zero address on chain */
    uint8_t device_id[32];
    struct bytes key_provider_info; /* JSON text or empty */
    struct bytes tcb_status;        /* Intel's spelling, the exact string for the contract */
    struct bytes *advisory_ids;
    size_t num_advisory_ids;
};

/*
 * boot_info_from assembles it. Missing app-id, compose-hash or instance-id events are errors, and
 * so is a MRCONFIGID that contradicts the log (class EVIDENCE: it is the TD's own word).
 * NOT checked: that log and image were held against this very td (the caller has one of each); a
 * MRCONFIGID with nothing to compare it to; whether os_image_hash is proven (image->proven).
 */
enum rc boot_info_from(struct arena *a, const struct td_report_ok *td, const struct evlog_ok *log,
                       const struct os_image *image, enum boot_view view, struct boot_info *out,
                       struct err *err) MUST_CHECK;
/*
 * boot_info_read: a bootAuth request as JSON (--boot-info). Exact widths, 0x allowed, unknown
 * members refused; optional: teeVariant, mrSystem, keyProviderInfo, tcbStatus, advisoryIds.
 */
enum rc boot_info_read(struct arena *a, const json_t *obj, struct boot_info *out,
                       struct err *err) MUST_CHECK;
/* boot_info_json: exactly the JSON of dstack's bootAuth request; a new reference, NULL: no memory.
 */
json_t *boot_info_json(const struct boot_info *bi);

#endif
