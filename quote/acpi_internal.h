/* acpi_internal: what the parts of acpi_tables share; for quote/acpi_*.c only. */
#ifndef BOOTGATE_QUOTE_ACPI_INTERNAL_H
#define BOOTGATE_QUOTE_ACPI_INTERNAL_H

#include "quote/acpi_tables.h"

#define ACPI_EDITS_MAX 96u

/* struct acpi_draft: the tables of the machine to be, as they come about. */
struct acpi_draft {
    struct arena *a;
    const struct acpi_tables *from;
    struct bytes v[ACPI_TABLES_MAX]; /* their bytes; pointers in them are set by acpi_link */
    size_t n;
    struct aml_edit edits[ACPI_EDITS_MAX]; /* of DSDT's definition block */
    size_t num_edits;
    struct err *err;
};

/* acpi_edit: bytes of DSDT's block, which lie in the node parent itself, become with.
 * BG_ACPI_EDITS: there are too many. */
enum rc acpi_edit(struct acpi_draft *d, uint32_t parent, uint32_t at, uint32_t end,
                  struct bytes with) MUST_CHECK;
/* acpi_put_int writes an AML integer as QEMU does: 1 to 9 bytes. */
size_t acpi_put_int(uint8_t out[static 9], uint64_t v);

/* acpi_link lays tables out, sets the pointers among them, and makes the three files. */
enum rc acpi_link(struct arena *a, const struct bytes *v, size_t n, struct acpi_files *out,
                  struct err *err) MUST_CHECK;

/* CPUs: in MADT, DSDT, FADT and SRAT. acpi_cpus_of: 0, they are not as QEMU writes them. */
uint32_t acpi_cpus_of(const struct acpi_tables *t);
enum rc acpi_change_cpus(struct acpi_draft *d, uint32_t cpus) MUST_CHECK;
/* Memory: the windows of PCI0, and SRAT. acpi_memory_of sets the machine's, as far as it is told.
 */
void acpi_memory_of(const struct acpi_tables *t, struct acpi_machine *out);
enum rc acpi_change_memory(struct acpi_draft *d, uint64_t memory, uint64_t hole64_size) MUST_CHECK;
enum rc acpi_change_srat(struct acpi_draft *d, uint32_t cpus, uint64_t memory) MUST_CHECK;
/* PIC, SMM, HPET, hotplug. */
void acpi_devices_of(const struct acpi_tables *t, struct acpi_machine *out);
enum rc acpi_change_devices(struct acpi_draft *d, const struct acpi_change *c) MUST_CHECK;

#endif
