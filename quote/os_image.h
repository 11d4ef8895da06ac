/*
 * os_image: proof that os_image_hash names the image this TD runs ("lite" measurement material,
 * dstack; tdx facts 4.5). The material is bound by the hash and must reproduce MRTD, RTMR1, RTMR2
 * and RTMR0; only the three ACPI digests inside RTMR0 come from the log and are reported.
 * NOT checked: what those ACPI tables do; RTMR3; whether the hash is one that anybody approves of.
 */
#ifndef BOOTGATE_QUOTE_OS_IMAGE_H
#define BOOTGATE_QUOTE_OS_IMAGE_H

#include "base/check.h"
#include "quote/evlog.h"
#include "quote/lite.h"

struct os_image {
    uint8_t hash[32];    /* os_image_hash */
    bool proven;         /* false: host-stated (taken from vm_config, nothing behind it) */
    const char *variant; /* which MRTD matched: "single_pass", "two_pass"; NULL not proven */
    uint8_t acpi[3][48]; /* loader, RSDP, tables: digests as logged (anchor: host) */
    bool has_acpi;
    struct bytes mr_config; /* the mr_config document beside it, or empty; MRCONFIGID v3 binds it */
};

/*
 * os_image_prove reads vm_config (JSON text). With lite material it must prove the hash, or fail
 * (BG-06xx); without it: require ? error : host-stated.
 */
enum rc os_image_prove(struct arena *a, struct bytes vm_config, const struct td_report_ok *td,
                       const struct evlog_ok *log, bool require, struct os_image *out,
                       struct err *err) MUST_CHECK;
/* os_image_acpi: the digests of loader, RSDP and tables, as a log has them in RTMR0. */
enum rc os_image_acpi(const struct evlog *log, uint8_t out[3][48], struct err *err) MUST_CHECK;

/* struct os_image_stated: what vm_config says of guest and host; their word, nothing behind it. */
struct os_image_stated {
    uint64_t memory, cpus; /* 0: not said */
    bool has_gpus;         /* that is said */
    uint64_t gpus;
    const char *qemu;  /* NULL: not said */
    bool has_material; /* lite material that can be read; NOT bound to any hash here */
    struct lite_image material;
    struct bytes mr_config; /* document, or empty */
};

/* os_image_stated_read takes what is there; a vm_config that cannot be read says nothing. */
enum rc os_image_stated_read(struct arena *a, struct bytes vm_config, struct os_image_stated *out,
                             struct err *err) MUST_CHECK;

#endif
