/* cause_boot: what of the firmware's and the loader's measurements is otherwise than an image's,
 * and which known variant of guest or host makes it so. */
#include "quote/cause_internal.h"

/* memory_at: sizes that guests have, the fine ones first; 0: no more. */
uint64_t cause_memory_at(size_t i)
{
    if (i < 16384)
        return i < 63 ? UINT64_MAX : (i + 1) * CAUSE_MIB; /* below 64 MiB nothing boots */
    i -= 16384;
    if (i < 3840)
        return (16384 + (i + 1) * 64) * CAUSE_MIB;
    i -= 3840;
    return i < 3840 ? ((UINT64_C(256) + i + 1) << 10) * CAUSE_MIB : 0;
}

enum rc cause_put(struct cause_run *r, struct cause c)
{
    if (!c.why || !c.fix)
        return r->err->rc;
    causes_add(r->out, c);
    return RC_OK;
}

/* list_of: one register of a measurement as diff_events takes it. */
enum rc cause_list(struct cause_run *r, const struct measurement *m, unsigned rtmr,
                   struct diff_list *out)
{
    struct diff_event *v = ARENA_ARRAY(r->a, struct diff_event, m->n, r->err);
    size_t n = 0;
    if (!v)
        return r->err->rc;
    for (size_t i = 0; i < m->n; i++) {
        const struct measured_event *e = &m->events[i];
        if (e->rtmr != rtmr)
            continue;
        v[n] = (struct diff_event){
            .known = e->known, .label = bytes_of_str(e->what), .inputs = e->inputs};
        memcpy(v[n++].digest, e->digest, 48);
    }
    *out = (struct diff_list){v, n};
    return RC_OK;
}

enum rc cause_make(struct cause_run *r, const struct lite_image *image,
                   const struct measured_guest *guest, struct measurement *out)
{
    r->out->tried++;
    return measurement_make(image, guest, out, r->err);
}

static enum rc diff_of(struct cause_run *r, const struct measurement *m, unsigned rtmr,
                       struct diff *out)
{
    struct diff_list want = {0};
    TRY(cause_list(r, m, rtmr, &want));
    return diff_events(r->a, want, r->actual->reg[rtmr].list, false, out, r->err);
}

/* ---- MRTD ------------------------------------------------------------------------------------ */

static enum rc explain_mrtd(struct cause_run *r)
{
    const struct lite_image *im = &r->im->image;
    bool two = r->guest.order == TDVF_TWO_PASS;
    if (!r->actual->has_mrtd)
        return RC_OK;
    r->mrtd_same = memcmp(r->actual->mrtd, r->m.mrtd, 48) == 0;
    if (r->mrtd_same)
        return RC_OK;
    r->out->tried++;
    if (memcmp(r->actual->mrtd, two ? im->mrtd_single : im->mrtd_two, 48) != 0)
        return cause_put(
            r,
            (struct cause){.id = "firmware",
                           .confidence = CAUSE_NARROWED,
                           .registers = CAUSE_MRTD,
                           .inputs = INPUT_FIRMWARE,
                           .order = 20,
                           .why = "MRTD is that of another firmware: neither order of pages gives "
                                  "it with this one",
                           .fix = cause_fix_of(4)});
    r->mrtd_same = true; /* as far as the firmware goes */
    r->guest.order = two ? TDVF_SINGLE_PASS : TDVF_TWO_PASS;
    return cause_put(
        r, (struct cause){
               .id = "page-order",
               .confidence = CAUSE_PROVEN,
               .registers = CAUSE_MRTD,
               .inputs = INPUT_QEMU,
               .order = 0,
               .see = "near/mpc#2672",
               .matches_if = two ? "--qemu 9.0" : "--qemu 8.2.2",
               .why = two ? "the host's QEMU is 9 or newer: it adds the firmware's pages in "
                            "one pass, expected were two"
                          : "the host's QEMU is older than 9: it adds the firmware's pages "
                            "in two passes, expected was one",
               .fix = two ? "measure again with --qemu 9.0, or the version of the host, and "
                            "whitelist that"
                          : "measure again with --qemu 8.2.2, or the version of the host, "
                            "and whitelist that; or move the host to QEMU 9"});
}

/* ---- the layout of the firmware -------------------------------------------------------------- */

static bool has_log(const struct cause_run *r)
{
    return r->events[0] && r->events[1];
}

static enum rc layout_score(struct cause_run *r, enum measured_layout l, size_t *out,
                            bool *out_whole)
{
    struct measured_guest g = r->guest;
    g.layout = l;
    struct measurement m;
    *out = 0;
    *out_whole = true;
    TRY(cause_make(r, &r->im->image, &g, &m));
    for (unsigned rtmr = 0; rtmr < 2; rtmr++) {
        struct diff d;
        TRY(diff_of(r, &m, rtmr, &d));
        *out_whole = *out_whole && d.count[DIFF_REMOVED] + d.count[DIFF_ADDED] == 0;
        *out += 2 * (d.count[DIFF_REMOVED] + d.count[DIFF_ADDED]) + d.count[DIFF_CHANGED];
    }
    return RC_OK;
}

