/*
 * boot_log: which set of PCRs covers which boot, on logs as OVMF, systemd-stub, Linux and GRUB
 * write them (tests/lib/boot_log_builder.h, held against real ones by tests/vm/ovmf_boot.sh). Each
 * event left out, doubled or moved, and each byte changed with the TPM's values as they were. Bytes
 * of an accepted log that may change, and why:
 *   the other bank's digests, and the whole of an event of a PCR outside the set but its framing,
 *     type and those digests that are checked: the TPM says nothing about them, and nothing that
 *     covers the boot is taken from there
 *   the header: its version members and platform class are of no consequence here
 *   types, where another one is as good: no part of the digest (TCG PFP 1.06, 10.2.2)
 *   data that the digest is not made of: names of images, variables and sections, for people
 */
#include "tests/lib/boot_log_builder.h"
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "quote/boot_log.h"

#define STUB_SET (1u << 0 | 1u << 2 | 1u << 4 | 1u << 9)
#define GRUB_SET (STUB_SET | 1u << 8)
#define SHIM     (1u << 14)
#define SECTIONS (1u << 11)

static const struct {
    const char *name;
    enum boot_path path;
    uint32_t least;
} paths[] = {
    {"uki", BOOT_PATH_UKI, STUB_SET},
    {"efi-stub", BOOT_PATH_EFI_STUB, STUB_SET},
    {"qemu-kernel", BOOT_PATH_QEMU_KERNEL, STUB_SET},
    {"grub", BOOT_PATH_GRUB, GRUB_SET},
    {"shim-grub", BOOT_PATH_GRUB, GRUB_SET | SHIM},
    {"shim-uki", BOOT_PATH_UKI, STUB_SET | SHIM},
    /* our reading: the builder says so */
    {"systemd-258", BOOT_PATH_UKI, STUB_SET},
    {"systemd-profile", BOOT_PATH_UKI, STUB_SET | SECTIONS},
    {"grub-2.12", BOOT_PATH_GRUB, GRUB_SET},
};
#define N_PATHS (sizeof paths / sizeof *paths)

static struct built_event events[BUILT_EVENTS_MAX], changed[BUILT_EVENTS_MAX];
static struct built_log built;
static struct boot_log_facts facts;
static struct err err;

static enum rc cover(const struct built_event *v, size_t n, uint32_t set)
{
    built_encode(v, n, &built);
    err_clear(&err);
    memset(&facts, 0, sizeof facts);
    return boot_log_cover(bytes_of(built.b, built.n), TCG_SHA256, set, &facts, &err);
}

/* find: the nth event of that PCR and type. */
static size_t find(size_t n, uint32_t pcr, uint32_t type, size_t nth)
{
    for (size_t i = 0; i < n; i++)
        if (events[i].pcr == pcr && events[i].type == type && nth-- == 0)
            return i;
    fail_msg("no event of PCR %u", pcr);
    return 0;
}

static size_t without(size_t n, size_t at)
{
    memcpy(changed, events, sizeof changed);
    memmove(changed + at, changed + at + 1, (n - at - 1) * sizeof *changed);
    return n - 1;
}

static size_t with(size_t n, size_t at, const struct built_event *e)
{
    memcpy(changed, events, sizeof changed);
    memmove(changed + at + 1, changed + at, (n - at) * sizeof *changed);
    changed[at] = *e;
    return n + 1;
}

static bool covers(const char *what, unsigned pcr, const char *note)
{
    for (size_t i = 0; i < facts.n; i++)
        if (strcmp(facts.covers[i].what, what) == 0 && facts.covers[i].pcr == pcr &&
            (!note || strcmp(facts.covers[i].note, note) == 0))
            return true;
    return false;
}

