/* chrony: an answer of chronyd as it is, and with a header that is right; whole conversations are
 * judged, and what passes is synchronised and within the limits. */
#include <stdlib.h>
#include <string.h>

#include "agent/authtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const enum chrony_command commands[] = {CHRONY_N_SOURCES, CHRONY_SELECT_DATA,
                                               CHRONY_AUTH_DATA, CHRONY_TRACKING};
static const uint8_t formats[] = {2, 23, 20, 5};
static const size_t lengths[] = {4, 48, 24, 76};

/* data: of the k-th command, from a message with a right header; what is missing is zero. */
static struct bytes data(size_t k, struct bytes *rest, uint8_t message[static CHRONY_MESSAGE])
{
    struct bytes out = BYTES_NONE;
    struct err err = {0};
    size_t take = rest->n < lengths[k] ? rest->n : lengths[k];
    memset(message, 0, CHRONY_MESSAGE);
    message[0] = 6;
    message[1] = 2;
    message[5] = (uint8_t)commands[k];
    message[7] = formats[k];
    if (take)
        memcpy(message + 28, rest->p, take);
    *rest = bytes_of(rest->p + take, rest->n - take);
    if (chrony_reply(bytes_of(message, 28 + lengths[k]), commands[k], 0, &out, &err) != RC_OK ||
        out.n != lengths[k])
        abort();
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    uint8_t m[CHRONY_MESSAGE];
    struct bytes rest = bytes_of(p, n), out;
    for (size_t k = 0; k < 4; k++) {
        struct err err = {0};
        if (chrony_reply(rest, commands[k], 7, &out, &err) == RC_OK && out.n != lengths[k])
            abort();
    }
    struct chrony_source v[2];
    struct chrony_auth auth[2];
    struct authtime t = {0};
    struct err err = {0};
    for (size_t i = 0; i < 2; i++) {
        v[i] = chrony_source_read(data(1, &rest, m));
        auth[i] = chrony_auth_read(data(2, &rest, m));
    }
    struct chrony_tracking tracking = chrony_tracking_read(data(3, &rest, m));
    uint64_t now = rest.n ? tracking.ref_seconds + rest.p[0] : 1795377726;
    if (authtime_judge(v, auth, 2, &tracking, now, &t, &err) != RC_OK)
        return err.rc ? 0 : (abort(), 0);
    bool one = v[0].state == '*' || v[1].state == '*';
    if (!one || tracking.leap > 2 || t.error_ms > AUTHTIME_MAX_ERROR + 1 ||
        t.correction_ms > (int64_t)AUTHTIME_MAX_ADJUST ||
        t.correction_ms < -(int64_t)AUTHTIME_MAX_ADJUST)
        abort();
    for (size_t i = 0; i < 2; i++)
        if ((v[i].state == '*' || v[i].state == '+') &&
            (!v[i].authenticated || auth[i].mode != CHRONY_NTS))
            abort();
    return 0;
}
