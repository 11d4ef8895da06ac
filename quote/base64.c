#include "quote/base64.h"

static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct arena *a, struct bytes text, struct bytes *out, struct err *err)
{
    if (text.n % 4 != 0)
        return false;
    size_t pad = 0;
    while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
        pad++;
    size_t len = text.n / 4 * 3 - pad;
    uint8_t *p = arena_alloc(a, len, err);
    if (!p)
        return false;
    uint32_t bits = 0; /* only the newest 6 to 12 bits matter */
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n - pad; i++) {
        int v = value_of(text.p[i]);
        if (v < 0)
            return false;
        bits = (bits << 6 | (uint32_t)v) & 0xffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            p[n++] = (uint8_t)(bits >> have);
        }
    }
    if ((bits & ((1u << have) - 1)) != 0)
        return false;
    *out = bytes_of(p, len);
    return true;
}
