/*
 * nodes: what beacon nodes are asked and what becomes of each kind of answer; nobody is waited for
 * beyond his turn, and every failure is named by its host.
 */
#include "tests/lib/harness.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/head.h"
#include "base/hex.h"

static struct arena *arena;

/* listening: a loopback socket on a free port. Without accept it is a node that never answers. */
static int listening(unsigned *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static const struct {
    const char *path, *head, *body; /* head: status and Content-Type */
} pages[] = {
    {"finality_update", "200 OK\r\nContent-Type: application/json; charset=utf-8", "{\"data\":1}"},
    {"optimistic_update", "200 OK\r\nContent-Type: Application/Octet-Stream", "\001\002\377"},
    {"bootstrap/0x00", "404 Not Found\r\nContent-Type: application/json", "{}"},
    {"bootstrap/0x01", "200 OK\r\nContent-Type: application/json", "{\"a\":1,\"a\":2}"},
    {"bootstrap/0x02", "200 OK\r\nContent-Type: text/html", "{\"data\":1}"},
    {"bootstrap/0x03", "302 Found\r\nLocation: finality_update", "{\"data\":1}"},
    {"bootstrap/0x04", "200 OK", "{\"data\":1}"},
    {"updates?start_period=5&count=2", "200 OK\r\nContent-Type: application/json", "[]"},
};
#define NUM_PAGES (sizeof pages / sizeof *pages)

/* serve answers until it is killed: requests for /key/eth/v1/beacon/light_client/.. only. */
static _Noreturn void serve(int listener)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        char request[4096] = "", answer[512] = "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n";
        int fd = accept(listener, NULL, NULL);
        ssize_t n = fd < 0 ? -1 : recv(fd, request, sizeof request - 1, 0);
        const char *start = "GET /key/eth/v1/beacon/light_client/";
        char *end = n > 0 ? strstr(request, " HTTP/1.1\r\n") : NULL;
        bool ssz = strstr(request, "Accept: application/octet-stream;q=1.0,application/json;q=0.9");
        if (end && ssz && strncmp(request, start, strlen(start)) == 0) {
            *end = '\0';
            for (size_t i = 0; i < NUM_PAGES; i++)
                if (strcmp(request + strlen(start), pages[i].path) == 0)
                    snprintf(answer, sizeof answer,
                             "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                             pages[i].head, strlen(pages[i].body), pages[i].body);
        }
        if (fd >= 0) {
            (void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
            close(fd);
        }
    }
}

static void needs_become_paths(void **state)
{
    (void)state;
    char path[BEACON_PATH], want[BEACON_PATH];
    struct need n = {.kind = NEED_BOOTSTRAP, .number = 7, .count = 128};
    memset(n.hash, 0xab, 32);
    snprintf(want, sizeof want, "/eth/v1/beacon/light_client/bootstrap/0x%s", "");
    for (size_t i = 0; i < 32; i++)
        strcat(want, "ab");
    assert_true(beacon_path(&n, path));
    assert_string_equal(path, want);
    n.kind = NEED_UPDATES;
    assert_true(beacon_path(&n, path));
    assert_string_equal(path, "/eth/v1/beacon/light_client/updates?start_period=7&count=128");
    n.number = UINT64_MAX;
    n.count = UINT64_MAX;
    assert_true(beacon_path(&n, path)); /* the longest there is fits */
    assert_string_equal(path, "/eth/v1/beacon/light_client/updates?start_period="
                              "18446744073709551615&count=18446744073709551615");
    n.kind = NEED_FINALITY;
    assert_true(beacon_path(&n, path));
    assert_string_equal(path, "/eth/v1/beacon/light_client/finality_update");
    n.kind = NEED_OPTIMISTIC;
    assert_true(beacon_path(&n, path));
    assert_string_equal(path, "/eth/v1/beacon/light_client/optimistic_update");
    static const enum need_kind others[] = {NEED_NONE, NEED_HEADER, NEED_PROOF, NEED_CODE};
    for (size_t i = 0; i < 4; i++) {
        n.kind = others[i];
        CASE("not of a beacon node", !beacon_path(&n, path), "kind %d", (int)others[i]);
    }
}

static void answers_are_recorded_by_their_type(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path, *want; /* of the entry, without its path */
        enum rc code;
    } cases[] = {
        {"JSON", "finality_update", "{\"result\":{\"data\":1}}", RC_OK},
        {"SSZ", "optimistic_update", "{\"ssz\":\"0102ff\"}", RC_OK},
        {"an empty list", "updates?start_period=5&count=2", "{\"result\":[]}", RC_OK},
        {"not there", "bootstrap/0x00", NULL, BG_FETCH_STATUS},
        {"a key twice", "bootstrap/0x01", NULL, BG_BEACON_JSON},
        {"a page", "bootstrap/0x02", NULL, BG_BEACON_TYPE},
        {"redirected", "bootstrap/0x03", NULL, BG_FETCH_STATUS},
        {"without a type", "bootstrap/0x04", NULL, BG_BEACON_TYPE},
        {"another route", "../finality_update", NULL, BG_FETCH_STATUS},
    };
    unsigned port = 0;
    int fd = listening(&port);
    pid_t child = fork();
    if (child == 0)
        serve(fd);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/key/", port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct node node = {.url = url};
        struct turn turn = {.deadline_ms = clock_ms() + 120000};
        struct err err = {0};
        char path[1][BEACON_PATH];
        AUTO_JSON entries = json_array();
        AUTO_JSON want = cases[i].want ? json_loads(cases[i].want, 0, NULL) : NULL;
        snprintf(path[0], BEACON_PATH, "/eth/v1/beacon/light_client/%s", cases[i].path);
        if (want)
            json_object_set_new(want, "path", json_string(path[0]));
        enum rc rc = beacon_ask(&node, &turn, (const char(*)[BEACON_PATH])path, 1, entries, &err);
        CASE(cases[i].name,
             rc == cases[i].code && node.why.rc == rc && turn.trips == 1 &&
                 json_array_size(entries) == (want ? 1 : 0) &&
                 (!want || json_equal(json_array_get(entries, 0), want)),
             "code %d, %zu entries, %zu trips", (int)rc, json_array_size(entries), turn.trips);
    }
    /* Several at once are one round trip; one of them failing is said, and the rest counts. */
    struct node node = {.url = url};
    struct turn turn = {.deadline_ms = clock_ms() + 120000};
    struct err err = {0};
    char paths[3][BEACON_PATH] = {"/eth/v1/beacon/light_client/finality_update",
                                  "/eth/v1/beacon/light_client/bootstrap/0x00",
                                  "/eth/v1/beacon/light_client/optimistic_update"};
    AUTO_JSON entries = json_array();
    assert_int_equal(beacon_ask(&node, &turn, (const char(*)[BEACON_PATH])paths, 3, entries, &err),
                     RC_OK);
    assert_true(turn.trips == 1 && json_array_size(entries) == 2);
    assert_int_equal(node.why.rc, BG_FETCH_STATUS);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(fd);
}

