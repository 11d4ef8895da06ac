/*
 * call_bench: one recorded eth_call (vectors/eth/calls), verified: account and storage proofs from
 * the recorded state root, code hashes, and the call in the EVM. A whole process, to be measured
 * from outside by process_bench. The state root is taken as given: no light client here.
 * Usage: call_bench FILE [ROUNDS]     exit status 0: the proven output is the recorded one
 *   prints with ROUNDS: the median of so many verifications inside the process, in milliseconds
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hex.h"
#include "base/limits.h"
#include "policy/chain_state.h"

#define MAX_ROUNDS 1000u

static void stop(const char *what)
{
    fprintf(stderr, "call_bench: %s\n", what);
    exit(1);
}

static struct bytes file_bytes(struct arena *a, const char *path)
{
    struct err err = {0};
    FILE *f = fopen(path, "rb");
    uint8_t *p = arena_alloc(a, 1u << 20, &err);
    if (!f || !p)
        stop(path);
    size_t n = fread(p, 1, 1u << 20, f);
    fclose(f);
    return bytes_of(p, n);
}

static struct bytes data_of(struct arena *a, const json_t *obj, const char *key)
{
    struct bytes out;
    struct err err = {0};
    if (!answers_data(a, json_object_get(obj, key), LIMIT_RETURN_DATA, &out, &err))
        stop(key);
    return out;
}

/* The recording as the JSON-RPC answers of a bundle. */
static json_t *entries(const json_t *doc, const char *block)
{
    json_t *rpc = json_array(), *v;
    const char *address;
    size_t i;
    json_array_foreach(json_object_get(doc, "proofs"), i, v) json_array_append_new(
        rpc, json_pack("{s:s,s:[O,[],s],s:O}", "method", "eth_getProof", "params",
                       json_object_get(v, "address"), block, "result", v));
    json_object_foreach(json_object_get(doc, "code"), address, v)
        json_array_append_new(rpc, json_pack("{s:s,s:[s,s],s:O}", "method", "eth_getCode", "params",
                                             address, block, "result", v));
    return rpc;
}

/* One recorded call, read; nothing of it is believed but the state root. */
struct recording {
    struct eth_header h;
    struct answers answers;
    uint8_t to[20];
    struct bytes input, output;
};

static void verify(const struct recording *r)
{
    struct err err = {0}, bad = {0};
    struct needs needs = {0};
    struct chain_state st;
    struct evm_result e;
    struct arena *a = arena_new(LIMIT_ARENA);
    if (!a || chain_state_init(&st, a, &r->answers, &r->h, ETH_CANCUN, 1, &needs, &bad, &err))
        stop("out of memory");
    st.miss = MISS_HARD;
    if (chain_state_call(&st, r->to, r->input, &e) != RC_OK)
        stop(err.detail);
    if (e.outcome != EVM_RETURNED || !bytes_eq(e.output, r->output))
        stop(bad.rc != RC_OK ? bad.detail : "another output");
    arena_free(a);
}

/* read_recording: entries made of doc live in *out_rpc. */
static void read_recording(struct arena *a, const json_t *doc, struct recording *out,
                           json_t **out_rpc)
{
    struct err err = {0};
    char block[24];
    if (!json_u64(doc, "blockNumber", UINT64_MAX >> 1, &out->h.number) ||
        !json_u64(doc, "timestamp", UINT64_MAX >> 1, &out->h.timestamp) ||
        !json_hex(doc, "stateRoot", true, out->h.state_root, sizeof out->h.state_root))
        stop("no block or no state root");
    out->h.gas_limit = 30000000;
    snprintf(block, sizeof block, "0x%llx", (unsigned long long)out->h.number);
    *out_rpc = entries(doc, block);
    const json_t *call = json_object_get(doc, "call");
    if (!answers_fixed(json_object_get(call, "to"), out->to, sizeof out->to) ||
        answers_read(a, *out_rpc, &out->answers, &err) != RC_OK)
        stop("no call");
    out->input = data_of(a, call, "data");
    out->output = data_of(a, json_object_get(doc, "expect"), "output");
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct arena *a = arena_new(LIMIT_ARENA);
    AUTO_JSON doc = NULL;
    AUTO_JSON rpc = NULL;
    struct recording r = {0};
    static double ms[MAX_ROUNDS];
    size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc < 2 || rounds > MAX_ROUNDS || !a)
        stop("usage: call_bench FILE [ROUNDS]");
    if (json_read(file_bytes(a, argv[1]), LIMIT_BUNDLE, &doc, &err) != RC_OK)
        stop(err.detail);
    read_recording(a, doc, &r, &rpc);
    verify(&r);
    for (size_t i = 0; i < rounds; i++) {
        double start = now_ms();
        verify(&r);
        ms[i] = now_ms() - start;
    }
    qsort(ms, rounds, sizeof *ms, by_value);
    if (rounds)
        printf("%.1f\n", ms[rounds / 2]);
    arena_free(a);
    return 0;
}
