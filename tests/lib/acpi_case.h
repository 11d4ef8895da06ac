/* acpi_case: ACPI tables of an invented q35, made from nothing for each machine: what acpi_derive
 * makes of another machine's must be the same. That QEMU's are like that is for
 * tests/oracles/acpi_diff.mjs to say. */
#ifndef BOOTGATE_TESTS_ACPI_CASE_H
#define BOOTGATE_TESTS_ACPI_CASE_H

#include "quote/acpi_tables.h"

struct acpi_case {
    unsigned cpus;
    uint64_t memory, hole64_size;
    bool pic, hpet, smm, hotplug, numa;
    unsigned ports; /* bridges with one slot each */
};

#define ACPI_CASE                                                                                  \
    ((struct acpi_case){.cpus = 1,                                                                 \
                        .memory = UINT64_C(2) << 30,                                               \
                        .pic = true,                                                               \
                        .hole64_size = UINT64_C(32) << 30,                                         \
                        .hotplug = true})

/* acpi_case_build: the three files, in a; aborts where they do not fit. */
struct acpi_files acpi_case_build(struct arena *a, const struct acpi_case *c);

#endif
