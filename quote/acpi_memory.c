/* acpi_memory: what follows from the size of memory: where the windows of PCI0 begin (QEMU's
 * hw/pci-host/q35.c), and SRAT, where the machine has a NUMA node. */
#include "base/cur.h"
#include "quote/acpi_internal.h"

#define GIB          (UINT64_C(1) << 30)
#define FOUR_GIB     (UINT64_C(4) << 30)
#define SPLIT        UINT64_C(0xb0000000) /* from this size on, all but 2 GiB lies above 4 GiB */
#define BELOW        UINT64_C(0x80000000)
#define RELOCATED    UINT64_C(0xfd00000000) /* beyond, it depends on the CPU where memory lies */
#define VGA          UINT64_C(0x100000)
#define SRAT_ENTRIES 48u
#define NODE_RANGES  3u

/* struct windows: offsets in the block of two descriptors of \_SB.PCI0._CRS (ACPI 6.5, 6.4.3.5). */
struct windows {
    uint32_t low, high; /* 0: there is none */
    uint32_t buffer;
};

static bool read_windows(const struct aml *aml, uint32_t buffer, struct windows *out)
{
    const struct aml_node *b = &aml->v[buffer];
    struct windows w = {.buffer = buffer};
    for (uint32_t at = b->content; at < b->end;) {
        struct bytes d = aml_bytes(aml, at, b->end);
        size_t n = d.p[0] & 0x80 ? 3 : 1u + (d.p[0] & 7);
        if (n == 3 && d.n >= 3)
            n += d.p[1] | (size_t)d.p[2] << 8;
        if (n > d.n)
            return false;
        bool low = d.p[0] == 0x87 && n == 26 && d.p[3] == 0 && acpi_u32(d.p + 10) >= VGA;
        bool high = d.p[0] == 0x8a && n == 46 && d.p[3] == 0;
        if (low && (!w.low || acpi_u32(d.p + 10) < acpi_u32(aml->block.p + w.low + 10)))
            w.low = at;
        if (high && w.high)
            return false;
        if (high)
            w.high = at;
        at += (uint32_t)n;
    }
    *out = w;
    return w.low && w.high;
}

/* find_windows: of the one scope PCI0 that has resources. */
static bool find_windows(const struct aml *aml, struct windows *out)
{
    uint32_t found = 0;
    for (uint32_t scope = 0; (scope = aml_find(aml, 0, AML_SCOPE, "PCI0", scope + 1)) != 0;) {
        uint32_t crs = aml_find(aml, scope, AML_NAME, "_CRS", 0);
        if (crs && found)
            return false;
        found = crs ? crs : found;
    }
    for (uint32_t i = found; found && i < aml->n; i++)
        if (aml->v[i].kind == AML_BUFFER && aml->v[i].at == aml->v[found].content)
            return read_windows(aml, i, out);
    return false;
}

static bool has_slots(const struct aml *aml)
{
    for (size_t i = 1; i < aml->n; i++)
        if (aml->v[i].kind == AML_DEVICE && memcmp(aml->v[i].name, "MHPD", 4) == 0)
            return true;
    return false;
}

void acpi_memory_of(const struct acpi_tables *t, struct acpi_machine *out)
{
    struct windows w;
    if (!find_windows(&t->aml, &w) || has_slots(&t->aml))
        return;
    const uint8_t *low = t->aml.block.p + w.low, *high = t->aml.block.p + w.high;
    uint64_t below = acpi_u32(low + 10), from = acpi_u64(high + 14), to = acpi_u64(high + 22);
    /* As QEMU makes them: a window that is as long as it says, in whole GiB, behind the memory. */
    if (below >= SPLIT || acpi_u32(low + 22) != acpi_u32(low + 14) + 1 - (uint32_t)below ||
        from % GIB != 0 || (to + 1) % GIB != 0 || to <= from ||
        acpi_u64(high + 38) != to + 1 - from || (below != BELOW && from != FOUR_GIB))
        return;
    out->memory_below = below;
    out->hole64 = from;
    out->hole64_size = to + 1 - from;
}

/* ---- SRAT ------------------------------------------------------------------------------------ */

struct srat {
    uint32_t cpus;
    uint64_t below, above;
};

static size_t put_cpu(uint8_t *p, uint32_t cpu)
{
    size_t n = cpu < 255 ? 16 : 24;
    memset(p, 0, n);
    p[0] = cpu < 255 ? 0 : 2;
    p[1] = (uint8_t)n;
    if (cpu < 255) {
        p[3] = (uint8_t)cpu;
        p[4] = 1;
    } else {
        acpi_put_u32(p + 8, cpu);
        p[12] = 1;
    }
    return n;
}

