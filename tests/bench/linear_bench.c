/*
 * linear_bench: cost against the size of the input, at 1, 10 and 100 times as much of it: event log
 * entries (parse and replay), proof nodes (a contract that reads as many slots: proofs, EVM), bytes
 * of code (its hash, its jump targets). Time of the processor, best of many rounds, the sizes in
 * turns. One line each, separated by "|": what|units|us|units|us|units|us
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hex.h"
#include "base/limits.h"
#include "quote/evlog.h"
#include "tests/lib/eth_world.h"
#include "tests/lib/event_builder.h"
#include "tests/lib/harness.h"
#include "tests/lib/pinned_ask.h"

#define STEPS  3u
#define ROUNDS 40u

static void stop(const char *what, const struct err *err)
{
    fprintf(stderr, "linear_bench: %s: BG-%04d %s\n", what, (int)err->rc, err->detail);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* struct job: some input, what is done with it, and how many units it has. */
struct job {
    struct arena *a;
    struct bytes log;
    struct eth_world *world;
    json_t *rpc;
    struct chain_config cfg;
    struct boot_info bi;
    size_t units;
};

static void replay(struct arena *a, struct job *j)
{
    struct err err = {0};
    struct evlog log;
    uint8_t rtmr[48];
    if (evlog_parse_json(a, j->log, &log, &err) != RC_OK)
        stop("event log", &err);
    for (unsigned r = 0; r < 4; r++)
        evlog_replay_register(&log, r, SIZE_MAX, rtmr);
    j->units = log.n;
}

static void ask(struct arena *a, struct job *j)
{
    struct err err = {0}, bad = {0};
    struct answers answers;
    struct needs needs = {0};
    struct checks checks = {0};
    struct chain_result result = {0};
    if (answers_read(a, j->rpc, &answers, &err) != RC_OK ||
        pinned_ask(a, &j->cfg, ASK_APP, &j->bi, &answers, 1000, &needs, &checks, &result, &bad,
                   &err) != RC_OK)
        stop("chain", &err);
    if (result.say != CHAIN_ALLOWS)
        stop("no yes", &bad);
}

static double once(void (*work)(struct arena *a, struct job *j), struct job *j)
{
    struct arena *a = arena_new(LIMIT_ARENA);
    double start = now_us();
    work(a, j);
    double spent = now_us() - start;
    arena_free(a);
    return spent;
}

/* log_of makes a log of n entries: a boot's own, and the rest by the app. */
static void log_of(struct job *j, size_t n)
{
    struct event_spec spec = {0};
    struct event_world w;
    struct arena *scratch = arena_new(LIMIT_ARENA);
    event_world_build(j->a, &spec, &w);
    j->log = bytes_of_str(w.event_log);
    replay(scratch, j);
    arena_free(scratch);
    spec.app_events = n > j->units ? (unsigned)(n - j->units) : 0;
    event_world_build(j->a, &spec, &w);
    j->log = bytes_of_str(w.event_log);
}

/* world_of: a contract that reads `slots` slots and says yes; its code padded to code_len bytes. */
static void world_of(struct job *j, size_t slots, size_t code_len)
{
    /* i = 0; do SLOAD(i) while (++i < slots); return (true, "") */
    static const char text[] = "5f5b8054506001018061%04x11600157"
                               "60015f5260406020526060"
                               "5ff3";
    char program[sizeof text + 8];
    static const uint8_t kms[20] = {0xc0, 0xde};
    static const struct eth_fork_time fork = {ETH_PRAGUE, 0};
    snprintf(program, sizeof program, text, (unsigned)slots);
    struct bytes head = unhex(j->a, program);
    struct err err = {0};
    uint8_t *code = arena_alloc(j->a, LIMIT_CODE, &err);
    if (!code)
        stop("code", &err);
    memset(code, 0x5b, LIMIT_CODE); /* JUMPDEST */
    memcpy(code, head.p, head.n);
    j->world = world_new();
    world_account(j->world, kms, 1, 0, bytes_of(code, code_len > head.n ? code_len : head.n));
    for (size_t i = 0; i < slots; i++) {
        uint8_t slot[32] = {[30] = (uint8_t)(i >> 8), [31] = (uint8_t)i};
        uint8_t value[32] = {[31] = 7};
        world_slot(j->world, kms, slot, value);
    }
    struct world_block block = {
        .shape = WORLD_PRAGUE, .number = 7, .timestamp = 900, .gas_limit = 30000000};
    world_seal(j->world, &block);
    j->rpc = world_rpc(j->world);
    j->cfg = (struct chain_config){.source = CHAIN_PINNED,
                                   .chain_id = 1,
                                   .skip_wishes = true,
                                   .el_forks = &fork,
                                   .num_el_forks = 1};
    memcpy(j->cfg.kms_contract, kms, 20);
    memcpy(j->cfg.block_hash, world_block_hash(j->world), 32);
    j->bi = (struct boot_info){.tee_variant = "tdx", .tcb_status = bytes_of_str("UpToDate")};
}

static size_t nodes_in(const json_t *rpc)
{
    size_t n = 0, i, k;
    const json_t *e, *s;
    json_array_foreach(rpc, i, e)
    {
        const json_t *result = json_object_get(e, "result");
        n += json_array_size(json_object_get(result, "accountProof"));
        json_array_foreach(json_object_get(result, "storageProof"), k, s) n +=
            json_array_size(json_object_get(s, "proof"));
    }
    return n;
}

static void close_job(struct job *j)
{
    json_decref(j->rpc);
    if (j->world)
        world_free(j->world);
    arena_free(j->a);
    *j = (struct job){.a = NULL};
}

static void job_of(struct job *j, size_t kind, size_t times)
{
    *j = (struct job){.a = arena_new(LIMIT_ARENA)};
    if (kind == 0)
        log_of(j, 40 * times);
    else if (kind == 1)
        world_of(j, 10 * times, 0);
    else
        world_of(j, 1, 480 * times);
    if (kind)
        j->units = kind == 1 ? nodes_in(j->rpc) : 480 * times;
}

int main(void)
{
    static const char *const names[] = {"event log entries", "proof nodes", "bytes of code"};
    for (size_t kind = 0; kind < sizeof names / sizeof *names; kind++) {
        struct job j[STEPS];
        double best[STEPS];
        for (size_t i = 0, times = 1; i < STEPS; i++, times *= 10) {
            job_of(&j[i], kind, times);
            best[i] = 1e12;
        }
        for (size_t k = 0; k < ROUNDS * STEPS; k++) {
            size_t i = k % STEPS;
            double us = once(kind ? ask : replay, &j[i]);
            best[i] = us < best[i] ? us : best[i];
        }
        printf("%s", names[kind]);
        for (size_t i = 0; i < STEPS; i++) {
            printf("|%zu|%.1f", j[i].units, best[i]);
            close_job(&j[i]);
        }
        printf("\n");
    }
    return 0;
}
