/*
 * measurement: what the registers of a TD will be that boots an image: MRTD, RTMR0 to RTMR2, event
 * by event, each with the inputs that it follows from (tdx facts 4.6). RTMR3 is the running
 * system's. ACPI tables are made by QEMU: their digests are given, or RTMR0 is not known.
 */
#ifndef BOOTGATE_QUOTE_MEASUREMENT_H
#define BOOTGATE_QUOTE_MEASUREMENT_H

#include "quote/image.h"

/* What somebody may have set otherwise, as bits. */
enum measured_input {
    INPUT_MEMORY = 1u << 0,
    INPUT_CPUS = 1u << 1,
    INPUT_DEVICES = 1u << 2,
    INPUT_QEMU = 1u << 3,
    INPUT_FIRMWARE = 1u << 4,
    INPUT_KERNEL = 1u << 5,
    INPUT_CMDLINE = 1u << 6,
    INPUT_INITRD = 1u << 7,
};
#define NUM_MEASURED_INPUTS 8u

struct measured_event {
    unsigned rtmr;
    const char *what; /* static, as struct lite_event has it */
    bool known;
    uint8_t digest[48];
    unsigned inputs; /* INPUT_ bits; 0: the same everywhere */
};

struct measurement {
    uint8_t mrtd[48];
    bool known[3];
    uint8_t rtmr[3][48];
    struct measured_event events[LITE_EVENTS];
};

struct measured_guest {
    uint64_t memory; /* bytes */
    enum tdvf_order order;
    enum bzimage_header header;
    bool has_acpi;
    uint8_t acpi[3][48]; /* loader, RSDP, tables */
};

/* measurement_make: image was measured for this guest (image_material). */
enum rc measurement_make(const struct lite_image *image, const struct measured_guest *guest,
                         struct measurement *out, struct err *err) MUST_CHECK;
/* measured_input_name: of one bit, by its number: "memory", "cpus", .. NULL: there is no such. */
const char *measured_input_name(unsigned bit);
/* measured_inputs_of: the inputs of an event by its name; as loaded with a patched header. 0: none,
 * or not one of the names. */
unsigned measured_inputs_of(struct bytes what);
/* MRTD follows from the firmware, and from QEMU's order of pages. */
#define MRTD_INPUTS (INPUT_FIRMWARE | INPUT_QEMU)

#endif
