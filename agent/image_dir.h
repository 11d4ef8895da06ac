/*
 * image_dir: a dstack image's folder, as it is published and as a host has it: metadata.json and
 * the files that it names. Nothing in it is trusted: what sha256sum.txt says of the files is
 * checked.
 */
#ifndef BOOTGATE_AGENT_IMAGE_DIR_H
#define BOOTGATE_AGENT_IMAGE_DIR_H

#include "quote/measurement.h"

struct image_dir {
    struct image_files files;
    const char *version;         /* as metadata.json has it, or NULL */
    enum measured_layout layout; /* metadata.json's ovmf_variant */
    bool has_hash;
    uint8_t os_image_hash[32];
    const char *hash_from; /* "sha256sum.txt", "digest.txt"; NULL: neither is there */
    bool has_material;
    struct bytes material; /* measurement.tdx.cbor */
};

/* image_dir_read reads the folder at path. With sha256sum.txt, every file that was read and is
 * listed has its listed hash. */
enum rc image_dir_read(struct arena *a, const char *path, struct image_dir *out,
                       struct err *err) MUST_CHECK;

#endif