static void nobody_is_waited_for_beyond_his_turn(void **state)
{
    (void)state;
    struct turn t = {.deadline_ms = clock_ms() + 18000, .left = 3};
    struct err err = {0};
    uint64_t ms = 0;
    assert_int_equal(turn_take(&t, &ms, &err), RC_OK);
    assert_in_range(ms, 3000, 6000); /* a third, and a machine that takes its time to ask */
    t.left = 1;
    assert_int_equal(turn_take(&t, &ms, &err), RC_OK);
    assert_in_range(ms, 9000, 18000);
    t.deadline_ms = clock_ms() + 3600000;
    assert_int_equal(turn_take(&t, &ms, &err), RC_OK);
    assert_int_equal(ms, LIMIT_HTTP_SECONDS * 1000);
    t.deadline_ms = clock_ms();
    assert_int_equal(turn_take(&t, &ms, &err), BG_RPC_DEADLINE);
    assert_int_equal(t.trips, 3);
}

/* Two nodes that accept and say nothing, one that is not there: each is named, in time. */
static void a_dead_network_ends_in_time_with_every_name(void **state)
{
    (void)state;
    unsigned port[3];
    int fd[3];
    char url[3][64], host[64];
    struct url_list urls = {.n = 3};
    for (size_t i = 0; i < 3; i++) {
        fd[i] = listening(&port[i]);
        snprintf(url[i], sizeof url[i], "http://user:word@127.0.0.1:%u/secret", port[i]);
        urls.v[i] = url[i];
    }
    close(fd[2]);
    struct err err = {0};
    AUTO_BUNDLE b = {0};
    assert_int_equal(bundle_init(&b, &err), RC_OK);
    uint64_t begun = clock_ms(), now = clock_now();
    struct turn turn = {.deadline_ms = begun + 6000};
    struct head_search *h = arena_alloc(arena, sizeof *h, &err);
    *h = (struct head_search){.a = arena, .bundle = &b, .turn = &turn, .refresh = true, .now = now};
    nodes_init(&h->nodes, &urls, false);
    struct lc_config cfg = {.network = beacon_network_named(bytes_of_str("mainnet")),
                            .checkpoint_max_age = 14 * 86400,
                            .head = LC_HEAD_FINALIZED};
    cfg.checkpoint.slot = beacon_slot_at(cfg.network, now) - 7200;
    assert_int_equal(head_find(h, &cfg, &err), BG_HEAD_NETWORK);
    assert_int_equal(err_exit_status(err.rc), 3);
    /* Waited for, and not for as long as a request of its own may take. */
    assert_in_range(clock_ms() - begun, 2000, 6000 + LIMIT_HTTP_SECONDS * 1000);
    assert_int_equal(turn.trips, 3);
    for (size_t i = 0; i < 3; i++) {
        snprintf(host, sizeof host, "http://127.0.0.1:%u: ", port[i]);
        CASE(host, strstr(err.detail, host) != NULL, "%s", err.detail);
    }
    assert_null(strstr(err.detail, "secret"));
    assert_null(strstr(err.detail, "word"));
    assert_non_null(strstr(err.detail, "no answer in "));
    head_close(h);
    /* The same without anybody to ask. */
    err_clear(&err);
    *h = (struct head_search){.a = arena, .bundle = &b, .turn = &turn, .now = now};
    assert_int_equal(head_find(h, &cfg, &err), BG_HEAD_OFFLINE);
    head_close(h);
    close(fd[0]);
    close(fd[1]);
}

int main(void)
{
    arena = arena_new(1 << 27);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_become_paths),
        cmocka_unit_test(answers_are_recorded_by_their_type),
        cmocka_unit_test(nobody_is_waited_for_beyond_his_turn),
        cmocka_unit_test(a_dead_network_ends_in_time_with_every_name),
    };
    int rc = HARNESS_RUN("nodes", tests);
    arena_free(arena);
    return rc;
}
