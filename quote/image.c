#include "quote/image.h"

#include "base/hash.h"

#define INITRD_ARGUMENT " initrd=initrd"

enum rc image_cmdline(struct arena *a, struct bytes cmdline, uint8_t out[static 48],
                      struct err *err)
{
    struct bytes more = bytes_of_str(INITRD_ARGUMENT);
    uint8_t *wide = arena_array(a, cmdline.n + more.n + 1, 2, err);
    if (!wide)
        return err->rc;
    for (size_t i = 0; i < cmdline.n + more.n; i++) {
        uint8_t c = i < cmdline.n ? cmdline.p[i] : more.p[i - cmdline.n];
        if (c < 0x20 || c > 0x7e)
            return err_set(err, BG_IMAGE_CMDLINE, "byte 0x%02x at %zu", c, i);
        wide[2 * i] = c; /* UTF-16LE of ASCII; its end is two zero bytes, measured too */
    }
    hash_sha384(bytes_of(wide, 2 * (cmdline.n + more.n + 1)), out);
    return RC_OK;
}

enum rc image_material(struct arena *a, const struct image_files *files, uint64_t memory,
                       enum bzimage_header header, struct lite_image *out, struct err *err)
{
    struct lite_image im = {.ovmf = "pre202505"};
    struct tdvf *t = ARENA_NEW(a, struct tdvf, err);
    struct bzimage_load load = {.memory = memory,
                                .initrd_size = files->initrd_size,
                                .acpi_data = BZIMAGE_ACPI_DATA,
                                .header = header};
    if (!t)
        return err->rc;
    TRY(tdvf_read(files->firmware, t, err));
    tdvf_mrtd(t, TDVF_SINGLE_PASS, im.mrtd_single);
    tdvf_mrtd(t, TDVF_TWO_PASS, im.mrtd_two);
    TRY(tdvf_witness(a, t, &im.td_hob, err));
    im.has_cfv = tdvf_cfv(t, im.cfv);
    TRY(bzimage_measure(a, files->kernel, &load, im.kernel, err));
    memcpy(im.initrd, files->initrd_sha384, sizeof im.initrd);
    TRY(image_cmdline(a, files->cmdline, im.cmdline, err));
    *out = im;
    return RC_OK;
}

/* struct writer: CBOR in its shortest form (RFC 8949 4.2.1). */
struct writer {
    uint8_t *p;
    size_t n, cap;
};

enum major { MAJOR_UINT = 0, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_MAP = 5 };

static void put_head(struct writer *w, enum major m, size_t v)
{
    uint8_t top = (uint8_t)(m << 5);
    if (v < 24) {
        w->p[w->n++] = (uint8_t)(top | v);
    } else if (v <= UINT8_MAX) {
        w->p[w->n++] = top | 24;
        w->p[w->n++] = (uint8_t)v;
    } else {
        w->p[w->n++] = top | 25;
        w->p[w->n++] = (uint8_t)(v >> 8);
        w->p[w->n++] = (uint8_t)v;
    }
}

static void put_string(struct writer *w, enum major m, struct bytes b)
{
    put_head(w, m, b.n);
    if (b.n)
        memcpy(w->p + w->n, b.p, b.n);
    w->n += b.n;
}

static void put_key(struct writer *w, const char *key)
{
    put_string(w, MAJOR_TEXT, bytes_of_str(key));
}

static void put_digest(struct writer *w, const char *key, const uint8_t digest[static 48])
{
    put_key(w, key);
    put_string(w, MAJOR_BYTES, bytes_of(digest, 48));
}

enum rc lite_write(struct arena *a, const struct lite_image *image, struct bytes *out,
                   struct err *err)
{
    /* All but the witness takes less than 512 bytes. */
    struct writer w = {.cap = 512 + image->td_hob.n};
    if (w.cap > LITE_CBOR_MAX)
        return err_set(err, BG_IMAGE_WITNESS, "%zu bytes", image->td_hob.n);
    w.p = arena_alloc(a, w.cap, err);
    if (!w.p)
        return err->rc;
    put_head(&w, MAJOR_MAP, 3);
    put_key(&w, "version");
    put_head(&w, MAJOR_UINT, 3);
    put_key(&w, "image");
    put_head(&w, MAJOR_MAP, 3);
    put_digest(&w, "cmdline_sha384", image->cmdline);
    put_digest(&w, "kernel_authenticode", image->kernel);
    put_digest(&w, "initrd_sha384", image->initrd);
    put_key(&w, "tdvf");
    put_head(&w, MAJOR_MAP, 3);
    put_key(&w, "ovmf");
    put_string(&w, MAJOR_TEXT, bytes_of_str(image->ovmf));
    put_key(&w, "mrtd");
    put_head(&w, MAJOR_MAP, 2);
    put_digest(&w, "single_pass", image->mrtd_single);
    put_digest(&w, "two_pass", image->mrtd_two);
    put_key(&w, "td_hob");
    put_string(&w, MAJOR_BYTES, image->td_hob);
    *out = bytes_of(w.p, w.n);
    return RC_OK;
}