static void each_path_has_its_least_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PATHS; i++) {
        const char *name = paths[i].name;
        size_t n = built_events(name, events);
        for (uint32_t of = 0; of < 0x200; of++) { /* 0, 2, 4, 8, 9, 7, 11, 14, 15 */
            uint32_t set = (of & 1u) | (of & 2u) << 1 | (of & 4u) << 2 | (of & 0x18u) << 5 |
                           (of & 0x20u) << 2 | (of & 0x40u) << 5 | (of & 0x180u) << 7;
            enum rc rc = cover(events, n, set);
            uint32_t left = paths[i].least & ~set;
            CASE(name, rc == (left ? BG_BOOT_LOG_LEFT_OUT : RC_OK), "set %x: BG-%04d %s", set, rc,
                 err.detail);
        }
        CASE(name, facts.path == paths[i].path && facts.needed == paths[i].least, "path %s",
             boot_path_name(facts.path));
        bool grub = paths[i].path == BOOT_PATH_GRUB;
        CASE(name, covers("firmware", 0, "") && covers("option ROMs", 2, ""), "before");
        CASE(name, covers("kernel", grub ? 9 : 4, NULL), "kernel");
        CASE(name, covers("command line", grub ? 8 : 9, NULL), "command line");
        CASE(name, covers("initrd", 9, grub ? "/initrd.img" : ""), "initrd");
        CASE(name, i >= 4 || strcmp(boot_path_name(facts.path), name) == 0, "name");
        CASE(name,
             facts.path == BOOT_PATH_QEMU_KERNEL ||
                 covers(paths[i].path == BOOT_PATH_EFI_STUB ? "kernel" : "image", 4,
                        "\\EFI\\BOOT\\BOOTX64.EFI"),
             "image");
        CASE(name, covers("shim's keys", 14, NULL) == (paths[i].least >> 14 & 1u), "shim");
        (void)!cover(events, n, paths[i].least & ~(1u << 9));
        CASE(name, strstr(err.detail, "PCR 9: ") && strstr(err.detail, "initrd"), "%s", err.detail);
    }
}

static size_t images_after(size_t n, size_t at)
{
    size_t found = 0;
    while (++at < n)
        found += events[at].pcr == 4 && events[at].type == 0x80000003u;
    return found;
}

/* expected: what the log without this event is refused for; RC_OK: it still covers all. */
static enum rc expected(size_t n, size_t at, enum boot_path path, uint32_t least)
{
    const struct built_event *e = &events[at];
    bool grub = path == BOOT_PATH_GRUB;
    if (e->pcr == 11) /* a name, or the content behind it: of the last one, or before another */
        return e->digest == BUILT_OF_NAME     ? BG_BOOT_LOG_DATA
               : at + 1 < n && e[1].pcr == 11 ? BG_BOOT_LOG_SECTIONS
                                              : BG_BOOT_LOG_SECTION_ALONE;
    if (e->type == 4)
        return e->pcr == 4                  ? BG_BOOT_LOG_EARLY
               : e->pcr == 0 || e->pcr == 2 ? BG_BOOT_LOG_NO_SEPARATOR
                                            : RC_OK;
    if (e->pcr == 4 && e->type == 0x80000003u) {
        size_t all = images_after(n, 0), last = find(n, 4, 0x80000003u, all - 1);
        if (least & SHIM)
            return path == BOOT_PATH_UKI && at == last ? BG_BOOT_LOG_NO_SECOND : RC_OK;
        return all > 1 ? RC_OK : grub ? BG_BOOT_LOG_NO_GRUB : BG_BOOT_LOG_NO_KERNEL;
    }
    if (e->pcr == 5 && memchr(e->data, 'S', e->n) && memchr(e->data, 'R', e->n))
        return BG_BOOT_LOG_NO_EXIT;
    if (e->pcr == 9 && !grub)
        return e->data[0] == 0xed ? BG_BOOT_LOG_NO_CMDLINE : BG_BOOT_LOG_NO_INITRD;
    if (e->pcr == 9 && e->type == 0xd)
        return e->data[1] == 'v'   ? BG_BOOT_LOG_NO_KERNEL
               : e->data[1] == 'i' ? BG_BOOT_LOG_NO_INITRD
                                   : RC_OK;
    if (e->pcr == 8 && e->data[0] == 'k')
        return BG_BOOT_LOG_NO_CMDLINE;
    if (e->pcr == 8 && memcmp(e->data, "grub_cmd: initrd", 16) == 0)
        return BG_BOOT_LOG_NO_INITRD;
    return RC_OK;
}

