/*
 * contract: what near-kms' contracts keep in their state, and what their views answer
 * (facts/near.md 1). The layout is our reading of near-kms at b329f4b0 with near-sdk 5.24; the
 * contracts' code is not provable on NEAR today, so a verdict says `finalized-data`.
 */
#ifndef BOOTGATE_POLICY_NEAR_CONTRACT_H
#define BOOTGATE_POLICY_NEAR_CONTRACT_H

#include "policy/near/borsh.h"
#include "quote/boot_info.h"

#define NEAR_ACCOUNT_MAX 64u /* characters of an account id */

/* near_account_ok: the rules of an AccountId: 2 to 64 of [a-z0-9], parts split by one of - _ . */
bool near_account_ok(struct bytes id);

/* The collections' prefixes: the borsh tag of near-kms' StorageKey. */
enum near_kms_set {
    NEAR_KMS_COMPOSE_HASHES = 0,
    NEAR_KMS_APPS = 1,
    NEAR_KMS_OS_IMAGES = 2,
    NEAR_KMS_MRS = 3,
    NEAR_KMS_DEVICES = 4
};
enum near_app_set { NEAR_APP_COMPOSE_HASHES = 0, NEAR_APP_DEVICES = 1 };

/*
 * near_set_key: where store::IterableSet keeps the index of a member: SHA-256(prefix || 'm' ||
 * borsh(value)). The member is in the set exactly when the key has a value (4 bytes, a position).
 */
void near_set_key(uint8_t prefix, struct bytes value, uint8_t out[static 32]);

struct near_app_state {
    uint32_t compose_hashes, devices; /* how many members the sets say they have */
    bool allow_any_device, upgrades_disabled;
    bool has_kms_contract;
    struct bytes kms_contract; /* view into the state */
};

struct near_kms_state {
    struct bytes mpc_contract;
    uint64_t mpc_domain;
    uint32_t members[5]; /* by enum near_kms_set */
    bool has_gateway_app_id;
    struct bytes gateway_app_id;
    bool has_info;
    struct bytes k256_pubkey, ca_pubkey, quote, event_log;
};

/* Exact decoding of the value under the key "STATE": no byte more or less. Views into `state`. */
enum rc near_app_state_read(struct bytes state, struct near_app_state *out,
                            struct err *err) MUST_CHECK;
enum rc near_kms_state_read(struct bytes state, struct near_kms_state *out,
                            struct err *err) MUST_CHECK;

/* struct near_boot: the boot info as near-kms takes it: hashes in lower-case hex without 0x. */
struct near_boot {
    char os_image_hash[65], mr_aggregated[65], device_id[65], compose_hash[65];
    char app_id[41];
    struct bytes tcb_status;
};

void near_boot_from(const struct boot_info *bi, struct near_boot *out);

#endif
