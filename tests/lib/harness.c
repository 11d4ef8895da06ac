#include "tests/lib/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"

static size_t passed, failed, skipped;

void case_pass(void)
{
    passed++;
}

void case_fail(const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "FAILED %s: ", name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    failed++;
}

void case_skip(size_t n, const char *why)
{
    printf("skipped %zu cases: %s\n", n, why);
    skipped += n;
}

bool case_all(void)
{
    const char *v = getenv("BOOTGATE_MUTANTS");
    return v && strcmp(v, "full") == 0;
}

void case_sampled(const char *what, unsigned step)
{
    if (step > 1)
        printf("sampled %s: one in %u; the plain build takes all\n", what, step);
}

void case_left(size_t n, const char *why)
{
    printf("left %zu cases to the plain build: %s\n", n, why);
}

int harness_run(const char *group, const struct CMUnitTest *tests, size_t n)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int bad = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    size_t functions_failed = bad > 0 ? (size_t)bad : 0;
    passed += n - functions_failed;
    failed += functions_failed;
    printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
    return failed ? 1 : 0;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

char *vectors_path(const char *relative)
{
    const char *root = getenv("BOOTGATE_VECTORS");
    if (!root)
        root = "../shared/vectors";
    size_t n = strlen(root) + strlen(relative) + 2;
    char *p = malloc(n);
    assert_non_null(p);
    snprintf(p, n, "%s/%s", root, relative);
    if (file_exists(p))
        return p;
    free(p);
    return NULL;
}

struct bytes read_file(struct arena *a, const char *path)
{
    struct err err = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    assert_true(n >= 0);
    uint8_t *p = arena_alloc(a, (size_t)n + 1, &err);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, (size_t)n, f), (size_t)n);
    fclose(f);
    return bytes_of(p, (size_t)n);
}

json_t *vectors_json(const char *relative)
{
    char *path = vectors_path(relative);
    if (!path)
        fail_msg("no vectors file %s", relative);
    json_error_t e;
    json_t *j = json_load_file(path, 0, &e);
    if (!j)
        fail_msg("%s: %s", path, e.text);
    free(path);
    return j;
}

json_t *vectors_json_if_there(const char *relative)
{
    char *path = vectors_path(relative);
    bool there = path != NULL;
    free(path);
    return there ? vectors_json(relative) : NULL;
}

struct bytes vectors_bytes(struct arena *a, const char *relative)
{
    char *path = vectors_path(relative);
    if (!path)
        fail_msg("no vectors file %s", relative);
    struct bytes b = read_file(a, path);
    free(path);
    return b;
}

struct bytes unhex(struct arena *a, const char *text)
{
    struct err err = {0};
    struct bytes t = bytes_of_str(text), out = BYTES_NONE;
    if (t.n >= 2 && t.p[0] == '0' && t.p[1] == 'x')
        t = bytes_of(t.p + 2, t.n - 2);
    if (!hex_decode_any(a, t, &out, &err))
        fail_msg("not hex: %.40s", text);
    return out;
}
