/*
 * chrony: messages of chronyd's command and monitoring protocol, version 6 (chrony's candm.h), as
 * far as it takes to know whether its time is authenticated. All numbers are big-endian; a message
 * is a header of 28 bytes and what belongs to the command. Nothing here does I/O.
 */
#ifndef BOOTGATE_AGENT_CHRONY_H
#define BOOTGATE_AGENT_CHRONY_H

#include "base/cur.h"
#include "base/err.h"

enum chrony_command { /* REQ_* */
                      CHRONY_N_SOURCES = 14,
                      CHRONY_TRACKING = 33,
                      CHRONY_AUTH_DATA = 67,
                      CHRONY_SELECT_DATA = 69,
};

#define CHRONY_MESSAGE 104u /* the longest of these, request or reply */
#define CHRONY_ADDR    20u  /* an address as the protocol has it: opaque to us */
#define CHRONY_SOURCES 64u  /* more are refused */

/* chrony_request writes a request, as long as its reply will be (that is demanded); its length. */
size_t chrony_request(enum chrony_command command, uint32_t sequence, struct bytes argument,
                      uint8_t out[static CHRONY_MESSAGE]);
/* chrony_reply checks that a message is the successful reply to that request: *out is its data. */
enum rc chrony_reply(struct bytes message, enum chrony_command command, uint32_t sequence,
                     struct bytes *out, struct err *err) MUST_CHECK;

/* struct chrony_source: how a source stands in the selection. */
struct chrony_source {
    uint8_t addr[CHRONY_ADDR];
    char state;         /* '*' selected, '+' combined with it; others take no part */
    bool authenticated; /* by NTS or a key */
    bool noselect;      /* may not be selected, by its own option or authselectmode */
};
/* struct chrony_auth: how a source is authenticated. */
struct chrony_auth {
    uint16_t mode; /* CHRONY_NTS, else something weaker */
    uint16_t key_length, cookies;
};
#define CHRONY_NTS 2
/* struct chrony_tracking: what the clock is steered by. Durations in nanoseconds. */
struct chrony_tracking {
    uint8_t addr[CHRONY_ADDR];
    uint16_t leap;        /* 3: not synchronised */
    uint64_t ref_seconds; /* time of the last measurement, Unix */
    int64_t correction;   /* to be added to the clock */
    int64_t root_delay, root_dispersion;
};
#define CHRONY_LEAP_UNSYNCHRONISED 3

/* Readers of the replies' data, whose lengths chrony_reply has checked. */
uint32_t chrony_n_sources(struct bytes data);
struct chrony_source chrony_source_read(struct bytes data);
struct chrony_auth chrony_auth_read(struct bytes data);
struct chrony_tracking chrony_tracking_read(struct bytes data);

/* chrony_float: the protocol's number, 7 bits of exponent and 25 of coefficient, both signed:
 * coefficient * 2^(exponent - 25), here in billionths; what does not fit becomes the nearest. */
int64_t chrony_float(uint32_t v);

#endif
