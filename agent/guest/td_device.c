#define _GNU_SOURCE
#include "agent/guest/td_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/guest/place.h"
#include "agent/watch.h"

#define TRIES   5u
#define RTMR_AT 720u /* [ABI] TDREPORT_STRUCT: TDINFO at 512, its RTMRs at 208 */

/* linux/tdx-guest.h: struct tdx_report_req. */
struct report_request {
    uint8_t report_data[64];
    uint8_t report[LOCAL_REPORT_SIZE];
};
#define GET_REPORT0 _IOWR('T', 1, struct report_request)
_Static_assert(GET_REPORT0 == 0xC4405401u, "TDX_CMD_GET_REPORT0");

/* Intel's out-of-tree driver, TDX_CMD_EXTEND_RTMR. */
struct extend_request {
    uint8_t digest[48];
    uint8_t index;
};
#define EXTEND_RTMR _IOW('T', 3, struct extend_request)

static enum rc open_device(const char *root, int *out, struct err *err)
{
    *out = place_open(root, TD_DEVICE, O_RDWR);
    if (*out >= 0)
        return RC_OK;
    if (errno == ENOENT)
        return err_set(err, BG_TD_DEVICE_ABSENT, "%s", TD_DEVICE);
    return err_set(err, BG_TD_DEVICE_OPEN, "%s: %s", TD_DEVICE, strerror(errno));
}

/* ask_socket: the test build's device: 64 bytes, then 1024. */
static enum rc ask_socket(int fd, struct report_request *r, struct err *err)
{
    ssize_t sent = send(fd, r->report_data, sizeof r->report_data, MSG_NOSIGNAL);
    ssize_t got = sent < 0 ? -1 : recv(fd, r->report, sizeof r->report, MSG_WAITALL);
    if (got == (ssize_t)sizeof r->report)
        return RC_OK;
    return err_set(err, BG_TD_DEVICE_SHORT, "%zd bytes of %zu", got, sizeof r->report);
}

enum rc td_device_report(const struct td_device *d, const uint8_t report_data[static 64],
                         uint8_t out[static LOCAL_REPORT_SIZE], struct err *err)
{
    struct report_request r = {0};
    AUTO_CLOSE fd = -1;
    int done = -1;
    memcpy(r.report_data, report_data, sizeof r.report_data);
    if (d->socket >= 0) {
        TRY(ask_socket(d->socket, &r, err));
    } else {
        TRY(open_device(d->root, &fd, err));
        for (unsigned i = 0; i < TRIES && done != 0; i++)
            if ((done = ioctl(fd, GET_REPORT0, &r)) != 0 && errno != EINTR && errno != EBUSY)
                break;
        if (done != 0)
            return err_set(err, BG_TD_DEVICE_REPORT, "%s", strerror(errno));
    }
    memcpy(out, r.report, sizeof r.report);
    return RC_OK;
}

static void register_path(char out[static 128], unsigned rtmr)
{
    (void)snprintf(out, 128, "%s/rtmr%u:sha384", TD_MEASUREMENTS, rtmr);
}

enum rc td_device_registers(struct arena *a, const char *root,
                            const uint8_t report[static LOCAL_REPORT_SIZE], struct err *err)
{
    for (unsigned i = 0; i < 4; i++) {
        char path[128];
        struct bytes have = BYTES_NONE;
        struct err why = {0};
        register_path(path, i);
        enum rc rc = place_read(a, root, path, 48, &have, &why);
        if (rc == BG_GUEST_FILE_ABSENT)
            continue; /* an older kernel */
        if (rc != RC_OK || have.n != 48)
            return err_set(err, BG_RTMR_READ, "rtmr%u: %zu bytes %s", i, have.n, why.detail);
        if (memcmp(have.p, report + RTMR_AT + 48u * i, 48) != 0)
            return err_set(err, BG_RTMR_MOVED, "rtmr%u", i);
    }
    return RC_OK;
}

/* extend_old: drivers of before 6.16 that have the call. */
static enum rc extend_old(const char *root, unsigned rtmr, const uint8_t digest[static 48],
                          struct err *err)
{
    struct extend_request r = {.index = (uint8_t)rtmr};
    AUTO_CLOSE fd = -1;
    memcpy(r.digest, digest, sizeof r.digest);
    TRY(open_device(root, &fd, err));
    if (ioctl(fd, EXTEND_RTMR, &r) == 0)
        return RC_OK;
    return err_set(err, BG_RTMR_NO_EXTEND, "rtmr%u: %s", rtmr, strerror(errno));
}

enum rc td_device_extend(const char *root, unsigned rtmr, const uint8_t digest[static 48],
                         struct err *err)
{
    char path[128];
    if (rtmr != 2 && rtmr != 3)
        return err_set(err, BG_RTMR_NOT_OURS, "rtmr%u", rtmr);
    register_path(path, rtmr);
    AUTO_CLOSE fd = place_open(root, path, O_WRONLY);
    if (fd < 0 && errno == ENOENT)
        return extend_old(root, rtmr, digest, err);
    ssize_t n = fd < 0 ? -1 : write(fd, digest, 48);
    if (n != 48)
        return err_set(err, BG_RTMR_EXTEND, "rtmr%u: %s", rtmr, n < 0 ? strerror(errno) : "short");
    return RC_OK;
}