static void an_event_left_out_is_missed(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_PATHS; i++) {
        size_t n = built_events(paths[i].name, events);
        for (size_t k = 0; k < n; k++) {
            size_t m = without(n, k);
            enum rc rc = cover(changed, m, paths[i].least),
                    want = expected(n, k, paths[i].path, paths[i].least);
            CASE(paths[i].name, rc == want, "event %zu of PCR %u: BG-%04d, not %04d: %s", k + 1,
                 events[k].pcr, rc, want, err.detail);
        }
    }
}

static void events_that_do_not_belong_are_refused(void **state)
{
    (void)state;
    struct built_event e;
    const struct {
        const char *name, *text;
        uint32_t pcr, type;
        enum rc want;
    } rows[] = {
        {"a second separator", NULL, 4, 4, BG_BOOT_LOG_SEPARATOR_TWICE},
        {"a second separator", NULL, 1, 4, BG_BOOT_LOG_SEPARATOR_TWICE},
        {"a loader's separator", NULL, 9, 4, BG_BOOT_LOG_PATH},
        {"BIOS code", "x", 4, 0xd, BG_BOOT_LOG_PATH},
        {"BIOS code", "x", 4, 0xc, BG_BOOT_LOG_PATH},
        {"code in a PCR for settings", "x", 1, 0x80000003u, BG_BOOT_LOG_PATH},
        {"code in a PCR for settings", "x", 5, 0x80000004u, BG_BOOT_LOG_PATH},
        {"code in a PCR for settings", "x", 7, 0x80000005u, BG_BOOT_LOG_PATH},
        {"an option ROM", "x", 2, 0x80000004u, RC_OK},
        {"another image", "x", 4, 0x80000003u, RC_OK},
        {"a setting", "x", 1, 0xa, RC_OK},
        {"a loader unknown", "x", 8, 0xd, BG_BOOT_LOG_PATH},
        {"a loader unknown", "x", 8, 6, BG_BOOT_LOG_PATH},
        {"a multiboot kernel", "module_cmdline: /xen", 8, 0xd, BG_BOOT_LOG_PATH},
        {"a tag unknown", "x", 9, 6, BG_BOOT_LOG_PATH},
        {"IMA's", "x", 10, 0xd, BG_BOOT_LOG_PATH},
        {"another type", "x", 12, 0xa, BG_BOOT_LOG_PATH},
        {"systemd's", "x", 15, 0xd, BG_BOOT_LOG_PATH},
        {"no section", "x", 11, 0xd, BG_BOOT_LOG_PATH},
        {"a phase of systemd's", "enter-initrd", 11, 0xd, BG_BOOT_LOG_PATH},
        {"a tag beside the sections", "x", 11, 6, BG_BOOT_LOG_PATH},
        {"a stub's input", "x", 12, 0xd, BG_BOOT_LOG_LEFT_OUT},
        {"a stub's input", "x", 12, 6, BG_BOOT_LOG_LEFT_OUT},
        {"a system extension", "x", 13, 0xd, BG_BOOT_LOG_LEFT_OUT},
        {"not shim's", "x", 14, 0xd, BG_BOOT_LOG_PATH},
        {"not shim's", "MokLis", 14, 0xd, BG_BOOT_LOG_PATH},
        {"not shim's", "MokListXX", 14, 0xd, BG_BOOT_LOG_PATH},
        {"not shim's", "", 14, 0xd, BG_BOOT_LOG_PATH},
        {"shim's, as a tag", "MokList", 14, 6, BG_BOOT_LOG_PATH},
        {"shim's keys, and nothing started", "MokList", 14, 0xd, BG_BOOT_LOG_NO_SECOND},
    };
    size_t n = built_events("uki", events), at = find(n, 9, 6, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        built_text(&e, rows[i].pcr, rows[i].type, rows[i].text ? rows[i].text : "");
        if (!rows[i].text)
            e.n = 4; /* a separator's zeros */
        if (rows[i].pcr == 8)
            e.digest = BUILT_OTHER;
        enum rc rc = cover(changed, with(n, at, &e), STUB_SET);
        CASE(rows[i].name, rc == rows[i].want, "PCR %u: BG-%04d %s", e.pcr, rc, err.detail);
        if (rows[i].want == BG_BOOT_LOG_LEFT_OUT)
            CASE(rows[i].name,
                 cover(changed, with(n, at, &e), STUB_SET | 1u << e.pcr) == RC_OK &&
                     covers("loader input", e.pcr, NULL),
                 "PCR %u in the set: %s", e.pcr, err.detail);
    }
    /* Before firmware has closed, and after it is gone. */
    e = events[at];
    CASE("early", cover(changed, with(n, find(n, 4, 4, 0), &e), STUB_SET) == BG_BOOT_LOG_EARLY,
         "%s", err.detail);
    CASE("late", cover(changed, with(n, n, &e), STUB_SET) == BG_BOOT_LOG_LATE, "%s", err.detail);
    for (size_t k = 0; k < n; k++)
        CASE("late", cover(changed, with(n, n, &events[k]), STUB_SET) == BG_BOOT_LOG_LATE,
             "event %zu", k + 1);
    for (size_t k = 0; k < 2; k++) {
        e = events[at + k];
        CASE("twice", cover(changed, with(n, at, &e), STUB_SET) == BG_BOOT_LOG_TWICE, "%s",
             err.detail);
    }
    /* A failed ExitBootServices that is tried again is none. */
    size_t exit = find(n, 5, 0x80000007u, 1);
    built_text(&e, 5, 0x80000007u, "Exit Boot Services Returned with Failure");
    CASE("again", cover(changed, with(n, exit, &e), STUB_SET) == RC_OK, "%s", err.detail);
    /* More stages than anything needs. */
    e = events[find(n, 4, 0x80000003u, 0)];
    memcpy(changed, events, sizeof changed);
    for (size_t k = 0; k < 28; k++) {
        memmove(changed + at + 1, changed + at, (n + k - at) * sizeof *changed);
        changed[at] = e;
    }
    CASE("stages", cover(changed, n + 28, STUB_SET) == BG_BOOT_LOG_STAGES, "%s", err.detail);
}

