/*
 * tpm_wire: between the program and the TPM. Somebody listens, changes, cuts, races; the TPM stops,
 * dies; the TPM's process is killed. The seed is never on the wire and nothing false is believed.
 */
#define _GNU_SOURCE
#include "tests/lib/tpm_case.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/wait.h>
#include <tss2/tss2_tpm2_types.h>
#include <unistd.h>

/* On a busy machine swtpm may drop a client that comes right after its start, or right behind
   another one. That is not what is tested here; what is, is armed after this. */
static void connect_patiently(struct tpm_case *c)
{
    const struct timespec while_busy = {0, 50000000};
    enum rc rc = case_connect(c);
    for (int i = 0; rc == BG_TPM_TRANSPORT && i < 400; i++) {
        nanosleep(&while_busy, NULL);
        rc = case_connect(c);
    }
    assert_int_equal(rc, RC_OK);
}

static void arm(struct tpm_case *c, TPM2_CC command, enum tap_mode mode, uint32_t offset,
                uint32_t times)
{
    c->sw.tap->command = 0;
    c->sw.tap->mode = mode;
    c->sw.tap->offset = offset;
    c->sw.tap->times = times;
    c->sw.tap->hits = c->sw.tap->answer_len = 0;
    c->sw.tap->command = command;
}

static void the_seed_is_never_on_the_wire(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant += 3) {
        struct tpm_case c;
        struct tpm_blob b;
        case_open(&c, variant);
        memcpy(c.sw.tap->marker, case_seed + 8, 16);
        case_seal(&c);
        case_given(&c, "sniffed");
        /* What does cross in the clear is seen: the tap looks at every byte. */
        assert_int_equal(tpm_blob_read(bytes_of(c.blob, c.blob_len), &b, &c.err), RC_OK);
        memcpy(c.sw.tap->control, b.private_part.p + 40, 16);
        case_given(&c, "sniffed again");
        CASE("the seed", c.sw.tap->marker_seen == 0, "seen %u times", c.sw.tap->marker_seen);
        CASE("the sealed object", c.sw.tap->control_seen == 1, "seen %u times",
             c.sw.tap->control_seen);
        case_close(&c);
    }
}

static void a_changed_answer_gives_no_seed(void **state)
{
    (void)state;
    /* Commands of an unsealing and from which byte of the answer on a bit is flipped. */
    const struct {
        const char *name;
        TPM2_CC command;
    } table[] = {{"TPM2_Unseal", TPM2_CC_Unseal},
                 {"TPM2_PCR_Read", TPM2_CC_PCR_Read},
                 {"TPM2_Load", TPM2_CC_Load}};
    struct tpm_case c;
    case_open(&c, 0);
    case_seal(&c);
    c.cfg.srk_pinned = true;
    memcpy(c.cfg.srk_name, c.facts.srk_name, TPM_NAME_LEN);
    c.cfg.request_ms = 60000;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t n = 1, tried = 0;
        for (uint32_t at = 0; at < n; at++) {
            struct secret *seed = NULL;
            connect_patiently(&c);
            /* The size is left alone: a longer one is waited for, which is the deadline's case. */
            if (at >= 2 && at < 6)
                continue;
            arm(&c, table[i].command, TAP_FLIP_ANSWER, at, 0);
            enum rc rc = case_unseal(&c, &seed);
            n = c.sw.tap->answer_len;
            tried += c.sw.tap->hits > 0;
            CASE(table[i].name, rc != RC_OK && !seed, "byte %u changed and believed", at);
            secret_free(seed);
            c.sw.tap->command = 0;
        }
        CASE(table[i].name, tried > 60, "%u bytes flipped", tried);
    }
    connect_patiently(&c);
    case_given(&c, "untouched");
    case_close(&c);
}

