/*
 * chain: put dstack's question to the contract, at one proven block. One call = one attempt with
 * the answers at hand: either a result, or the needs that stand between us and it. Deterministic.
 */
#ifndef BOOTGATE_POLICY_CHAIN_H
#define BOOTGATE_POLICY_CHAIN_H

#include "base/check.h"
#include "policy/answers.h"
#include "policy/beacon/light_client.h"
#include "policy/head.h"
#include "policy/needs.h"
#include "quote/boot_info.h"

/* CHAIN_NEAR is asked by near_ask (policy/near/ask.h), never here. */
enum chain_source_kind { CHAIN_SOURCE_NONE = 0, CHAIN_PINNED, CHAIN_ETHEREUM, CHAIN_NEAR };

enum code_rule { CODE_ANY = 0, CODE_IMPLEMENTATION, CODE_HASHES };

/* struct code_policy: app_code and kms_code of the configuration (DESIGN section 3). */
struct code_policy {
    enum code_rule rule;
    const uint8_t (*hashes)[32]; /* CODE_HASHES: allowed keccak256 of the code that runs */
    size_t num_hashes;
};

struct chain_config {
    enum chain_source_kind source;
    uint64_t chain_id;
    uint8_t kms_contract[20];
    uint8_t block_hash[32];        /* pinned */
    struct lc_config light_client; /* ethereum; its max_head_age is the same as the next one */
    uint64_t max_head_age;         /* seconds; 0: none */
    const struct eth_fork_time *el_forks;
    size_t num_el_forks;
    struct code_policy app_code, kms_code;
    bool skip_wishes; /* do not ask for the extra reads */
};

enum chain_question { ASK_NONE = 0, ASK_APP, ASK_KMS };

enum chain_say { CHAIN_UNDECIDED = 0, CHAIN_DENIES, CHAIN_ALLOWS };

struct slot_read {
    uint8_t address[20], slot[32], value[32];
    const char *label; /* "registeredApps[appId]" ..; NULL: not one we know */
    bool zero_leaf;
};

struct code_seen {
    const char *role; /* "kms", "kms implementation", "app", "app implementation" */
    uint8_t address[20];
    uint8_t hash[32];
    bool known; /* false: not proven (wished and not answered) */
};

struct chain_result {
    enum chain_say say;
    enum rc code;       /* for CHAIN_DENIES: the BG code of the denial */
    const char *reason; /* the contract's own words, or why the call failed; printable */
    bool reverted;
    uint64_t block_number, block_time;
    uint8_t block_hash[32], state_root[32];
    enum eth_fork fork;
    const char *assurance;         /* the head's: "pinned", "finalized", "attested" */
    const struct head_facts *head; /* how its block was proven; as long as the head lives */
    uint64_t gas_used;
    struct bytes output; /* return or revert data of the call */
    struct slot_read *slots;
    size_t num_slots;
    struct code_seen codes[4];
    size_t num_codes;
    bool has_gateway_app_id, has_app_implementation, has_kms_info;
    const char *gateway_app_id;
    uint8_t app_implementation[20]; /* KMS's appImplementation() */
    struct bytes k256_pubkey;       /* kmsInfo: SEC1 compressed */
};

/*
 * chain_ask answers `question` about `bi` at the block of `head`, which was proven before
 * (chain_head_pinned, light_client_step) in the way that cfg says: any other head, or NULL, is an
 * error. On success out_needs->n hard needs
 * == 0 and out->say is not CHAIN_UNDECIDED. With hard needs left: RC_OK, say UNDECIDED, needs
 * listed (wished ones too). now: Unix seconds, for the header's age. Checks are appended only when
 * a result stands. An answer that is present but does not prove is treated as missing, and its
 * error is kept in *out_last_bad (rc and detail), so that the driver can say why nothing helped.
 */
enum rc chain_ask(struct arena *a, const struct chain_config *cfg, const struct chain_head *head,
                  enum chain_question question, const struct boot_info *bi,
                  const struct answers *answers, uint64_t now, struct needs *out_needs,
                  struct checks *checks, struct chain_result *out, struct err *out_last_bad,
                  struct err *err) MUST_CHECK;

#endif
