/*
 * swtpm: a software TPM of the test's own on free ports, and a tap between it and the program: a
 * proxy that counts a marker on the wire and damages or delays what the test tells it to.
 */
#ifndef BOOTGATE_TESTS_SWTPM_H
#define BOOTGATE_TESTS_SWTPM_H

#include "tests/lib/harness.h"

#include <sys/types.h>

enum tap_mode {
    TAP_PASS = 0,
    TAP_FLIP_ANSWER,  /* one bit of byte `offset` of the answer to `command` */
    TAP_FLIP_COMMAND, /* the same in the command itself */
    TAP_DROP,         /* the connection is closed instead of answering */
    TAP_TRUNCATE,     /* half of the answer, then close */
    TAP_REPLAY,       /* the first answer to `command`, again and again */
    TAP_CLEAR,        /* after the first `command` the TPM is cleared: another owner seed */
    TAP_RACE,         /* PCR `offset` (0: 10) is extended after each `command`, `times` times */
};

/* struct tap: shared with the proxy. Set command last: it arms the rest. */
struct tap {
    volatile uint32_t command; /* TPM_CC; 0: none */
    volatile enum tap_mode mode;
    volatile uint32_t offset, times;
    volatile uint32_t hits;       /* how often the mode was applied */
    volatile uint32_t answer_len; /* of the last answer to `command` */
    uint8_t recorded[4096];       /* TAP_REPLAY */
    volatile uint32_t recorded_len;
    uint8_t marker[16];
    volatile uint32_t marker_seen;
    uint8_t control[16]; /* a second marker, to see that the tap sees */
    volatile uint32_t control_seen;
};

struct swtpm {
    char dir[64];  /* state, and a place for the test's files */
    char tcti[64]; /* through the tap */
    char direct[64];
    int port, tap_port;
    pid_t pid, tap_pid;
    struct tap *tap;
};

/* swtpm_available: the programs are there; otherwise one skip is said. */
bool swtpm_available(size_t cases);
void swtpm_start(struct swtpm *s);
/* swtpm_power_off kills it, swtpm_power_on starts it on the same state: a TPM reset. */
void swtpm_power_off(struct swtpm *s);
void swtpm_power_on(struct swtpm *s);
/* swtpm_stop ends all and removes the directory. */
void swtpm_stop(struct swtpm *s);
/* swtpm_extend: a PCR in both banks, by the test itself, past the tap. */
void swtpm_extend(const struct swtpm *s, uint32_t pcr, const uint8_t sha256[static 32],
                  const uint8_t sha384[static 48]);
/* swtpm_flush: every transient object and session; there is no resource manager here. */
void swtpm_flush(const struct swtpm *s);
/* swtpm_run: a shell command in the directory with TPM2TOOLS_TCTI set; its exit status. Output is
 * in the file "out" there. */
int swtpm_run(const struct swtpm *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* swtpm_output_has: the last swtpm_run's output contains text. */
bool swtpm_output_has(const struct swtpm *s, const char *text);
/* swtpm_file: a file of the directory; n bytes are expected. */
bool swtpm_file(const struct swtpm *s, const char *name, uint8_t *out, size_t n);

#endif