static void changed_gate_traffic_is_not_believed(void **state)
{
    (void)state;
    const struct {
        const char *name;
        TPM2_CC command;
        enum tap_mode mode;
    } table[] = {{"extend's answer", TPM2_CC_PCR_Extend, TAP_FLIP_ANSWER},
                 {"extend's command", TPM2_CC_PCR_Extend, TAP_FLIP_COMMAND},
                 {"read's answer", TPM2_CC_PCR_Read, TAP_FLIP_ANSWER}};
    struct tpm_case c;
    case_open(&c, 0);
    c.cfg.request_ms = 60000;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (uint32_t at = i == 1 ? 6 : 10, n = at + 1; at < n; at += 5) {
            swtpm_power_off(&c.sw);
            swtpm_power_on(&c.sw);
            connect_patiently(&c);
            arm(&c, table[i].command, table[i].mode, at, 0);
            enum rc rc = tpm_gate_close(c.tpm, &c.err);
            n = c.sw.tap->answer_len;
            CASE(table[i].name, rc != RC_OK, "byte %u changed and believed", at);
            c.sw.tap->command = 0;
        }
    case_close(&c);
}

/* Somebody else extends the gate between our extending and our reading it back. */
static void a_gate_that_is_not_as_we_left_it_is_not_closed(void **state)
{
    (void)state;
    struct tpm_case c;
    uint8_t verdict[TPM_PCR_MAX] = {1};
    case_open(&c, 0);
    connect_patiently(&c);
    arm(&c, TPM2_CC_PCR_Extend, TAP_RACE, CASE_GATE, 1);
    CASE("closing", tpm_gate_close(c.tpm, &c.err) == BG_TPM_GATE_AFTER, "BG-%d", (int)c.err.rc);
    CASE("raced", c.sw.tap->hits == 1, "%u", c.sw.tap->hits);
    err_clear(&c.err);
    CASE("the verdict behind it", tpm_gate_extend(c.tpm, verdict, 32, &c.err) == BG_TPM_GATE_ORDER,
         "BG-%d", (int)c.err.rc);
    case_close(&c);
}

static void a_false_storage_key_is_refused(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, 0);
    connect_patiently(&c);
    c.cfg.srk_pinned = true;
    c.cfg.request_ms = 60000;
    memcpy(c.cfg.srk_name, c.facts.srk_name, TPM_NAME_LEN);
    /* Answer: tag 2, size 4, code 4, handle 4, parameter size 4, TPM2B_PUBLIC: 2 + 90 bytes. The
       TSS does not look at those 2 bytes; the Name is over the 90. */
    for (uint32_t at = 20; at < 110; at++) {
        arm(&c, TPM2_CC_CreatePrimary, TAP_FLIP_ANSWER, at, 0);
        enum rc rc = case_connect(&c);
        CASE("public area", rc != RC_OK && !c.tpm && c.sw.tap->hits, "byte %u", at);
        c.sw.tap->command = 0;
    }
    case_close(&c);
}

static void cut_answers_are_transport_errors(void **state)
{
    (void)state;
    const TPM2_CC commands[] = {TPM2_CC_Unseal, TPM2_CC_Load, TPM2_CC_PCR_Read, TPM2_CC_PolicyPCR,
                                TPM2_CC_StartAuthSession};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        for (int cut = 0; cut < 2; cut++) {
            struct tpm_case c;
            case_open(&c, 0);
            case_seal(&c);
            arm(&c, commands[i], cut ? TAP_TRUNCATE : TAP_DROP, 0, 0);
            case_refused(&c, cut ? "truncated" : "dropped", BG_TPM_TRANSPORT, "0x");
            c.sw.tap->command = 0;
            case_disconnect(&c); /* flushes what the cut session left */
            case_given(&c, "and then left alone");
            case_close(&c);
        }
}

static void one_process_survives_a_cut_connection(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, 0);
    case_seal(&c);
    arm(&c, TPM2_CC_Unseal, TAP_DROP, 0, 0);
    case_refused(&c, "cut", BG_TPM_TRANSPORT, "TPM2_Unseal");
    c.sw.tap->command = 0;
    int pid = tpm_pid(c.tpm);
    /* No resource manager here: the TPM is reset instead of flushed. */
    swtpm_power_off(&c.sw);
    swtpm_power_on(&c.sw);
    case_boot(&c, "");
    case_given(&c, "the context is opened anew");
    CASE("same process", tpm_pid(c.tpm) == pid, "%d, %d", tpm_pid(c.tpm), pid);
    case_close(&c);
}

