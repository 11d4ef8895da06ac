#include "quote/pem.h"

#include "base/base64.h"

static const char begin_line[] = "-----BEGIN CERTIFICATE-----";
static const char end_line[] = "-----END CERTIFICATE-----";

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes skip_space(struct bytes t)
{
    while (t.n && is_space(*t.p))
        t = bytes_of(t.p + 1, t.n - 1);
    return t;
}

static bool starts_with(struct bytes t, const char *s, size_t n)
{
    return t.n >= n && memcmp(t.p, s, n) == 0;
}

/* squeeze copies text without its white space, up to the dashes of the end line. */
static struct bytes squeeze(struct bytes text, uint8_t *out, size_t *used)
{
    size_t n = 0, i = 0;
    for (; i < text.n && text.p[i] != '-'; i++)
        if (!is_space(text.p[i]))
            out[n++] = text.p[i];
    *used = i;
    return bytes_of(out, n);
}

bool pem_next(struct arena *a, struct bytes *text, size_t max, struct bytes *out_der,
              const char **out_why, struct err *err)
{
    struct bytes t = skip_space(*text);
    struct bytes der = BYTES_NONE;
    size_t used = 0;
    *out_why = NULL;
    if (t.n == 0) {
        *text = t;
        *out_der = BYTES_NONE;
        return true;
    }
    if (!starts_with(t, begin_line, sizeof begin_line - 1)) {
        *out_why = "text outside of certificates";
        return false;
    }
    t = bytes_of(t.p + sizeof begin_line - 1, t.n - (sizeof begin_line - 1));
    size_t room = max / 3 * 4 + 4; /* base64 of the longest we take */
    uint8_t *text64 = arena_alloc(a, t.n, err);
    if (!text64)
        return false;
    struct bytes squeezed = squeeze(t, text64, &used);
    *out_why = squeezed.n == 0 ? "empty block" : squeezed.n > room ? "too long" : NULL;
    if (!*out_why && !base64_decode(a, squeezed, &der, err))
        *out_why = "not base64";
    if (*out_why)
        return false;
    t = bytes_of(t.p + used, t.n - used);
    if (!starts_with(t, end_line, sizeof end_line - 1)) {
        *out_why = "no END CERTIFICATE line";
        return false;
    }
    *text = bytes_of(t.p + sizeof end_line - 1, t.n - (sizeof end_line - 1));
    *out_der = der;
    return true;
}
