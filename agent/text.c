#include "agent/text.h"

#include "base/hex.h"

const char *text_paint(const struct style *st, const char *sequence)
{
    return st->color ? sequence : "";
}

void text_safe(FILE *f, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        fputc(text.p[i] >= 0x20 && text.p[i] <= 0x7e ? text.p[i] : '?', f);
}

void text_hex(FILE *f, const struct style *st, struct bytes b)
{
    bool whole = st->verbose || 2 * b.n <= LONG;
    for (size_t i = 0; i < b.n; i++) {
        if (!whole && i == HEAD / 2)
            fputs("..", f);
        if (whole || i < HEAD / 2 || i >= b.n - TAIL / 2)
            fprintf(f, "%02x", b.p[i]);
    }
}

void text_label(FILE *f, const char *name)
{
    fprintf(f, "    %-*s ", LABEL, name);
}

void text_fact_hex(FILE *f, const struct style *st, const char *name, const void *p, size_t n)
{
    text_label(f, name);
    text_hex(f, st, bytes_of(p, n));
    fputc('\n', f);
}

void text_fact_address(FILE *f, const char *name, const uint8_t address[static 20])
{
    char hex[41];
    hex_encode(bytes_of(address, 20), hex);
    text_label(f, name);
    fprintf(f, "0x%s\n", hex);
}

void text_fact(FILE *f, const char *name, struct bytes value)
{
    text_label(f, name);
    text_safe(f, value);
    fputc('\n', f);
}
