#include "base/hex.h"

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct bytes text, uint8_t *out, size_t n)
{
    if (text.n / 2 != n || text.n % 2)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (digit(text.p[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        out[i] =
            (uint8_t)((unsigned)digit(text.p[2 * i]) << 4 | (unsigned)digit(text.p[2 * i + 1]));
    return true;
}

static struct bytes without_0x(struct bytes t)
{
    if (t.n >= 2 && t.p[0] == '0' && (t.p[1] == 'x' || t.p[1] == 'X'))
        return bytes_of(t.p + 2, t.n - 2);
    return t;
}

bool hex_decode_0x(struct bytes text, uint8_t *out, size_t n)
{
    return hex_decode(without_0x(text), out, n);
}

bool hex_decode_any(struct arena *a, struct bytes text, struct bytes *out, struct err *err)
{
    uint8_t *p = arena_alloc(a, text.n / 2, err);
    if (!p || !hex_decode(text, p, text.n / 2))
        return false;
    *out = bytes_of(p, text.n / 2);
    return true;
}

void hex_encode(struct bytes in, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < in.n; i++) {
        out[2 * i] = digits[in.p[i] >> 4];
        out[2 * i + 1] = digits[in.p[i] & 15];
    }
    out[2 * in.n] = '\0';
}

char *hex_str(struct arena *a, struct bytes in, struct err *err)
{
    char *s = arena_array(a, in.n + 1, 2, err);
    if (s)
        hex_encode(in, s);
    return s;
}
