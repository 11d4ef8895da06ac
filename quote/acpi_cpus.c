/* acpi_cpus: what follows from the number of CPUs: entries of MADT, objects and two methods of
 * DSDT's \_SB.CPUS (QEMU's hw/acpi/cpu.c), one flag of FADT, entries of SRAT. What is there is made
 * again first: only where that gives the same bytes, another number can be derived. */
#include "quote/acpi_internal.h"

#define MADT_ENTRIES 44u
#define OBJECT_MAX   192u /* of one CPU in DSDT; some 100 bytes */
#define X2APIC       255u /* the first CPU that needs the longer entries */
#define FADT_FLAGS   112u
#define FADT_CLUSTER (UINT32_C(1) << 18) /* more than 8 CPUs */
#define NO_PXM       UINT32_MAX

struct text {
    uint8_t *p;
    size_t n;
};

static void put(struct text *t, const void *p, size_t n)
{
    memcpy(t->p + t->n, p, n);
    t->n += n;
}

static void put_byte(struct text *t, uint8_t v)
{
    t->p[t->n++] = v;
}

static void put_number(struct text *t, uint64_t v)
{
    uint8_t b[9];
    put(t, b, acpi_put_int(b, v));
}

/* put_package: an opcode, the length of body and the body. */
static void put_package(struct text *t, uint8_t extended, uint8_t opcode, const struct text *body)
{
    uint8_t length[4];
    if (extended)
        put_byte(t, extended);
    put_byte(t, opcode);
    put(t, length, aml_length(body->n, length));
    put(t, body->p, body->n);
}

static void put_name(struct text *t, uint32_t cpu)
{
    static const char digits[] = "0123456789ABCDEF";
    const char name[4] = {'C', digits[cpu >> 8 & 15], digits[cpu >> 4 & 15], digits[cpu & 15]};
    put(t, name, 4);
}

/* put_apic: the CPU's entry in MADT: 8 bytes, or 16. */
static void put_apic(struct text *t, uint32_t cpu)
{
    uint8_t b[16] = {0, 8, (uint8_t)cpu, (uint8_t)cpu, 1};
    if (cpu >= X2APIC) {
        memset(b, 0, sizeof b);
        b[0] = 9;
        b[1] = 16;
        acpi_put_u32(b + 4, cpu);
        b[8] = 1;
        acpi_put_u32(b + 12, cpu);
    }
    put(t, b, b[1]);
}

static void put_nmi(struct text *t, uint32_t cpus)
{
    static const uint8_t local[6] = {4, 6, 0xff, 0, 0, 1};
    static const uint8_t x2[12] = {10, 12, 0, 0, 0xff, 0xff, 0xff, 0xff, 1};
    if (cpus > X2APIC)
        put(t, x2, sizeof x2);
    else
        put(t, local, sizeof local);
}

/* put_method: a method of one statement: opcode (0: none) and callee, the CPU, then the rest. */
static void put_method(struct text *t, const char *name, uint8_t flags, const char *what,
                       uint32_t cpu, const char *arguments)
{
    uint8_t b[48];
    struct text m = {b, 0};
    put(&m, name, 4);
    put_byte(&m, flags);
    put(&m, what, strlen(what));
    put_number(&m, cpu);
    put(&m, arguments, strlen(arguments));
    put_package(t, 0, 0x14, &m);
}

/* put_object: the CPU in \_SB.CPUS. */
static void put_object(struct text *t, uint32_t cpu, uint32_t pxm)
{
    uint8_t body[OBJECT_MAX], mat[24];
    struct text o = {body, 0}, m = {mat, 0};
    put_name(&o, cpu);
    if (cpu < X2APIC) {
        put_byte(&o, (uint8_t)cpu);
        put(&o, "\0\0\0\0\0", 5);
    } else {
        put(&o,
            "\x08_HID\x0d"
            "ACPI0007\0\x08_UID",
            20);
        put_number(&o, cpu);
    }
    put_method(&o, "_STA", 0x08,
               "\xa4"
               "CSTA",
               cpu, "");
    put(&o, "\x08_MAT", 5);
    put_number(&m, cpu < X2APIC ? 8 : 16);
    put_apic(&m, cpu);
    put_package(&o, 0, 0x11, &m);
    if (cpu > 0)
        put_method(&o, "_EJ0", 0x01, "CEJ0", cpu, "");
    put_method(&o, "_OST", 0x0b, "COST", cpu, "\x68\x69\x6a");
    if (pxm != NO_PXM) {
        put(&o, "\x08_PXM", 5);
        put_number(&o, pxm);
    }
    put_package(t, 0x5b, cpu < X2APIC ? 0x83 : 0x82, &o);
}

