#include "quote/cause.h"

#include <stdlib.h>

const char *cause_confidence_name(enum cause_confidence c)
{
    static const char *const names[] = {"unknown", "narrowed", "stated", "proven"};
    return names[c];
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

void causes_add(struct causes *out, struct cause c)
{
    for (size_t i = 0; i < out->n; i++) {
        struct cause *have = &out->v[i];
        if (strcmp(have->id, c.id) != 0 || have->confidence != c.confidence ||
            !same_text(have->why, c.why))
            continue;
        have->registers |= c.registers;
        if (!same_text(have->event, c.event))
            have->event = NULL;
        return;
    }
    if (out->n == CAUSES_MAX)
        out->dropped++;
    else
        out->v[out->n++] = c;
}

static int by_confidence(const void *x, const void *y)
{
    const struct cause *a = x, *b = y;
    if (a->confidence != b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->registers < b->registers ? -1 : a->registers > b->registers;
}

void causes_sort(struct causes *out)
{
    /* Few, and in a stable order: insertion keeps that of equals. */
    for (size_t i = 1; i < out->n; i++)
        for (size_t j = i; j > 0 && by_confidence(&out->v[j - 1], &out->v[j]) > 0; j--) {
            struct cause swap = out->v[j];
            out->v[j] = out->v[j - 1];
            out->v[j - 1] = swap;
        }
}

const char *cause_fix_of(unsigned bit)
{
    static const char *const fixes[NUM_MEASURED_INPUTS] = {
        "give the guest's memory size as it was started: -m SIZE",
        "give the guest's CPUs as it was started, and the ACPI tables of such a machine: -c N, "
        "--acpi DIR; other numbers of CPUs are then tried",
        "compare the devices that QEMU was given (disks, GPUs, 9p or virtiofs, hotplug, PIC, "
        "hole64), and give the ACPI tables of the expected machine, from which others are tried: "
        "--acpi DIR",
        "give the host's QEMU version: --qemu VERSION",
        "measure with the firmware that the host boots: compare the SHA-256 of its OVMF with the "
        "image's",
        "measure with the kernel that the host boots: compare the SHA-256 of its bzImage with the "
        "image's",
        "compare the command line that QEMU was given with metadata.json, byte by byte",
        "measure with the initrd that the host boots: compare its SHA-256 with the image's",
    };
    return bit < NUM_MEASURED_INPUTS ? fixes[bit] : NULL;
}

/* words_of: "memory, cpus or qemu". */
static const char *words_of(struct arena *a, unsigned inputs, struct err *err)
{
    const char *text = "";
    for (unsigned i = 0; i < NUM_MEASURED_INPUTS && text; i++) {
        unsigned above = inputs >> i >> 1;
        if (!(inputs & 1u << i))
            continue;
        text = arena_printf(a, err, "%s%s%s", text, measured_input_name(i),
                            !above                 ? ""
                            : above & (above - 1u) ? ", "
                                                   : " or ");
    }
    return text;
}

enum rc causes_by_inputs(struct arena *a, struct causes *out, unsigned rtmr, const char *event,
                         const char *how, unsigned inputs, struct err *err)
{
    struct cause c = {.confidence = inputs ? CAUSE_NARROWED : CAUSE_UNKNOWN,
                      .registers = 1u << rtmr,
                      .event = event,
                      .inputs = inputs,
                      .order = 50,
                      .id = "unknown"};
    unsigned first = 0;
    while (first < NUM_MEASURED_INPUTS && !(inputs & 1u << first))
        first++;
    bool one = inputs && (inputs & (inputs - 1)) == 0;
    c.order = one ? 45 : 50;
    if (!inputs) {
        c.why = arena_printf(a, err,
                             "RTMR%u: %s %s: the cause is unknown: nothing that is "
                             "known reaches it",
                             rtmr, event ? event : "the register", how);
        c.fix = "take an event log of this guest and of one that is as expected, and compare them "
                "with `bootgate diff`";
    } else {
        const char *words = words_of(a, inputs, err);
        c.id = one ? measured_input_name(first) : "inputs";
        c.why = words ? arena_printf(a, err, "RTMR%u: %s %s: only the %s %s it", rtmr,
                                     event ? event : "the register", how, words,
                                     one ? "reaches" : "reach")
                      : NULL;
        c.fix = one ? cause_fix_of(first)
                    : arena_printf(a, err, "compare these, one by one, first the %s",
                                   measured_input_name(first));
    }
    if (!c.why || !c.fix)
        return err->rc;
    causes_add(out, c);
    return RC_OK;
}
