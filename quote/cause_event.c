/* cause_event: events of RTMR0 to RTMR2 that are otherwise than expected, one by one. */
#include "base/hash.h"
#include "quote/cause_cmdline.h"
#include "quote/cause_internal.h"

#define ROWS_TOLD 6u /* differing events of one register that get a cause of their own */

static const char *size_text(struct cause_run *r, uint64_t bytes)
{
    const char unit = bytes % (1024 * CAUSE_MIB) == 0 ? 'G' : 'M';
    return arena_printf(r->a, r->err, "%llu%c",
                        (unsigned long long)(bytes / (unit == 'G' ? 1024 * CAUSE_MIB : CAUSE_MIB)),
                        unit);
}

/* ---- events ---------------------------------------------------------------------------------- */

enum rc cause_memory(struct cause_run *r, unsigned rtmr, const char *event, uint64_t memory)
{
    bool edge = (memory < CAUSE_SPLIT) != (r->im->guest.memory < CAUSE_SPLIT);
    const char *have = size_text(r, memory), *asked = size_text(r, r->im->guest.memory);
    if (!have || !asked)
        return r->err->rc;
    return cause_put(
        r, (struct cause){
               .id = "memory",
               .confidence = CAUSE_PROVEN,
               .registers = 1u << rtmr,
               .event = event,
               .inputs = INPUT_MEMORY,
               .order = 2,
               .matches_if = arena_printf(r->a, r->err, "-m %s", have),
               .why = arena_printf(r->a, r->err, "the guest has %s of memory, expected was %s%s",
                                   have, asked,
                                   edge ? ": on the other side of 2.75 GiB, where QEMU moves "
                                          "memory above 4 GiB"
                                        : ""),
               .fix = arena_printf(r->a, r->err,
                                   "measure again with -m %s, or start the guest "
                                   "with %s",
                                   have, asked),
               .see = edge ? "Dstack-TEE/meta-dstack#63" : NULL});
}

static enum rc try_td_hob(struct cause_run *r, const char *event, const uint8_t digest[static 48])
{
    uint8_t got[48];
    for (size_t i = 0;; i++) {
        uint64_t memory = i == 0 ? r->im->stated.memory : cause_memory_at(i - 1);
        struct err ignored = {0};
        if (i && memory == 0)
            break;
        if (memory == 0 || memory == UINT64_MAX)
            continue;
        r->out->tried++;
        if (lite_td_hob(&r->im->image, memory, got, &ignored) != RC_OK ||
            memcmp(got, digest, 48) != 0)
            continue;
        r->memory_known = true;
        r->memory = memory;
        return cause_memory(r, 0, event, memory);
    }
    return causes_by_inputs(r->a, r->out, 0, event, "is none of any usual memory size",
                            r->mrtd_same ? INPUT_MEMORY : INPUT_MEMORY | INPUT_FIRMWARE, r->err);
}

static bool variable_matches(const char *name, const uint8_t *data, size_t n,
                             const uint8_t digest[static 48])
{
    /* EFI_GLOBAL_VARIABLE, as in memory (UEFI 2.10, 3.3). */
    uint8_t b[16 + 8 + 8 + 2 * 16 + 8] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                          0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
    uint8_t got[48];
    size_t len = strlen(name);
    b[16] = (uint8_t)len;
    b[24] = (uint8_t)n;
    for (size_t i = 0; i < len; i++)
        b[32 + 2 * i] = (uint8_t)name[i];
    memcpy(b + 32 + 2 * len, data, n);
    hash_sha384(bytes_of(b, 32 + 2 * len + n), got);
    return memcmp(got, digest, 48) == 0;
}

