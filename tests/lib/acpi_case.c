#include "tests/lib/acpi_case.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM  0x40000u
#define GIB   (UINT64_C(1) << 30)
#define SPLIT UINT64_C(0xb0000000)

struct out {
    uint8_t *p;
    size_t n;
};

static void raw(struct out *o, const void *p, size_t n)
{
    if (n > ROOM - o->n)
        abort();
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void num(struct out *o, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t b = (uint8_t)(v >> 8 * i);
        raw(o, &b, 1);
    }
}

static void str(struct out *o, const char *s)
{
    raw(o, s, strlen(s));
}

static void integer(struct out *o, uint64_t v)
{
    if (v > 0xffff) {
        num(o, 0x0c, 1);
        num(o, v, 4);
    } else if (v > 0xff) {
        num(o, 0x0b, 1);
        num(o, v, 2);
    } else {
        if (v > 1)
            num(o, 0x0a, 1);
        num(o, v, 1);
    }
}

/* open: a package of this opcode; shut gives it its length (ACPI 6.5, 20.2.4). */
static size_t open(struct out *o, const char *opcode, const char *name)
{
    str(o, opcode);
    size_t at = o->n;
    str(o, name);
    return at;
}

static void shut(struct out *o, size_t at)
{
    size_t body = o->n - at, k = body + 1 <= 63 ? 1 : body + 2 <= 4095 ? 2 : 3, all = body + k;
    uint8_t length[3] = {(uint8_t)all, 0, 0};
    if (k > 1) {
        length[0] = (uint8_t)((k - 1) << 6 | (all & 15));
        length[1] = (uint8_t)(all >> 4);
        length[2] = (uint8_t)(all >> 12);
    }
    num(o, 0, (unsigned)k);
    memmove(o->p + at + k, o->p + at, body);
    memcpy(o->p + at, length, k);
}

#define METHOD "\x14"
#define SCOPE  "\x10"
#define DEVICE "\x5b\x82"
#define IF     "\xa0"

static void hid(struct out *o, const char *id)
{
    str(o, "\x08_HID\x0d");
    raw(o, id, strlen(id) + 1);
}

static void uid(struct out *o, uint64_t v)
{
    str(o, "\x08_UID");
    integer(o, v);
}

static void lapic(struct out *o, unsigned cpu)
{
    if (cpu < 255) {
        num(o, 0x0800, 2);
        num(o, cpu, 1);
        num(o, cpu, 1);
        num(o, 1, 4);
    } else {
        num(o, 0x1009, 4);
        num(o, cpu, 4);
        num(o, 1, 4);
        num(o, cpu, 4);
    }
}

static void cpu_name(char name[static 5], unsigned cpu)
{
    snprintf(name, 5, "C%03X", cpu & 0xfff);
}

static void cpu_method(struct out *o, const char *name, unsigned flags, const char *callee,
                       unsigned cpu, const char *rest)
{
    size_t m = open(o, METHOD, name);
    num(o, flags, 1);
    str(o, callee);
    integer(o, cpu);
    str(o, rest);
    shut(o, m);
}

static void cpu_object(struct out *o, unsigned cpu, bool numa)
{
    char name[5];
    cpu_name(name, cpu);
    size_t p = open(o, cpu < 255 ? "\x5b\x83" : DEVICE, name);
    if (cpu < 255) {
        num(o, cpu, 1);
        num(o, 0, 5);
    } else {
        hid(o, "ACPI0007");
        uid(o, cpu);
    }
    cpu_method(o, "_STA", 8,
               "\xa4"
               "CSTA",
               cpu, "");
    str(o, "\x08_MAT");
    size_t b = open(o, "\x11", "");
    integer(o, cpu < 255 ? 8 : 16);
    lapic(o, cpu);
    shut(o, b);
    if (cpu)
        cpu_method(o, "_EJ0", 1, "CEJ0", cpu, "");
    cpu_method(o, "_OST", 11, "COST", cpu, "hij");
    if (numa) {
        str(o, "\x08_PXM");
        num(o, 0, 1);
    }
    shut(o, p);
}

static void method_of(struct out *o, const char *name, unsigned args)
{
    size_t m = open(o, METHOD, name);
    num(o, args, 1);
    str(o, "\xa3");
    shut(o, m);
}

