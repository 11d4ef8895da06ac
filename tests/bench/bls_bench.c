/*
 * bls_bench: our side of tests/bench/bls_bench.sh. Reads the work that peer/blst.mjs made (lines of
 * hex: message, signature of all, then the keys) and prints "name figure", best of several runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/bls/bls.h"
#include "policy/bls/fp_mul.h"
#include "policy/bls/pairing.h"
#include "tests/lib/harness.h"

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct {
    size_t n;
    uint8_t keys[BLS_MAX_KEYS][BLS_KEY], y[BLS_MAX_KEYS][FP_BYTES], bits[BLS_MAX_KEYS / 8];
    struct bytes msg, sig;
    struct bls_committee committee;
    const struct g1_affine *all[BLS_MAX_KEYS];
    struct fp a, b;
} w;

static void must(bool ok, const char *why)
{
    if (!ok) {
        fprintf(stderr, "bls_bench: %s\n", why);
        exit(1);
    }
}

enum { FP_TIMES = 2000 };

static void many_fp_mul(void)
{
    for (int i = 0; i < FP_TIMES; i++)
        fp_mul(&w.a, &w.a, &w.b);
}

/* Keys are read in parts, the best time of each part counts: a whole round is long enough to be
 * interrupted every time. */
enum { PART = 32 };
static size_t part;

static void decompress(void)
{
    const char *why = "";
    struct g1_affine p;
    for (size_t i = part; i < part + PART && i < w.n; i++)
        must(g1_decompress(w.keys[i], &p, &why), why);
}

static void from_hints(void)
{
    const char *why = "";
    struct g1_affine p;
    for (size_t i = 0; i < w.n; i++)
        must(g1_from_hint(w.keys[i], w.y[i], &p, &why), why);
}

static void verify_kept(void)
{
    const char *why = "";
    must(bls_committee_verify(&w.committee, bytes_of(w.bits, (w.n + 7) / 8), w.msg, w.sig.p, &why),
         why);
}

static void sum(void)
{
    struct g1 r;
    g1_sum(w.all, w.n, &r);
    struct g1_affine p;
    g1_to_affine(&p, &r);
    must(fp_eq(&p.x, &w.committee.aggregate.x), "the sum differs");
}

static void verify_all(void)
{
    sum();
    verify_kept();
}

static void pairing(void)
{
    struct g1_affine p[2] = {g1_generator, g1_generator};
    struct g2_affine q[2];
    const char *why = "";
    must(g2_decompress(w.sig.p, &q[0], &why), why);
    q[1] = q[0];
    fp_neg(&p[1].y, &p[1].y);
    must(pairing_product_is_one(p, q, 2), "the pairing is wrong");
}

static double best_of(void (*fn)(void), int runs)
{
    double best = 0;
    for (int i = 0; i < runs; i++) {
        double start = now_ns();
        fn();
        double took = now_ns() - start;
        if (i == 0 || took < best)
            best = took;
    }
    return best;
}

static void report(const char *way, const char *name, void (*fn)(void), int runs, double per)
{
    printf("%s.%s %.1f\n", way, name, best_of(fn, runs) / per);
}

static void report_keys(const char *way)
{
    double total = 0;
    for (part = 0; part < w.n; part += PART)
        total += best_of(decompress, 15);
    printf("%s.decompress_us %.1f\n", way, total / 1e3);
}

static void all(const char *way)
{
    report(way, "fp_mul_ns", many_fp_mul, 200, FP_TIMES);
    report_keys(way);
    report(way, "hints_us", from_hints, 30, 1e3);
    report(way, "sum_us", sum, 50, 1e3);
    report(way, "pairing_us", pairing, 30, 1e3);
    report(way, "kept_us", verify_kept, 30, 1e3);
    report(way, "verify_us", verify_all, 30, 1e3);
}

static void load(struct arena *a, const char *path)
{
    struct bytes text = read_file(a, path);
    struct err err = {0};
    char *copy = (char *)arena_copy(a, text, &err), *save = NULL;
    must(copy != NULL, "no memory");
    const char *msg = strtok_r(copy, "\n", &save), *sig = msg ? strtok_r(NULL, "\n", &save) : NULL;
    must(sig != NULL, "message and signature expected");
    w.msg = unhex(a, msg);
    w.sig = unhex(a, sig);
    must(w.sig.n == BLS_SIGNATURE, "a signature has 96 bytes");
    for (const char *key; (key = strtok_r(NULL, "\n", &save)) != NULL; w.n++) {
        struct bytes b = unhex(a, key);
        must(w.n < BLS_MAX_KEYS && b.n == BLS_KEY, "at most 512 keys of 48 bytes");
        memcpy(w.keys[w.n], b.p, BLS_KEY);
    }
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new(1 << 22);
    const char *why = "";
    size_t wrong;
    must(a && argc == 2, "usage: bls_bench WORK");
    load(a, argv[1]);
    must(bls_committee_read((const uint8_t(*)[BLS_KEY])w.keys, w.n, NULL, &w.committee, &wrong,
                            &why),
         why);
    bls_committee_hints(&w.committee, w.y);
    for (size_t i = 0; i < w.n; i++) {
        w.all[i] = &w.committee.keys[i];
        w.bits[i / 8] |= (uint8_t)(1u << i % 8);
    }
    w.a = w.committee.keys[0].x;
    w.b = w.committee.keys[0].y;
    if (fp_path_set(FP_PATH_X86))
        all("x86");
    must(fp_path_set(FP_PATH_PORTABLE), "no portable code");
    all("portable");
    arena_free(a);
    return 0;
}
