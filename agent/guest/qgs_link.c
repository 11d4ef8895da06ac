#define _GNU_SOURCE
#include "agent/guest/qgs_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include "agent/clock.h"
#include "agent/watch.h"
#include "base/limits.h"
#include "quote/pck.h"
#include "quote/pem.h"
#include "quote/quote.h"
#include "quote/x509.h"

/* wait_for: the socket is ready for what is wanted, in time. */
static enum rc wait_for(const struct qgs_link *l, int fd, short events, struct err *err)
{
    for (;;) {
        uint64_t now = clock_ms();
        struct pollfd p = {.fd = fd, .events = events};
        if (now >= l->deadline_ms)
            return err_set(err, BG_QGS_DEADLINE, "cid %u, port %u", l->cid, l->port);
        uint64_t left = l->deadline_ms - now;
        if (poll(&p, 1, left > 60000 ? 60000 : (int)left) > 0)
            return RC_OK;
    }
}

static enum rc dial(const struct qgs_link *l, int *out, struct err *err)
{
    struct sockaddr_vm to = {.svm_family = AF_VSOCK, .svm_cid = l->cid, .svm_port = l->port};
    int why = 0;
    socklen_t n = sizeof why;
    *out = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0)
        return err_set(err, BG_QGS_SOCKET, "%s", strerror(errno));
    if (connect(*out, (const struct sockaddr *)&to, sizeof to) == 0)
        return RC_OK;
    why = errno;
    if (why == EINPROGRESS) {
        TRY(wait_for(l, *out, POLLOUT, err));
        if (getsockopt(*out, SOL_SOCKET, SO_ERROR, &why, &n) != 0)
            why = errno;
    }
    return why == 0 ? RC_OK
                    : err_set(err, BG_QGS_CONNECT, "cid %u, port %u: %s", l->cid, l->port,
                              strerror(why));
}

static enum rc send_all(const struct qgs_link *l, int fd, struct bytes b, struct err *err)
{
    while (b.n) {
        ssize_t put = send(fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && (errno == EAGAIN || errno == EINTR))
            TRY(wait_for(l, fd, POLLOUT, err));
        else if (put < 0)
            return err_set(err, BG_QGS_SEND, "%s", strerror(errno));
        else
            b = bytes_of(b.p + put, b.n - (size_t)put);
    }
    return RC_OK;
}

static enum rc receive_all(const struct qgs_link *l, int fd, uint8_t *p, size_t n, struct err *err)
{
    while (n) {
        ssize_t got = recv(fd, p, n, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            TRY(wait_for(l, fd, POLLIN, err));
            continue;
        }
        if (got < 0)
            return err_set(err, BG_QGS_RECEIVE, "%s", strerror(errno));
        if (got == 0)
            return err_set(err, BG_QGS_CLOSED, "%zu bytes are missing", n);
        p += got;
        n -= (size_t)got;
    }
    return RC_OK;
}

/* exchange: one frame out, one in. */
static enum rc exchange(struct arena *a, const struct qgs_link *l, struct bytes request,
                        struct bytes *out, struct err *err)
{
    uint8_t prefix[QGS_PREFIX_SIZE];
    AUTO_CLOSE own = -1;
    size_t n = 0;
    int fd = l->socket;
    if (fd < 0) {
        TRY(dial(l, &own, err));
        fd = own;
    }
    TRY(send_all(l, fd, request, err));
    TRY(receive_all(l, fd, prefix, sizeof prefix, err));
    TRY(qgs_frame_size(prefix, &n, err));
    uint8_t *frame = arena_alloc(a, sizeof prefix + n, err);
    if (!frame)
        return err->rc;
    memcpy(frame, prefix, sizeof prefix);
    TRY(receive_all(l, fd, frame + sizeof prefix, n, err));
    *out = bytes_of(frame, sizeof prefix + n);
    return RC_OK;
}

/* asked: the configuration has a service. */
static enum rc asked(const struct qgs_link *l, struct err *err)
{
    return l->port || l->socket >= 0 ? RC_OK : err_set(err, BG_QGS_NOT_ASKED, "%s", "port 0");
}

enum rc qgs_link_quote(struct arena *a, const struct qgs_link *l,
                       const uint8_t report[static QGS_REPORT_SIZE], struct bytes *out,
                       struct err *err)
{
    uint8_t request[QGS_QUOTE_REQUEST_SIZE];
    struct bytes frame = BYTES_NONE, quote = BYTES_NONE;
    TRY(asked(l, err));
    qgs_quote_request(report, request);
    TRY(exchange(a, l, BYTES_OF_ARRAY(request), &frame, err));
    TRY(qgs_quote_response(frame, &quote, err));
    if (quote.n > LIMIT_QUOTE)
        return err_set(err, BG_QGS_QUOTE_LARGE, "%zu bytes, at most %u", quote.n, LIMIT_QUOTE);
    *out = quote;
    return RC_OK;
}

/* platform_of: FMSPC and CA of a quote's PCK certificate, unauthenticated: what is asked with a
 * wrong one does not fit later. */
static enum rc platform_of(struct arena *a, struct bytes raw, uint8_t fmspc[static 6],
                           bool *platform, struct err *err)
{
    struct quote q;
    struct cert leaf = {0};
    struct pck_tcb pck = {0};
    struct bytes der = BYTES_NONE;
    const char *why = "no certificate";
    TRY(quote_parse(raw, &q, err));
    struct bytes chain = q.pck_chain_pem;
    if (!pem_next(a, &chain, LIMIT_CERT_DER, &der, &why, err) || !der.n ||
        !cert_read(der, &leaf, &why) || !pck_read(leaf.sgx, &pck, &why))
        return err_set(err, BG_QGS_NO_PLATFORM, "%s", why ? why : "");
    memcpy(fmspc, pck.fmspc, 6);
    static const char ca[] = "Intel SGX PCK Platform CA";
    *platform = leaf.issuer.n >= sizeof ca - 1 &&
                memmem(leaf.issuer.p, leaf.issuer.n, ca, sizeof ca - 1) != NULL;
    return RC_OK;
}

enum rc qgs_link_collateral(struct arena *a, const struct qgs_link *l, struct bytes quote,
                            struct collateral *out, struct err *err)
{
    uint8_t request[QGS_COLLATERAL_REQUEST_MAX], fmspc[6];
    struct bytes frame = BYTES_NONE;
    bool platform = false;
    TRY(asked(l, err));
    TRY(platform_of(a, quote, fmspc, &platform, err));
    size_t n = qgs_collateral_request(fmspc, platform, request);
    TRY(exchange(a, l, bytes_of(request, n), &frame, err));
    return qgs_collateral_response(a, frame, out, err);
}
