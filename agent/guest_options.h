/*
 * guest_options: the guest that an image is measured for: -c, -m, --qemu, --acpi, --log.
 */
#ifndef BOOTGATE_AGENT_GUEST_OPTIONS_H
#define BOOTGATE_AGENT_GUEST_OPTIONS_H

#include "agent/cli.h"
#include "quote/acpi_tables.h"
#include "quote/measurement.h"

struct guest_options {
    struct measured_guest guest;
    const char *qemu;                 /* as given, or what was assumed */
    uint64_t cpus;                    /* 0: not given */
    const struct acpi_tables *tables; /* of that guest, by --acpi DIR; NULL: not given */
};

/*
 * guest_options_read: what stands in *s already (memory, qemu, cpus, digests) is kept where no
 * option says otherwise; the layout is the image's and is left alone.
 */
enum rc guest_options_read(struct arena *a, const struct cli *cli, struct guest_options *s,
                           struct err *err) MUST_CHECK;
const char *guest_order_name(enum tdvf_order o);
const char *guest_header_name(enum bzimage_header h);

#endif
