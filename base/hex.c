#include "base/hex.h"

/* The value of each character, plus 1; 0: no hex digit. A light client decodes megabytes. */
static const uint8_t digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static unsigned value(uint8_t c)
{
    return digits[c] - 1u;
}

bool hex_decode(struct bytes text, uint8_t *out, size_t n)
{
    if (text.n / 2 != n || text.n % 2)
        return false;
    bool bad = false;
    for (size_t i = 0; i < text.n; i++)
        bad |= digits[text.p[i]] == 0;
    if (bad)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(value(text.p[2 * i]) << 4 | value(text.p[2 * i + 1]));
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
    static const char characters[] = "0123456789abcdef";
    for (size_t i = 0; i < in.n; i++) {
        out[2 * i] = characters[in.p[i] >> 4];
        out[2 * i + 1] = characters[in.p[i] & 15];
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
