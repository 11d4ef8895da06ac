/*
 * near_bench: a decision on NEAR in this process, beside its floor: the Ed25519 verifications that
 * it cannot do without, by OpenSSL, with keys that are ready. Best of several rounds of each.
 *   near_bench CASE.json..     (tests/near/near_cases.mjs)
 * A line for each: epochs, cold_us (from the JSON text on), warm_us (a head at hand), floor_us,
 * signatures, bytes of JSON.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "tests/lib/harness.h"
#include "tests/lib/near_case.h"

static void must(bool ok, const char *why)
{
    if (!ok) {
        fprintf(stderr, "near_bench: %s\n", why);
        exit(1);
    }
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* one_verification: of a 41-byte message. */
static double one_verification(void)
{
    uint8_t seed[32] = {7}, message[41] = {0}, sig[64];
    size_t n = sizeof sig;
    EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *s = EVP_MD_CTX_new(), *v = EVP_MD_CTX_new();
    must(k && s && v && EVP_DigestSignInit(s, NULL, NULL, NULL, k) == 1 &&
             EVP_DigestSign(s, sig, &n, message, sizeof message) == 1 &&
             EVP_DigestVerifyInit(v, NULL, NULL, NULL, k) == 1,
         "no Ed25519");
    double best = 0;
    for (int i = 0; i < 400; i++) {
        double start = now_us();
        must(EVP_DigestVerify(v, sig, n, message, sizeof message) == 1, "not verified");
        double took = now_us() - start;
        if (i == 0 || took < best)
            best = took;
    }
    EVP_MD_CTX_free(s);
    EVP_MD_CTX_free(v);
    EVP_PKEY_free(k);
    return best;
}

static size_t signatures(const json_t *j)
{
    size_t i, k, n = 0;
    json_t *e, *v;
    json_array_foreach(json_object_get(j, "rpc"), i, e)
    {
        const json_t *list = json_object_get(json_object_get(e, "result"), "approvals_after_next");
        json_array_foreach(list, k, v) n += json_is_string(v);
    }
    return n;
}

/* cold: all of it, from the text. */
static double cold(struct bytes text, size_t *out_epochs)
{
    double start = now_us();
    struct arena *a = arena_new(LIMIT_ARENA);
    struct near_case c;
    struct near_came came;
    struct err err = {0};
    json_t *j = NULL;
    must(a && json_read(text, LIMIT_FILE, &j, &err) == RC_OK && near_case_read(a, j, &c),
         "not a case");
    near_case_run(a, &c, &came);
    must(came.rc == RC_OK && came.result.chain.say == CHAIN_ALLOWS, "not allowed");
    *out_epochs = came.head.epochs;
    json_decref(j);
    arena_free(a);
    return now_us() - start;
}

/* warm: the question alone, at a head that was verified before. */
static double warm(const json_t *j, int rounds)
{
    struct arena *keep = arena_new(LIMIT_ARENA);
    struct near_case c;
    struct near_came came;
    double best = 0;
    must(keep && near_case_read(keep, j, &c), "not a case");
    near_case_run(keep, &c, &came);
    for (int i = 0; i < rounds; i++) {
        double start = now_us();
        struct arena *a = arena_new(LIMIT_ARENA);
        struct needs needs = {0};
        struct checks checks = {0};
        struct near_result r;
        struct err bad = {0}, err = {0};
        must(a &&
                 near_ask(a, &c.cfg, &came.head, c.question, &c.bi, &c.answers, c.now, &needs,
                          &checks, &r, &bad, &err) == RC_OK &&
                 r.chain.say == CHAIN_ALLOWS,
             "not allowed");
        arena_free(a);
        double took = now_us() - start;
        if (i == 0 || took < best)
            best = took;
    }
    arena_free(keep);
    return best;
}

int main(int argc, char **argv)
{
    double one = one_verification();
    must(argc > 1, "usage: near_bench CASE.json..");
    for (int i = 1; i < argc; i++) {
        struct arena *a = arena_new(LIMIT_ARENA);
        struct err err = {0};
        json_t *j = NULL;
        must(a != NULL, "no memory");
        struct bytes text = read_file(a, argv[i]);
        must(json_read(text, LIMIT_FILE, &j, &err) == RC_OK, err.detail);
        size_t n = signatures(j), epochs = 0;
        int rounds = n > 1000 ? 3 : 12;
        double best = 0;
        for (int k = 0; k < rounds; k++) {
            double took = cold(text, &epochs);
            if (k == 0 || took < best)
                best = took;
        }
        printf("%zu %.1f %.1f %.1f %zu %zu\n", epochs, best, warm(j, 50), one * (double)n, n,
               text.n);
        json_decref(j);
        arena_free(a);
    }
    return 0;
}