static void a_separator_says_that_firmware_ended_well(void **state)
{
    (void)state;
    size_t n = built_events("uki", events);
    const struct {
        uint8_t data[5];
        size_t n;
        enum rc want;
    } rows[] = {
        {{0, 0, 0, 0}, 4, RC_OK},
        {{0xff, 0xff, 0xff, 0xff}, 4, RC_OK},
        {{1, 0, 0, 0}, 4, BG_BOOT_LOG_SEPARATOR_VALUE},
        {{0, 0, 0, 1}, 4, BG_BOOT_LOG_SEPARATOR_VALUE},
        {{0xff, 0xff, 0xff, 0}, 4, BG_BOOT_LOG_SEPARATOR_VALUE},
        {{0}, 0, BG_BOOT_LOG_SEPARATOR_VALUE},
        {{0}, 3, BG_BOOT_LOG_SEPARATOR_VALUE},
        {{0}, 5, BG_BOOT_LOG_SEPARATOR_VALUE},
    };
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct built_event *e = &events[find(n, pcr, 4, 0)], old = *e;
            memcpy(e->data, rows[i].data, 5);
            e->n = rows[i].n;
            enum rc rc = cover(events, n, STUB_SET);
            CASE("separator", rc == rows[i].want, "PCR %u, row %zu: BG-%04d", pcr, i, rc);
            *e = old;
        }
    /* Outside the set nothing hangs on it, in the set each member has one. */
    for (uint32_t pcr = 0; pcr < 8; pcr++) {
        size_t m = without(n, find(n, pcr, 4, 0));
        enum rc rc = cover(changed, m, STUB_SET | 1u << pcr);
        CASE("member", rc == (pcr == 4 ? BG_BOOT_LOG_EARLY : BG_BOOT_LOG_NO_SEPARATOR),
             "PCR %u: BG-%04d", pcr, rc);
    }
}

