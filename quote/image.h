/*
 * image: a dstack image's files to measurement material (quote/lite.h), and the material as its
 * document. What `bootgate measure` prints follows from the material by lite_expect.
 */
#ifndef BOOTGATE_QUOTE_IMAGE_H
#define BOOTGATE_QUOTE_IMAGE_H

#include "quote/bzimage.h"
#include "quote/lite.h"
#include "quote/tdvf.h"

struct image_files {
    struct bytes firmware, kernel;
    uint64_t initrd_size;
    uint8_t initrd_sha384[48];
    struct bytes cmdline; /* as metadata.json has it, without " initrd=initrd" */
};

/*
 * image_material measures the files for a guest of this memory (and QEMU's treatment of the
 * kernel's header). The td_hob witness is allocated in the arena.
 */
enum rc image_material(struct arena *a, const struct image_files *files, uint64_t memory,
                       enum bzimage_header header, struct lite_image *out,
                       struct err *err) MUST_CHECK;
/* image_cmdline: the digest of the command line event, with the initrd argument QEMU adds. */
enum rc image_cmdline(struct arena *a, struct bytes cmdline, uint8_t out[static 48],
                      struct err *err) MUST_CHECK;
/* lite_write: measurement.tdx.cbor, byte for byte what lite_parse takes. */
enum rc lite_write(struct arena *a, const struct lite_image *image, struct bytes *out,
                   struct err *err) MUST_CHECK;

#endif
