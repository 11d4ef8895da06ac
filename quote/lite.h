/*
 * lite: dstack's image measurement material (measurement.tdx.cbor, version 3) and what it says the
 * registers of a TD running that image must be (tdx facts 4.5, 4.6). Pure data: the material is
 * bound to os_image_hash by quote/os_image.c, never here.
 */
#ifndef BOOTGATE_QUOTE_LITE_H
#define BOOTGATE_QUOTE_LITE_H

#include "base/arena.h"

#define LITE_CBOR_MAX   4096u /* bytes; dstack 0.6 images have 383 */
#define LITE_HOB_RANGES 64u   /* accepted memory ranges in one witness; OVMF has 4 */
#define LITE_RTMR0      13u   /* events per register, firmware layout pre202505 */
#define LITE_RTMR1      5u
#define LITE_RTMR2      2u
#define LITE_EVENTS     (LITE_RTMR0 + LITE_RTMR1 + LITE_RTMR2)
#define LITE_ACPI_FIRST 8u /* position of the loader's event in RTMR0; RSDP and tables follow */

struct lite_image {
    uint8_t cmdline[48]; /* digest of the command line event */
    uint8_t kernel[48];  /* Authenticode digest of the kernel as QEMU patches it */
    uint8_t initrd[48];
    uint8_t mrtd_single[48]; /* QEMU >= 9: add and extend page by page */
    uint8_t mrtd_two[48];    /* QEMU 8: add all pages, then extend */
    const char *ovmf;        /* firmware layout; static: "pre202505" is the only one known */
    bool has_cfv;            /* false: the material has none; dstack's OVMF is assumed */
    uint8_t cfv[48];         /* digest of the configuration volume */
    struct bytes td_hob;     /* witness: what of the memory the firmware accepts at once */
};

struct lite_event {
    unsigned rtmr;
    const char *what; /* static: "td-hob", "variable PK", "kernel", .. */
    uint8_t digest[48];
};

/*
 * lite_parse reads the CBOR strictly: definite lengths, shortest heads, each known key exactly
 * once, nothing behind. td_hob views cbor.
 */
enum rc lite_parse(struct bytes cbor, struct lite_image *out, struct err *err) MUST_CHECK;

/*
 * lite_expect lists all events of RTMR0, RTMR1 and RTMR2 in order. memory: bytes of guest RAM;
 * acpi: the loader's, RSDP's and tables' digests, which the material cannot know.
 */
enum rc lite_expect(const struct lite_image *image, uint64_t memory, const uint8_t acpi[3][48],
                    struct lite_event out[LITE_EVENTS], struct err *err) MUST_CHECK;

/* lite_td_hob: the first of them alone. */
enum rc lite_td_hob(const struct lite_image *image, uint64_t memory, uint8_t out[static 48],
                    struct err *err) MUST_CHECK;

#endif