static void grub_measures_every_file_it_gives(void **state)
{
    (void)state;
    const struct {
        const char *name, *command;
        enum rc want;
    } rows[] = {
        {"one", "grub_cmd: initrd /initrd.img", RC_OK},
        {"two spaces", "grub_cmd: initrd  /initrd.img ", RC_OK},
        {"two", "grub_cmd: initrd /initrd.img (hd0)/vmlinuz", RC_OK},
        {"another", "grub_cmd: initrd /initrd.im", BG_BOOT_LOG_NO_INITRD},
        {"longer", "grub_cmd: initrd /initrd.img2", BG_BOOT_LOG_NO_INITRD},
        {"a second one", "grub_cmd: initrd /initrd.img /evil", BG_BOOT_LOG_NO_INITRD},
        {"a first one", "grub_cmd: initrd /evil /initrd.img", BG_BOOT_LOG_NO_INITRD},
        {"none", "grub_cmd: initrd", BG_BOOT_LOG_NO_INITRD},
        {"another command", "grub_cmd: initrd16 /initrd.img", BG_BOOT_LOG_NO_INITRD},
    };
    size_t n = built_events("grub", events), at = find(n, 8, 0xd, 4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memcpy(changed, events, sizeof changed);
        built_text(&changed[at], 8, 0xd, rows[i].command);
        changed[at].n++; /* its NUL */
        changed[at].digest = BUILT_OF_TEXT;
        enum rc rc = cover(changed, n, GRUB_SET);
        CASE(rows[i].name, rc == rows[i].want, "BG-%04d %s", rc, err.detail);
    }
    size_t line = find(n, 8, 0xd, 3);
    struct built_event e = events[line];
    CASE("two kernels", cover(changed, with(n, line, &e), GRUB_SET) == BG_BOOT_LOG_NO_CMDLINE, "%s",
         err.detail);
    memcpy(changed, events, sizeof changed);
    built_text(&changed[line], 8, 0xd, "kernel_cmdline: ");
    changed[line].n++;
    changed[line].digest = BUILT_OF_TEXT;
    CASE("no name", cover(changed, n, GRUB_SET) == BG_BOOT_LOG_NO_KERNEL, "%s", err.detail);
    /* A kernel's own events beside GRUB's are no harm. */
    struct built_event uki[BUILT_EVENTS_MAX];
    size_t m = built_events("uki", uki);
    for (size_t i = 0; i < m; i++)
        if (uki[i].pcr == 9) {
            size_t k = with(n, find(n, 5, 0x80000007u, 0), &uki[i]);
            CASE("tags", cover(changed, k, GRUB_SET) == RC_OK && facts.path == BOOT_PATH_GRUB, "%s",
                 err.detail);
        }
}

static const struct built_event *utf16(const char *name, enum built_digest digest)
{
    static struct built_event e;
    e = (struct built_event){.pcr = 11, .type = 0xd, .digest = digest};
    for (size_t i = 0; i <= strlen(name); i++, e.n += 2)
        e.data[e.n] = (uint8_t)name[i];
    return &e;
}

