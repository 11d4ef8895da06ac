/*
 * event_builder: a dstack guest's boot, made forwards: what firmware, kernel and dstack would
 * measure for an invented image and app, as event log, registers, vm_config and app-compose. An
 * oracle for quote/: written from the same public formats (tdx facts 4), sharing no code with it.
 */
#ifndef BOOTGATE_TESTS_EVENT_BUILDER_H
#define BOOTGATE_TESTS_EVENT_BUILDER_H

#include "base/arena.h"

/* struct event_spec: the zero value is a 2 GiB app guest with a KMS, booted to system-ready. */
struct event_spec {
    const char *app_compose;    /* NULL: a small default document */
    const uint8_t *app_id;      /* 20 bytes; NULL: first 20 of the compose hash */
    const uint8_t *instance_id; /* 20 bytes; NULL: derived from the app id */
    bool no_instance_id;        /* the event is there and empty */
    const char *key_provider;   /* JSON text; NULL: {"name":"kms","id":..} */
    const char *image;          /* any text: another one is another image; NULL: "image" */
    uint64_t memory_size;       /* 0: 2 GiB */
    bool single_pass;           /* MRTD as QEMU 9 makes it; else QEMU 8's two-pass value */
    unsigned event_version;     /* runtime event encoding: 0 or 1: v1, 2: v2 */
    bool with_digests;          /* runtime events carry their digests (old logs); else stripped */
    unsigned init_scripts;      /* that many init-script-hash events */
    bool until_boot_mr_done;    /* the log ends there: an app asking for its keys */
    unsigned app_events;        /* events of the application behind system-ready */
    unsigned mr_config;         /* MRCONFIGID: 0 zero, 1 version 1 */
    bool no_material;           /* vm_config without tdx_measurement */
};

struct event_world {
    const char *app_compose;
    const char *vm_config;
    const char *event_log; /* JSON array */
    uint8_t mrtd[48], rtmr[4][48], mr_config_id[48];
    uint8_t app_id[20], compose_hash[32], instance_id[20], os_image_hash[32];
    bool has_instance_id;
    const char *key_provider;
    uint8_t acpi[3][48];
    struct bytes measurement;   /* measurement.tdx.cbor */
    struct bytes checksum_file; /* sha256sum.txt */
    /* with MROWNER and MROWNERCONFIG zero: */
    uint8_t mr_system_app[32], mr_system_kms[32];
    uint8_t mr_aggregated_app[32], mr_aggregated_kms[32];
};

/* event_world_build fills *out; everything lives in the arena. Fails the current test on no memory.
 */
void event_world_build(struct arena *a, const struct event_spec *spec, struct event_world *out);

#endif