static void a_moving_pcr_is_retried_and_not_for_ever(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct tpm_case c;
        case_open(&c, variant);
        case_seal(&c);
        arm(&c, TPM2_CC_PolicyPCR, TAP_RACE, 0, 7);
        case_given(&c, "0x128, seven times");
        CASE("raced", c.sw.tap->hits == 7, "%u", c.sw.tap->hits);
        arm(&c, TPM2_CC_PolicyPCR, TAP_RACE, 0, 100000);
        case_refused(&c, "0x128, always", BG_TPM_PCR_RACE, "0x128");
        /* With PolicyAuthorize each attempt has two PolicyPCR. */
        CASE("bounded", c.sw.tap->hits == (variant & VARIANT_AUTHORIZE ? 60 : 30), "%u",
             c.sw.tap->hits);
        c.sw.tap->command = 0;
        case_given(&c, "quiet again");
        case_close(&c);
    }
}

static void a_stopped_tpm_meets_the_deadline(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, 0);
    case_seal(&c);
    c.cfg.request_ms = 3000;
    connect_patiently(&c);
    int pid = tpm_pid(c.tpm);
    assert_int_equal(kill(c.sw.pid, SIGSTOP), 0);
    uint64_t t0 = clock_ms();
    case_refused(&c, "one request's time", BG_TPM_DEADLINE, "");
    uint64_t took = clock_ms() - t0;
    CASE("in time", took >= 2990 && took < CASE_MS / 2, "%llu ms", (unsigned long long)took);
    CASE("killed", kill(pid, 0) == -1 && errno == ESRCH && tpm_pid(c.tpm) == 0, "pid %d lives",
         pid);
    t0 = clock_ms();
    case_refused(&c, "and for good", BG_TPM_CHILD_GONE, "ended before");
    err_clear(&c.err);
    CASE("no gate", tpm_gate_close(c.tpm, &c.err) == BG_TPM_CHILD_GONE, "BG-%d", (int)c.err.rc);
    CASE("not waited for again", clock_ms() - t0 < c.cfg.request_ms, "%llu ms",
         (unsigned long long)(clock_ms() - t0));
    c.tpm = tpm_stop(c.tpm);

    /* The deadline of the whole handle, and start itself. */
    c.cfg.request_ms = 0;
    t0 = clock_ms();
    err_clear(&c.err);
    enum rc rc = tpm_start(&c.cfg, clock_ms() + 200, &c.tpm, &c.facts, &c.err);
    took = clock_ms() - t0;
    CASE("start", rc == BG_TPM_DEADLINE && !c.tpm && took >= 190 && took < CASE_MS / 2,
         "BG-%d, %llu ms", (int)rc, (unsigned long long)took);
    assert_int_equal(kill(c.sw.pid, SIGCONT), 0);
    swtpm_power_off(&c.sw);
    swtpm_power_on(&c.sw);
    case_boot(&c, "");
    case_given(&c, "running again");
    case_close(&c);
}

static void a_dead_tpm_is_named_at_once(void **state)
{
    (void)state;
    struct tpm_case c;
    case_open(&c, 0);
    case_seal(&c);
    connect_patiently(&c);
    swtpm_power_off(&c.sw);
    uint64_t t0 = clock_ms();
    enum rc rc = tpm_gate_close(c.tpm, &c.err);
    CASE("gate", rc == BG_TPM_TRANSPORT, "BG-%d %s", (int)rc, c.err.detail);
    CASE("before the deadline", clock_ms() - t0 < CASE_MS / 2, "%llu ms",
         (unsigned long long)(clock_ms() - t0));
    swtpm_power_on(&c.sw);
    case_boot(&c, "");
    case_given(&c, "another TPM life");
    case_close(&c);
}

static void pause_us(long us)
{
    const struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* Kills `victim` after a while, from a process of its own. */
static pid_t killer(int victim, long us)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause_us(us);
        kill(victim, SIGKILL);
        _exit(0);
    }
    return pid;
}

