/* cause_value: RTMR0 to RTMR2 by their values alone, where there is no log: whole registers are
 * measured again under each known variant. */
#include "quote/cause_internal.h"

/* ---- values without events ------------------------------------------------------------------- */

static bool value_is(struct cause_run *r, const struct measured_guest *g, unsigned rtmr,
                     const struct lite_image *image)
{
    struct err ignored = {0};
    struct measurement m;
    r->out->tried++;
    return measurement_make(image, g, &m, &ignored) == RC_OK && m.known[rtmr] &&
           memcmp(m.rtmr[rtmr], r->actual->reg[rtmr].value, 48) == 0;
}

static enum rc value_rtmr0(struct cause_run *r)
{
    struct measured_guest g = r->guest;
    for (unsigned l = 0; l < NUM_MEASURED_LAYOUTS; l++)
        for (size_t i = 0;; i++) {
            uint64_t memory = i == 0   ? r->im->guest.memory
                              : i == 1 ? r->im->stated.memory
                                       : cause_memory_at((i - 2) * 256 + 255); /* every 256 MiB */
            if (i > 1 && (memory == 0 || i > 160))
                break;
            if (memory == 0 || memory == UINT64_MAX)
                continue;
            g.layout = (enum measured_layout)l;
            g.memory = memory;
            if (!value_is(r, &g, 0, &r->im->image))
                continue;
            if (l != r->im->guest.layout)
                TRY(cause_layout(r, (enum measured_layout)l, 1, CAUSE_PROVEN));
            if (memory != r->im->guest.memory) {
                r->memory_known = true;
                r->memory = memory;
                TRY(cause_memory(r, 0, NULL, memory));
            }
            return RC_OK;
        }
    bool found;
    TRY(cause_acpi(r, r->actual->reg[0].value, &found));
    if (found)
        return RC_OK;
    return causes_by_inputs(r->a, r->out, 0, NULL, "is of other events (there is no log of them)",
                            INPUT_MEMORY | INPUT_CPUS | INPUT_DEVICES | INPUT_QEMU |
                                (r->mrtd_same ? 0u : INPUT_FIRMWARE),
                            r->err);
}

static enum rc value_rtmr1(struct cause_run *r)
{
    static const uint64_t sizes[] = {0, CAUSE_TWO_GIB, 512 * CAUSE_MIB, 1024 * CAUSE_MIB,
                                     2560 * CAUSE_MIB};
    bool files = r->im->files != NULL;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t memory = sizes[k] ? sizes[k] : r->memory_known ? r->memory : r->im->guest.memory;
        for (unsigned h = BZIMAGE_PATCHED; h <= BZIMAGE_CLEARED; h++) {
            AUTO_ARENA scratch = arena_new(2 * (size_t)LIMIT_KERNEL);
            struct err ignored = {0};
            struct lite_image image = r->im->image;
            bool same_kernel = h == r->im->guest.header && memory == r->im->guest.memory;
            if ((k && h != BZIMAGE_PATCHED) || (!files && !same_kernel) || !scratch)
                continue;
            if (!same_kernel && (r->kernels++ >= CAUSE_KERNELS ||
                                 image_material(scratch, r->im->files, memory,
                                                (enum bzimage_header)h, &image, &ignored) != RC_OK))
                continue;
            for (unsigned l = 0; l < 2; l++) { /* the two places of the separator */
                struct measured_guest g = r->guest;
                g.layout = l ? MEASURED_PRE202411 : MEASURED_PRE202505;
                g.header = (enum bzimage_header)h;
                if (!value_is(r, &g, 1, &image))
                    continue;
                if ((g.layout == MEASURED_PRE202411) != (r->im->guest.layout == MEASURED_PRE202411))
                    TRY(cause_layout(r, g.layout, 2, CAUSE_PROVEN));
                if (h != r->im->guest.header)
                    TRY(cause_header(r, g.header, "kernel"));
                if (memory != r->im->guest.memory && h == BZIMAGE_PATCHED)
                    TRY(cause_memory(r, 1, "kernel", memory));
                return RC_OK;
            }
        }
    }
    unsigned left = INPUT_KERNEL | (r->initrd_same ? 0u : INPUT_INITRD);
    return causes_by_inputs(r->a, r->out, 1, NULL, "is of another kernel (there is no log of it)",
                            files ? left : left | INPUT_QEMU | INPUT_MEMORY, r->err);
}

static enum rc value_rtmr2(struct cause_run *r)
{
    bool found = false;
    TRY(cause_cmdline(r, "command line", NULL, r->actual->reg[2].value, &found));
    return found ? RC_OK
                 : causes_by_inputs(r->a, r->out, 2, NULL, "is of others (there is no log of it)",
                                    INPUT_CMDLINE | INPUT_INITRD, r->err);
}

enum rc cause_value(struct cause_run *r, unsigned rtmr)
{
    return rtmr == 0 ? value_rtmr0(r) : rtmr == 1 ? value_rtmr1(r) : value_rtmr2(r);
}
