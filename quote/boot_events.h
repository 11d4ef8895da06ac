/*
 * boot_events: single events of a boot event log, taken apart for boot_log. Sources: TCG PC Client
 * Platform Firmware Profile 1.06, section 10.4.1 (types), 10.2.3 (UEFI_IMAGE_LOAD_EVENT); UEFI
 * 2.10, section 10.3 (device paths); Linux drivers/firmware/efi/libstub/efistub.h (tags); the GRUB
 * manual, "Measured Boot" (strings); shim 12 to 16, mok.c (names); UAPI.5 (a UKI's sections).
 */
#ifndef BOOTGATE_QUOTE_BOOT_EVENTS_H
#define BOOTGATE_QUOTE_BOOT_EVENTS_H

#include "base/cur.h"

#define BOOT_NOTE_MAX 64u /* characters of a name, and its NUL */

#define BOOT_EV_SEPARATOR          0x4u
#define BOOT_EV_EVENT_TAG          0x6u
#define BOOT_EV_IPL                0xdu
#define BOOT_EV_EFI_APPLICATION    0x80000003u
#define BOOT_EV_EFI_BOOT_DRIVER    0x80000004u
#define BOOT_EV_EFI_RUNTIME_DRIVER 0x80000005u
#define BOOT_EV_EFI_ACTION         0x80000007u

#define BOOT_TAG_INITRD  0x8f3b22ecu /* "Linux initrd" */
#define BOOT_TAG_CMDLINE 0x8f3b22edu /* "LOADED_IMAGE::LoadOptions" */
#define BOOT_EXITED      "Exit Boot Services Returned with Success"

/* boot_digest_is_of_data: the digest of such an event is that of its data (section 10.4.1). */
bool boot_digest_is_of_data(uint32_t type);

/* struct boot_image: where an image came from, as the event says. */
struct boot_image {
    bool stub_payload, qemu_loader; /* by systemd-stub out of a PE; by OVMF out of fw_cfg */
    char path[BOOT_NOTE_MAX];       /* its file name, ASCII; or empty */
};
/* boot_image_read: an event without a device path has no path. */
void boot_image_read(struct bytes data, struct boot_image *out);

/* boot_shim_read: one of the variables that shim measures under their names. */
bool boot_shim_read(struct bytes data);

#define BOOT_SECTION_MAX 16u /* a PE section's name, its NUL, and some room */

/* struct boot_section: a UKI's section, as systemd-stub announces it before it measures it. */
struct boot_section {
    uint8_t name[BOOT_SECTION_MAX]; /* ASCII with its NUL: what the announcement's digest is of */
    size_t n;
    bool profile; /* one of several variants of the UKI's parts was chosen */
};
/* boot_section_read: the name is one of the UKI specification's, in UTF-16. */
bool boot_section_read(struct bytes data, struct boot_section *out);

enum boot_grub { BOOT_GRUB_NONE = 0, BOOT_GRUB_COMMAND, BOOT_GRUB_CMDLINE };
/* boot_grub_read: *text is what the digest is of. */
enum boot_grub boot_grub_read(struct bytes data, struct bytes *text);

/* boot_text: without the one NUL at its end. */
struct bytes boot_text(struct bytes data);
/* boot_word takes the next word off; empty: there is none. */
struct bytes boot_word(struct bytes *words);
/* boot_note: printable ASCII, cut where it is longer. */
void boot_note(struct bytes text, char out[static BOOT_NOTE_MAX]);

#endif