static void cpus(struct out *o, const struct acpi_case *c)
{
    size_t scope = open(o, SCOPE, "_SB_"), device = open(o, DEVICE, "CPUS");
    hid(o, "ACPI0010");
    size_t m = open(o, METHOD, "CTFY");
    num(o, 2, 1);
    for (unsigned i = 0; i < c->cpus; i++) {
        char name[5];
        cpu_name(name, i);
        size_t p = open(o, IF, "\x93h");
        integer(o, i);
        str(o, "\x86");
        str(o, name);
        str(o, "i");
        shut(o, p);
    }
    shut(o, m);
    method_of(o, "CSTA", 1);
    method_of(o, "CEJ0", 1);
    method_of(o, "COST", 4);
    m = open(o, METHOD, "CSCN");
    num(o, 8, 1);
    size_t outer = open(o, "\xa2", "\x93`"), inner;
    num(o, 1, 1);
    inner = open(o, "\xa2",
                 "\x90\x93`\x01\x95"
                 "c");
    integer(o, c->cpus);
    num(o, 0x70, 1); /* Store (Zero, Local0); Increment (Local3) */
    num(o, 0, 1);
    str(o, "`\x75"
           "c");
    shut(o, inner);
    shut(o, outer);
    shut(o, m);
    for (unsigned i = 0; i < c->cpus; i++)
        cpu_object(o, i, c->numa);
    shut(o, device);
    shut(o, scope);
}

static void windows(struct out *o, const struct acpi_case *c)
{
    uint64_t below = c->memory < SPLIT ? c->memory : 2 * GIB, above = c->memory - below;
    uint64_t high = 4 * GIB + (above + GIB - 1) / GIB * GIB;
    const uint64_t low[3][2] = {{0xa0000, 0xbffff}, {below, 0xafffffff}, {0xc0000000, 0xfebfffff}};
    size_t scope = open(o, SCOPE, "\\._SB_PCI0");
    o->p[o->n - 9] = 0x2e;
    str(o, "\x08_CRS");
    size_t b = open(o, "\x11", "");
    integer(o, 8 + 3 * 26 + 46 + 2);
    raw(o, "\x47\x01\xf8\x0c\xf8\x0c\x01\x08", 8);
    for (unsigned i = 0; i < 3; i++) {
        raw(o, "\x87\x17\0\0\x0c\x01\0\0\0\0", 10);
        num(o, low[i][0], 4);
        num(o, low[i][1], 4);
        num(o, 0, 4);
        num(o, low[i][1] + 1 - low[i][0], 4);
    }
    raw(o, "\x8a\x2b\0\0\x0c\x03\0\0\0\0\0\0\0\0", 14);
    num(o, high, 8);
    num(o, high + c->hole64_size - 1, 8);
    num(o, 0, 8);
    num(o, c->hole64_size, 8);
    num(o, 0x79, 2);
    shut(o, b);
    if (c->hotplug) {
        size_t d = open(o, DEVICE, "PHPR");
        hid(o, "PNP0A06");
        shut(o, d);
    }
    shut(o, scope);
}

static void bridges(struct out *o, const struct acpi_case *c)
{
    size_t scope = open(o, SCOPE, "_SB_"), inner = open(o, SCOPE, "PCI0");
    size_t lpc = open(o, DEVICE, "SF8_");
    str(o, "\x08_ADR");
    integer(o, 0x1f0000);
    shut(o, lpc);
    for (unsigned i = 0; i < c->ports; i++) {
        char name[5];
        snprintf(name, sizeof name, "S%02X_", 8 * (i + 1) & 0xff);
        size_t d = open(o, DEVICE, name);
        str(o, "\x08_ADR");
        integer(o, (uint64_t)(i + 1) << 16);
        if (c->hotplug) {
            str(o, "\x08"
                   "BSEL");
            integer(o, i);
            size_t s = open(o, SCOPE, "S00_");
            str(o, "\x08_SUN");
            num(o, 0, 1);
            shut(o, s);
            method_of(o, "DVNT", 2);
        }
        shut(o, d);
    }
    if (c->hotplug)
        method_of(o, "PCNT", 0);
    shut(o, inner);
    shut(o, scope);
}

