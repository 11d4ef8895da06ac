/*
 * boot_log of the agent: judged in a process of its own, confined; its answer and its refusals come
 * back as they were, and the line says what the set covers.
 */
#include "tests/lib/boot_log_builder.h"
#include "tests/lib/harness.h"

#include "agent/boot_log.h"
#include "agent/clock.h"
#include "quote/boot_log.h"

static struct built_event events[BUILT_EVENTS_MAX];
static struct built_log built;
static struct boot_log_job job;
static struct err err;
static const char *line;

static enum rc judge(struct arena *a, const char *path, uint32_t set, uint16_t bank)
{
    struct watch w;
    struct tcg_pcrs p;
    built_encode(events, built_events(path, events), &built);
    job.a = a;
    job.log = bytes_of(built.b, built.n);
    job.bank = bank;
    job.set = set;
    err_clear(&err);
    assert_int_equal(tcg_pcr_replay(job.log, bank, &p, &err), RC_OK);
    memcpy(job.pcrs, p.value, sizeof job.pcrs);
    assert_int_equal(watch_open(&w, clock_ms() + 120000, &err), RC_OK);
    line = NULL;
    enum rc rc = boot_log_apart(a, &job, &w, &line, &err);
    watch_close(&w);
    return rc;
}

static void the_line_says_what_is_covered(void **state)
{
    (void)state;
    const struct {
        const char *path, *line;
        uint32_t set;
    } rows[] = {
        {"uki",
         "uki: firmware PCR 0, option ROMs PCR 2, image PCR 4, kernel PCR 4, command line PCR 9, "
         "initrd PCR 9",
         0x215},
        {"uki",
         "uki: firmware PCR 0, option ROMs PCR 2, image PCR 4, stub sections PCR 11, kernel PCR 4, "
         "command line PCR 9, initrd PCR 9",
         0xa15},
        {"efi-stub",
         "efi-stub: firmware PCR 0, option ROMs PCR 2, kernel PCR 4, command line PCR 9, initrd "
         "PCR 9",
         0x295},
        {"qemu-kernel",
         "qemu-kernel: firmware PCR 0, option ROMs PCR 2, kernel PCR 4, command line PCR 9, initrd "
         "PCR 9",
         0x215},
        {"grub",
         "grub: firmware PCR 0, option ROMs PCR 2, image PCR 4, command line PCR 8, kernel PCR 9, "
         "initrd PCR 9",
         0x315},
    };
    const uint16_t banks[] = {TCG_SHA256, TCG_SHA384};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < 2; k++) {
            AUTO_ARENA a = arena_new(4u << 20);
            enum rc rc = judge(a, rows[i].path, rows[i].set, banks[k]);
            CASE(rows[i].path, rc == RC_OK && line && strcmp(line, rows[i].line) == 0,
                 "BG-%04d %s: %s", rc, err.detail, line ? line : "none");
        }
}

static void refusals_come_back_as_they_were(void **state)
{
    (void)state;
    AUTO_ARENA a = arena_new(4u << 20);
    CASE("left out",
         judge(a, "uki", 0x10, TCG_SHA256) == BG_BOOT_LOG_LEFT_OUT && !line &&
             strcmp(err.detail, "PCR 0: firmware; the least set for this boot is 0,2,4,9") == 0,
         "%s", err.detail);
    CASE("empty", judge(a, "uki", 0, TCG_SHA256) == BG_PCR_NONE, "%s", err.detail);
    CASE("blank", judge(a, "uki", 0x1215, TCG_SHA256) == BG_PCR_BLANK, "%s", err.detail);
}

static void a_line_is_cut_where_it_is_too_long(void **state)
{
    (void)state;
    struct boot_log_facts f = {.path = BOOT_PATH_GRUB, .set = 0xffff, .n = BOOT_LOG_COVERS_MAX};
    char text[BOOT_LOG_TEXT_MAX];
    for (size_t i = 0; i < f.n; i++)
        f.covers[i] = (struct boot_cover){.what = i % 2 ? "a rather long word for what was covered"
                                                        : "and another one that is as long as it",
                                          .pcr = (unsigned)i % 16};
    boot_log_line(&f, text);
    CASE("cut", strlen(text) == sizeof text - 1, "%zu", strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_what_is_covered),
        cmocka_unit_test(refusals_come_back_as_they_were),
        cmocka_unit_test(a_line_is_cut_where_it_is_too_long),
    };
    return HARNESS_RUN("boot_log_agent", tests);
}
