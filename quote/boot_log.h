/*
 * boot_log: does a set of boot PCRs cover what was booted: kernel, command line, initrd, and all
 * code that ran before them? Told from the boot event log, path by path:
 *
 *   uki         a PE with kernel, command line and initrd inside, started by systemd-stub
 *   efi-stub    a kernel started as an EFI application by firmware or a boot loader
 *   qemu-kernel QEMU's -kernel, loaded by OVMF from fw_cfg
 *   grub        a kernel, command line and initrd read by GRUB with its tpm module
 *
 *   what          measured by                 where
 *   firmware      itself                      PCR 0
 *   option ROMs   firmware                    PCR 2
 *   images        firmware, at LoadImage      PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION
 *   command line  the kernel's EFI stub       PCR 9, EV_EVENT_TAG 8f3b22ed (not with grub)
 *   initrd        the kernel's EFI stub       PCR 9, EV_EVENT_TAG 8f3b22ec (not with grub)
 *   command line  GRUB                        PCR 8, EV_IPL "kernel_cmdline: "
 *   kernel,initrd GRUB                        PCR 9, EV_IPL, the file's name
 *
 * What the kernel's stub measures is what the kernel gets: with it in the set, nothing that a stub
 * takes from outside its PE (an own command line, add-ons, credentials, system extensions) stays
 * unmeasured, whether this boot had any or not. Any other path is refused, and so are a PCR 8 to 15
 * outside the set that this boot extended (but 11: it repeats what PCR 4 has), firmware that did
 * not close PCR 0 to 7 with a separator before the loader ran, and a log that does not end with
 * ExitBootServices.
 *
 * Sources: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4 and 10.4; Linux
 * drivers/firmware/efi/libstub; systemd-stub(7); the GRUB manual, "Measured Boot".
 */
#ifndef BOOTGATE_QUOTE_BOOT_LOG_H
#define BOOTGATE_QUOTE_BOOT_LOG_H

#include "base/arena.h"
#include "quote/boot_events.h"
#include "quote/tcg_pcr.h"

#define BOOT_LOG_COVERS_MAX 32u

enum boot_path {
    BOOT_PATH_NONE = 0,
    BOOT_PATH_UKI,
    BOOT_PATH_EFI_STUB,
    BOOT_PATH_QEMU_KERNEL,
    BOOT_PATH_GRUB,
};

/* struct boot_cover: one thing that was measured. */
struct boot_cover {
    const char *what; /* "kernel", "command line", "initrd", "firmware", "option ROMs", "image",
                       * "stub sections", "loader input"; static */
    unsigned pcr;
    size_t event;             /* number of the record, the header is 0; 0: several */
    char note[BOOT_NOTE_MAX]; /* a file's name and the like, as the log says; for people */
};

struct boot_log_facts {
    enum boot_path path;
    uint32_t needed; /* the least set that covers this boot; bit i: PCR i */
    uint32_t set;    /* the set that was asked about */
    struct tcg_pcrs pcrs;
    struct boot_cover covers[BOOT_LOG_COVERS_MAX];
    size_t n;
};

const char *boot_path_name(enum boot_path p);
/* boot_log_set_text: "0,2,4,9". */
#define BOOT_LOG_SET_TEXT 40u
void boot_log_set_text(uint32_t set, char out[static BOOT_LOG_SET_TEXT]);

/*
 * boot_log_cover fills *out when `set` covers the boot that the log tells of, PCRs replayed. NOT
 * checked: that the log is true. Names and types of events are no part of their digests (all but
 * those of separators, actions and GRUB's commands, which are checked): whoever can rewrite the log
 * can name them otherwise. So this guards against a set that leaves something out, not against a
 * guest that lies about itself.
 */
enum rc boot_log_cover(struct bytes log, uint16_t bank, uint32_t set, struct boot_log_facts *out,
                       struct err *err) MUST_CHECK;

struct boot_log_ok; /* opaque: made by boot_log_judge only */
const struct boot_log_facts *boot_log_facts_of(const struct boot_log_ok *ok);

/*
 * boot_log_judge: the log replays to the TPM's PCRs of the set (tcg_pcr_match: an empty set, and
 * members whose bits are all the same, are refused), and the set covers the boot. `tpm` in the
 * log's bank. *out is in the arena and holds no view of the log.
 */
enum rc boot_log_judge(struct arena *a, struct bytes log, uint16_t bank, uint32_t set,
                       const uint8_t tpm[TCG_PCRS][48], const struct boot_log_ok **out,
                       struct err *err) MUST_CHECK;

#endif
