/* acpi_devices: what follows from switches of the machine: PIC and SMM are fields of MADT and FADT;
 * HPET is a table and a device that are always the same; PCI hotplug by ACPI can be taken away, but
 * not added: what it adds depends on QEMU's version and on the slots. */
#include "quote/acpi_internal.h"

#define MADT_FLAGS 40u
#define MADT_PIC   UINT32_C(1) /* PCAT_COMPAT: QEMU 9.1 and newer clear it with pic=off */
#define FADT_SMI   48u         /* u32 port, u8 enable, u8 disable */
#define HPET_TABLE 56u
#define GPE_FIRST                                                                                  \
    "\x08_HID\x0d"                                                                                 \
    "ACPI0006"

/* hpet_scope: Scope (_SB) { Device (HPET) { .. } }: the timer at 0xfed00000, as QEMU describes it.
 */
static const uint8_t hpet_scope[] = {
    0x10, 0x4d, 0x08, '_',  'S',  'B',  '_',  0x5b, 0x82, 0x45, 0x08, 'H',  'P',  'E',  'T',  0x08,
    '_',  'H',  'I',  'D',  0x0c, 0x41, 0xd0, 0x01, 0x03, 0x08, '_',  'U',  'I',  'D',  0x00, 0x5b,
    0x80, 'H',  'P',  'T',  'M',  0x00, 0x0c, 0x00, 0x00, 0xd0, 0xfe, 0x0b, 0x00, 0x04, 0x5b, 0x81,
    0x10, 'H',  'P',  'T',  'M',  0x13, 'V',  'E',  'N',  'D',  0x20, 'P',  'R',  'D',  '_',  0x20,
    0x14, 0x36, '_',  'S',  'T',  'A',  0x00, 0x70, 'V',  'E',  'N',  'D',  0x60, 0x70, 'P',  'R',
    'D',  '_',  0x61, 0x7a, 0x60, 0x0a, 0x10, 0x60, 0xa0, 0x0c, 0x91, 0x93, 0x60, 0x00, 0x93, 0x60,
    0x0b, 0xff, 0xff, 0xa4, 0x00, 0xa0, 0x0e, 0x91, 0x93, 0x61, 0x00, 0x94, 0x61, 0x0c, 0x00, 0xe1,
    0xf5, 0x05, 0xa4, 0x00, 0xa4, 0x0a, 0x0f, 0x08, '_',  'C',  'R',  'S',  0x11, 0x11, 0x0a, 0x0e,
    0x86, 0x09, 0x00, 0x00, 0x00, 0x00, 0xd0, 0xfe, 0x00, 0x04, 0x00, 0x00, 0x79, 0x00,
};

/* hpet_fields: behind the header of its table (IA-PC HPET 1.0a, 3.2.4). */
static const uint8_t hpet_fields[HPET_TABLE - ACPI_HEADER] = {0x01, 0xa2, 0x86, 0x80, 0,    0,
                                                              0,    0,    0,    0,    0xd0, 0xfe};

static size_t find_table(const struct bytes *v, size_t n, const char *signature)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(v[i].p, signature, 4) == 0)
            return i;
    return 0; /* FACS; nobody looks for it */
}

/* starts: the node's content begins so. */
static bool starts(const struct aml *aml, const struct aml_node *n, const char *text, size_t len)
{
    return n->end - n->content >= len && memcmp(aml->block.p + n->content, text, len) == 0;
}

/* top_scope: of the whole block's scopes of this name the one whose content begins so. 0: none. */
static uint32_t top_scope(const struct aml *aml, const char *name, const char *text, size_t len)
{
    for (uint32_t i = 0; (i = aml_find(aml, 0, AML_SCOPE, name, i + 1)) != 0;)
        if (starts(aml, &aml->v[i], text, len))
            return i;
    return 0;
}

/* ---- HPET ------------------------------------------------------------------------------------ */

static uint32_t hpet_at(const struct aml *aml)
{
    uint32_t i = top_scope(aml, "_SB_", "\x5b\x82\x45\x08HPET", 8);
    return i && bytes_eq(aml_bytes(aml, aml->v[i].at, aml->v[i].end), BYTES_OF_ARRAY(hpet_scope))
               ? i
               : 0;
}

static enum rc hpet_off(struct acpi_draft *d)
{
    uint32_t i = hpet_at(&d->from->aml);
    size_t k = find_table(d->v, d->n, "HPET");
    memmove(d->v + k, d->v + k + 1, (d->n - k - 1) * sizeof *d->v);
    d->n--;
    return acpi_edit(d, 0, d->from->aml.v[i].at, d->from->aml.v[i].end, BYTES_NONE);
}

