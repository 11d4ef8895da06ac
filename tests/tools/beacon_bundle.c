/*
 * beacon_bundle: prints a seed for tests/fuzz/beacon_answers_fuzz: everything from a checkpoint to
 * a head, on a chain of the tests' own.  beacon_bundle json|ssz
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "tests/lib/ethereum_world.h"

int main(int argc, char **argv)
{
    struct arena *a = arena_new((size_t)64 << 20);
    struct ethereum_world e;
    char root[65];
    if (argc != 2 || !a) {
        fprintf(stderr, "usage: beacon_bundle json|ssz\n");
        return 2;
    }
    ethereum_world_new(a, &e, strcmp(argv[1], "ssz") == 0);
    hex_encode(BYTES_OF_ARRAY(e.s.cfg.checkpoint.root), root);
    AUTO_JSON out = json_pack("{s:s,s:I,s:I,s:O}", "root", root, "slot", (json_int_t)EW_CHECKPOINT,
                              "now", (json_int_t)e.s.now, "beacon", e.s.beacon);
    char *text = json_dumps(out, JSON_COMPACT);
    if (text)
        puts(text);
    free(text);
    ethereum_world_free(&e);
    arena_free(a);
    return text ? 0 : 1;
}
