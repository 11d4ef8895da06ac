/*
 * beacon_tool: answers one line per line of standard input, for comparison with other
 * implementations (tests/oracles/beacon_diff.mjs). Bytes are hex.
 *   bootstrap|update|finality|optimistic FORK PRESET SSZ   roots of what is inside; or "bad"
 *   signing ROOT VERSION GENESIS_VALIDATORS_ROOT           signing root
 *   branch LEAF GINDEX ROOT NODE,..                        "yes" or "no"
 * FORK: every fork up to it is active from slot 0.
 *   beacon_tool seeds DIR      writes the seeds of lc_json_fuzz and lc_ssz_fuzz below DIR instead
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/beacon/ssz.h"
#include "tests/fuzz/lc_fuzz.h"
#include "tests/lib/lc_world.h"
#include "tests/lib/tool.h"

static struct bytes parse(struct arena *a, const char *text)
{
    struct bytes out = BYTES_NONE;
    struct err err = {0};
    if (!text || !hex_decode_any(a, bytes_of_str(text), &out, &err))
        tool_die("not hex");
    return out;
}

static const uint8_t *root_of(struct arena *a, const char *text)
{
    struct bytes b = parse(a, text);
    if (b.n != 32)
        tool_die("not 32 bytes");
    return b.p;
}

static void print_root(const char *name, const uint8_t root[static 32])
{
    char text[65];
    hex_encode(bytes_of(root, 32), text);
    printf("%s=%s ", name, text);
}

static void print_header(const struct lc_header *h)
{
    uint8_t root[32];
    ssz_root_of_header(&h->beacon, root);
    print_root("beacon", root);
    if (h->has_execution) {
        ssz_root_of_execution(&h->execution, root);
        print_root("execution", root);
        print_root("branch", h->execution_branch[LC_EXECUTION_BRANCH - 1]);
    }
}

static void print_committee(const struct lc_committee *c, const struct lc_branch *b)
{
    uint8_t root[32];
    ssz_root_of_committee(c, root);
    print_root("committee", root);
    print_root("branch", b->node[b->n - 1]);
}

static enum lc_kind kind_of(const char *verb)
{
    static const char *const names[] = {"bootstrap", "update", "finality", "optimistic"};
    for (int i = 0; i < 4; i++)
        if (strcmp(verb, names[i]) == 0)
            return (enum lc_kind)(LC_BOOTSTRAP + i);
    return LC_NONE;
}

static void object(struct arena *a, enum lc_kind kind, const char *fork, const char *preset,
                   struct bytes ssz)
{
    struct beacon_fork_at forks[BEACON_FORK_MAX];
    struct beacon_network n = {.name = "tool", .seconds_per_slot = 12, .forks = forks};
    enum beacon_fork last = beacon_fork_read(bytes_of_str(fork));
    struct err err = {0};
    struct lc_bootstrap b;
    struct lc_update u;
    if (!last || !beacon_preset(bytes_of_str(preset), &n))
        tool_die("no such fork or preset");
    for (unsigned f = BEACON_PHASE0; f <= last; f++)
        forks[n.num_forks++] = (struct beacon_fork_at){(enum beacon_fork)f, {(uint8_t)f}, 0};
    if (kind == LC_BOOTSTRAP) {
        if (lc_bootstrap_from_ssz(a, &n, ssz, &b, &err) != RC_OK) {
            printf("bad");
            return;
        }
        print_header(&b.header);
        print_committee(&b.committee, &b.branch);
        return;
    }
    if (lc_update_from_ssz(a, &n, kind, ssz, &u, &err) != RC_OK) {
        printf("bad");
        return;
    }
    print_header(&u.attested);
    if (u.has_next)
        print_committee(&u.next, &u.next_branch);
    if (u.has_finality) {
        print_header(&u.finalized);
        print_root("branch", u.finality_branch.node[u.finality_branch.n - 1]);
    }
    for (size_t i = 0; i < u.num_bits / 8; i++)
        printf("%02x", u.bits[i]);
    printf(" %02x%02x %llu", u.signature[0], u.signature[95], (unsigned long long)u.signature_slot);
}

static void branch(struct arena *a, const char *leaf, const char *gindex, const char *root,
                   char *list)
{
    uint8_t nodes[64][32];
    size_t n = 0;
    char *save = NULL;
    for (char *p = list ? strtok_r(list, ",", &save) : NULL; p; p = strtok_r(NULL, ",", &save)) {
        if (n == 64)
            tool_die("too many nodes");
        memcpy(nodes[n++], root_of(a, p), 32);
    }
    bool ok = ssz_branch_ok(root_of(a, leaf), (const uint8_t(*)[32])nodes, n,
                            strtoull(gindex, NULL, 10), root_of(a, root));
    printf(ok ? "yes" : "no");
}

static void answer(struct arena *a, char *line)
{
    char *save = NULL, *w[5] = {NULL};
    size_t n = 0;
    for (char *p = strtok_r(line, " \n", &save); p && n < 5; p = strtok_r(NULL, " \n", &save))
        w[n++] = p;
    if (n >= 4 && kind_of(w[0])) {
        object(a, kind_of(w[0]), w[1], w[2], parse(a, w[3]));
    } else if (n == 4 && strcmp(w[0], "signing") == 0) {
        struct bytes version = parse(a, w[2]);
        uint8_t root[32];
        if (version.n != 4)
            tool_die("not 4 bytes");
        ssz_signing_root(root_of(a, w[1]), version.p, root_of(a, w[3]), root);
        print_root("signing", root);
    } else if (n >= 4 && strcmp(w[0], "branch") == 0) {
        branch(a, w[1], w[2], w[3], w[4]);
    } else {
        tool_die("no such verb, or a word is missing");
    }
    putchar('\n');
}

static void write_seed(const char *dir, const char *name, const char *ext, const void *head,
                       size_t head_n, struct bytes body)
{
    char path[512];
    snprintf(path, sizeof path, "%s/lc_%s_fuzz/%s.%s", dir, ext, name, ext);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(head, 1, head_n, f) != head_n || fwrite(body.p, 1, body.n, f) != body.n ||
        fclose(f))
        tool_die(path);
}

static void seed(struct arena *a, const char *dir, struct lc_world *w, enum lc_kind kind,
                 uint64_t slot)
{
    static const char *const names[] = {"", "bootstrap", "update", "finality", "optimistic"};
    char name[64];
    uint8_t head = (uint8_t)(kind - LC_BOOTSTRAP), root[32];
    struct lc_bootstrap b;
    struct lc_update u;
    struct bytes ssz;
    json_t *j;
    if (kind == LC_BOOTSTRAP) {
        lc_world_bootstrap(w, slot, &b, root);
        ssz = lc_bootstrap_to_ssz(a, &w->net, &b);
        j = lc_bootstrap_to_json(&w->net, &b);
    } else {
        lc_world_update(
            w,
            &(struct lc_world_ask){
                .kind = kind, .finalized = slot - 4, .attested = slot, .signature = slot + 1},
            &u);
        ssz = lc_update_to_ssz(a, &w->net, kind, &u);
        j = lc_update_to_json(&w->net, kind, &u);
    }
    snprintf(name, sizeof name, "%s-%s", beacon_fork_name(beacon_fork_at_slot(&w->net, slot)->fork),
             names[kind]);
    char *text = json_dumps(j, JSON_COMPACT);
    write_seed(dir, name, "ssz", &head, 1, ssz);
    write_seed(dir, name, "json", "", 0, bytes_of_str(text));
    free(text);
    json_decref(j);
}

/* framed: an answer of /light_client/updates with one update, in both framings. */
static void framed(struct arena *a, const char *dir, struct lc_world *w)
{
    static const uint8_t digest[4] = {0x6a, 0x95, 0xa1, 0xa9};
    struct lc_update u;
    lc_world_update(w,
                    &(struct lc_world_ask){
                        .kind = LC_UPDATE, .finalized = 132, .attested = 140, .signature = 141},
                    &u);
    struct bytes ssz = lc_update_to_ssz(a, &w->net, LC_UPDATE, &u);
    uint8_t head[64];
    struct lc_out o = {head, 0, sizeof head, false};
    lc_put_le(&o, 8, 1);
    lc_put_le(&o, ssz.n + 4, 8);
    lc_put(&o, digest, 4);
    write_seed(dir, "answer", "ssz", head, o.n, ssz);
    o.n = 0;
    lc_put_le(&o, 8, 1);
    lc_put_le(&o, 4, 4);
    lc_put_le(&o, ssz.n + 4, 8);
    lc_put_le(&o, 12, 4);
    lc_put(&o, digest, 4);
    lc_put_le(&o, 8, 4);
    write_seed(dir, "answer-list", "ssz", head, o.n, ssz);
}

static int seeds(const char *dir)
{
    struct arena *a = arena_new(1 << 26);
    if (!a)
        tool_die("no memory");
    struct lc_world *w = lc_world_new(a, "minimal", BEACON_FULU, 9);
    w->distinct = 2;
    w->net = fuzz_network;
    static const uint64_t slots[] = {20, 40, 72, 100, 140};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
        for (int k = LC_BOOTSTRAP; k <= LC_OPTIMISTIC_UPDATE; k++)
            /* Each shape once: bootstrap and update of three forks, the others of two. */
            if (i % 2 == 0 ? k <= LC_UPDATE : k > LC_UPDATE)
                seed(a, dir, w, (enum lc_kind)k, slots[i]);
    framed(a, dir, w);
    arena_free(a);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "seeds") == 0)
        return seeds(argv[2]);
    return tool_ask(1 << 26, answer);
}