/* hpet_on: the device before Scope (_GPE), the table behind MADT. */
static enum rc hpet_on(struct acpi_draft *d)
{
    const struct aml *aml = &d->from->aml;
    uint32_t gpe = top_scope(aml, "_GPE", GPE_FIRST, sizeof GPE_FIRST);
    struct bytes madt = d->v[d->from->madt];
    uint8_t *t = arena_alloc(d->a, HPET_TABLE, d->err);
    if (!t)
        return d->err->rc;
    if (!gpe || d->n == ACPI_TABLES_MAX || find_table(d->v, d->n, "ERST") ||
        find_table(d->v, d->n, "SSDT"))
        return err_set(d->err, BG_ACPI_HPET, "%s", "on");
    memcpy(t, madt.p, ACPI_HEADER); /* whose OEM's names are the machine's */
    memcpy(t, "HPET", 4);
    t[8] = 1;
    memcpy(t + ACPI_HEADER, hpet_fields, sizeof hpet_fields);
    size_t k = d->from->madt + 1;
    memmove(d->v + k + 1, d->v + k, (d->n - k) * sizeof *d->v);
    d->v[k] = bytes_of(t, HPET_TABLE);
    d->n++;
    return acpi_edit(d, 0, aml->v[gpe].at, aml->v[gpe].at, BYTES_OF_ARRAY(hpet_scope));
}

/* ---- PCI hotplug ----------------------------------------------------------------------------- */

/* osc_places: in methods _OSC, CDW3 & 0x1e: native hotplug is not the guest's. */
static enum rc osc_edits(struct acpi_draft *d, size_t *out_n)
{
    static const uint8_t mask[] = {0x7b, 0x60, 0x0a, 0x1e, 0x60}, wider[] = {0x1f};
    const struct aml *aml = &d->from->aml;
    *out_n = 0;
    for (uint32_t i = 1; i < aml->n; i++) {
        const struct aml_node *m = &aml->v[i];
        uint32_t parent = i;
        if (m->kind != AML_METHOD || memcmp(m->name, "_OSC", 4) != 0)
            continue;
        for (uint32_t at = m->content; at + sizeof mask <= m->end; at++) {
            if (memcmp(aml->block.p + at, mask, sizeof mask) != 0)
                continue;
            for (uint32_t k = i; k < aml->n && aml->v[k].at <= at; k++)
                if (aml->v[k].kind != AML_NAME && aml->v[k].end > at)
                    parent = k;
            TRY(acpi_edit(d, parent, at + 3, at + 4, BYTES_OF_ARRAY(wider)));
            ++*out_n;
        }
    }
    return RC_OK;
}

static bool only_e01(const struct aml *aml, uint32_t scope)
{
    uint32_t m = aml_find(aml, scope, AML_METHOD, "_E01", 0);
    return m && aml->v[m].at == aml->v[scope].content && aml->v[m].end == aml->v[scope].end;
}

/* slots: a bridge's number, and all behind it, is hotplug's; a bridge behind a bridge is not. */
static enum rc slot_edits(struct acpi_draft *d, bool *out_ok)
{
    const struct aml *aml = &d->from->aml;
    for (uint32_t i = 1; i < aml->n; i++) {
        const struct aml_node *b = &aml->v[i];
        if (b->kind != AML_NAME || memcmp(b->name, "BSEL", 4) != 0)
            continue;
        const struct aml_node *bridge = &aml->v[b->parent];
        for (uint32_t k = i + 1; k < aml->n && aml->v[k].at < bridge->end; k++)
            if (memcmp(aml->v[k].name, "BSEL", 4) == 0)
                *out_ok = false;
        if (bridge->kind != AML_DEVICE)
            *out_ok = false;
        TRY(acpi_edit(d, b->parent, b->at, bridge->end, BYTES_NONE));
    }
    return RC_OK;
}

/* remove_node, with all that is in it. */
static enum rc remove_node(struct acpi_draft *d, uint32_t i)
{
    const struct aml_node *n = &d->from->aml.v[i];
    return acpi_edit(d, n->parent, n->at, n->end, BYTES_NONE);
}

static uint32_t ports_at(const struct aml *aml)
{
    return top_scope(aml, "PCI0", "\x5b\x80PCST", 6);
}

static uint32_t resources_at(const struct aml *aml)
{
    for (uint32_t i = 0; (i = aml_find(aml, 0, AML_SCOPE, "PCI0", i + 1)) != 0;) {
        uint32_t found = aml_find(aml, i, AML_DEVICE, "PHPR", 0);
        if (found)
            return found;
    }
    return 0;
}