static void hpet(struct out *o)
{
    size_t scope = open(o, SCOPE, "_SB_"), d = open(o, DEVICE, "HPET");
    str(o, "\x08_HID\x0c");
    num(o, 0x0301d041, 4);
    uid(o, 0);
    str(o, "\x5b\x80HPTM");
    num(o, 0, 1);
    integer(o, 0xfed00000);
    integer(o, 0x400);
    size_t f = open(o, "\x5b\x81", "HPTM\x13VEND PRD_ ");
    shut(o, f);
    size_t m = open(o, METHOD, "_STA");
    num(o, 0, 1);
    str(o, "pVEND`pPRD_az`\x0a\x10`");
    size_t i = open(o, IF, "\x91\x93`");
    raw(o, "\0\x93`\x0b\xff\xff\xa4\0", 8);
    shut(o, i);
    i = open(o, IF,
             "\x91\x93"
             "a");
    raw(o,
        "\0\x94"
        "a\x0c",
        4);
    num(o, 100000000, 4);
    raw(o, "\xa4\0", 2);
    shut(o, i);
    str(o, "\xa4\x0a\x0f");
    shut(o, m);
    str(o, "\x08_CRS");
    size_t b = open(o, "\x11", "\x0a\x0e\x86\x09");
    num(o, 0, 2);
    num(o, 0xfed00000, 4);
    num(o, 0x400, 4);
    num(o, 0x79, 2);
    shut(o, b);
    shut(o, d);
    shut(o, scope);
}

