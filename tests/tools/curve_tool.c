/*
 * curve_tool: answers one line per line of standard input, for comparison with other
 * implementations (tests/oracles/blscurve_diff.mjs). Bytes are hex; an empty string is "-".
 *   g1 HEX, g2 HEX          "bad", "infinity", or x y and whether it is in the subgroup: in, out
 *   hint KEY Y              "bad", or the point as it is written
 *   sum KEY,..              the sum of points of G1's curve
 *   sum2 SIGNATURE,..       the sum of points of the twist
 *   xmd MESSAGE TAG N       expand_message_xmd
 *   hash MESSAGE TAG        hash_to_curve to G2
 *   public SECRET, sign SECRET MESSAGE
 *   signall MESSAGE SECRET,..      public key and signature of the sum
 *   key KEY                 KeyValidate: true or false
 *   verify KEY MESSAGE SIGNATURE, fast MESSAGE SIGNATURE KEY,..
 *   committee KEY,.. [Y,..] reads a committee: "wrong" hints, and the aggregate
 *   signed BITS MESSAGE SIGNATURE  whether that committee's members signed
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/hex.h"
#include "tests/lib/bls_sign.h"
#include "tests/lib/tool.h"

static struct bytes parse(struct arena *a, const char *text)
{
    struct bytes out = BYTES_NONE;
    struct err err = {0};
    if (!text)
        tool_die("a word is missing");
    if (strcmp(text, "-") != 0 && !hex_decode_any(a, bytes_of_str(text), &out, &err))
        tool_die("not hex");
    return out;
}

static const uint8_t *sized(struct arena *a, const char *text, size_t n)
{
    struct bytes b = parse(a, text);
    if (b.n != n)
        tool_die("a word has the wrong length");
    return b.p;
}

/* HEX,HEX,.. of n bytes each, one after the other; returns how many. "-" is none. */
#define LIST_MAX 1200u
static size_t list(struct arena *a, char *text, size_t n, uint8_t *out)
{
    size_t count = 0;
    char *save = NULL;
    if (!text)
        tool_die("a list is missing");
    if (strcmp(text, "-") == 0)
        return 0;
    for (char *p = strtok_r(text, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        if (count == LIST_MAX)
            tool_die("the list is too long");
        memcpy(out + n * count++, sized(a, p, n), n);
    }
    return count;
}

static void print_hex(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
}

static void print_g1(const struct g1 *p)
{
    struct g1_affine q;
    uint8_t out[G1_COMPRESSED];
    g1_to_affine(&q, p);
    g1_compress(&q, out);
    print_hex(out, sizeof out);
}

static void print_g2(const struct g2 *p)
{
    struct g2_affine q;
    uint8_t out[G2_COMPRESSED];
    g2_to_affine(&q, p);
    g2_compress(&q, out);
    print_hex(out, sizeof out);
}

static void print_bool(bool b)
{
    fputs(b ? "true" : "false", stdout);
}

static void g1(const uint8_t *in)
{
    struct g1_affine p;
    const char *why;
    uint8_t out[FP_BYTES];
    bool ok = g1_decompress(in, &p, &why);
    if (!ok || p.infinity) {
        fputs(ok ? "infinity" : "bad", stdout);
        return;
    }
    fp_write(&p.x, out);
    print_hex(out, sizeof out);
    putchar(' ');
    fp_write(&p.y, out);
    print_hex(out, sizeof out);
    fputs(g1_in_group(&p) ? " in" : " out", stdout);
}

static void g2(const uint8_t *in)
{
    struct g2_affine p;
    const char *why;
    uint8_t out[2 * FP_BYTES];
    bool ok = g2_decompress(in, &p, &why);
    if (!ok || p.infinity) {
        fputs(ok ? "infinity" : "bad", stdout);
        return;
    }
    fp2_write(&p.x, out);
    print_hex(out, sizeof out);
    putchar(' ');
    fp2_write(&p.y, out);
    print_hex(out, sizeof out);
    fputs(g2_in_group(&p) ? " in" : " out", stdout);
}

static uint8_t words[LIST_MAX * BLS_SIGNATURE], more[LIST_MAX * FP_BYTES];
#define KEYS    ((const uint8_t(*)[BLS_KEY])words)
#define SECRETS ((const uint8_t(*)[BLS_SECRET])words)

static void sum(struct arena *a, char *text)
{
    static struct g1_affine points[LIST_MAX];
    const struct g1_affine *p[LIST_MAX];
    size_t n = list(a, text, BLS_KEY, words);
    const char *why;
    struct g1 out;
    for (size_t i = 0; i < n; i++) {
        p[i] = &points[i];
        if (!g1_decompress(KEYS[i], &points[i], &why))
            tool_die(why);
    }
    g1_sum(p, n, &out);
    print_g1(&out);
}

static void sum2(struct arena *a, char *text)
{
    struct g2 out = {.z = fp2_zero}, p;
    struct g2_affine q;
    size_t n = list(a, text, BLS_SIGNATURE, words);
    const char *why;
    for (size_t i = 0; i < n; i++) {
        if (!g2_decompress(words + i * BLS_SIGNATURE, &q, &why))
            tool_die(why);
        g2_from_affine(&p, &q);
        g2_add(&out, &out, &p);
    }
    print_g2(&out);
}

static struct bls_committee committee;

static void read_committee(struct arena *a, char *keys, char *hints)
{
    size_t n = list(a, keys, BLS_KEY, words), wrong;
    const uint8_t(*y)[FP_BYTES] = NULL;
    const char *why;
    struct g1 sum_of;
    if (hints && list(a, hints, FP_BYTES, more) == n)
        y = (const uint8_t(*)[FP_BYTES])more;
    if (!bls_committee_read(KEYS, n, y, &committee, &wrong, &why)) {
        fputs("bad", stdout);
        return;
    }
    printf("%zu ", wrong);
    g1_from_affine(&sum_of, &committee.aggregate);
    print_g1(&sum_of);
}

static void hash(struct arena *a, const char *msg, const char *dst)
{
    struct g2_affine p;
    struct g2 j;
    g2_hash(parse(a, msg), parse(a, dst), &p);
    g2_from_affine(&j, &p);
    print_g2(&j);
}

static void signing(struct arena *a, const char *verb, char *w1, char *w2)
{
    uint8_t key[BLS_KEY], sig[BLS_SIGNATURE];
    if (!strcmp(verb, "public")) {
        bls_public(sized(a, w1, BLS_SECRET), key);
        print_hex(key, sizeof key);
    } else if (!strcmp(verb, "sign")) {
        bls_sign(sized(a, w1, BLS_SECRET), parse(a, w2), sig);
        print_hex(sig, sizeof sig);
    } else {
        size_t n = list(a, w2, BLS_SECRET, words);
        bls_public_all(SECRETS, n, key);
        bls_sign_all(SECRETS, n, parse(a, w1), sig);
        print_hex(key, sizeof key);
        putchar(' ');
        print_hex(sig, sizeof sig);
    }
}

static void answer(struct arena *a, char *line)
{
    char *save = NULL, *w[4] = {NULL};
    const char *verb = strtok_r(line, " \n", &save), *why;
    struct g1_affine p;
    for (size_t i = 0; verb && i < 4 && (w[i] = strtok_r(NULL, " \n", &save)); i++)
        ;
    if (!verb) {
        tool_die("an empty line");
    } else if (!strcmp(verb, "g1")) {
        g1(sized(a, w[0], G1_COMPRESSED));
    } else if (!strcmp(verb, "g2")) {
        g2(sized(a, w[0], G2_COMPRESSED));
    } else if (!strcmp(verb, "hint")) {
        struct g1 j;
        if (g1_from_hint(sized(a, w[0], G1_COMPRESSED), sized(a, w[1], FP_BYTES), &p, &why)) {
            g1_from_affine(&j, &p);
            print_g1(&j);
        } else {
            fputs("bad", stdout);
        }
    } else if (!strcmp(verb, "sum")) {
        sum(a, w[0]);
    } else if (!strcmp(verb, "sum2")) {
        sum2(a, w[0]);
    } else if (!strcmp(verb, "xmd")) {
        static uint8_t out[8160];
        size_t n = w[2] ? strtoul(w[2], NULL, 10) : 0;
        if (n > sizeof out || !hash_expand_xmd(parse(a, w[0]), parse(a, w[1]), out, n))
            tool_die("xmd refuses");
        print_hex(out, n);
    } else if (!strcmp(verb, "hash")) {
        hash(a, w[0], w[1]);
    } else if (!strcmp(verb, "public") || !strcmp(verb, "sign") || !strcmp(verb, "signall")) {
        signing(a, verb, w[0], w[1]);
    } else if (!strcmp(verb, "key")) {
        print_bool(bls_key_valid(sized(a, w[0], BLS_KEY), &p, &why));
    } else if (!strcmp(verb, "verify")) {
        print_bool(bls_verify(sized(a, w[0], BLS_KEY), parse(a, w[1]),
                              sized(a, w[2], BLS_SIGNATURE), &why));
    } else if (!strcmp(verb, "fast")) {
        size_t n = list(a, w[2], BLS_KEY, words);
        print_bool(bls_fast_aggregate_verify(KEYS, n, parse(a, w[0]), sized(a, w[1], BLS_SIGNATURE),
                                             &why));
    } else if (!strcmp(verb, "committee")) {
        read_committee(a, w[0], w[1]);
    } else if (!strcmp(verb, "signed")) {
        print_bool(bls_committee_verify(&committee, parse(a, w[0]), parse(a, w[1]),
                                        sized(a, w[2], BLS_SIGNATURE), &why));
    } else {
        tool_die("no such verb");
    }
    putchar('\n');
}

int main(void)
{
    return tool_ask(1 << 20, answer);
}
