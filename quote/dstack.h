/*
 * dstack: values derived from dstack's files (tdx facts 4.3, 4.4): compose hash, app id,
 * MRCONFIGID. Pure functions of exact bytes.
 */
#ifndef BOOTGATE_QUOTE_DSTACK_H
#define BOOTGATE_QUOTE_DSTACK_H

#include "base/arena.h"

/* SHA-256 of the exact bytes of app-compose.json. */
void dstack_compose_hash(struct bytes app_compose, uint8_t out[static 32]);
/* The first 20 bytes of the compose hash: the default app id. */
void dstack_app_id(const uint8_t compose_hash[static 32], uint8_t out[static 20]);

enum mr_config_kind {
    MR_CONFIG_OTHER = 0,
    MR_CONFIG_ZERO,
    MR_CONFIG_V1,
    MR_CONFIG_V2,
    MR_CONFIG_V3
};

/* mr_config_kind_of looks at the leading byte and the padding only. */
enum mr_config_kind mr_config_kind_of(const uint8_t mr_config_id[static 48]);
/*
 * mr_config_check compares MRCONFIGID with the log's facts where its version allows:
 * v1 needs compose hash; v2 compose hash, app id, key provider kind and id; v3 the mr_config
 * document (JCS bytes as sent; empty: not available). out_known false: nothing to compare with.
 */
enum rc mr_config_check(const uint8_t mr_config_id[static 48], struct bytes compose_hash,
                        struct bytes app_id, struct bytes key_provider_json, struct bytes document,
                        bool *out_known, struct err *err) MUST_CHECK;

#endif