static void definition(struct out *o, const struct acpi_case *c)
{
    size_t scope = open(o, SCOPE, "_SB_"), d = open(o, DEVICE, "PCI0"), m, i;
    hid(o, "PNP0A08");
    m = open(o, METHOD, "_OSC");
    num(o, 4, 1);
    i = open(o, IF, "h");
    str(o, "pk`{`\x0a");
    num(o, c->hotplug ? 0x1e : 0x1f, 1);
    str(o, "`");
    shut(o, i);
    shut(o, m);
    shut(o, d);
    shut(o, scope);
    if (c->hotplug) {
        scope = open(o, SCOPE, "._SB_PCI0");
        str(o, "\x5b\x80PCST\x01\x0b");
        o->p[scope] = 0x2e;
        num(o, 0xcc0, 2);
        str(o, "\x0a\x08\x5b\x01"
               "BLCK");
        num(o, 0, 1);
        shut(o, scope);
    }
    bridges(o, c);
    if (c->hpet)
        hpet(o);
    scope = open(o, SCOPE, "_GPE");
    hid(o, "ACPI0006");
    shut(o, scope);
    cpus(o, c);
    windows(o, c);
    if (c->hotplug) {
        scope = open(o, SCOPE, "_GPE");
        method_of(o, "_E01", 0);
        shut(o, scope);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

struct file {
    struct out out, loader;
    size_t at[16], n;
};

static void begin(struct file *f, const char *signature, unsigned revision)
{
    f->at[f->n++] = f->out.n;
    str(&f->out, signature);
    num(&f->out, 0, 4);
    num(&f->out, revision, 2);
    str(&f->out, "BOCHS BXPC    ");
    num(&f->out, 1, 4);
    str(&f->out, "BXPC");
    num(&f->out, 1, 4);
}

static void command(struct file *f, unsigned what, const char *name, const char *other)
{
    uint8_t names[112] = {0};
    memcpy(names, name, strlen(name));
    memcpy(names + 56, other, strlen(other));
    num(&f->loader, what, 4);
    raw(&f->loader, names, *other ? 112 : 56);
}

static void pad(struct out *o, size_t to)
{
    while (o->n % to)
        num(o, 0, 1);
}

static void points(struct file *f, const char *name, size_t at, unsigned size)
{
    command(f, 2, name, "etc/acpi/tables");
    num(&f->loader, at, 4);
    num(&f->loader, size, 1);
    pad(&f->loader, 128);
}

static void sums(struct file *f, const char *name, size_t at, size_t from, size_t n)
{
    command(f, 3, name, "");
    num(&f->loader, at, 4);
    num(&f->loader, from, 4);
    num(&f->loader, n, 4);
    pad(&f->loader, 128);
}

static void end(struct file *f)
{
    size_t at = f->at[f->n - 1], n = f->out.n - at;
    for (unsigned i = 0; i < 4; i++)
        f->out.p[at + 4 + i] = (uint8_t)(n >> 8 * i);
    if (f->n > 1)
        sums(f, "etc/acpi/tables", at + 9, at, n);
}

static void fadt(struct file *f, const struct acpi_case *c)
{
    uint8_t zero[244] = {0};
    struct out *o = &f->out;
    begin(f, "FACP", 3);
    size_t at = f->at[2];
    num(o, 0, 4);
    num(o, f->at[1], 4);
    num(o, 0x00090001, 4);
    num(o, c->smm ? 0xb2 : 0, 4);
    num(o, c->smm ? 0x0302 : 0, 2);
    raw(o, zero, 112 - (o->n - at));
    num(o, c->cpus > 8 ? 0x484a5 : 0x84a5, 4);
    raw(o, zero, 140 - (o->n - at));
    num(o, f->at[1], 8);
    raw(o, zero, 244 - (o->n - at));
    points(f, "etc/acpi/tables", at + 36, 4);
    points(f, "etc/acpi/tables", at + 40, 4);
    points(f, "etc/acpi/tables", at + 140, 8);
    end(f);
}

static void madt(struct file *f, const struct acpi_case *c)
{
    struct out *o = &f->out;
    begin(f, "APIC", 3);
    num(o, 0xfee00000, 4);
    num(o, c->pic, 4);
    for (unsigned i = 0; i < c->cpus; i++)
        lapic(o, i);
    num(o, 0x0c01, 4);
    num(o, 0xfec00000, 4);
    num(o, 0, 4);
    if (c->cpus > 255) {
        num(o, 0x0c0a, 4);
        num(o, 0xffffffff, 4);
        num(o, 1, 4);
    } else {
        raw(o, "\x04\x06\xff\0\0\x01", 6);
    }
    end(f);
}

static void srat(struct file *f, const struct acpi_case *c)
{
    uint64_t below = c->memory < SPLIT ? c->memory : 2 * GIB, above = c->memory - below;
    const uint64_t ranges[3][2] = {
        {0, 0xa0000}, {0x100000, below - 0x100000}, {above ? 4 * GIB : 0, above}};
    struct out *o = &f->out;
    begin(f, "SRAT", 1);
    num(o, 1, 4);
    num(o, 0, 8);
    for (unsigned i = 0; i < c->cpus; i++) {
        num(o, i < 255 ? 0x1000 : 0x1802, 2);
        num(o, i < 255 ? i << 8 : 0, i < 255 ? 2 : 6);
        num(o, i < 255 ? 1 : i, 4);
        num(o, i < 255 ? 0 : 1, 8);
        num(o, 0, i < 255 ? 0 : 4);
    }
    for (unsigned i = 0; i < 3; i++) {
        num(o, 0x2801, 8);
        num(o, ranges[i][0], 8);
        num(o, ranges[i][1], 8);
        num(o, 0, 4);
        num(o, ranges[i][1] != 0, 4);
        num(o, 0, 8);
    }
    end(f);
}

static void others(struct file *f, const struct acpi_case *c)
{
    if (c->hpet) {
        begin(f, "HPET", 1);
        num(&f->out, 0x8086a201, 4);
        num(&f->out, 0, 4);
        num(&f->out, 0xfed00000, 8);
        num(&f->out, 0, 4);
        end(f);
    }
    if (c->numa)
        srat(f, c);
    begin(f, "MCFG", 1);
    num(&f->out, 0, 8);
    num(&f->out, 0xb0000000, 8);
    num(&f->out, UINT64_C(0xff) << 24, 8);
    end(f);
    begin(f, "RSDT", 1);
    for (size_t i = 2; i + 1 < f->n; i++) {
        points(f, "etc/acpi/tables", f->out.n, 4);
        num(&f->out, f->at[i], 4);
    }
    end(f);
}

struct acpi_files acpi_case_build(struct arena *a, const struct acpi_case *c)
{
    struct err err = {0};
    struct file f = {.out.p = arena_alloc(a, ROOM, &err), .loader.p = arena_alloc(a, ROOM, &err)};
    struct out rsdp = {arena_alloc(a, 20, &err), 0};
    if (!f.out.p || !f.loader.p || !rsdp.p)
        abort();
    command(&f, 1, "etc/acpi/rsdp", "");
    num(&f.loader, 16, 4);
    num(&f.loader, 2, 1);
    pad(&f.loader, 128);
    command(&f, 1, "etc/acpi/tables", "");
    num(&f.loader, 64, 4);
    num(&f.loader, 1, 1);
    pad(&f.loader, 128);
    f.at[f.n++] = 0;
    str(&f.out, "FACS");
    num(&f.out, 64, 4);
    pad(&f.out, 64);
    begin(&f, "DSDT", 1);
    definition(&f.out, c);
    end(&f);
    fadt(&f, c);
    madt(&f, c);
    others(&f, c);
    raw(&rsdp, "RSD PTR \0BOCHS \0", 16);
    num(&rsdp, f.at[f.n - 1], 4);
    points(&f, "etc/acpi/rsdp", 16, 4);
    sums(&f, "etc/acpi/rsdp", 8, 0, 20);
    pad(&f.out, 0x20000);
    pad(&f.loader, 0x1000);
    return (struct acpi_files){bytes_of(f.out.p, f.out.n), bytes_of(rsdp.p, rsdp.n),
                               bytes_of(f.loader.p, f.loader.n)};
}