static size_t put_range(uint8_t *p, uint64_t from, uint64_t n)
{
    memset(p, 0, 40);
    p[0] = 1;
    p[1] = 40;
    acpi_put_u64(p + 8, n ? from : 0);
    acpi_put_u64(p + 16, n);
    p[28] = n != 0;
    return 40;
}

/* make_srat: of one node that has all; head is kept. */
static enum rc make_srat(struct arena *a, struct bytes head, const struct srat *s,
                         struct bytes *out, struct err *err)
{
    uint8_t *p = arena_alloc(a, SRAT_ENTRIES + (size_t)24 * s->cpus + 40u * NODE_RANGES, err);
    size_t n = SRAT_ENTRIES;
    if (!p)
        return err->rc;
    memcpy(p, head.p, n);
    for (uint32_t i = 0; i < s->cpus; i++)
        n += put_cpu(p + n, i);
    n += put_range(p + n, 0, 0xa0000); /* around the hole of ISA cards */
    n += put_range(p + n, VGA, s->below - VGA);
    n += put_range(p + n, FOUR_GIB, s->above);
    acpi_put_u32(p + 4, (uint32_t)n);
    *out = bytes_of(p, n);
    return RC_OK;
}

static struct srat memory_split(uint64_t memory)
{
    return memory < SPLIT ? (struct srat){0, memory, 0} : (struct srat){0, BELOW, memory - BELOW};
}

enum rc acpi_change_srat(struct acpi_draft *d, uint32_t cpus, uint64_t memory)
{
    size_t i = 0;
    struct bytes again = BYTES_NONE;
    while (i < d->n && memcmp(d->v[i].p, "SRAT", 4) != 0)
        i++;
    if (i == d->n)
        return RC_OK;
    struct bytes old = d->v[i];
    struct srat was = {.cpus = d->from->machine.cpus};
    bool ok = was.cpus && old.n >= SRAT_ENTRIES + 40u * NODE_RANGES;
    if (ok) {
        const uint8_t *ranges = old.p + old.n - (size_t)40 * NODE_RANGES;
        was.below = acpi_u64(ranges + 40 + 16) + VGA;
        was.above = acpi_u64(ranges + 80 + 16);
        TRY(make_srat(d->a, old, &was, &again, d->err));
    }
    if (!ok || !bytes_eq(again, old))
        return err_set(d->err, BG_ACPI_SRAT, "%zu bytes", old.n);
    if (memory) {
        struct srat split = memory_split(memory);
        was.below = split.below;
        was.above = split.above;
    }
    was.cpus = cpus ? cpus : was.cpus;
    return make_srat(d->a, old, &was, &d->v[i], d->err);
}

/* ---- the windows ----------------------------------------------------------------------------- */

enum rc acpi_change_memory(struct acpi_draft *d, uint64_t memory, uint64_t hole64_size)
{
    const struct acpi_machine *m = &d->from->machine;
    struct srat split = memory_split(memory);
    uint64_t below = memory ? split.below : m->memory_below;
    uint64_t size = hole64_size ? hole64_size : m->hole64_size;
    uint64_t from = memory ? FOUR_GIB + (split.above + GIB - 1) / GIB * GIB : m->hole64;
    uint8_t *p = arena_alloc(d->a, 26 + 46, d->err);
    struct windows w;
    if (!p)
        return d->err->rc;
    if (!m->memory_below || !find_windows(&d->from->aml, &w) || below <= VGA || below % 4096 ||
        size == 0 || size % GIB || size > RELOCATED || from > RELOCATED - size ||
        from + size > RELOCATED)
        return err_set(d->err, BG_ACPI_MEMORY, "%llu MiB, hole of %llu GiB",
                       (unsigned long long)(memory >> 20), (unsigned long long)(size >> 30));
    memcpy(p, d->from->aml.block.p + w.low, 26);
    memcpy(p + 26, d->from->aml.block.p + w.high, 46);
    acpi_put_u32(p + 10, (uint32_t)below);
    acpi_put_u32(p + 22, acpi_u32(p + 14) + 1 - (uint32_t)below);
    acpi_put_u64(p + 26 + 14, from);
    acpi_put_u64(p + 26 + 22, from + size - 1);
    acpi_put_u64(p + 26 + 38, size);
    TRY(acpi_edit(d, w.buffer, w.low, w.low + 26, bytes_of(p, 26)));
    return acpi_edit(d, w.buffer, w.high, w.high + 46, bytes_of(p + 26, 46));
}
