#include "quote/measurement.h"

#include "base/hash.h"

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

static void extend(uint8_t rtmr[static 48], const uint8_t digest[static 48])
{
    HASH_PARTS(hash_sha384_parts, rtmr, bytes_of(rtmr, 48), bytes_of(digest, 48));
}

enum rc measurement_make(const struct lite_image *image, const struct measured_guest *guest,
                         struct measurement *out, struct err *err)
{
    struct measurement m = {.known = {true, true, true}};
    struct lite_event v[LITE_EVENTS];
    TRY(lite_expect(image, guest->memory, guest->acpi, v, err));
    memcpy(m.mrtd, guest->order == TDVF_TWO_PASS ? image->mrtd_two : image->mrtd_single, 48);
    for (size_t i = 0; i < LITE_EVENTS; i++) {
        struct measured_event *e = &m.events[i];
        bool acpi = i >= LITE_ACPI_FIRST && i < LITE_ACPI_FIRST + 3;
        e->rtmr = v[i].rtmr;
        e->what = v[i].what ? v[i].what : "";
        e->known = !acpi || guest->has_acpi;
        e->inputs = measured_inputs_of(bytes_of_str(e->what));
        if (strcmp(e->what, "kernel") == 0 && guest->header == BZIMAGE_AS_IS)
            e->inputs = INPUT_KERNEL | INPUT_QEMU;
        if (!e->known) {
            m.known[e->rtmr] = false;
            continue;
        }
        memcpy(e->digest, v[i].digest, 48);
        extend(m.rtmr[e->rtmr], e->digest);
    }
    for (size_t r = 0; r < 3; r++)
        if (!m.known[r])
            memset(m.rtmr[r], 0, sizeof m.rtmr[r]);
    *out = m;
    return RC_OK;
}