static enum rc try_variable(struct cause_run *r, const char *event, const uint8_t digest[static 48])
{
    static const uint8_t off = 0, on = 1;
    bool secure = strcmp(event, "variable SecureBoot") == 0;
    bool is_on = secure && variable_matches("SecureBoot", &on, 1, digest);
    r->out->tried += secure ? 2 : 0;
    if (is_on || (secure && variable_matches("SecureBoot", &off, 1, digest)))
        return cause_put(
            r, (struct cause){
                   .id = "secure-boot",
                   .confidence = CAUSE_PROVEN,
                   .registers = 1,
                   .event = event,
                   .inputs = INPUT_FIRMWARE,
                   .order = 5,
                   .matches_if = is_on ? "SecureBoot is 1" : "SecureBoot is 0",
                   .why = is_on ? "the firmware has Secure Boot, and it is on; expected was a "
                                  "build without it"
                                : "the firmware has Secure Boot, switched off; expected was "
                                  "a build without it",
                   .fix = "boot the image's firmware: an OVMF built without SECURE_BOOT_ENABLE"});
    return causes_by_inputs(r->a, r->out, 0, event,
                            "has another value: the firmware's variables are not the image's",
                            INPUT_FIRMWARE, r->err);
}

enum rc cause_header(struct cause_run *r, enum bzimage_header h, const char *event)
{
    static const struct {
        const char *why, *fix, *matches_if, *see;
    } v[] = {
        [BZIMAGE_PATCHED] = {"the host's QEMU is 10.1 or older: it writes into the kernel's setup "
                             "header, expected was the kernel as it is",
                             "measure again with --qemu 10.1, or the version of the host, and "
                             "whitelist that",
                             "--qemu 10.1", "Dstack-TEE/dstack#1183"},
        [BZIMAGE_AS_IS] = {"the host's QEMU is 10.2 or newer: it leaves the kernel's setup header "
                           "as it is, expected was a patched one",
                           "measure again with --qemu 10.2, or the version of the host, and "
                           "whitelist that; or use an image whose kernel header is normalised",
                           "--qemu 10.2", "Dstack-TEE/dstack#1183"},
        [BZIMAGE_CLEARED] = {"the firmware clears what a loader writes into the kernel's setup "
                             "header (images between dstack#1189 and #1229)",
                             "use an image from after dstack#1229", "kernel header cleared",
                             "Dstack-TEE/dstack#1229"},
    };
    return cause_put(r, (struct cause){.id = "kernel-header",
                                       .confidence = CAUSE_PROVEN,
                                       .registers = 2,
                                       .event = event,
                                       .inputs = INPUT_QEMU,
                                       .order = 3,
                                       .why = v[h].why,
                                       .fix = v[h].fix,
                                       .matches_if = v[h].matches_if,
                                       .see = v[h].see});
}

/* kernel_is: the kernel, loaded in this way, has this digest. A variant that cannot be is no. */
static bool kernel_is(struct cause_run *r, enum bzimage_header h, uint64_t memory,
                      const uint8_t digest[static 48])
{
    struct err ignored = {0};
    uint8_t got[48];
    AUTO_ARENA scratch = arena_new(LIMIT_KERNEL + (1u << 20));
    struct bzimage_load load = {.memory = memory,
                                .initrd_size = r->im->files->initrd_size,
                                .acpi_data = BZIMAGE_ACPI_DATA,
                                .header = h};
    if (!scratch || r->kernels++ >= CAUSE_KERNELS)
        return false;
    r->out->tried++;
    return bzimage_measure(scratch, r->im->files->kernel, &load, got, &ignored) == RC_OK &&
           memcmp(got, digest, 48) == 0;
}

