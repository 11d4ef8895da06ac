/*
 * measure_tool: answers one line per line of standard input, for comparison with another
 * implementation (tests/oracles/measure_diff.mjs). Bytes are hex, "-" none; "bad": refused.
 *   tdvf FIRMWARE                    MRTD single pass, two pass, CFV or "-", witness
 *   kernel MEMORY SIZE HEADER FILE   digest as loaded with an initrd of that size
 *   cmdline TEXT                     digest of its event
 *   image MEMORY HEADER ACPI CMDLINE INITRD FIRMWARE KERNEL
 *                                    per register: digests, and the value
 *   material CMDLINE INITRD FIRMWARE KERNEL       measurement.tdx.cbor
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/hex.h"
#include "quote/image.h"

static char *save;

static const char *next(void)
{
    const char *w = strtok_r(NULL, " \n", &save);
    if (!w) {
        fprintf(stderr, "measure_tool: a word is missing\n");
        exit(2);
    }
    return w;
}

static struct bytes blob(struct arena *a)
{
    struct bytes out = BYTES_NONE;
    struct err err = {0};
    const char *w = next();
    if (strcmp(w, "-") != 0 && !hex_decode_any(a, bytes_of_str(w), &out, &err)) {
        fprintf(stderr, "measure_tool: not hex\n");
        exit(2);
    }
    return out;
}

static uint64_t number(void)
{
    return strtoull(next(), NULL, 10);
}

static const char *hex(struct arena *a, struct bytes b)
{
    struct err err = {0};
    const char *s = b.n ? hex_str(a, b, &err) : "-";
    return s ? s : "?";
}

static enum rc do_tdvf(struct arena *a, struct err *err)
{
    struct tdvf t;
    struct bytes witness;
    uint8_t one[48], two[48], cfv[48];
    TRY(tdvf_read(blob(a), &t, err));
    TRY(tdvf_witness(a, &t, &witness, err));
    tdvf_mrtd(&t, TDVF_SINGLE_PASS, one);
    tdvf_mrtd(&t, TDVF_TWO_PASS, two);
    bool has = tdvf_cfv(&t, cfv);
    printf("%s %s %s %s\n", hex(a, BYTES_OF_ARRAY(one)), hex(a, BYTES_OF_ARRAY(two)),
           has ? hex(a, BYTES_OF_ARRAY(cfv)) : "-", hex(a, witness));
    return RC_OK;
}

static enum rc do_kernel(struct arena *a, struct err *err)
{
    uint8_t digest[48];
    struct bzimage_load load = {.memory = number(), .acpi_data = BZIMAGE_ACPI_DATA};
    load.initrd_size = number();
    load.header = (enum bzimage_header)number();
    TRY(bzimage_measure(a, blob(a), &load, digest, err));
    printf("%s\n", hex(a, BYTES_OF_ARRAY(digest)));
    return RC_OK;
}

static struct image_files files(struct arena *a)
{
    struct image_files f = {.cmdline = blob(a)};
    struct bytes initrd = blob(a);
    f.initrd_size = initrd.n;
    hash_sha384(initrd, f.initrd_sha384);
    f.firmware = blob(a);
    f.kernel = blob(a);
    return f;
}

static enum rc do_image(struct arena *a, struct err *err)
{
    uint64_t memory = number();
    enum bzimage_header header = (enum bzimage_header)number();
    struct bytes acpi = blob(a);
    struct image_files f = files(a);
    struct lite_image im;
    struct lite_event ev[LITE_EVENTS];
    uint8_t digests[3][48];
    memcpy(digests, acpi.p, sizeof digests);
    TRY(image_material(a, &f, memory, header, &im, err));
    TRY(lite_expect(&im, memory, (const uint8_t(*)[48])digests, ev, err));
    for (unsigned r = 0, i = 0; r < 3; r++) {
        uint8_t value[96] = {0};
        for (bool first = true; i < LITE_EVENTS && ev[i].rtmr == r; i++, first = false) {
            printf("%s%s", first ? "" : ",", hex(a, BYTES_OF_ARRAY(ev[i].digest)));
            memcpy(value + 48, ev[i].digest, 48);
            hash_sha384(BYTES_OF_ARRAY(value), value);
        }
        printf(" %s%s", hex(a, bytes_of(value, 48)), r == 2 ? "\n" : " ");
    }
    return RC_OK;
}

static enum rc do_material(struct arena *a, struct err *err)
{
    struct image_files f = files(a);
    struct lite_image im, again;
    struct bytes cbor;
    TRY(image_material(a, &f, UINT64_C(2) << 30, BZIMAGE_PATCHED, &im, err));
    TRY(lite_write(a, &im, &cbor, err));
    TRY(lite_parse(cbor, &again, err));
    printf("%s\n", hex(a, cbor));
    return RC_OK;
}

static enum rc answer(struct arena *a, char *line, struct err *err)
{
    const char *verb = strtok_r(line, " \n", &save);
    uint8_t digest[48];
    if (verb && strcmp(verb, "tdvf") == 0)
        return do_tdvf(a, err);
    if (verb && strcmp(verb, "kernel") == 0)
        return do_kernel(a, err);
    if (verb && strcmp(verb, "image") == 0)
        return do_image(a, err);
    if (verb && strcmp(verb, "material") == 0)
        return do_material(a, err);
    if (!verb || strcmp(verb, "cmdline") != 0) {
        fprintf(stderr, "measure_tool: unknown question\n");
        exit(2);
    }
    TRY(image_cmdline(a, blob(a), digest, err));
    printf("%s\n", hex(a, BYTES_OF_ARRAY(digest)));
    return RC_OK;
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, stdin) > 0) {
        struct arena *a = arena_new(16u << 20);
        struct err err = {0};
        if (!a)
            exit(2);
        if (answer(a, line, &err) != RC_OK)
            printf("bad\n");
        arena_free(a);
    }
    free(line);
    return 0;
}