static void a_stub_accounts_for_its_sections(void **state)
{
    (void)state;
    /* All of the UKI specification's, and some that are none. */
    static const char *const known[] = {".profile", ".linux",   ".osrel", ".cmdline", ".initrd",
                                        ".ucode",   ".splash",  ".dtb",   ".dtbauto", ".hwids",
                                        ".uname",   ".pcrpkey", ".sbat",  ".efifw"};
    static const char *const others[] = {"",        ".",       ".text", "linux",
                                         ".linux2", ".pcrsig", ".linu", ".aaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof known / sizeof *known + sizeof others / sizeof *others; i++) {
        size_t n = built_events("uki", events), k = sizeof known / sizeof *known;
        const char *name = i < k ? known[i] : others[i - k];
        size_t at = find(n, 11, 0xd, 0);
        n = with(n, at, utf16(name, BUILT_OTHER));
        memcpy(events, changed, sizeof events);
        n = with(n, at, utf16(name, BUILT_OF_NAME));
        enum rc rc = cover(changed, n, STUB_SET);
        CASE(name, rc == (i < k ? RC_OK : BG_BOOT_LOG_PATH), "BG-%04d %s", rc, err.detail);
        if (i >= k)
            continue;
        /* The same with another digest, another content, no NUL, half a character more. */
        changed[at].digest = BUILT_OTHER;
        CASE(name, cover(changed, n, STUB_SET) == BG_BOOT_LOG_DATA, "%s", err.detail);
        changed[at] = *utf16(name, BUILT_OF_NAME);
        changed[at + 1] = *utf16(i ? known[0] : known[1], BUILT_OTHER);
        CASE(name, cover(changed, n, STUB_SET) == BG_BOOT_LOG_SECTIONS, "%s", err.detail);
        changed[at + 1] = *utf16(name, BUILT_OTHER);
        for (int more = -2; more <= 1; more++)
            if (more) {
                changed[at] = *utf16(name, BUILT_OF_NAME);
                changed[at].n += (size_t)more;
                CASE(name, cover(changed, n, STUB_SET) == BG_BOOT_LOG_PATH, "%s", err.detail);
            }
    }
    /* Not a Latin letter that looks alike in its low byte. */
    size_t n = built_events("uki", events), at = find(n, 11, 0xd, 0);
    events[at].data[3] = 1;
    CASE("wide", cover(events, n, STUB_SET) == BG_BOOT_LOG_PATH, "%s", err.detail);
    /* A kernel that is measured by itself is known, whichever variant it is from. */
    n = built_events("systemd-profile", events);
    size_t m = built_events("uki", changed);
    struct built_event inner = changed[0];
    for (size_t i = 0; i < m; i++)
        if (changed[i].pcr == 4 && changed[i].type == 0x80000003u)
            inner = changed[i]; /* the last */
    n = with(n, find(n, 9, 6, 0), &inner);
    CASE("inner", cover(changed, n, STUB_SET) == RC_OK && facts.needed == STUB_SET, "%s",
         err.detail);
    /* What stands beside a UKI goes into 12 and 13, as text or as tags. */
    n = built_events("systemd-258", events);
    const uint32_t beside[] = {12, 13};
    for (size_t i = 0; i < 2; i++)
        for (uint32_t type = 6; type <= 0xd; type += 7) {
            struct built_event e;
            built_text(&e, beside[i], type, "initrd.addon");
            e.digest = BUILT_OTHER;
            m = with(n, find(n, 9, 6, 0), &e);
            CASE("beside", cover(changed, m, STUB_SET) == BG_BOOT_LOG_LEFT_OUT, "%s", err.detail);
            CASE("beside",
                 cover(changed, m, STUB_SET | 1u << beside[i]) == RC_OK &&
                     facts.needed == (STUB_SET | 1u << beside[i]),
                 "%s", err.detail);
        }
}

static void shim_starts_what_is_measured(void **state)
{
    (void)state;
    static const char *const names[] = {"MokList",    "MokListX",       "MokSBState",
                                        "MokDBState", "MokListTrusted", "MokPolicy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t nul = 0; nul < 2; nul++) {
            struct built_event e;
            size_t n = built_events("shim-uki", events), at = find(n, 14, 0xd, 0);
            built_text(&e, 14, 0xd, names[i]);
            e.n += nul;
            e.digest = BUILT_OTHER;
            CASE(names[i], cover(changed, with(n, at, &e), STUB_SET | SHIM) == RC_OK, "%s",
                 err.detail);
            CASE(names[i], cover(changed, with(n, at, &e), STUB_SET) == BG_BOOT_LOG_LEFT_OUT, "%s",
                 err.detail);
            CASE("detail", strstr(err.detail, "PCR 14: shim's keys"), "%s", err.detail);
            /* Behind the last image: what came then, nobody measured. */
            CASE(names[i],
                 cover(changed, with(n, find(n, 11, 0xd, 0), &e), STUB_SET | SHIM) ==
                     BG_BOOT_LOG_NO_SECOND,
                 "%s", err.detail);
        }
}