static void a_killed_process_never_claims_a_closed_gate(void **state)
{
    (void)state;
    struct tpm_case c;
    const uint8_t zero[TPM_PCR_MAX] = {0};
    unsigned killed = 0, closed = 0, again = 0;
    case_open(&c, 0);
    case_seal(&c);
    connect_patiently(&c);
    uint64_t t0 = clock_ms();
    case_given(&c, "undisturbed");
    assert_int_equal(tpm_gate_close(c.tpm, &c.err), RC_OK);
    uint64_t window_us = (clock_ms() - t0 + 1) * 1500; /* half as long again as it takes */
    for (int i = 0; i < 100; i++) {
        uint32_t random;
        uint8_t pcr[TPM_PCR_MAX];
        struct secret *seed = NULL;
        assert_int_equal(RAND_bytes((uint8_t *)&random, sizeof random), 1);
        swtpm_power_off(&c.sw);
        swtpm_power_on(&c.sw);
        case_boot(&c, "");
        err_clear(&c.err);
        c.tpm = tpm_stop(c.tpm);
        assert_int_equal(tpm_start(&c.cfg, clock_ms() + CASE_MS, &c.tpm, &c.facts, &c.err), RC_OK);
        pid_t k = killer(tpm_pid(c.tpm), (long)(random % window_us));
        enum rc rc = tpm_unseal(c.tpm, bytes_of(c.blob, c.blob_len), NULL, &seed, &c.err);
        CASE("seed or error", (rc == RC_OK) == (seed != NULL), "BG-%d", (int)rc);
        seed = secret_free(seed);
        if (rc == RC_OK)
            rc = tpm_gate_close(c.tpm, &c.err);
        /* An extension of ours that swtpm did and did not answer was done twice: not this boot. */
        if (rc == BG_TPM_POLICY && again++ < 3) {
            while (waitpid(k, NULL, 0) < 0 && errno == EINTR)
                ;
            continue;
        }
        CASE("named", rc == RC_OK || rc == BG_TPM_CHILD_GONE, "BG-%d %s", (int)rc, c.err.detail);
        killed += rc == BG_TPM_CHILD_GONE;
        /* The machine may be busier now, or idle: both ends are to be seen. */
        window_us = rc == RC_OK ? window_us - window_us / 10 : window_us + window_us / 10 + 1;
        if (rc == RC_OK) {
            closed++;
            connect_patiently(&c);
            CASE("closed is closed",
                 tpm_gate_read(c.tpm, pcr, &c.err) == RC_OK && memcmp(pcr, zero, sizeof pcr) != 0,
                 "BG-%d, PCR open", (int)c.err.rc);
        } else {
            err_clear(&c.err);
            CASE("no verdict on it", tpm_gate_extend(c.tpm, zero, 32, &c.err) == BG_TPM_GATE_ORDER,
                 "BG-%d", (int)c.err.rc);
        }
        int status;
        while (waitpid(k, &status, 0) < 0 && errno == EINTR)
            ;
    }
    CASE("both happened", killed > 0 && closed > 0, "%u killed, %u closed", killed, closed);
    case_close(&c);
}

/* How often the seed stands in a process's writable memory. */
static unsigned count_in_memory(int pid, const uint8_t *what, size_t n)
{
    char path[64], line[256];
    unsigned found = 0;
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    assert_true(mem >= 0 && maps);
    while (fgets(line, sizeof line, maps)) {
        char *rest = NULL;
        unsigned long from = strtoul(line, &rest, 16), to = strtoul(rest + 1, &rest, 16);
        if (rest[2] != 'w' || to - from > 64ul << 20)
            continue;
        uint8_t *copy = malloc(to - from);
        assert_non_null(copy);
        ssize_t got = pread(mem, copy, to - from, (off_t)from);
        for (uint8_t *at = copy; got > 0;) {
            at = memmem(at, (size_t)(copy + got - at), what, n);
            if (!at)
                break;
            found++;
            at += n;
        }
        explicit_bzero(copy, to - from);
        free(copy);
    }
    fclose(maps);
    close(mem);
    return found;
}

