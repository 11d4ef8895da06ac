#define _GNU_SOURCE
#include "agent/outcome_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "agent/build.h"
#include "agent/child.h"
#include "agent/clock.h"
#include "agent/file.h"

#define SYS_CONFIG     "/.sys-config.json" /* dstack-types, shared_filenames.rs */
#define MAX_SYS_CONFIG (64u << 10)
#define SCHEME         "vsock://2:" /* VMADDR_CID_HOST */
#define ANSWER         "HTTP/1.1 200"

/* --- the URL, host's data --- */

static bool path_ok(struct bytes path)
{
    for (size_t i = 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '/' || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return path.n < OUTCOME_HOST_PATH && (path.n == 0 || path.p[0] == '/');
}

enum rc outcome_host_url(struct bytes url, struct host_api *out, struct err *err)
{
    size_t at = sizeof SCHEME - 1, digits = 0;
    uint64_t port = 0;
    if (url.n < at || memcmp(url.p, SCHEME, at) != 0)
        return err_set(err, BG_OUTCOME_HOST_SCHEME, "%zu characters", url.n);
    for (; at + digits < url.n && digits < 10; digits++) {
        uint8_t c = url.p[at + digits];
        if (c < '0' || c > '9')
            break;
        port = 10 * port + (uint64_t)(c - '0');
    }
    struct bytes path = bytes_of(url.p + at + digits, url.n - at - digits);
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    if (!digits || port == 0 || port >= UINT32_MAX || !path_ok(path))
        return err_set(err, BG_OUTCOME_HOST_URL, "%zu characters", url.n);
    *out = (struct host_api){.port = (uint32_t)port};
    memcpy(out->path, path.p, path.n);
    return RC_OK;
}

static enum rc read_api(struct arena *a, const struct guest_config *g, struct host_api *out,
                        struct err *err)
{
    AUTO_JSON j = NULL;
    struct bytes text, url;
    char *path = arena_printf(a, err, "%s" SYS_CONFIG, g->host_shared);
    if (!path)
        return err->rc;
    TRY(file_read(a, path, MAX_SYS_CONFIG, BG_OUTCOME_HOST_SIZE, &text, err));
    TRY(json_read(text, MAX_SYS_CONFIG, &j, err));
    if (!json_str(j, "host_api_url", &url))
        return err_set(err, BG_OUTCOME_HOST_NONE, "%s", "");
    return outcome_host_url(url, out, err);
}

/* --- the request --- */

enum rc outcome_host_request(struct arena *a, const struct host_api *api, const char *event,
                             const char *payload, struct bytes *out, struct err *err)
{
    AUTO_JSON j = json_pack("{s:s, s:s}", "event", event, "payload", payload);
    char *body = j ? json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (!body)
        return err_set(err, BG_OUTCOME_HOST_JSON, "%zu characters", strlen(payload));
    char *text = arena_printf(a, err,
                              "POST %s/Notify?json HTTP/1.1\r\nHost: host\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n"
                              "Connection: close\r\n\r\n%s",
                              api->path, strlen(body), body);
    free(body);
    if (!text)
        return err->rc;
    *out = bytes_of_str(text);
    return RC_OK;
}

/* --- the connection --- */

/* connect_to: the host's port; in the test build, where there is no host, a socket of its own. */
static int connect_to(uint32_t port)
{
    const char *stand_in = build_stand_in("BOOTGATE_TEST_HOST_API");
    struct sockaddr_vm host = {
        .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = port};
    struct sockaddr_un test = {.sun_family = AF_UNIX};
    const void *to = &host;
    socklen_t n = sizeof host;
    if (stand_in) {
        (void)snprintf(test.sun_path, sizeof test.sun_path, "%s", stand_in);
        to = &test;
        n = sizeof test;
    }
    AUTO_CLOSE fd = socket(stand_in ? AF_UNIX : AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, to, n) != 0)
        return -1;
    return watch_take_fd(&fd);
}

static enum rc say(int fd, struct bytes request, struct err *err)
{
    char answer[sizeof ANSWER] = {0};
    size_t n = 0;
    if (!file_write_all(fd, request))
        return err_set(err, BG_OUTCOME_HOST_SEND, "%s", strerror(errno));
    while (n < sizeof answer - 1) {
        ssize_t got = read(fd, answer + n, sizeof answer - 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (n != sizeof ANSWER - 1 || memcmp(answer, ANSWER, n) != 0)
        return err_set(err, BG_OUTCOME_HOST_ANSWER, "%zu bytes", n);
    return RC_OK;
}

/* --- the child --- */

struct told {
    const struct guest_config *guest;
    const char *event, *payload;
};

static enum rc tell(struct arena *a, const struct told *t, struct err *err)
{
    struct host_api api;
    struct bytes request = BYTES_NONE;
    TRY(read_api(a, t->guest, &api, err));
    TRY(outcome_host_request(a, &api, t->event, t->payload, &request, err));
    AUTO_CLOSE fd = connect_to(api.port);
    if (fd < 0)
        return err_set(err, BG_OUTCOME_HOST_CONNECT, "port %u: %s", api.port, strerror(errno));
    return say(fd, request, err);
}

static bool in_child(void *ctx)
{
    struct err err = {0};
    AUTO_ARENA a = arena_new(1u << 20);
    return a && (tell(a, ctx, &err), child_write_err(0, &err));
}

enum rc outcome_host_notify(struct arena *a, const struct guest_config *g, const char *event,
                            const char *payload, struct err *err)
{
    struct told t = {g, event, payload};
    struct bytes said[CHILD_FLOWS];
    const struct sandbox_path shared = {g->host_shared, false};
    const struct child c = {.what = "the host API",
                            .role = SANDBOX_COLLECT,
                            .paths = &shared,
                            .num_paths = 1,
                            .only_paths = true,
                            .run = in_child,
                            .ctx = &t,
                            .n = 1,
                            .cap = {CHILD_ERR_MAX},
                            .stdout_flow = -1};
    const struct watch w = {clock_ms() + OUTCOME_HOST_MS, -1};
    TRY(child_run(a, &c, &w, said, err));
    if (!child_read_err(said[0], err))
        return err_set(err, BG_OUTCOME_HOST_CHILD, "%zu bytes", said[0].n);
    return err->rc;
}
