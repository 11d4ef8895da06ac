/*
 * measurement: what the registers of a TD will be that boots an image: MRTD, RTMR0 to RTMR2, event
 * by event, each with the inputs that it follows from (tdx facts 4.6). RTMR3 is the running
 * system's. ACPI tables are made by QEMU: their digests are given, or RTMR0 is not known.
 */
#ifndef BOOTGATE_QUOTE_MEASUREMENT_H
#define BOOTGATE_QUOTE_MEASUREMENT_H

#include "quote/evlog.h"
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

/*
 * What the firmware measures, by its release of edk2: before stable202411 the separator of
 * ReadyToBoot went to RTMR0 instead of RTMR1 (edk2 efaf893); since stable202505 RTMR0 has 17 events
 * and more (dstack#678, meta-dstack#63). dstack's images have the middle one.
 */
enum measured_layout {
    MEASURED_PRE202505 = 0,
    MEASURED_PRE202411,
    MEASURED_STABLE202505,
    NUM_MEASURED_LAYOUTS
};

#define MEASURED_EVENTS (LITE_EVENTS + 5u) /* of any layout */

/* Digests that no image can tell: QEMU makes what is measured. They come from a log. */
enum measured_given {
    GIVEN_ACPI_LOADER = 0,
    GIVEN_ACPI_RSDP,
    GIVEN_ACPI_TABLES,
    GIVEN_BOOT_ORDER, /* stable202505: QEMU's bootorder file */
    GIVEN_SMBIOS,     /* stable202505: the filtered SMBIOS tables */
    NUM_MEASURED_GIVEN
};

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
    struct measured_event events[MEASURED_EVENTS]; /* by register, in order */
    size_t n;
};

struct measured_guest {
    uint64_t memory; /* bytes */
    enum tdvf_order order;
    enum bzimage_header header;
    enum measured_layout layout;
    bool has_given[NUM_MEASURED_GIVEN];
    uint8_t given[NUM_MEASURED_GIVEN][48];
};

/* measurement_make: image was measured for this guest (image_material). */
enum rc measurement_make(const struct lite_image *image, const struct measured_guest *guest,
                         struct measurement *out, struct err *err) MUST_CHECK;
/* measured_given_of_log takes from a log's RTMR0 what only a log can tell, as far as it is there;
 * the three ACPI digests all or none. */
void measured_given_of_log(const struct evlog *log, struct measured_guest *out);
/* measured_layout_name: "pre202505", ..; measured_layout_read: false, no such name. */
const char *measured_layout_name(enum measured_layout l);
bool measured_layout_read(struct bytes name, enum measured_layout *out) MUST_CHECK;
/* measured_input_name: of one bit, by its number: "memory", "cpus", .. NULL: there is no such. */
const char *measured_input_name(unsigned bit);
/* measured_inputs_of: the inputs of an event by its name; as loaded with a patched header. 0: none,
 * or not one of the names. */
unsigned measured_inputs_of(struct bytes what);
/* MRTD follows from the firmware, and from QEMU's order of pages. */
#define MRTD_INPUTS (INPUT_FIRMWARE | INPUT_QEMU)

#endif
