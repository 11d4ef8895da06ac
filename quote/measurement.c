#include "quote/measurement.h"

#include "base/hash.h"
#include "quote/evlog_internal.h"

static const char *const input_names[NUM_MEASURED_INPUTS] = {
    "memory", "cpus", "devices", "qemu", "firmware", "kernel", "cmdline", "initrd"};

/* Events that are not listed are the same everywhere, as long as the firmware's layout is. */
static const struct {
    const char *what;
    unsigned inputs;
} follows[] = {
    {"td-hob", INPUT_MEMORY | INPUT_FIRMWARE},
    {"configuration volume", INPUT_FIRMWARE},
    {"variable SecureBoot", INPUT_FIRMWARE},
    {"variable PK", INPUT_FIRMWARE},
    {"variable KEK", INPUT_FIRMWARE},
    {"variable db", INPUT_FIRMWARE},
    {"variable dbx", INPUT_FIRMWARE},
    {"fw-cfg BootMenu", INPUT_DEVICES},
    {"fw-cfg bootorder", INPUT_DEVICES | INPUT_QEMU},
    {"smbios", INPUT_MEMORY | INPUT_CPUS | INPUT_QEMU},
    {"variable Boot0001", INPUT_FIRMWARE},
    {"separator", INPUT_FIRMWARE},
    {"acpi-loader", INPUT_MEMORY | INPUT_CPUS | INPUT_DEVICES | INPUT_QEMU},
    {"acpi-rsdp", INPUT_DEVICES | INPUT_QEMU},
    {"acpi-tables", INPUT_MEMORY | INPUT_CPUS | INPUT_DEVICES | INPUT_QEMU},
    {"variable BootOrder", INPUT_FIRMWARE},
    {"variable Boot0000", INPUT_FIRMWARE},
    /* QEMU writes the initrd's address and size into the header; the address is from memory. */
    {"kernel", INPUT_KERNEL | INPUT_INITRD | INPUT_MEMORY | INPUT_QEMU},
    {"command line", INPUT_CMDLINE},
    {"initrd", INPUT_INITRD},
};

const char *measured_input_name(unsigned bit)
{
    return bit < NUM_MEASURED_INPUTS ? input_names[bit] : NULL;
}

unsigned measured_inputs_of(struct bytes what)
{
    for (size_t i = 0; i < sizeof follows / sizeof *follows; i++)
        if (bytes_eq_str(what, follows[i].what))
            return follows[i].inputs;
    return 0;
}

const char *measured_layout_name(enum measured_layout l)
{
    static const char *const names[NUM_MEASURED_LAYOUTS] = {"pre202505", "pre202411",
                                                            "stable202505"};
    return names[l];
}

bool measured_layout_read(struct bytes name, enum measured_layout *out)
{
    for (unsigned l = 0; l < NUM_MEASURED_LAYOUTS; l++)
        if (bytes_eq_str(name, measured_layout_name((enum measured_layout)l))) {
            *out = (enum measured_layout)l;
            return true;
        }
    return false;
}

#define TYPE_FLAGS    0xau /* EV_PLATFORM_CONFIG_FLAGS */
#define TYPE_HANDOFF  0x80000009u
#define TYPE_HANDOFF2 0x8000000bu

/* says_boot_order: the payload begins with "QEMU FW CFG", a NUL and the file's name. */
static bool says_boot_order(struct bytes payload)
{
    static const char text[] = "QEMU FW CFG\0bootorder";
    return payload.n >= sizeof text - 1 && memcmp(payload.p, text, sizeof text - 1) == 0;
}

void measured_given_of_log(const struct evlog *log, struct measured_guest *out)
{
    struct err ignored = {0};
    uint8_t acpi[3][48];
    size_t seen = 0;
    if (os_image_acpi(log, acpi, &ignored) == RC_OK)
        for (size_t i = 0; i < 3; i++) {
            memcpy(out->given[GIVEN_ACPI_LOADER + i], acpi[i], 48);
            out->has_given[GIVEN_ACPI_LOADER + i] = true;
        }
    for (size_t i = 0; i < log->n; i++) {
        const struct event *e = &log->v[i];
        unsigned g = NUM_MEASURED_GIVEN;
        if (e->rtmr != 0)
            continue;
        if (e->type == TYPE_FLAGS && says_boot_order(e->payload))
            g = GIVEN_BOOT_ORDER;
        else if ((e->type == TYPE_HANDOFF || e->type == TYPE_HANDOFF2) && seen > 0)
            g = GIVEN_SMBIOS; /* the first event of all is the TD HOB's */
        seen++;
        if (g == NUM_MEASURED_GIVEN || out->has_given[g])
            continue;
        memcpy(out->given[g], e->digest, 48);
        out->has_given[g] = true;
    }
}

struct making {
    const struct measured_guest *guest;
    struct measurement *m;
};

static void add(struct making *w, unsigned rtmr, const char *what, const uint8_t digest[48])
{
    struct measured_event *e = &w->m->events[w->m->n++];
    *e = (struct measured_event){.rtmr = rtmr, .what = what, .known = digest != NULL};
    e->inputs = measured_inputs_of(bytes_of_str(what));
    if (strcmp(what, "kernel") == 0 && w->guest->header != BZIMAGE_PATCHED)
        e->inputs = INPUT_KERNEL | INPUT_QEMU;
    if (!digest) {
        w->m->known[rtmr] = false;
        return;
    }
    memcpy(e->digest, digest, 48);
    HASH_PARTS(hash_sha384_parts, w->m->rtmr[rtmr], bytes_of(w->m->rtmr[rtmr], 48),
               bytes_of(digest, 48));
}

