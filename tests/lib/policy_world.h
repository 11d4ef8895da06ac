/*
 * policy_world: a KMS contract and an app contract of our own making, in hand-written EVM code, on
 * a chain of our own making (eth_world), with the layout and the interface of dstack's: both behind
 * ERC-1967 proxies, the KMS asks registeredApps and passes the question on to the app.
 */
#ifndef BOOTGATE_TESTS_POLICY_WORLD_H
#define BOOTGATE_TESTS_POLICY_WORLD_H

#include "policy/chain.h"
#include "tests/lib/eth_world.h"
#include "tests/lib/harness.h"

struct policy_world {
    struct eth_world *chain;
    struct world_block block;
    uint8_t kms[20], kms_impl[20], app[20], app_impl[20];
    struct bytes proxy_code, kms_code, app_code; /* what is deployed; change and deploy again */
    struct boot_info bi;
    struct chain_config cfg;
    uint64_t now;
};

/* policy_world_new: everything allowed; sealed. The app says yes when its slot 3 is not zero. */
void policy_world_new(struct arena *a, struct policy_world *w);
void policy_world_free(struct policy_world *w);
/* policy_world_deploy puts the codes in place again, after a change of one. */
void policy_world_deploy(struct policy_world *w);
/* policy_world_seal: after a change; pins the new block. */
void policy_world_seal(struct policy_world *w);
/* policy_world_slot: slot number and value as small numbers, or address as value. */
void policy_world_slot(struct policy_world *w, const uint8_t address[static 20], uint8_t slot,
                       uint8_t value);
void policy_world_word(struct policy_world *w, const uint8_t address[static 20],
                       const uint8_t slot[static 32], const uint8_t *value, size_t n);
/* The mapping slot registeredApps[app]. */
void policy_world_registered(const struct policy_world *w, uint8_t out[static 32]);
extern const uint8_t policy_world_erc1967[32];
/*
 * policy_world_bundle: exactly what a yes under app_code `implementation` reads: the header, four
 * account proofs with the slots that are read, four codes. A new array; entries in this order.
 */
json_t *policy_world_bundle(struct policy_world *w);
enum {
    BUNDLE_HEADER,
    BUNDLE_KMS,
    BUNDLE_KMS_IMPL,
    BUNDLE_APP,
    BUNDLE_APP_IMPL,
    BUNDLE_KMS_CODE,
    BUNDLE_KMS_IMPL_CODE,
    BUNDLE_APP_CODE,
    BUNDLE_APP_IMPL_CODE,
    BUNDLE_N
};

/* policy_code_returning: code that returns (or reverts with) this data. */
struct bytes policy_code_returning(struct arena *a, struct bytes data, bool revert);

struct policy_try {
    enum rc rc;
    struct needs needs;
    struct checks checks;
    struct chain_result r;
    struct err bad, err;
    bool allow;   /* policy_decide says so */
    enum rc code; /* the verdict's */
};
/* policy_world_ask: one attempt over rpc, decision included. */
struct policy_try policy_world_ask(struct arena *a, const struct policy_world *w,
                                   enum chain_question question, const json_t *rpc);

#endif