/* events: what calls the slots: methods PCNT under PCI0, and one of _GPE. */
static enum rc event_edits(struct acpi_draft *d)
{
    const struct aml *aml = &d->from->aml;
    for (uint32_t i = 1; i < aml->n; i++) {
        bool pci0 = aml->v[i].kind == AML_SCOPE && memcmp(aml->v[i].name, "PCI0", 4) == 0;
        uint32_t count = pci0 ? aml_find(aml, i, AML_METHOD, "PCNT", 0) : 0;
        if (!count)
            continue;
        /* Since QEMU 8.0 they have a scope of their own, which begins with the bridges' ones. */
        bool own = aml->v[i + 1].parent == i && aml->v[i + 1].at == aml->v[i].content &&
                   (i + 1 == count || aml->v[i + 1].kind == AML_SCOPE);
        TRY(remove_node(d, own ? i : count));
    }
    for (uint32_t i = 0; (i = aml_find(aml, 0, AML_SCOPE, "_GPE", i + 1)) != 0;)
        if (only_e01(aml, i))
            TRY(remove_node(d, i));
    return RC_OK;
}

static enum rc hotplug_off(struct acpi_draft *d)
{
    const struct aml *aml = &d->from->aml;
    size_t masks = 0;
    bool ok = true;
    TRY(osc_edits(d, &masks));
    TRY(slot_edits(d, &ok));
    if (!ok || masks == 0)
        return err_set(d->err, BG_ACPI_HOTPLUG, "%s", "off");
    TRY(remove_node(d, ports_at(aml)));
    TRY(remove_node(d, resources_at(aml)));
    return event_edits(d);
}

/* ---- all ------------------------------------------------------------------------------------- */

void acpi_devices_of(const struct acpi_tables *t, struct acpi_machine *out)
{
    static const uint8_t smi[2][6] = {{0}, {0xb2, 0, 0, 0, 2, 3}};
    const uint8_t *fadt = t->v[t->fadt].bytes.p, *madt = t->v[t->madt].bytes.p;
    bool table = false, device = hpet_at(&t->aml) != 0;
    for (size_t i = 0; i < t->n; i++)
        if (acpi_is(&t->v[i], "HPET"))
            table = t->v[i].bytes.n == HPET_TABLE &&
                    memcmp(t->v[i].bytes.p + ACPI_HEADER, hpet_fields, sizeof hpet_fields) == 0;
    bool ports = ports_at(&t->aml) != 0, resources = resources_at(&t->aml) != 0;
    out->hpet = table != device ? ACPI_KEEP : table ? ACPI_ON : ACPI_OFF;
    out->hotplug = ports != resources ? ACPI_KEEP : ports ? ACPI_ON : ACPI_OFF;
    if (t->v[t->madt].bytes.n >= MADT_FLAGS + 4)
        out->pic = acpi_u32(madt + MADT_FLAGS) & MADT_PIC ? ACPI_ON : ACPI_OFF;
    for (unsigned i = 0; i < 2; i++)
        if (memcmp(fadt + FADT_SMI, smi[i], 6) == 0)
            out->smm = i ? ACPI_ON : ACPI_OFF;
}

/* edited: a copy of a table, to be written to. */
static uint8_t *edited(struct acpi_draft *d, size_t i)
{
    uint8_t *p = arena_copy(d->a, d->v[i], d->err);
    if (p)
        d->v[i] = bytes_of(p, d->v[i].n);
    return p;
}

enum rc acpi_change_devices(struct acpi_draft *d, const struct acpi_change *c)
{
    const struct acpi_machine *m = &d->from->machine;
    if (c->pic && c->pic != m->pic) {
        uint8_t *p = edited(d, d->from->madt);
        if (!p)
            return d->err->rc;
        if (m->pic == ACPI_KEEP)
            return err_set(d->err, BG_ACPI_PIC, "%zu bytes", d->v[d->from->madt].n);
        p[MADT_FLAGS] = (uint8_t)(p[MADT_FLAGS] ^ MADT_PIC);
    }
    if (c->smm && c->smm != m->smm) {
        uint8_t *p = edited(d, d->from->fadt);
        if (!p)
            return d->err->rc;
        if (m->smm == ACPI_KEEP)
            return err_set(d->err, BG_ACPI_SMM, "port %u", acpi_u32(p + FADT_SMI));
        memcpy(p + FADT_SMI, c->smm == ACPI_ON ? "\xb2\0\0\0\x02\x03" : "\0\0\0\0\0\0", 6);
    }
    if (c->hotplug && c->hotplug != m->hotplug) {
        if (c->hotplug == ACPI_ON || m->hotplug == ACPI_KEEP)
            return err_set(d->err, BG_ACPI_HOTPLUG_ON, "%s",
                           m->hotplug ? "from off" : "neither on nor off");
        TRY(hotplug_off(d));
    }
    if (c->hpet && c->hpet != m->hpet) {
        if (m->hpet == ACPI_KEEP)
            return err_set(d->err, BG_ACPI_HPET_FORM, "%zu tables", d->n);
        TRY(c->hpet == ACPI_ON ? hpet_on(d) : hpet_off(d));
    }
    return RC_OK;
}
