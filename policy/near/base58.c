#include "policy/near/base58.h"

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static int digit_of(uint8_t c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool base58_read(struct bytes text, uint8_t *out, size_t n)
{
    size_t ones = 0, zeros = 0;
    uint8_t v[65] = {0};
    if (n > sizeof v || text.n == 0 || text.n >= BASE58_MAX_TEXT)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        int d = digit_of(text.p[i]);
        if (d < 0)
            return false;
        unsigned carry = (unsigned)d;
        for (size_t k = n; k-- > 0;) {
            carry += 58u * v[k];
            v[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry)
            return false;
    }
    /* A leading '1' stands for a leading zero byte: as many of one as of the other. */
    while (ones < text.n && text.p[ones] == '1')
        ones++;
    while (zeros < n && v[zeros] == 0)
        zeros++;
    if (ones != zeros)
        return false;
    memcpy(out, v, n);
    return true;
}

void base58_write(struct bytes in, char out[static BASE58_MAX_TEXT])
{
    uint8_t digits[BASE58_MAX_TEXT] = {0}; /* least significant first */
    size_t used = 0, zeros = 0, n = in.n <= 64 ? in.n : 64, o = 0;
    while (zeros < n && in.p[zeros] == 0)
        zeros++;
    for (size_t i = zeros; i < n; i++) {
        unsigned carry = in.p[i];
        for (size_t k = 0; k < used || carry; k++) {
            carry += 256u * digits[k];
            digits[k] = (uint8_t)(carry % 58);
            carry /= 58;
            if (k >= used)
                used = k + 1;
        }
    }
    while (o < zeros)
        out[o++] = '1';
    for (size_t k = used; k-- > 0;)
        out[o++] = alphabet[digits[k]];
    out[o] = '\0';
}
