/*
 * lite_cbor: dstack-types' TDX measurement document. libcbor's streaming decoder takes heads apart
 * (it allocates nothing); structure and strictness are ours.
 */
#include <cbor.h>

#include "base/cur.h"
#include "quote/lite.h"

enum tok_kind { TOK_OTHER = 0, TOK_UINT, TOK_BYTES, TOK_TEXT, TOK_MAP };

struct tok {
    enum tok_kind kind;
    uint64_t n; /* value, or length */
    struct bytes b;
};

static void on_uint(struct tok *t, uint64_t v)
{
    *t = (struct tok){TOK_UINT, v, BYTES_NONE};
}
static void on_u8(void *t, uint8_t v)
{
    on_uint(t, v);
}
static void on_u16(void *t, uint16_t v)
{
    on_uint(t, v);
}
static void on_u32(void *t, uint32_t v)
{
    on_uint(t, v);
}
static void on_u64(void *t, uint64_t v)
{
    on_uint(t, v);
}
static void on_bytes(void *t, cbor_data p, size_t n)
{
    *(struct tok *)t = (struct tok){TOK_BYTES, n, bytes_of(p, n)};
}
static void on_text(void *t, cbor_data p, size_t n)
{
    *(struct tok *)t = (struct tok){TOK_TEXT, n, bytes_of(p, n)};
}
static void on_map(void *t, size_t n)
{
    *(struct tok *)t = (struct tok){TOK_MAP, n, BYTES_NONE};
}

/* next reads one item's head (and string). Longer heads than needed are refused (RFC 8949 4.2.1).
 */
static bool next(struct cur *c, enum tok_kind want, struct tok *out)
{
    struct cbor_callbacks cb = cbor_empty_callbacks;
    cb.uint8 = on_u8;
    cb.uint16 = on_u16;
    cb.uint32 = on_u32;
    cb.uint64 = on_u64;
    cb.byte_string = on_bytes;
    cb.string = on_text;
    cb.map_start = on_map;
    struct tok t = {0};
    if (cur_left(c) == 0)
        return false;
    struct cbor_decoder_result r = cbor_stream_decode(c->p, cur_left(c), &cb, &t);
    if (r.status != CBOR_DECODER_FINISHED || t.kind != want)
        return false;
    size_t head = t.n < 24 ? 1 : t.n <= UINT8_MAX ? 2 : t.n <= UINT16_MAX ? 3 : 5;
    if (t.n > UINT32_MAX || r.read != head + t.b.n)
        return false;
    cur_take(c, r.read);
    *out = t;
    return !c->bad;
}

static enum rc malformed(const char *what, struct err *err)
{
    return err_set(err, BG_LITE_CBOR, "%s", what);
}

/*
 * next_key opens or continues a map of exactly the given keys, in any order: *seen has a bit per
 * key already met. Returns the key's index, or -1.
 */
static int next_key(struct cur *c, const char *const *keys, size_t n, unsigned *seen)
{
    struct tok t;
    if (!next(c, TOK_TEXT, &t))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (bytes_eq_str(t.b, keys[i]) && !(*seen & 1u << i)) {
            *seen |= 1u << i;
            return (int)i;
        }
    }
    return -1;
}

static bool open_map(struct cur *c, size_t n)
{
    struct tok t;
    return next(c, TOK_MAP, &t) && t.n == n;
}

/* digest_map reads a map of n 48-byte strings into out[i], in the order of keys. */
static bool digest_map(struct cur *c, const char *const *keys, size_t n, uint8_t *const *out)
{
    unsigned seen = 0;
    if (!open_map(c, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct tok t;
        int k = next_key(c, keys, n, &seen);
        if (k < 0 || !next(c, TOK_BYTES, &t) || t.n != 48)
            return false;
        memcpy(out[k], t.b.p, 48);
    }
    return true;
}

static enum rc read_ovmf(struct cur *c, struct lite_image *im, struct err *err)
{
    static const char *const layout = "pre202505"; /* dstack-types OvmfVariant has no other */
    struct tok t;
    if (!next(c, TOK_TEXT, &t))
        return malformed("tdvf.ovmf", err);
    if (!bytes_eq_str(t.b, layout))
        return err_set(err, BG_LITE_OVMF, "%zu characters, not \"%s\"", t.b.n, layout);
    im->ovmf = layout;
    return RC_OK;
}

static enum rc read_tdvf(struct cur *c, struct lite_image *im, struct err *err)
{
    static const char *const keys[] = {"ovmf", "mrtd", "td_hob"};
    static const char *const passes[] = {"single_pass", "two_pass"};
    unsigned seen = 0;
    struct tok t;
    if (!open_map(c, 3))
        return malformed("tdvf", err);
    for (int i = 0; i < 3; i++) {
        int k = next_key(c, keys, 3, &seen);
        if (k == 0)
            TRY(read_ovmf(c, im, err));
        else if (k == 1 &&
                 !digest_map(c, passes, 2, (uint8_t *const[]){im->mrtd_single, im->mrtd_two}))
            return malformed("tdvf.mrtd", err);
        else if (k == 2 && !next(c, TOK_BYTES, &t))
            return malformed("tdvf.td_hob", err);
        else if (k == 2)
            im->td_hob = t.b;
        else if (k < 0)
            return malformed("a member of tdvf", err);
    }
    return RC_OK;
}

enum rc lite_parse(struct bytes cbor, struct lite_image *out, struct err *err)
{
    static const char *const keys[] = {"version", "image", "tdvf"};
    static const char *const digests[] = {"cmdline_sha384", "kernel_authenticode", "initrd_sha384"};
    struct lite_image im = {0};
    struct cur c = cur_of(cbor);
    struct tok t;
    unsigned seen = 0;
    if (cbor.n > LITE_CBOR_MAX)
        return malformed("too large", err);
    if (!open_map(&c, 3))
        return malformed("not a map of version, image, tdvf", err);
    for (int i = 0; i < 3; i++) {
        int k = next_key(&c, keys, 3, &seen);
        if (k == 0 && !next(&c, TOK_UINT, &t))
            return malformed("version", err);
        if (k == 0 && t.n != 3)
            return err_set(err, BG_LITE_VERSION, "version %llu", (unsigned long long)t.n);
        if (k == 1 &&
            !digest_map(&c, digests, 3, (uint8_t *const[]){im.cmdline, im.kernel, im.initrd}))
            return malformed("image", err);
        if (k == 2)
            TRY(read_tdvf(&c, &im, err));
        if (k < 0)
            return malformed("a top-level member", err);
    }
    if (!cur_done(&c))
        return malformed("bytes behind the document", err);
    *out = im;
    return RC_OK;
}
