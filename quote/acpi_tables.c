/* acpi_tables: the files taken apart and put together: the tables one behind the other, the
 * pointers among them, and the commands by which a guest links them. */
#include "quote/acpi_tables.h"

#include "base/cur.h"
#include "base/hash.h"
#include "quote/acpi_internal.h"

#define ALIGN_TABLES 0x20000u /* sizes of the files, so that small changes do not change them */
#define ALIGN_LOADER 0x1000u
#define COMMAND      128u
#define NAME         56u
#define FACS         64u
#define FADT         244u
#define FADT_FACS    36u
#define FADT_DSDT    40u
#define FADT_X_DSDT  140u
#define RSDP         20u

static const char tables_name[] = "etc/acpi/tables", rsdp_name[] = "etc/acpi/rsdp";

void acpi_digests(const struct acpi_files *files, uint8_t out[static 3][48])
{
    hash_sha384(files->loader, out[0]);
    hash_sha384(files->rsdp, out[1]);
    hash_sha384(files->tables, out[2]);
}

/* ---- putting together ------------------------------------------------------------------------ */

struct loader {
    uint8_t *p;
    size_t n;
};

static uint8_t *command(struct loader *l, uint32_t what, const char *name)
{
    uint8_t *p = l->p + l->n;
    l->n += COMMAND;
    acpi_put_u32(p, what);
    memcpy(p + 4, name, strlen(name));
    return p + 4 + NAME;
}

static void allocate(struct loader *l, const char *name, uint32_t align, uint8_t zone)
{
    uint8_t *p = command(l, 1, name);
    acpi_put_u32(p, align);
    p[4] = zone;
}

static void pointer(struct loader *l, const char *name, size_t at, uint8_t size)
{
    uint8_t *p = command(l, 2, name);
    memcpy(p, tables_name, sizeof tables_name);
    acpi_put_u32(p + NAME, (uint32_t)at);
    p[NAME + 4] = size;
}

static void checksum(struct loader *l, const char *name, size_t at, size_t start, size_t n)
{
    uint8_t *p = command(l, 3, name);
    acpi_put_u32(p, (uint32_t)at);
    acpi_put_u32(p + 4, (uint32_t)start);
    acpi_put_u32(p + 8, (uint32_t)n);
}

