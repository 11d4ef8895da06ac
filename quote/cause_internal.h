/* cause_internal: what the parts of cause_boot share; for quote/cause_*.c only. */
#ifndef BOOTGATE_QUOTE_CAUSE_INTERNAL_H
#define BOOTGATE_QUOTE_CAUSE_INTERNAL_H

#include "base/limits.h"
#include "quote/cause.h"

#define CAUSE_MIB     (UINT64_C(1) << 20)
#define CAUSE_TWO_GIB (UINT64_C(2) << 30)
/* 2.75 GiB: from here on memory lies on both sides of 4 GiB */
#define CAUSE_SPLIT   UINT64_C(0xb0000000)
#define CAUSE_KERNELS 8u /* kernels hashed in one run */

struct cause_run {
    struct arena *a;
    const struct cause_image *im;
    const struct cause_side *actual;
    struct causes *out;
    struct measured_guest guest; /* with what was found out so far */
    struct measurement m;        /* expected, under that layout */
    bool memory_known;           /* by the TD HOB's event */
    uint64_t memory;
    bool initrd_same, mrtd_same, td_hob_same;
    bool events[3]; /* the actual side has them, and they lead to its value */
    size_t kernels;
    /* what RTMR0 has for the ACPI loader, RSDP and tables; and whether other machines were tried */
    bool has_acpi[3], acpi_searched, acpi_found;
    uint8_t acpi[3][48];
    struct err *err;
};

/* cause_memory_at: sizes that guests have, the fine ones first; UINT64_MAX: none here, 0: no more.
 */
uint64_t cause_memory_at(size_t i);
/* cause_put adds c, or says why its texts could not be made. */
enum rc cause_put(struct cause_run *r, struct cause c) MUST_CHECK;
enum rc cause_make(struct cause_run *r, const struct lite_image *image,
                   const struct measured_guest *guest, struct measurement *out) MUST_CHECK;
/* cause_list: one register of a measurement as diff_events takes it. */
enum rc cause_list(struct cause_run *r, const struct measurement *m, unsigned rtmr,
                   struct diff_list *out) MUST_CHECK;

/* The causes that more than one part finds. */
enum rc cause_layout(struct cause_run *r, enum measured_layout l, unsigned registers,
                     enum cause_confidence confidence) MUST_CHECK;
enum rc cause_memory(struct cause_run *r, unsigned rtmr, const char *event,
                     uint64_t memory) MUST_CHECK;
enum rc cause_header(struct cause_run *r, enum bzimage_header h, const char *event) MUST_CHECK;
/* cause_cmdline: against the event's digest, or (value given) the whole of RTMR2. */
enum rc cause_cmdline(struct cause_run *r, const char *event, const uint8_t *digest,
                      const uint8_t *value, bool *out_found) MUST_CHECK;

/* cause_acpi tries the tables of machines that are otherwise, once a run; value: RTMR0, where there
 * are no events. False: none of them, or the machine's tables are not at hand. */
enum rc cause_acpi(struct cause_run *r, const uint8_t *value, bool *out_found) MUST_CHECK;

/* cause_events: RTMRn event by event. cause_value: by its value alone. */
enum rc cause_events(struct cause_run *r, unsigned rtmr) MUST_CHECK;
enum rc cause_value(struct cause_run *r, unsigned rtmr) MUST_CHECK;

#endif