static const struct {
    const char *why, *fix, *see;
} layouts[NUM_MEASURED_LAYOUTS] = {
    [MEASURED_PRE202505] = {"the firmware is of edk2 stable202411 or stable202502: 13 events in "
                            "RTMR0, one separator each in RTMR0 and RTMR1",
                            "measure with ovmf_variant pre202505 in metadata.json",
                            "Dstack-TEE/dstack#678"},
    [MEASURED_PRE202411] = {"the firmware is of edk2 before stable202411: it measures the "
                            "ReadyToBoot separator into RTMR0 instead of RTMR1",
                            "boot firmware of edk2 stable202411 or newer, or measure with "
                            "ovmf_variant pre202411 in metadata.json",
                            "virtee/tdx-measure#52"},
    [MEASURED_STABLE202505] = {"the firmware is of edk2 stable202505 or newer: 17 events in RTMR0 "
                               "(BootMenu, bootorder, SMBIOS and Boot0001 are new)",
                               "boot the firmware of the image (dstack's is stable202502), or "
                               "measure with ovmf_variant stable202505 in metadata.json",
                               "Dstack-TEE/dstack#678"},
};

enum rc cause_layout(struct cause_run *r, enum measured_layout l, unsigned registers,
                     enum cause_confidence confidence)
{
    const char *name = measured_layout_name(l);
    bool proven = confidence == CAUSE_PROVEN;
    return cause_put(
        r, (struct cause){.id = "firmware-layout",
                          .confidence = confidence,
                          .registers = registers,
                          .inputs = INPUT_FIRMWARE,
                          .order = 1,
                          .why = layouts[l].why,
                          .fix = layouts[l].fix,
                          .matches_if =
                              proven ? arena_printf(r->a, r->err, "ovmf_variant %s", name) : NULL,
                          .see = layouts[l].see});
}

static enum rc explain_layout(struct cause_run *r)
{
    enum measured_layout best = r->guest.layout, asked = best;
    size_t score, least;
    bool whole, best_whole;
    if (!has_log(r))
        return RC_OK;
    TRY(layout_score(r, asked, &least, &best_whole));
    for (unsigned l = 0; l < NUM_MEASURED_LAYOUTS; l++) {
        if (l == asked || least == 0)
            continue;
        TRY(layout_score(r, (enum measured_layout)l, &score, &whole));
        if (score < least) {
            least = score;
            best = (enum measured_layout)l;
            best_whole = whole;
        }
    }
    if (best == asked)
        return RC_OK;
    r->guest.layout = best;
    TRY(cause_make(r, &r->im->image, &r->guest, &r->m));
    bool separator = best == MEASURED_PRE202411 || asked == MEASURED_PRE202411;
    return cause_layout(r, best, separator ? 3 : 1, best_whole ? CAUSE_PROVEN : CAUSE_NARROWED);
}

static bool differs(const struct cause_run *r, unsigned rtmr)
{
    const struct diff_register *have = &r->actual->reg[rtmr];
    if (have->has_value && r->m.known[rtmr])
        return memcmp(have->value, r->m.rtmr[rtmr], 48) != 0;
    return r->events[rtmr]; /* the events tell, as far as they are known */
}

static enum rc explain_register(struct cause_run *r, unsigned rtmr)
{
    if (r->events[rtmr])
        return cause_events(r, rtmr);
    if (!differs(r, rtmr) || !r->actual->reg[rtmr].has_value)
        return RC_OK;
    return cause_value(r, rtmr);
}

static bool initrd_is_same(const struct cause_run *r)
{
    const struct diff_register *two = &r->actual->reg[2];
    for (size_t i = 0; r->events[2] && i < two->list.n; i++)
        if (memcmp(two->list.v[i].digest, r->im->image.initrd, 48) == 0)
            return true;
    return two->has_value && memcmp(two->value, r->m.rtmr[2], 48) == 0;
}

enum rc cause_boot(struct arena *a, const struct cause_image *image,
                   const struct cause_side *actual, struct causes *out, struct err *err)
{
    struct cause_run r = {
        .a = a, .im = image, .actual = actual, .out = out, .guest = image->guest, .err = err};
    TRY(cause_make(&r, &image->image, &r.guest, &r.m));
    for (unsigned i = 0; i < 3; i++) {
        const struct diff_register *g = &actual->reg[i];
        r.events[i] = g->has_events && (!g->has_value || g->replays);
    }
    TRY(explain_mrtd(&r));
    TRY(explain_layout(&r));
    r.initrd_same = initrd_is_same(&r);
    for (unsigned i = 0; i < 3; i++)
        TRY(explain_register(&r, i));
    return RC_OK;
}
