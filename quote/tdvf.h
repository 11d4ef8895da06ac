/*
 * tdvf: a TDX virtual firmware image (OVMF.fd): the section table that the VMM loads it by, and
 * what follows from it: MRTD, and the memory that the firmware accepts at once. Sources: Intel TDX
 * Virtual Firmware Design Guide 11 (metadata), TDX Module ABI, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND;
 * tdx facts 4.6. The image is the user's own file: its format is checked, its content is not
 * judged.
 */
#ifndef BOOTGATE_QUOTE_TDVF_H
#define BOOTGATE_QUOTE_TDVF_H

#include "base/arena.h"

#define TDVF_SECTIONS_MAX 64u
#define TDVF_PAGE         0x1000u

enum tdvf_type { TDVF_BFV = 0, TDVF_CFV = 1, TDVF_TD_HOB = 2, TDVF_TEMP_MEM = 3 };
enum tdvf_attribute { TDVF_MR_EXTEND = 1u << 0, TDVF_PAGE_AUG = 1u << 1 };

struct tdvf_section {
    uint32_t data_offset, raw_size; /* bytes in the image */
    uint64_t address, memory_size;  /* guest physical; whole pages */
    uint32_t type, attributes;
};

struct tdvf {
    struct bytes image; /* borrowed */
    struct tdvf_section sections[TDVF_SECTIONS_MAX];
    size_t n;
};

/* The order in which the VMM adds pages: QEMU before 9 adds all of a section, then extends. */
enum tdvf_order { TDVF_SINGLE_PASS = 1, TDVF_TWO_PASS };

/* tdvf_read finds the table by its GUID at the image's end; each section is checked against it. */
enum rc tdvf_read(struct bytes image, struct tdvf *out, struct err *err) MUST_CHECK;
/* tdvf_mrtd: the SHA-384 over the additions and extensions of all sections. */
void tdvf_mrtd(const struct tdvf *t, enum tdvf_order order, uint8_t out[static 48]);
/* tdvf_cfv: SHA-384 of the configuration volume, the second event of RTMR0. False: has none. */
bool tdvf_cfv(const struct tdvf *t, uint8_t out[static 48]) MUST_CHECK;
/* tdvf_witness: the accepted ranges as lite material has them (quote/lite.h, td_hob). */
enum rc tdvf_witness(struct arena *a, const struct tdvf *t, struct bytes *out,
                     struct err *err) MUST_CHECK;

#endif