static void the_tpm_process_keeps_no_seed(void **state)
{
    (void)state;
    if (SANITIZED) {
        case_left(4, "the sanitizer's allocator does not overwrite what is freed");
        return;
    }
    if (geteuid() != 0) {
        case_skip(4, "only root may look into the TPM's process");
        return;
    }
    struct tpm_case c;
    struct secret *seed = NULL;
    uint8_t what[TPM_SEED_LEN];
    case_open(&c, VARIANT_COUNTER);
    /* A seed that stands in no other memory: the child is forked before it is made. */
    connect_patiently(&c);
    assert_int_equal(RAND_bytes(what, sizeof what), 1);
    uint64_t counter;
    assert_int_equal(tpm_version_raise(c.tpm, &counter, &c.err), RC_OK);
    seed = secret_new(sizeof what, &c.err);
    assert_non_null(seed);
    memcpy(secret_data(seed), what, sizeof what);
    assert_int_equal(tpm_seal(c.tpm, seed, c.blob, &c.blob_len, &c.err), RC_OK);
    seed = secret_free(seed);
    pause_us(20000); /* it wipes its buffers after it has answered */
    CASE("after sealing", count_in_memory(tpm_pid(c.tpm), what, sizeof what) == 0, "it is there");
    CASE("half of it", count_in_memory(tpm_pid(c.tpm), what + 8, 16) == 0, "it is there");
    assert_int_equal(case_unseal(&c, &seed), RC_OK);
    assert_memory_equal(secret_data(seed), what, sizeof what);
    pause_us(20000);
    CASE("after unsealing", count_in_memory(tpm_pid(c.tpm), what, sizeof what) == 0, "it is there");
    CASE("half of it", count_in_memory(tpm_pid(c.tpm), what + 8, 16) == 0, "it is there");
    CASE("the look finds", count_in_memory(getpid(), what, sizeof what) >= 2, "not even ours");
    secret_free(seed);
    case_close(&c);
}

static void the_environment_has_no_say(void **state)
{
    (void)state;
    struct tpm_case c;
    char path[128];
    case_open(&c, 0);
    snprintf(path, sizeof path, "%s/tss.log", c.sw.dir);
    setenv("TSS2_LOG", "all+trace", 1);
    setenv("TSS2_LOGFILE", path, 1);
    case_seal(&c);
    case_given(&c, "with logging asked for");
    setenv("TPM2TOOLS_TCTI", "device:/nowhere", 1);
    connect_patiently(&c);
    case_given(&c, "with a transport named");
    unsetenv("TSS2_LOG");
    unsetenv("TSS2_LOGFILE");
    CASE("nothing logged", !file_exists(path), "%s exists", path);
    case_close(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_seed_is_never_on_the_wire),
    cmocka_unit_test(a_changed_answer_gives_no_seed),
    cmocka_unit_test(changed_gate_traffic_is_not_believed),
    cmocka_unit_test(a_gate_that_is_not_as_we_left_it_is_not_closed),
    cmocka_unit_test(a_false_storage_key_is_refused),
    cmocka_unit_test(cut_answers_are_transport_errors),
    cmocka_unit_test(one_process_survives_a_cut_connection),
    cmocka_unit_test(a_moving_pcr_is_retried_and_not_for_ever),
    cmocka_unit_test(a_stopped_tpm_meets_the_deadline),
    cmocka_unit_test(a_dead_tpm_is_named_at_once),
    cmocka_unit_test(a_killed_process_never_claims_a_closed_gate),
    cmocka_unit_test(the_tpm_process_keeps_no_seed),
    cmocka_unit_test(the_environment_has_no_say),
};

int main(void)
{
    if (!swtpm_available(sizeof tests / sizeof *tests)) {
        printf("0 passed, 0 failed, %zu skipped\n", sizeof tests / sizeof *tests);
        return 0;
    }
    return HARNESS_RUN("tpm_wire", tests);
}