/* put_notify: If (Arg0 == cpu) { Notify (Cnnn, Arg1) } */
static void put_notify(struct text *t, uint32_t cpu)
{
    uint8_t b[24];
    struct text o = {b, 0};
    put(&o, "\x93\x68", 2);
    put_number(&o, cpu);
    put_byte(&o, 0x86);
    put_name(&o, cpu);
    put_byte(&o, 0x69);
    put_package(t, 0, 0xa0, &o);
}

/* ---- where they stand ------------------------------------------------------------------------ */

struct places {
    uint32_t cpus;          /* the device */
    uint32_t notify;        /* method CTFY */
    uint32_t scan;          /* the loop in CSCN */
    uint32_t count, behind; /* the number in its condition */
    uint32_t objects;       /* where the first CPU's begins; the last one ends the device */
    uint32_t pxm;
};

/* scan_loop: in the method, While (Local0 == 1 && Localn < cpus); one. */
static bool scan_loop(const struct aml *aml, uint32_t method, uint32_t cpus, struct places *out)
{
    static const uint8_t head[] = {0x90, 0x93, 0x60, 0x01, 0x95};
    uint8_t number[9];
    size_t n = acpi_put_int(number, cpus), seen = 0;
    for (size_t i = method + 1; i < aml->n && aml->v[i].at < aml->v[method].end; i++) {
        const struct aml_node *w = &aml->v[i];
        uint32_t at = w->body + (uint32_t)sizeof head + 1;
        if (w->kind != AML_WHILE ||
            !bytes_eq(aml_bytes(aml, w->body, w->body + (uint32_t)sizeof head),
                      BYTES_OF_ARRAY(head)) ||
            !bytes_eq(aml_bytes(aml, at, at + (uint32_t)n), bytes_of(number, n)))
            continue;
        seen++;
        out->scan = (uint32_t)i;
        out->count = at;
        out->behind = at + (uint32_t)n;
    }
    return seen == 1;
}

static bool find_places(const struct aml *aml, uint32_t cpus, struct places *out)
{
    struct places p = {.pxm = NO_PXM};
    uint32_t scan = 0, first = 0;
    for (uint32_t i = 1; i < aml->n; i++)
        if (aml->v[i].kind == AML_DEVICE && memcmp(aml->v[i].name, "CPUS", 4) == 0) {
            if (p.cpus)
                return false;
            p.cpus = i;
        }
    if (!p.cpus || !(p.notify = aml_find(aml, p.cpus, AML_METHOD, "CTFY", 0)) ||
        !(scan = aml_find(aml, p.cpus, AML_METHOD, "CSCN", 0)) ||
        !(first = aml_find(aml, p.cpus, AML_PROCESSOR, "C000", 0)) ||
        !scan_loop(aml, scan, cpus, &p))
        return false;
    p.objects = aml->v[first].at;
    uint32_t pxm = aml_find(aml, first, AML_NAME, "_PXM", 0);
    if (pxm) {
        struct bytes value = aml_bytes(aml, aml->v[pxm].content, aml->v[pxm].end);
        if (value.n != 1 || value.p[0] > 1)
            return false; /* of more than a few nodes: which CPU is in which is not known */
        p.pxm = value.p[0];
    }
    *out = p;
    return true;
}

/* texts: MADT's entries, CTFY's statements and the objects of this many CPUs. */
static void make(uint32_t cpus, uint32_t pxm, struct text *apics, struct text *notify,
                 struct text *objects)
{
    for (uint32_t i = 0; i < cpus; i++) {
        put_apic(apics, i);
        put_notify(notify, i);
        put_object(objects, i, pxm);
    }
}

struct texts {
    struct text apics, notify, objects, nmi;
};

static enum rc make_all(struct arena *a, uint32_t cpus, uint32_t pxm, struct texts *t,
                        struct err *err)
{
    size_t n = cpus;
    t->apics.p = arena_alloc(a, 16 * n, err);
    t->notify.p = arena_alloc(a, 24 * n, err);
    t->objects.p = arena_alloc(a, OBJECT_MAX * n, err);
    t->nmi.p = arena_alloc(a, 12, err);
    if (!t->apics.p || !t->notify.p || !t->objects.p || !t->nmi.p)
        return err->rc;
    make(cpus, pxm, &t->apics, &t->notify, &t->objects);
    put_nmi(&t->nmi, cpus);
    return RC_OK;
}