static enum rc try_kernel(struct cause_run *r, const char *event, const uint8_t digest[static 48])
{
    static const uint64_t sizes[] = {CAUSE_TWO_GIB, 512 * CAUSE_MIB, 1024 * CAUSE_MIB,
                                     2560 * CAUSE_MIB};
    enum bzimage_header asked = r->im->guest.header;
    uint64_t now = r->memory_known ? r->memory : r->im->guest.memory;
    unsigned left = INPUT_KERNEL | INPUT_QEMU | INPUT_MEMORY;
    if (r->im->files) {
        left = INPUT_KERNEL; /* the others are tried here */
        /* The layout of memory that asked for this digest: nothing but memory is behind it. */
        if (r->memory_known && kernel_is(r, asked, now, digest))
            return cause_memory(r, 1, event, now);
        for (unsigned h = BZIMAGE_PATCHED; h <= BZIMAGE_CLEARED; h++)
            if (h != asked && kernel_is(r, (enum bzimage_header)h, now, digest))
                return cause_header(r, (enum bzimage_header)h, event);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !r->memory_known; i++)
            if (sizes[i] != now && kernel_is(r, BZIMAGE_PATCHED, sizes[i], digest)) {
                if (asked != BZIMAGE_PATCHED)
                    TRY(cause_header(r, BZIMAGE_PATCHED, event));
                return cause_memory(r, 1, event, sizes[i]);
            }
    } else if (asked == BZIMAGE_PATCHED && now != CAUSE_TWO_GIB && now < CAUSE_SPLIT) {
        const char *size = size_text(r, now);
        if (!size)
            return r->err->rc;
        return cause_put(
            r, (struct cause){
                   .id = "memory-edge",
                   .confidence = CAUSE_STATED,
                   .registers = 2,
                   .event = event,
                   .inputs = INPUT_MEMORY,
                   .order = 3,
                   .why = arena_printf(r->a, r->err,
                                       "the image's material has the kernel's digest for 2 "
                                       "GiB and for 2.75 GiB or more; this guest has %s",
                                       size),
                   .fix = "start the guest with 2 GiB, or with 2.75 GiB or more; or measure "
                          "the image's files: --image DIR",
                   .see = "Dstack-TEE/meta-dstack#63"});
    }
    if (!r->initrd_same)
        left |= INPUT_INITRD; /* its size and address are written into the kernel's header */
    if (asked == BZIMAGE_AS_IS)
        left &= ~(unsigned)INPUT_MEMORY;
    return causes_by_inputs(r->a, r->out, 1, event, "is another one", left, r->err);
}

static enum rc cmdline_found(struct cause_run *r, const char *event, const char *what)
{
    return cause_put(
        r, (struct cause){
               .id = "cmdline",
               .confidence = CAUSE_PROVEN,
               .registers = 4,
               .event = event,
               .inputs = INPUT_CMDLINE,
               .order = 4,
               .matches_if = arena_printf(r->a, r->err, "the command line is %s", what),
               .why = arena_printf(r->a, r->err, "the kernel was given the image's command line %s",
                                   what),
               .fix = "start QEMU with -append exactly as metadata.json has it (QEMU itself "
                      "adds \" initrd=initrd\"), or change metadata.json and build the image "
                      "again",
               .see = "Dstack-TEE/dstack#679"});
}

/* try_cmdline: against the event's digest, or (initrd given) the whole register. */
enum rc cause_cmdline(struct cause_run *r, const char *event, const uint8_t *digest,
                      const uint8_t *value, bool *out_found)
{
    bool more = r->im->files != NULL;
    *out_found = false;
    for (size_t i = 0; more; i++) {
        struct cmdline_edit e;
        uint8_t got[48], first[48], zero[48] = {0};
        TRY(cmdline_edit_at(r->a, r->im->files->cmdline, i, &e, &more, r->err));
        if (!more || !*e.what)
            continue;
        r->out->tried++;
        memcpy(got, e.digest, 48);
        if (value) {
            HASH_PARTS(hash_sha384_parts, first, BYTES_OF_ARRAY(zero), bytes_of(e.digest, 48));
            HASH_PARTS(hash_sha384_parts, got, BYTES_OF_ARRAY(first),
                       bytes_of(r->im->image.initrd, 48));
        }
        if (memcmp(got, value ? value : digest, 48) == 0) {
            *out_found = true;
            return cmdline_found(r, event, e.what);
        }
    }
    return RC_OK;
}