static void notes_are_short_and_printable(void **state)
{
    (void)state;
    size_t n = built_events("efi-stub", events), at = find(n, 4, 0x80000003u, 0);
    struct built_event *e = &events[at];
    for (size_t i = 36; i + 6 < e->n; i++)
        e->data[i] = (uint8_t)(0x80 + i);
    CASE("not ASCII", cover(events, n, STUB_SET) == RC_OK, "%s", err.detail);
    for (size_t i = 0; i < facts.n; i++)
        for (const char *p = facts.covers[i].note; *p; p++)
            CASE("printable", *p >= 0x20 && *p <= 0x7e, "%02x", (unsigned char)*p);
    for (size_t cut = 0; cut < e->n; cut++) {
        struct built_event old = *e;
        e->n = cut;
        CASE("cut", cover(events, n, STUB_SET) == RC_OK, "at %zu: %s", cut, err.detail);
        *e = old;
    }
}

static bool may_change(size_t at, uint32_t set)
{
    bool inside = built.pcr_of[at] != 0xff && set >> built.pcr_of[at] & 1u;
    switch ((enum built_byte)built.kind[at]) {
    case BUILT_HEADER:
    case BUILT_SHA384:
    case BUILT_TYPE:
    case BUILT_FREE_DATA:
        return true;
    case BUILT_SHA256:
    case BUILT_PCR:
    case BUILT_FRAME:
    case BUILT_DATA:
        return !inside;
    }
    return false;
}

#ifdef __SANITIZE_ADDRESS__ /* slower, and after other defects; no multiple of a record's parts */
#define STRIDE 7u
#else
#define STRIDE 1u
#endif

static void each_byte_of_an_accepted_log_matters_or_is_listed(void **state)
{
    (void)state;
    static struct built_log log;
    size_t refused = 0, accepted[BUILT_FREE_DATA + 1] = {0};
    for (size_t i = 0; i < N_PATHS; i++) {
        uint32_t set = paths[i].least;
        size_t n = built_events(paths[i].name, events);
        assert_int_equal(cover(events, n, set), RC_OK);
        struct tcg_pcrs pcrs = facts.pcrs;
        log = built;
        for (size_t k = 0; k < log.n; k += STRIDE)
            for (unsigned flip = 1; flip < 256; flip = flip == 0x80 ? 0xff : 2 * flip) {
                AUTO_ARENA a = arena_new(1u << 16);
                const struct boot_log_ok *ok = NULL;
                log.b[k] ^= (uint8_t)flip;
                err_clear(&err);
                enum rc rc = boot_log_judge(a, bytes_of(log.b, log.n), TCG_SHA256, set,
                                            (const uint8_t(*)[48])pcrs.value, &ok, &err);
                log.b[k] ^= (uint8_t)flip;
                refused += rc != RC_OK;
                accepted[built.kind[k]] += rc == RC_OK;
                CASE(paths[i].name, rc != RC_OK ? !ok : may_change(k, set),
                     "byte %zu (kind %u, PCR %u) ^ %02x accepted", k, built.kind[k],
                     built.pcr_of[k], flip);
                if (flip == 0xff)
                    break;
            }
        for (size_t k = 0; k < log.n; k += STRIDE) {
            AUTO_ARENA a = arena_new(1u << 16);
            const struct boot_log_ok *ok = NULL;
            err_clear(&err);
            CASE("cut",
                 boot_log_judge(a, bytes_of(log.b, k), TCG_SHA256, set,
                                (const uint8_t(*)[48])pcrs.value, &ok, &err) != RC_OK,
                 "at %zu", k);
        }
    }
    printf("%zu changes refused; accepted: header %zu, frame %zu, PCR %zu, type %zu, SHA-256 %zu, "
           "SHA-384 %zu, data %zu, free data %zu\n",
           refused, accepted[0], accepted[1], accepted[2], accepted[3], accepted[4], accepted[5],
           accepted[6], accepted[7]);
}

