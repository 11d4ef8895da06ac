/*
 * boot_log_builder: boot event logs as OVMF, shim, systemd-stub, Linux and GRUB write them, made
 * from a list of events that a test may change first. tests/vm/ovmf_boot.sh holds uki, qemu-kernel
 * and shim-uki against real logs (tests/tools/boot_log_tool.c). systemd-258, systemd-profile and
 * grub-2.12 are our reading of systemd's and GRUB's documents: no such loader was run.
 */
#ifndef BOOTGATE_TESTS_BOOT_LOG_BUILDER_H
#define BOOTGATE_TESTS_BOOT_LOG_BUILDER_H

#include "base/bytes.h"

#define BUILT_EVENTS_MAX 64u
#define BUILT_DATA_MAX   160u
#define BUILT_LOG_MAX    16384u

enum built_digest {
    BUILT_OF_DATA, /* of the data as it stands */
    BUILT_OF_TEXT, /* of GRUB's command: without the prefix and the NUL */
    BUILT_OF_NAME, /* of a section's name: as ASCII, with its NUL */
    BUILT_OTHER,   /* of something that is not in the log: a file */
};

struct built_event {
    uint32_t pcr, type;
    enum built_digest digest;
    bool varies; /* the data has addresses or paths in it */
    uint8_t data[BUILT_DATA_MAX];
    size_t n;
};

/* What a byte of the log is. */
enum built_byte {
    BUILT_HEADER,
    BUILT_FRAME,     /* lengths, counts, algorithms */
    BUILT_PCR,       /* the PCR's number */
    BUILT_TYPE,      /* the event's type */
    BUILT_SHA256,    /* its digest */
    BUILT_SHA384,    /* the other bank's digest */
    BUILT_DATA,      /* data that the digest is of */
    BUILT_FREE_DATA, /* data that it is not of */
};

struct built_log {
    uint8_t b[BUILT_LOG_MAX];
    uint8_t kind[BUILT_LOG_MAX];   /* enum built_byte */
    uint8_t pcr_of[BUILT_LOG_MAX]; /* whose event it is in; 0xff: the header */
    size_t n;
};

/* built_events: "uki", "efi-stub", "qemu-kernel", "grub", "shim-grub", "shim-uki", "systemd-258",
 * "systemd-profile" or "grub-2.12". Returns how many. */
size_t built_events(const char *path, struct built_event out[static BUILT_EVENTS_MAX]);
/* built_text sets an event's data. */
void built_text(struct built_event *e, uint32_t pcr, uint32_t type, const char *text);
void built_encode(const struct built_event *v, size_t n, struct built_log *out);

#endif