static void add_data(struct making *w, const char *what, struct bytes data)
{
    uint8_t digest[48];
    hash_sha384(data, digest);
    add(w, 0, what, digest);
}

static void add_given(struct making *w, const char *what, enum measured_given g)
{
    add(w, 0, what, w->guest->has_given[g] ? w->guest->given[g] : NULL);
}

/* The firmware volume of OVMF, the boot manager's menu and the setup program in it: GUIDs as in
 * memory: 7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1, eec25bdc-67f2-4d95-b1d5-f81b2039d11d and
 * 462caa21-7614-4503-836e-8ab6f4662331 (edk2 OvmfPkg, MdeModulePkg). */
static const uint8_t guid_volume[16] = {0xc9, 0xbd, 0xb8, 0x7c, 0xeb, 0xf8, 0x34, 0x4f,
                                        0xaa, 0xea, 0x3e, 0xe4, 0xaf, 0x65, 0x16, 0xa1};
static const uint8_t guid_menu[16] = {0xdc, 0x5b, 0xc2, 0xee, 0xf2, 0x67, 0x95, 0x4d,
                                      0xb1, 0xd5, 0xf8, 0x1b, 0x20, 0x39, 0xd1, 0x1d};
static const uint8_t guid_setup[16] = {0x21, 0xaa, 0x2c, 0x46, 0x14, 0x76, 0x03, 0x45,
                                       0x83, 0x6e, 0x8a, 0xb6, 0xf4, 0x66, 0x23, 0x31};

/* add_option: EFI_LOAD_OPTION (UEFI 2.10, 3.1.3) of a file in the firmware volume (10.3.5.7, .8).
 */
static void add_option(struct making *w, const char *what, uint8_t attributes, const char *name,
                       const uint8_t file[static 16])
{
    static const uint8_t path_end[4] = {0x7f, 0xff, 4, 0};
    uint8_t b[160] = {attributes, 1, 0, 0, 44, 0}; /* 0x1xx: of category application */
    size_t n = 6;
    for (const char *c = name; *c; c++, n += 2)
        b[n] = (uint8_t)*c;
    n += 2;
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t node[4] = {4, i ? 6 : 7, 20, 0};
        memcpy(b + n, node, 4);
        memcpy(b + n + 4, i ? file : guid_volume, 16);
        n += 20;
    }
    memcpy(b + n, path_end, 4);
    add_data(w, what, bytes_of(b, n + 4));
}

/* boot_options_202505: what stable202505 measures behind the ACPI tables (dstack 5aac58fa). */
static void boot_options_202505(struct making *w)
{
    static const uint8_t order[4] = {0, 0, 1, 0};
    add_given(w, "smbios", GIVEN_SMBIOS);
    add_data(w, "variable BootOrder", BYTES_OF_ARRAY(order));
    add_option(w, "variable Boot0000", 0x09, "BootManagerMenuApp", guid_menu);
    add_option(w, "variable Boot0001", 0x01, "EFI Firmware Setup", guid_setup);
}

static void add_event(struct making *w, const struct lite_event *e)
{
    static const uint8_t zero[2] = {0};
    enum measured_layout layout = w->guest->layout;
    const char *what = e->what ? e->what : "";
    bool modern = layout == MEASURED_STABLE202505, separator = strcmp(what, "separator") == 0;
    if (modern && strncmp(what, "variable Boot", 13) == 0)
        return; /* its own come behind the ACPI tables */
    if (layout == MEASURED_PRE202411 && e->rtmr == 1 && separator)
        return;
    if (strncmp(what, "acpi-", 5) == 0)
        add_given(w, what,
                  strcmp(what, "acpi-loader") == 0 ? GIVEN_ACPI_LOADER
                  : strcmp(what, "acpi-rsdp") == 0 ? GIVEN_ACPI_RSDP
                                                   : GIVEN_ACPI_TABLES);
    else
        add(w, e->rtmr, what, e->digest);
    if (modern && strcmp(what, "configuration volume") == 0) {
        add_data(w, "fw-cfg BootMenu", BYTES_OF_ARRAY(zero));
        add_given(w, "fw-cfg bootorder", GIVEN_BOOT_ORDER);
    }
    if (modern && strcmp(what, "acpi-tables") == 0)
        boot_options_202505(w);
}

enum rc measurement_make(const struct lite_image *image, const struct measured_guest *guest,
                         struct measurement *out, struct err *err)
{
    static const uint8_t zero[4] = {0};
    static const uint8_t no_acpi[3][48];
    uint8_t separator[48];
    struct measurement m = {.known = {true, true, true}};
    struct making w = {guest, &m};
    struct lite_event v[LITE_EVENTS];
    TRY(lite_expect(image, guest->memory, no_acpi, v, err));
    memcpy(m.mrtd, guest->order == TDVF_TWO_PASS ? image->mrtd_two : image->mrtd_single, 48);
    hash_sha384(BYTES_OF_ARRAY(zero), separator);
    for (size_t i = 0; i < LITE_EVENTS; i++) {
        if (i == LITE_RTMR0 && guest->layout == MEASURED_PRE202411)
            add(&w, 0, "separator", separator);
        add_event(&w, &v[i]);
    }
    for (size_t r = 0; r < 3; r++)
        if (!m.known[r])
            memset(m.rtmr[r], 0, sizeof m.rtmr[r]);
    *out = m;
    return RC_OK;
}