static struct bytes view(const struct text *t)
{
    return bytes_of(t->p, t->n);
}

uint32_t acpi_cpus_of(const struct acpi_tables *t)
{
    struct bytes madt = t->v[t->madt].bytes;
    uint32_t cpus = 0;
    for (size_t at = MADT_ENTRIES; at + 2 <= madt.n && cpus <= ACPI_CPUS_MAX; cpus++) {
        uint8_t type = madt.p[at];
        if (type != 0 && type != 9)
            break;
        at += type ? 16 : 8;
    }
    return cpus <= ACPI_CPUS_MAX ? cpus : 0;
}

/* as_made: the machine's CPUs are as they would be made here. */
static bool as_made(const struct acpi_draft *d, const struct places *p, const struct texts *t)
{
    const struct aml *aml = &d->from->aml;
    struct bytes madt = d->from->v[d->from->madt].bytes;
    const struct aml_node *cpus = &aml->v[p->cpus], *notify = &aml->v[p->notify];
    uint32_t flags = acpi_u32(d->v[d->from->fadt].p + FADT_FLAGS);
    return madt.n >= MADT_ENTRIES + t->apics.n + t->nmi.n &&
           bytes_eq(bytes_of(madt.p + MADT_ENTRIES, t->apics.n), view(&t->apics)) &&
           bytes_eq(bytes_of(madt.p + madt.n - t->nmi.n, t->nmi.n), view(&t->nmi)) &&
           bytes_eq(aml_bytes(aml, notify->content, notify->end), view(&t->notify)) &&
           bytes_eq(aml_bytes(aml, p->objects, cpus->end), view(&t->objects)) &&
           !(flags & FADT_CLUSTER) == (d->from->machine.cpus <= 8);
}

static enum rc change_madt(struct acpi_draft *d, const struct texts *was, const struct texts *now)
{
    struct bytes old = d->v[d->from->madt];
    size_t behind = MADT_ENTRIES + was->apics.n, others = old.n - behind - was->nmi.n;
    struct text t = {arena_alloc(d->a, MADT_ENTRIES + now->apics.n + others + now->nmi.n, d->err),
                     0};
    if (!t.p)
        return d->err->rc;
    put(&t, old.p, MADT_ENTRIES);
    put(&t, now->apics.p, now->apics.n);
    put(&t, old.p + behind, others);
    put(&t, now->nmi.p, now->nmi.n);
    d->v[d->from->madt] = view(&t);
    return RC_OK;
}

static enum rc change_fadt(struct acpi_draft *d, uint32_t cpus)
{
    struct bytes old = d->v[d->from->fadt];
    uint8_t *p = arena_copy(d->a, old, d->err);
    if (!p)
        return d->err->rc;
    uint32_t flags = acpi_u32(p + FADT_FLAGS) & ~FADT_CLUSTER;
    acpi_put_u32(p + FADT_FLAGS, cpus > 8 ? flags | FADT_CLUSTER : flags);
    d->v[d->from->fadt] = bytes_of(p, old.n);
    return RC_OK;
}

enum rc acpi_change_cpus(struct acpi_draft *d, uint32_t cpus)
{
    const struct aml *aml = &d->from->aml;
    struct places p;
    struct texts was = {0}, now = {0};
    struct text count = {arena_alloc(d->a, 9, d->err), 0};
    if (!count.p)
        return d->err->rc;
    bool ok = d->from->machine.cpus > 0 && cpus <= ACPI_CPUS_MAX &&
              find_places(aml, d->from->machine.cpus, &p);
    if (ok) {
        TRY(make_all(d->a, d->from->machine.cpus, p.pxm, &was, d->err));
        TRY(make_all(d->a, cpus, p.pxm, &now, d->err));
        put_number(&count, cpus);
    }
    if (!ok || !as_made(d, &p, &was))
        return err_set(d->err, BG_ACPI_CPUS, "%u from %u", cpus, d->from->machine.cpus);
    TRY(acpi_edit(d, p.notify, aml->v[p.notify].content, aml->v[p.notify].end, view(&now.notify)));
    TRY(acpi_edit(d, p.scan, p.count, p.behind, view(&count)));
    TRY(acpi_edit(d, p.cpus, p.objects, aml->v[p.cpus].end, view(&now.objects)));
    TRY(change_madt(d, &was, &now));
    return change_fadt(d, cpus);
}
