#include "agent/chrony.h"

#include <string.h>

#define VERSION    6u
#define REQUEST    1u /* pkt_type */
#define REPLY      2u
#define HEADER     28u
#define NOSELECT   0x1u        /* of the effective options */
#define NO_HIGH    0x7fffffffu /* upper half of a time that has 32 bits */
#define FLOAT_EXP  25
#define FLOAT_HALF (1 << 24)

/* How long a command's reply is, header included, and the format that it is of (RPY_*). */
static const struct form {
    enum chrony_command command;
    uint16_t reply;
    size_t length;
} forms[] = {
    {CHRONY_N_SOURCES, 2, HEADER + 4},
    {CHRONY_TRACKING, 5, HEADER + 76},
    {CHRONY_AUTH_DATA, 20, HEADER + 24},
    {CHRONY_SELECT_DATA, 23, HEADER + 48},
};

static const struct form *form_of(enum chrony_command command)
{
    size_t i = 0;
    while (i + 1 < sizeof forms / sizeof *forms && forms[i].command != command)
        i++;
    return &forms[i];
}

static uint16_t u16(struct cur *c)
{
    uint8_t high = cur_u8(c);
    return (uint16_t)(high << 8 | cur_u8(c));
}

static void put16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

size_t chrony_request(enum chrony_command command, uint32_t sequence, struct bytes argument,
                      uint8_t out[static CHRONY_MESSAGE])
{
    size_t room = form_of(command)->length - HEADER;
    memset(out, 0, CHRONY_MESSAGE);
    out[0] = VERSION;
    out[1] = REQUEST;
    put16(out + 4, (uint32_t)command);
    put16(out + 8, sequence >> 16);
    put16(out + 10, sequence);
    if (argument.n)
        memcpy(out + 20, argument.p, argument.n < room ? argument.n : room);
    return HEADER + room;
}

enum rc chrony_reply(struct bytes message, enum chrony_command command, uint32_t sequence,
                     struct bytes *out, struct err *err)
{
    const struct form *f = form_of(command);
    struct cur c = cur_of(message);
    if (message.n < HEADER)
        return err_set(err, BG_TIME_SHORT, "%zu bytes", message.n);
    uint8_t version = cur_u8(&c), type = cur_u8(&c);
    (void)u16(&c); /* reserved */
    uint16_t asked = u16(&c), reply = u16(&c), status = u16(&c);
    (void)cur_take(&c, 6); /* padding */
    uint32_t number = cur_u32be(&c);
    (void)cur_take(&c, 8);
    if (version != VERSION)
        return err_set(err, BG_TIME_VERSION, "version %u, known is %u", version, VERSION);
    if (type != REPLY || asked != (uint16_t)command || number != sequence)
        return err_set(err, BG_TIME_OTHER_REPLY, "type %u, command %u, number %u", type, asked,
                       number);
    if (status != 0)
        return err_set(err, BG_TIME_STATUS, "command %u: status %u", asked, status);
    if (reply != f->reply || message.n != f->length)
        return err_set(err, BG_TIME_FORMAT, "format %u of %zu bytes, expected %u of %zu", reply,
                       message.n, f->reply, f->length);
    *out = cur_rest(&c);
    return RC_OK;
}

int64_t chrony_float(uint32_t v)
{
    int32_t exponent = (int32_t)(v >> FLOAT_EXP), coefficient = (int32_t)(v & 0x1ffffff);
    if (exponent >= 64)
        exponent -= 128;
    if (coefficient >= FLOAT_HALF)
        coefficient -= 2 * FLOAT_HALF;
    int64_t n = (int64_t)coefficient * 1000000000; /* 25 and 30 bits */
    int32_t shift = exponent - FLOAT_EXP;
    for (; shift < 0 && n != 0; shift++)
        n /= 2;
    for (; shift > 0 && n != 0; shift--) {
        if (n > INT64_MAX / 2 || n < INT64_MIN / 2)
            return n > 0 ? INT64_MAX : INT64_MIN;
        n *= 2;
    }
    return n;
}

uint32_t chrony_n_sources(struct bytes data)
{
    struct cur c = cur_of(data);
    return cur_u32be(&c);
}

struct chrony_source chrony_source_read(struct bytes data)
{
    struct chrony_source s = {.state = '\0'};
    struct cur c = cur_of(data);
    (void)cur_u32be(&c); /* reference id */
    cur_copy(&c, s.addr, sizeof s.addr);
    s.state = (char)cur_u8(&c);
    s.authenticated = cur_u8(&c) == 1;
    (void)u16(&c); /* leap, padding */
    (void)u16(&c); /* options as configured */
    s.noselect = u16(&c) & NOSELECT;
    return s;
}

struct chrony_auth chrony_auth_read(struct bytes data)
{
    struct chrony_auth a = {0};
    struct cur c = cur_of(data);
    a.mode = u16(&c);
    (void)u16(&c);       /* type of the key */
    (void)cur_u32be(&c); /* its number */
    a.key_length = u16(&c);
    (void)u16(&c);       /* attempts at key establishment */
    (void)cur_u32be(&c); /* seconds since the last */
    a.cookies = u16(&c);
    return a;
}

/* seconds: a Timespec; its nanoseconds say nothing at our scale. */
static uint64_t seconds(struct cur *c)
{
    uint64_t high = cur_u32be(c), low = cur_u32be(c);
    (void)cur_u32be(c);
    return (high == NO_HIGH ? 0 : high << 32) | low;
}

struct chrony_tracking chrony_tracking_read(struct bytes data)
{
    struct chrony_tracking t = {.leap = CHRONY_LEAP_UNSYNCHRONISED};
    struct cur c = cur_of(data);
    (void)cur_u32be(&c); /* reference id */
    cur_copy(&c, t.addr, sizeof t.addr);
    (void)u16(&c); /* stratum */
    t.leap = u16(&c);
    t.ref_seconds = seconds(&c);
    t.correction = chrony_float(cur_u32be(&c));
    /* last and mean offset, frequency, its residual, its skew */
    (void)cur_take(&c, 20);
    t.root_delay = chrony_float(cur_u32be(&c));
    t.root_dispersion = chrony_float(cur_u32be(&c));
    return t;
}
