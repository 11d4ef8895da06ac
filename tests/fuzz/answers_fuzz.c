/*
 * answers: a bundle's rpc entries through answers_read and chain_ask, with a pinned head. The input
 * is
 * {"block", "kms", "app", "rpc"}; seeds come from tests/tools/policy_bundle.
 */
#include <stdlib.h>

#include "policy/decide.h"
#include "tests/lib/pinned_ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO_JSON in = NULL;
    struct err err = {0}, bad = {0};
    struct answers answers;
    struct boot_info bi = {.tcb_status = bytes_of_str("UpToDate")};
    struct chain_config cfg = {.source = CHAIN_PINNED, .chain_id = 424242};
    if (json_read(bytes_of(data, n), 1u << 20, &in, &err) != RC_OK)
        return 0;
    if (!json_hex(in, "block", true, cfg.block_hash, 32) ||
        !json_hex(in, "kms", true, cfg.kms_contract, 20) ||
        !json_hex(in, "app", true, bi.app_id, 20))
        return 0;
    struct arena *a = arena_new((size_t)256 << 20);
    if (a && answers_read(a, json_object_get(in, "rpc"), &answers, &err) == RC_OK) {
        for (int q = ASK_APP; q <= ASK_KMS; q++) {
            struct needs needs = {0};
            struct checks checks = {0};
            struct chain_result r = {0};
            cfg.app_code.rule = q == ASK_APP ? CODE_IMPLEMENTATION : CODE_ANY;
            err_clear(&err);
            enum rc rc = pinned_ask(a, &cfg, (enum chain_question)q, &bi, &answers, UINT64_MAX,
                                    &needs, &checks, &r, &bad, &err);
            struct verdict v = {0};
            policy_decide(&checks, rc == RC_OK ? &r : NULL, &v);
            /* A result stands exactly when nothing hard is missing; a yes is about our block. */
            if (rc == RC_OK && (r.say == CHAIN_UNDECIDED) != (needs_hard(&needs) > 0))
                abort();
            if (verdict_is_allow(&v) && memcmp(r.block_hash, cfg.block_hash, 32) != 0)
                abort();
            if (r.say == CHAIN_UNDECIDED && checks.n)
                abort();
        }
    }
    arena_free(a);
    return 0;
}