static enum rc judge(uint16_t bank, uint32_t set, const uint8_t tpm[TCG_PCRS][48],
                     const struct boot_log_ok **out)
{
    static struct arena *a;
    arena_free(a);
    a = arena_new(1u << 16);
    err_clear(&err);
    return boot_log_judge(a, bytes_of(built.b, built.n), bank, set, tpm, out, &err);
}

static void the_tpm_has_the_last_word(void **state)
{
    (void)state;
    size_t n = built_events("uki", events);
    const struct boot_log_ok *ok = NULL;
    const uint16_t banks[] = {TCG_SHA256, TCG_SHA384};
    for (size_t i = 0; i < 2; i++) {
        struct tcg_pcrs p;
        uint8_t tpm[TCG_PCRS][48];
        assert_int_equal(cover(events, n, STUB_SET), RC_OK);
        assert_int_equal(tcg_pcr_replay(bytes_of(built.b, built.n), banks[i], &p, &err), RC_OK);
        memcpy(tpm, p.value, sizeof tpm);
        CASE("as it is", judge(banks[i], STUB_SET, tpm, &ok) == RC_OK, "%s", err.detail);
        CASE("facts",
             boot_log_facts_of(ok)->path == BOOT_PATH_UKI &&
                 boot_log_facts_of(ok)->pcrs.bank == banks[i],
             "facts");
        CASE("empty", judge(banks[i], 0, tpm, &ok) == BG_PCR_NONE, "%s", err.detail);
        CASE("all 0", judge(banks[i], STUB_SET | 1u << 12, tpm, &ok) == BG_PCR_BLANK, "%s",
             err.detail);
        CASE("16", judge(banks[i], STUB_SET | 1u << 16, tpm, &ok) == BG_PCR_NONE, "%s", err.detail);
        CASE("left out", judge(banks[i], 1u << 4 | 1u << 7, tpm, &ok) == BG_BOOT_LOG_LEFT_OUT, "%s",
             err.detail);
        for (unsigned pcr = 0; pcr < TCG_PCRS; pcr++) {
            tpm[pcr][7] ^= 1;
            enum rc rc = judge(banks[i], STUB_SET, tpm, &ok);
            CASE("moved", rc == (STUB_SET >> pcr & 1u ? BG_PCR_MISMATCH : RC_OK), "PCR %u: BG-%04d",
                 pcr, rc);
            tpm[pcr][7] ^= 1;
        }
        memset(tpm, 0, sizeof tpm);
        CASE("nothing measured", judge(banks[i], STUB_SET, tpm, &ok) == BG_PCR_BLANK, "%s",
             err.detail);
    }
    char text[BOOT_LOG_SET_TEXT];
    boot_log_set_text(0xffff, text);
    CASE("text", strcmp(text, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15") == 0, "%s", text);
    boot_log_set_text(0, text);
    CASE("text", text[0] == '\0', "%s", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_has_its_least_set),
        cmocka_unit_test(an_event_left_out_is_missed),
        cmocka_unit_test(events_that_do_not_belong_are_refused),
        cmocka_unit_test(a_separator_says_that_firmware_ended_well),
        cmocka_unit_test(grub_measures_every_file_it_gives),
        cmocka_unit_test(a_stub_accounts_for_its_sections),
        cmocka_unit_test(shim_starts_what_is_measured),
        cmocka_unit_test(notes_are_short_and_printable),
        cmocka_unit_test(each_byte_of_an_accepted_log_matters_or_is_listed),
        cmocka_unit_test(the_tpm_has_the_last_word),
    };
    return HARNESS_RUN("boot_log", tests);
}
