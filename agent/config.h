/*
 * config: what the answer rests on, from one strict JSON file (DESIGN section 6, bootgate(5)).
 * For the tools the first that exists of: --config, BOOTGATE_CONFIG, /etc/bootgate.json,
 * /usr/lib/bootgate/bootgate.json, built-in values.
 */
#ifndef BOOTGATE_AGENT_CONFIG_H
#define BOOTGATE_AGENT_CONFIG_H

#include "agent/config_guest.h"
#include "agent/config_release.h"
#include "base/limits.h"
#include "policy/beacon/checkpoint.h"
#include "policy/decide.h"
#include "policy/near/client.h"
#include "quote/findings.h"

/* struct near_codes: SHA-256 of the code that a contract's account may have; n 0: not said. */
struct near_codes {
    const uint8_t (*v)[32];
    size_t n;
};

/* struct near_source: chain.source "near". */
struct near_source {
    const char *network_id;
    struct near_config client; /* floor_height is the store's to say */
    struct near_codes kms_codes, app_codes;
    bool by_call; /* proof of call: the contracts' code is run by a relayed transaction */
    struct url_list relays;
    bool report_code; /* a code that nobody confirmed is shown, not refused */
};

struct config {
    struct chain_config chain;         /* source CHAIN_SOURCE_NONE: no contract is configured */
    struct near_source near;           /* CHAIN_NEAR */
    bool has_checkpoint;               /* chain.light_client.checkpoint is set */
    struct checkpoint_signers signers; /* num_keys 0: none */
    struct url_list rpc, beacon, checkpoints;
    const char *store; /* directory; NULL: nothing is kept */
    struct guest_config guest;
    struct td_policy td;
    const uint8_t (*acpi)[48];
    size_t num_acpi;
    const char *require_assurance; /* NULL: any */
    enum freshness require_freshness;
    const struct release_config *release; /* NULL: nothing is released by this configuration */
    enum boot_view as;
    uint8_t sha256[32]; /* of the effective configuration as canonical JSON */
    uint8_t app_id[20];
    bool loaded; /* false: built-in values only */
    bool has_app_id, acpi_pinned, require_os_image;
    bool freshness_given;                      /* require_freshness stands in the file */
    bool tcb_date_given, tcb_evaluation_given; /* min_tcb_date, min_tcb_evaluation do */
};

/* struct tcb_minimum: of TCB date and of TCB evaluation data number; 0: none. */
struct tcb_minimum {
    uint64_t date;
    uint32_t evaluation;
};

/* config_builtin: the values that hold without a file. */
void config_builtin(struct config *out);
/* config_read: one configuration, from its text. Everything in `out` lives in the arena. */
enum rc config_read(struct arena *a, struct bytes text, const char *path, struct config *out,
                    struct err *err) MUST_CHECK;
/* config_load finds the file as described above; flag NULL: --config was not given. */
enum rc config_load(struct arena *a, const char *flag, struct config *out,
                    struct err *err) MUST_CHECK;
/* config_strict: what holds for a release where the file does not say otherwise: freshness better
 * than the host's clock, and the minimum that the program was built with. */
void config_strict(struct config *c, const struct tcb_minimum *built);
/* config_load_any: the same, but for who looks for a checkpoint: source ethereum may lack one. */
enum rc config_load_any(struct arena *a, const char *flag, struct config *out,
                        struct err *err) MUST_CHECK;
/* config_source_name: chain.source as it is written; NULL: none. */
const char *config_source_name(enum chain_source_kind k);
/* config_boot_view: "app" or "kms"; BOOT_VIEW_NONE: neither. */
enum boot_view config_boot_view(struct bytes word);

#endif