/* link_table: a table's pointers, by offsets into the file, and its commands. */
static void link_table(struct loader *l, uint8_t *file, const size_t *at, const struct bytes *v,
                       size_t i, size_t n)
{
    uint8_t *t = file + at[i];
    if (memcmp(t, "FACS", 4) == 0)
        return;
    if (memcmp(t, "FACP", 4) == 0) {
        acpi_put_u32(t + FADT_FACS, (uint32_t)at[0]);
        acpi_put_u32(t + FADT_DSDT, (uint32_t)at[1]);
        acpi_put_u64(t + FADT_X_DSDT, at[1]);
        pointer(l, tables_name, at[i] + FADT_FACS, 4);
        pointer(l, tables_name, at[i] + FADT_DSDT, 4);
        pointer(l, tables_name, at[i] + FADT_X_DSDT, 8);
    }
    for (size_t k = 2; i + 1 == n && k < i; k++) { /* RSDT, the last one */
        size_t place = ACPI_HEADER + 4 * (k - 2);
        acpi_put_u32(t + place, (uint32_t)at[k]);
        pointer(l, tables_name, at[i] + place, 4);
    }
    checksum(l, tables_name, at[i] + 9, at[i], v[i].n);
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

enum rc acpi_link(struct arena *a, const struct bytes *v, size_t n, struct acpi_files *out,
                  struct err *err)
{
    size_t at[ACPI_TABLES_MAX] = {0}, size = 0;
    for (size_t i = 0; i < n; i++) {
        at[i] = size;
        size += v[i].n;
    }
    if (n == 0 || size > ACPI_FILE_MAX)
        return err_set(err, BG_ACPI_LARGE, "%zu bytes", size);
    /* Two files, three pointers of FADT, one per table of RSDT, as many sums, RSDP's two. */
    size_t commands = round_up((7 + 2 * n) * COMMAND, ALIGN_LOADER);
    uint8_t *file = arena_alloc(a, round_up(size, ALIGN_TABLES), err);
    uint8_t *rsdp = arena_alloc(a, RSDP, err);
    struct loader l = {.p = arena_alloc(a, commands, err)};
    if (!file || !rsdp || !l.p)
        return err->rc;
    for (size_t i = 0; i < n; i++)
        memcpy(file + at[i], v[i].p, v[i].n);
    allocate(&l, rsdp_name, 16, 2); /* below 1 MiB */
    allocate(&l, tables_name, 64, 1);
    for (size_t i = 0; i < n; i++)
        link_table(&l, file, at, v, i, n);
    memcpy(rsdp, "RSD PTR \0BOCHS ", 15);
    acpi_put_u32(rsdp + 16, (uint32_t)at[n - 1]);
    pointer(&l, rsdp_name, 16, 4);
    checksum(&l, rsdp_name, 8, 0, RSDP);
    *out = (struct acpi_files){bytes_of(file, round_up(size, ALIGN_TABLES)), bytes_of(rsdp, RSDP),
                               bytes_of(l.p, round_up(l.n, ALIGN_LOADER))};
    return RC_OK;
}

/* ---- taking apart ---------------------------------------------------------------------------- */

static bool signature_ok(const uint8_t *p)
{
    for (unsigned i = 0; i < 4; i++)
        if ((p[i] < 'A' || p[i] > 'Z') && (p[i] < '0' || p[i] > '9'))
            return false;
    return true;
}

/* next_table takes one off the file. Sums are the guest's to set: they are zero here. */
static bool next_table(struct cur *c, struct acpi_tables *t)
{
    struct acpi_table *x = &t->v[t->n];
    struct bytes ahead = bytes_of(c->p, cur_left(c));
    bool first = t->n == 0;
    if (t->n == ACPI_TABLES_MAX || ahead.n < ACPI_HEADER || !signature_ok(ahead.p))
        return false;
    uint32_t n = acpi_u32(ahead.p + 4);
    if (n < ACPI_HEADER || n > ahead.n || (!first && ahead.p[9] != 0))
        return false;
    x->at = (uint32_t)(ahead.p - t->file.p);
    x->bytes = cur_take(c, n);
    t->n++;
    return true;
}

static bool read_tables(struct acpi_tables *t)
{
    struct cur c = cur_of(t->file);
    do
        if (!next_table(&c, t))
            return false;
    while (!acpi_is(&t->v[t->n - 1], "RSDT"));
    return t->file.n == round_up(t->file.n - cur_left(&c), ALIGN_TABLES) &&
           bytes_is_zero(cur_rest(&c));
}

/* order_ok: FACS, DSDT, FADT, MADT, others, RSDT; each once. */
static bool order_ok(struct acpi_tables *t)
{
    static const char *const first[] = {"FACS", "DSDT", "FACP", "APIC"};
    if (t->n < 5 || t->v[0].bytes.n != FACS)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!acpi_is(&t->v[i], first[i]))
            return false;
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < i; k++)
            if (memcmp(t->v[i].bytes.p, t->v[k].bytes.p, 4) == 0)
                return false;
    t->dsdt = 1;
    t->fadt = 2;
    t->madt = 3;
    return t->v[2].bytes.n == FADT && t->v[t->n - 1].bytes.n == ACPI_HEADER + 4 * (t->n - 3);
}

/* linked_ok: the files are those that these tables lead to, pointers and all. */
static enum rc linked_ok(struct arena *a, const struct acpi_tables *t, struct acpi_files files,
                         struct err *err)
{
    struct bytes v[ACPI_TABLES_MAX];
    struct acpi_files want;
    for (size_t i = 0; i < t->n; i++)
        v[i] = t->v[i].bytes;
    TRY(acpi_link(a, v, t->n, &want, err));
    if (!bytes_eq(want.tables, files.tables))
        return err_set(err, BG_ACPI_POINTERS, "%zu tables", t->n);
    if (files.rsdp.n && !bytes_eq(want.rsdp, files.rsdp))
        return err_set(err, BG_ACPI_RSDP, "%zu bytes", files.rsdp.n);
    if (files.loader.n && !bytes_eq(want.loader, files.loader))
        return err_set(err, BG_ACPI_LOADER, "%zu bytes", files.loader.n);
    return RC_OK;
}