static enum rc try_initrd(struct cause_run *r, const char *event, const uint8_t digest[static 48])
{
    uint8_t empty[48];
    hash_sha384(BYTES_NONE, empty);
    if (memcmp(empty, digest, 48) == 0)
        return cause_put(r, (struct cause){.id = "initrd",
                                           .confidence = CAUSE_PROVEN,
                                           .registers = 4,
                                           .event = event,
                                           .inputs = INPUT_INITRD,
                                           .order = 4,
                                           .matches_if = "the initrd is empty",
                                           .why = "the initrd that was loaded is empty",
                                           .fix = "give QEMU the image's initrd: -initrd FILE"});
    return causes_by_inputs(r->a, r->out, 2, event, "is another one", INPUT_INITRD, r->err);
}

/* acpi_left: the inputs of the ACPI tables that nothing else has settled. */
static unsigned acpi_left(const struct cause_run *r, unsigned inputs)
{
    bool same_memory = r->td_hob_same;
    return same_memory ? inputs & ~(unsigned)INPUT_MEMORY : inputs;
}

static enum rc try_acpi(struct cause_run *r, const char *event, unsigned inputs)
{
    const struct cause_settings *asked = &r->im->asked, *said = &r->im->stated;
    bool found;
    TRY(cause_acpi(r, NULL, &found));
    if (found)
        return RC_OK;
    if (r->guest.order != r->im->guest.order)
        return cause_put(
            r,
            (struct cause){.id = "qemu",
                           .confidence = CAUSE_NARROWED,
                           .registers = 1,
                           .inputs = INPUT_QEMU,
                           .order = 40,
                           .see = "near/mpc#2672",
                           .why = "the ACPI tables follow from QEMU's version too, and MRTD shows "
                                  "another one than expected",
                           .fix = "take the ACPI digests from a guest under the host's QEMU: --log "
                                  "FILE"});
    if (asked->cpus && said->cpus && asked->cpus != said->cpus)
        return cause_put(
            r,
            (struct cause){.id = "cpus",
                           .confidence = CAUSE_STATED,
                           .registers = 1,
                           .inputs = INPUT_CPUS,
                           .order = 6,
                           .why = arena_printf(
                               r->a, r->err,
                               "the ACPI tables differ, and the guest's own settings "
                               "say %llu CPUs, expected were %llu",
                               (unsigned long long)said->cpus, (unsigned long long)asked->cpus),
                           .fix = "start the guest with as many CPUs as were measured, or measure "
                                  "for as many as it has"});
    if (r->memory_known)
        return cause_put(
            r, (struct cause){
                   .id = "memory",
                   .confidence = CAUSE_NARROWED,
                   .registers = 1,
                   .inputs = INPUT_MEMORY,
                   .order = 41,
                   .why = "the ACPI tables follow from the memory size too, which is another "
                          "one than expected",
                   .fix = "take the ACPI digests from a guest of this size: --log FILE"});
    return causes_by_inputs(r->a, r->out, 0, "ACPI tables", "differ", acpi_left(r, inputs), r->err);
    (void)event;
}

/* the value of EV_SEPARATOR when measuring failed (TCG PFP 1.06, 10.4.1) */
static enum rc try_separator(struct cause_run *r, unsigned rtmr, const char *event,
                             const uint8_t digest[static 48])
{
    static const uint8_t failed[4] = {1, 0, 0, 0};
    uint8_t got[48];
    hash_sha384(BYTES_OF_ARRAY(failed), got);
    r->out->tried++;
    if (memcmp(got, digest, 48) == 0)
        return cause_put(
            r, (struct cause){.id = "separator-error",
                              .confidence = CAUSE_PROVEN,
                              .registers = 1u << rtmr,
                              .event = event,
                              .inputs = INPUT_FIRMWARE,
                              .order = 5,
                              .matches_if = "the separator is 1",
                              .why = "the firmware closed its measurements with the error "
                                     "separator: it failed to measure something",
                              .fix = "look into the firmware's debug log of this boot"});
    return causes_by_inputs(r->a, r->out, rtmr, event, "is another one", INPUT_FIRMWARE, r->err);
}

