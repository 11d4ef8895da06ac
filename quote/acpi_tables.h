/*
 * acpi_tables: the ACPI tables of a QEMU machine (q35) as RTMR0 measures them: three fw_cfg files,
 * etc/acpi/tables, etc/acpi/rsdp and etc/table-loader, before a guest linked them. From those of
 * one machine those of another follow byte by byte, where all that changes is known: CPUs, memory,
 * PIC, HPET, SMM, PCI hotplug by ACPI, the 64-bit hole. What does not follow is refused; nothing is
 * guessed. Sources: ACPI 6.5, chapters 5 and 20; QEMU 7.2 to 10.0 (hw/i386/acpi-build.c,
 * acpi-common.c, hw/acpi/).
 */
#ifndef BOOTGATE_QUOTE_ACPI_TABLES_H
#define BOOTGATE_QUOTE_ACPI_TABLES_H

#include "quote/aml.h"

#define ACPI_FILE_MAX   (2u << 20)
#define ACPI_TABLES_MAX 16u
#define ACPI_CPUS_MAX   1024u
#define ACPI_HEADER     36u

struct acpi_files {
    struct bytes tables, rsdp, loader; /* rsdp and loader follow from tables: empty is fine */
};

struct acpi_table {
    uint32_t at;        /* in the file */
    struct bytes bytes; /* with its header */
};

enum acpi_switch { ACPI_KEEP = 0, ACPI_OFF, ACPI_ON };

/* struct acpi_machine: what the tables say of the machine. 0 or ACPI_KEEP: they do not say. */
struct acpi_machine {
    uint32_t cpus;
    uint64_t memory_below; /* of 4 GiB */
    uint64_t hole64;       /* where the 64-bit PCI hole begins: behind memory, in GiB */
    uint64_t hole64_size;
    enum acpi_switch pic, hpet, smm, hotplug;
};

/* struct acpi_tables: views of the files, and of what was read from them. */
struct acpi_tables {
    struct bytes file; /* etc/acpi/tables */
    struct acpi_table v[ACPI_TABLES_MAX];
    size_t n, dsdt, fadt, madt; /* indices into v; the last of all is RSDT */
    struct aml aml;             /* of DSDT, behind its header */
    struct acpi_machine machine;
};

/* struct acpi_change: what is otherwise; 0 or ACPI_KEEP: it stays. */
struct acpi_change {
    uint32_t cpus;
    uint64_t memory;      /* bytes */
    uint64_t hole64_size; /* bytes, whole GiB */
    enum acpi_switch pic, hpet, smm, hotplug;
};

/*
 * acpi_read: all of the files must be what QEMU makes, or they are refused by one of BG_ACPI_*.
 * *out keeps views of them.
 */
enum rc acpi_read(struct arena *a, struct acpi_files files, struct acpi_tables *out,
                  struct err *err) MUST_CHECK;
/*
 * acpi_derive: the files of the machine with this change, in a.
 * Errors: BG_ACPI_CPUS, BG_ACPI_MEMORY, BG_ACPI_HOTPLUG, BG_ACPI_HPET, BG_ACPI_SRAT: they do not
 * follow from this machine's.
 */
enum rc acpi_derive(struct arena *a, const struct acpi_tables *from, const struct acpi_change *c,
                    struct acpi_files *out, struct err *err) MUST_CHECK;
/* acpi_digests: of loader, RSDP and tables, in the order of RTMR0's events. */
void acpi_digests(const struct acpi_files *files, uint8_t out[static 3][48]);

/* acpi_put_u32: little-endian, wherever it lies. */
static inline void acpi_put_u32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}
static inline void acpi_put_u64(uint8_t *p, uint64_t v)
{
    acpi_put_u32(p, (uint32_t)v);
    acpi_put_u32(p + 4, (uint32_t)(v >> 32));
}
static inline uint32_t acpi_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t acpi_u64(const uint8_t *p)
{
    return acpi_u32(p) | (uint64_t)acpi_u32(p + 4) << 32;
}
static inline bool acpi_is(const struct acpi_table *t, const char *signature)
{
    return t->bytes.n >= 4 && t->bytes.p && memcmp(t->bytes.p, signature, 4) == 0;
}

#endif