enum rc acpi_read(struct arena *a, struct acpi_files files, struct acpi_tables *out,
                  struct err *err)
{
    struct acpi_tables t = {.file = files.tables};
    if (files.tables.n < ACPI_HEADER || files.tables.n > ACPI_FILE_MAX)
        return err_set(err, BG_ACPI_SIZE, "%zu bytes", files.tables.n);
    if (!read_tables(&t))
        return err_set(err, BG_ACPI_TABLE, "behind table %zu", t.n);
    if (!order_ok(&t))
        return err_set(err, BG_ACPI_ORDER, "%zu tables", t.n);
    TRY(linked_ok(a, &t, files, err));
    struct bytes dsdt = t.v[t.dsdt].bytes;
    TRY(aml_read(a, bytes_of(dsdt.p + ACPI_HEADER, dsdt.n - ACPI_HEADER), &t.aml, err));
    t.machine.cpus = acpi_cpus_of(&t);
    acpi_memory_of(&t, &t.machine);
    acpi_devices_of(&t, &t.machine);
    *out = t;
    return RC_OK;
}

/* ---- deriving -------------------------------------------------------------------------------- */

enum rc acpi_edit(struct acpi_draft *d, uint32_t parent, uint32_t at, uint32_t end,
                  struct bytes with)
{
    if (d->num_edits == ACPI_EDITS_MAX)
        return err_set(d->err, BG_ACPI_EDITS, "%zu edits", d->num_edits);
    d->edits[d->num_edits++] = (struct aml_edit){parent, at, end, with};
    return RC_OK;
}

size_t acpi_put_int(uint8_t out[static 9], uint64_t v)
{
    static const struct {
        uint8_t opcode, bytes;
    } forms[] = {{0x0a, 1}, {0x0b, 2}, {0x0c, 4}, {0x0e, 8}};
    unsigned f = v <= UINT8_MAX ? 0 : v <= UINT16_MAX ? 1 : v <= UINT32_MAX ? 2 : 3;
    if (v <= 1) {
        out[0] = (uint8_t)v;
        return 1;
    }
    out[0] = forms[f].opcode;
    for (unsigned i = 0; i < forms[f].bytes; i++)
        out[1 + i] = (uint8_t)(v >> 8 * i);
    return 1u + forms[f].bytes;
}

/* set_size: of a table that was put together, in its header. */
static void set_size(struct bytes table)
{
    acpi_put_u32((uint8_t *)(uintptr_t)table.p + 4, (uint32_t)table.n);
}

static enum rc finish(struct acpi_draft *d, struct acpi_files *out)
{
    const struct acpi_tables *t = d->from;
    struct bytes block, dsdt = t->v[t->dsdt].bytes;
    uint8_t *rsdt;
    TRY(aml_apply(d->a, &t->aml, d->edits, d->num_edits, &block, d->err));
    uint8_t *p = arena_alloc(d->a, ACPI_HEADER + block.n, d->err);
    size_t n = ACPI_HEADER + 4 * (d->n - 3);
    if (!p || !(rsdt = arena_alloc(d->a, n, d->err)))
        return d->err->rc;
    memcpy(p, dsdt.p, ACPI_HEADER);
    memcpy(p + ACPI_HEADER, block.p, block.n);
    d->v[t->dsdt] = bytes_of(p, ACPI_HEADER + block.n);
    memcpy(rsdt, t->v[t->n - 1].bytes.p, ACPI_HEADER);
    d->v[d->n - 1] = bytes_of(rsdt, n);
    for (size_t i = 1; i < d->n; i++)
        set_size(d->v[i]);
    return acpi_link(d->a, d->v, d->n, out, d->err);
}

enum rc acpi_derive(struct arena *a, const struct acpi_tables *from, const struct acpi_change *c,
                    struct acpi_files *out, struct err *err)
{
    struct acpi_draft *d = ARENA_NEW(a, struct acpi_draft, err);
    if (!d)
        return err->rc;
    d->a = a;
    d->from = from;
    d->err = err;
    d->n = from->n;
    for (size_t i = 0; i < d->n; i++)
        TRY(arena_keep(a, from->v[i].bytes, &d->v[i], err));
    if (c->cpus)
        TRY(acpi_change_cpus(d, c->cpus));
    if (c->memory || c->hole64_size)
        TRY(acpi_change_memory(d, c->memory, c->hole64_size));
    if (c->cpus || c->memory)
        TRY(acpi_change_srat(d, c->cpus, c->memory));
    TRY(acpi_change_devices(d, c));
    return finish(d, out);
}
