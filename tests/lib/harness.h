/*
 * harness: what each test program shares. cmocka runs the functions; table-driven cases (vectors,
 * mutants) are counted one by one. The last line printed is "N passed, N failed, N skipped".
 */
#ifndef BOOTGATE_TESTS_HARNESS_H
#define BOOTGATE_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"

/* SANITIZED: AddressSanitizer is in here. It keeps calls for itself that the program does without.
 */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* harness_run runs the group and prints the closing line; use it as main's return value. */
int harness_run(const char *group, const struct CMUnitTest *tests, size_t n);
/*
 * SAMPLE(n): what computes for long takes each n-th of its cases with AddressSanitizer, which is
 * slower and after other defects; all of them ran without. 1 in the plain build, and everywhere
 * with BOOTGATE_MUTANTS=full. case_sampled says so.
 */
#define SAMPLE(n) (SANITIZED && !case_all() ? (n) : 1u)
/* case_all: BOOTGATE_MUTANTS=full is in the environment. */
bool case_all(void);
/* case_sampled prints that every `step`-th of these was taken; nothing when that is all of them. */
void case_sampled(const char *what, unsigned step);
/* case_left: n cases are the plain build's: counted there, not here. */
void case_left(size_t n, const char *why);

#define HARNESS_RUN(group, tests) harness_run((group), (tests), sizeof(tests) / sizeof *(tests))

/* One table case each. A failed one is printed and fails the program, the run goes on. */
void case_pass(void);
void case_fail(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* case_skip: n cases were not run, and why; said in one line. */
void case_skip(size_t n, const char *why);
#define CASE(name, cond, ...)                                                                      \
    do {                                                                                           \
        if (cond)                                                                                  \
            case_pass();                                                                           \
        else                                                                                       \
            case_fail((name), __VA_ARGS__);                                                        \
    } while (0)

/* vectors_path: the file below ../shared/vectors, or NULL when the vectors are absent. malloc'd. */
char *vectors_path(const char *relative);
/* read_file reads a whole file into the arena; fails the current test when it cannot. */
struct bytes read_file(struct arena *a, const char *path);
bool file_exists(const char *path);
/* vectors_json / vectors_bytes: a vectors file, parsed (new reference) or raw. */
json_t *vectors_json(const char *relative);
/* vectors_json_if_there: the same, or NULL where there are no vectors. */
json_t *vectors_json_if_there(const char *relative);
struct bytes vectors_bytes(struct arena *a, const char *relative);
/* unhex: hex text (optional 0x) to bytes in the arena; fails the current test when malformed. */
struct bytes unhex(struct arena *a, const char *text);

#endif
