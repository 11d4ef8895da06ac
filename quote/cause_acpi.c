/* cause_acpi: ACPI tables that are not the expected machine's: those of machines nearby are made
 * from its files, one change and then two at a time, until RTMR0's digests are met. */
#include "base/hash.h"
#include "quote/cause_internal.h"

#define GIB      UINT64_C(0x40000000)
#define CPUS_ALL 256u /* each number up to here; beyond, the usual ones */

struct search {
    struct cause_run *r;
    const struct acpi_tables *t;
    struct acpi_change ground; /* what is known already: memory, by the TD HOB */
    const uint8_t *value;      /* of RTMR0, where there is no log; else NULL */
};

/* cpus_at: numbers of CPUs; 0: no more. */
static uint32_t cpus_at(const struct search *s, size_t i)
{
    static const uint32_t more[] = {288, 320, 384, 448, 512, 0};
    uint64_t said = s->r->im->stated.cpus;
    return i == 0          ? (uint32_t)(said && said <= ACPI_CPUS_MAX ? said : 1)
           : i <= CPUS_ALL ? (uint32_t)i
                           : more[i - CPUS_ALL - 1];
}

#define SWITCHES 8u

static enum acpi_switch other(enum acpi_switch s)
{
    return s == ACPI_ON ? ACPI_OFF : s == ACPI_OFF ? ACPI_ON : ACPI_KEEP;
}

/* switched: the i-th device that is otherwise. False: it cannot be. */
static bool switched(const struct acpi_machine *m, size_t i, struct acpi_change *c)
{
    static const uint64_t holes[] = {32 * GIB, 64 * GIB, 128 * GIB, 256 * GIB};
    switch (i) {
    case 0:
        return (c->pic = other(m->pic)) != ACPI_KEEP;
    case 1:
        return (c->hotplug = other(m->hotplug)) == ACPI_OFF;
    case 2:
        return (c->hpet = other(m->hpet)) != ACPI_KEEP;
    case 3:
        return (c->smm = other(m->smm)) != ACPI_KEEP;
    default:
        c->hole64_size = holes[i - 4];
        return m->hole64_size != 0 && c->hole64_size != m->hole64_size;
    }
}

static bool value_met(const struct search *s, const struct acpi_change *c,
                      const uint8_t digests[static 3][48])
{
    struct measured_guest g = s->r->guest;
    struct measurement m;
    struct err ignored = {0};
    g.memory = c->memory ? c->memory : g.memory;
    for (size_t i = 0; i < 3; i++) {
        memcpy(g.given[GIVEN_ACPI_LOADER + i], digests[i], 48);
        g.has_given[GIVEN_ACPI_LOADER + i] = true;
    }
    return measurement_make(&s->r->im->image, &g, &m, &ignored) == RC_OK && m.known[0] &&
           memcmp(m.rtmr[0], s->value, 48) == 0;
}

/* met: the machine with this change has the digests that are there. */
static bool met(const struct search *s, const struct acpi_change *c)
{
    AUTO_ARENA a = arena_new(16u << 20);
    struct cause_run *r = s->r;
    struct acpi_files files;
    struct err ignored = {0};
    uint8_t got[3][48];
    if (!a || acpi_derive(a, s->t, c, &files, &ignored) != RC_OK)
        return false;
    r->out->tried++;
    if (!s->value) { /* the loader's commands are short: most others are told by them alone */
        hash_sha384(files.loader, got[0]);
        if (r->has_acpi[0] && memcmp(got[0], r->acpi[0], 48) != 0)
            return false;
    }
    acpi_digests(&files, got);
    if (s->value)
        return value_met(s, c, got);
    for (size_t i = 0; i < 3; i++)
        if (r->has_acpi[i] && memcmp(got[i], r->acpi[i], 48) != 0)
            return false;
    return r->has_acpi[2];
}

static bool find_cpus(const struct search *s, struct acpi_change *c)
{
    for (size_t i = 0; (c->cpus = cpus_at(s, i)) != 0; i++)
        if (c->cpus != s->t->machine.cpus && met(s, c))
            return true;
    return false;
}

/* find: one change; then two, of devices and devices, or CPUs and a device. */
static bool find(const struct search *s, struct acpi_change *out)
{
    const struct acpi_machine *m = &s->t->machine;
    *out = s->ground;
    if (met(s, out) || find_cpus(s, out))
        return true;
    for (size_t i = 0; i < SWITCHES; i++) {
        *out = s->ground;
        if (switched(m, i, out) && met(s, out))
            return true;
    }
    for (size_t i = 0; i < SWITCHES; i++)
        for (size_t k = i + 1; k < SWITCHES; k++) {
            *out = s->ground;
            if ((i < 4 || k < 4) && switched(m, i, out) && switched(m, k, out) && met(s, out))
                return true;
        }
    for (size_t i = 0; i < SWITCHES; i++) {
        *out = s->ground;
        if (switched(m, i, out) && find_cpus(s, out))
            return true;
    }
    return false;
}

