/*
 * policy_bundle: prints an accepted decision of tests/lib/policy_world as the seed of the answers
 * fuzzer: {"block", "kms", "app", "rpc"}.
 */
#include "tests/lib/policy_world.h"

#include <stdio.h>

#include "base/hex.h"

static json_t *hex(struct arena *a, const uint8_t *p, size_t n)
{
    struct err err = {0};
    return json_string(hex_str(a, bytes_of(p, n), &err));
}

int main(void)
{
    struct arena *a = arena_new(64u << 20);
    struct policy_world w;
    policy_world_new(a, &w);
    AUTO_JSON out =
        json_pack("{s:o,s:o,s:o,s:o}", "block", hex(a, w.cfg.block_hash, 32), "kms",
                  hex(a, w.kms, 20), "app", hex(a, w.app, 20), "rpc", policy_world_bundle(&w));
    int rc = json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    policy_world_free(&w);
    arena_free(a);
    return rc ? 1 : 0;
}