static enum rc changed(struct cause_run *r, unsigned rtmr, const struct diff_event *want,
                       const uint8_t digest[static 48])
{
    const char *what = (const char *)want->label.p; /* static, of a measurement */
    bool found = false;
    if (strcmp(what, "td-hob") == 0)
        return try_td_hob(r, what, digest);
    if (strcmp(what, "kernel") == 0)
        return try_kernel(r, what, digest);
    if (strcmp(what, "separator") == 0)
        return try_separator(r, rtmr, what, digest);
    if (strcmp(what, "initrd") == 0)
        return try_initrd(r, what, digest);
    if (strncmp(what, "acpi-", 5) == 0)
        return try_acpi(r, what, want->inputs);
    if (strncmp(what, "variable ", 9) == 0 && strncmp(what, "variable Boot", 13) != 0)
        return try_variable(r, what, digest);
    if (strcmp(what, "command line") == 0)
        TRY(cause_cmdline(r, what, digest, NULL, &found));
    return found
               ? RC_OK
               : causes_by_inputs(r->a, r->out, rtmr, what, "is another one", want->inputs, r->err);
}

/* type_inputs: an event that no layout has, by its type (TCG PFP 1.06, table 27). */
static unsigned type_inputs(const struct diff_event *e)
{
    return e->inputs                                        ? e->inputs
           : e->type == 0x80000004 || e->type == 0x80000005 ? INPUT_DEVICES /* option ROMs */
           : e->type == 0x80000006                          ? INPUT_DEVICES /* a disk's GPT */
                                                            : 0;
}

/* note_acpi: what stands where the ACPI events are expected. */
static void note_acpi(struct cause_run *r, const struct diff *d, struct diff_list want,
                      struct diff_list have)
{
    static const char *const names[] = {"acpi-loader", "acpi-rsdp", "acpi-tables"};
    for (size_t i = 0; i < d->n; i++) {
        const struct diff_row *row = &d->rows[i];
        for (size_t k = 0; k < 3 && (row->op == DIFF_SAME || row->op == DIFF_CHANGED); k++)
            if (bytes_eq_str(want.v[row->a].label, names[k])) {
                r->has_acpi[k] = have.v[row->b].known;
                memcpy(r->acpi[k], have.v[row->b].digest, 48);
            }
    }
}

enum rc cause_events(struct cause_run *r, unsigned rtmr)
{
    const struct diff_list have = r->actual->reg[rtmr].list;
    struct diff_list want;
    struct diff d;
    size_t told = 0;
    TRY(cause_list(r, &r->m, rtmr, &want));
    TRY(diff_events(r->a, want, have, false, &d, r->err));
    note_acpi(r, &d, want, have);
    for (size_t i = 0; i < d.n; i++) {
        const struct diff_row *row = &d.rows[i];
        if (row->op == DIFF_SAME && bytes_eq_str(want.v[row->a].label, "td-hob"))
            r->td_hob_same = true;
        if (row->op == DIFF_SAME || row->op == DIFF_UNKNOWN)
            continue;
        if (told++ == ROWS_TOLD)
            break;
        if (row->op == DIFF_CHANGED) {
            TRY(changed(r, rtmr, &want.v[row->a], have.v[row->b].digest));
        } else if (row->op == DIFF_REMOVED) {
            const struct diff_event *e = &want.v[row->a];
            TRY(causes_by_inputs(r->a, r->out, rtmr, (const char *)e->label.p, "was not measured",
                                 e->inputs, r->err));
        } else {
            const struct diff_event *e = &have.v[row->b];
            const char *label =
                arena_printf(r->a, r->err, "%.*s", (int)(e->label.n < 64 ? e->label.n : 64),
                             (const char *)e->label.p);
            if (!label)
                return r->err->rc;
            TRY(causes_by_inputs(r->a, r->out, rtmr, label, "was measured in addition",
                                 type_inputs(e), r->err));
        }
    }
    return RC_OK;
}