/* ---- saying it ------------------------------------------------------------------------------- */

static const char *on_off(enum acpi_switch s)
{
    return s == ACPI_ON ? "on" : "off";
}

struct said {
    const char *what[5]; /* as QEMU's options: "pic=off" */
    const char *was[5];
    size_t n;
};

static void say(struct cause_run *r, struct said *d, const char *name, enum acpi_switch now)
{
    if (!now)
        return;
    d->what[d->n] = arena_printf(r->a, r->err, "%s=%s", name, on_off(now));
    d->was[d->n++] = arena_printf(r->a, r->err, "%s=%s", name, on_off(other(now)));
}

static const char *joined(struct cause_run *r, const char *const *v, size_t n)
{
    return n == 0                     ? ""
           : n == 1 || !v[0] || !v[1] ? v[0]
                                      : arena_printf(r->a, r->err, "%s and %s", v[0], v[1]);
}

static enum rc tell_cpus(struct cause_run *r, const struct acpi_tables *t, uint32_t cpus,
                         const char *matches_if)
{
    const char *s = cpus == 1 ? "" : "s";
    return cause_put(
        r,
        (struct cause){.id = "cpus",
                       .confidence = CAUSE_PROVEN,
                       .registers = 1,
                       .event = "acpi-tables",
                       .inputs = INPUT_CPUS,
                       .order = 6,
                       .matches_if = matches_if,
                       .why = arena_printf(r->a, r->err, "the guest has %u CPU%s, expected were %u",
                                           cpus, s, t->machine.cpus),
                       .fix = arena_printf(r->a, r->err,
                                           "measure again with -c %u, or start the guest with "
                                           "%u",
                                           cpus, t->machine.cpus),
                       .see = "Datura-ai/lium#1106"});
}

static enum rc tell_devices(struct cause_run *r, const struct said *d, const char *matches_if)
{
    const char *now = joined(r, d->what, d->n), *was = joined(r, d->was, d->n);
    if (!now || !was)
        return r->err->rc;
    return cause_put(
        r, (struct cause){.id = "devices",
                          .confidence = CAUSE_PROVEN,
                          .registers = 1,
                          .event = "acpi-tables",
                          .inputs = INPUT_DEVICES,
                          .order = 6,
                          .matches_if = matches_if,
                          .why = arena_printf(r->a, r->err,
                                              "the host's QEMU runs the machine with %s, expected "
                                              "was %s",
                                              now, was),
                          .fix = arena_printf(r->a, r->err,
                                              "start QEMU with %s (dstack: vmm.toml), or measure "
                                              "with --acpi DIR of a machine that has %s",
                                              was, now),
                          .see = "Dstack-TEE/dstack#677"});
}

static enum rc tell(const struct search *s, const struct acpi_change *c)
{
    struct cause_run *r = s->r;
    struct said d = {.n = 0};
    const char *all[3], *devices, *whole;
    size_t n = 0;
    if (c->memory && s->ground.memory)
        TRY(cause_memory(r, 0, "acpi-tables", c->memory));
    say(r, &d, "pic", c->pic);
    say(r, &d, "acpi-pci-hotplug-with-bridge-support", c->hotplug);
    say(r, &d, "hpet", c->hpet);
    say(r, &d, "smm", c->smm);
    if (c->hole64_size) {
        d.what[d.n] = arena_printf(r->a, r->err, "pci-hole64-size=%lluG",
                                   (unsigned long long)(c->hole64_size / GIB));
        d.was[d.n++] = arena_printf(r->a, r->err, "pci-hole64-size=%lluG",
                                    (unsigned long long)(s->t->machine.hole64_size / GIB));
    }
    devices = joined(r, d.what, d.n);
    if (c->cpus)
        all[n++] = arena_printf(r->a, r->err, "the machine has %u CPU%s", c->cpus,
                                c->cpus == 1 ? "" : "s");
    if (d.n)
        all[n++] = devices;
    whole = joined(r, all, n);
    if (!whole)
        return r->err->rc;
    if (c->cpus)
        TRY(tell_cpus(r, s->t, c->cpus, whole));
    return d.n ? tell_devices(r, &d, whole) : RC_OK;
}

enum rc cause_acpi(struct cause_run *r, const uint8_t *value, bool *out_found)
{
    struct search s = {.r = r, .t = r->im->tables, .value = value};
    struct acpi_change c;
    *out_found = false;
    if (!s.t)
        return RC_OK;
    if (r->memory_known)
        s.ground.memory = r->memory;
    bool first = !r->acpi_searched;
    if (first)
        r->acpi_found = find(&s, &c);
    r->acpi_searched = true;
    *out_found = r->acpi_found;
    return first && r->acpi_found ? tell(&s, &c) : RC_OK;
}
