/* What is told of a boot and to whom: the service manager, the host API, the record, the machine.
 */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/file.h"
#include "agent/notify.h"
#include "agent/outcome.h"
#include "agent/outcome_host.h"
#include "agent/outcome_record.h"

static struct arena *arena;
static char folder[64];

static char *in_folder(const char *name)
{
    struct err err = {0};
    char *path = arena_printf(arena, &err, "%s/%s", folder, name);
    assert_non_null(path);
    return path;
}

static void write_text(const char *path, const char *text)
{
    struct err err = {0};
    assert_int_equal(file_write(path, bytes_of_str(text), &err), RC_OK);
}

/* --- the line --- */

static void a_line_is_one_line(void **state)
{
    (void)state;
    char line[OUTCOME_LINE];
    struct err why = {0};
    (void)err_set(&why, BG_OUTCOME_STOP, "a\nb\x1b[31mc\xc3\xa9");
    outcome_line(&why, line);
    assert_string_equal(line, "BG-2272 the kernel did not end the machine: a?b?[31mc??");
    err_clear(&why);
    (void)err_set(&why, BG_OUTCOME_STOP, "%s", "");
    outcome_line(&why, line);
    assert_string_equal(line, "BG-2272 the kernel did not end the machine");
    err_clear(&why);
    (void)err_set(&why, (enum rc)9999, "%s", "x");
    outcome_line(&why, line);
    assert_string_equal(line, "BG-9999 no known code: x");
    err_clear(&why);
    (void)err_set(&why, BG_SHUT_NOT_GATED, "%0400d", 7);
    outcome_line(&why, line);
    assert_true(strlen(line) < OUTCOME_LINE && strlen(line) > ERR_DETAIL_MAX);
}

/* --- the host's URL --- */

static enum rc url_of(const char *text, size_t n, struct host_api *out)
{
    struct err err = {0};
    return outcome_host_url(bytes_of(text, n), out, &err);
}

static void the_hosts_url(void **state)
{
    (void)state;
    static const struct {
        const char *url, *path;
        uint32_t port;
    } good[] = {{"vsock://2:10000/api", "/api", 10000},
                {"vsock://2:12000/api/", "/api", 12000},
                {"vsock://2:1", "", 1},
                {"vsock://2:1/", "", 1},
                {"vsock://2:4294967294/a/b-c_d.e", "/a/b-c_d.e", UINT32_MAX - 1}};
    static const struct {
        const char *url;
        enum rc rc;
    } bad[] = {{"", BG_OUTCOME_HOST_SCHEME},
               {"vsock://2", BG_OUTCOME_HOST_SCHEME},
               {"vsock://2:", BG_OUTCOME_HOST_URL},
               {"vsock://2:/api", BG_OUTCOME_HOST_URL},
               {"vsock://2:0/api", BG_OUTCOME_HOST_URL},
               {"vsock://2:4294967295/api", BG_OUTCOME_HOST_URL}, /* VMADDR_PORT_ANY */
               {"vsock://2:4294967297/api", BG_OUTCOME_HOST_URL},
               {"vsock://2:99999999999/api", BG_OUTCOME_HOST_URL},
               {"vsock://2:-1/api", BG_OUTCOME_HOST_URL},
               {"vsock://2: 1/api", BG_OUTCOME_HOST_URL},
               {"vsock://2:1api", BG_OUTCOME_HOST_URL},
               {"vsock://2:1/a?b", BG_OUTCOME_HOST_URL},
               {"vsock://2:1/a b", BG_OUTCOME_HOST_URL},
               {"vsock://2:1/a\r\nX: y", BG_OUTCOME_HOST_URL},
               {"vsock://1:1/api", BG_OUTCOME_HOST_SCHEME}, /* this machine's own services */
               {"vsock://3:1/api", BG_OUTCOME_HOST_SCHEME},
               {"vsock://02:1/api", BG_OUTCOME_HOST_SCHEME},
               {"vsock://22:1/api", BG_OUTCOME_HOST_SCHEME},
               {"http://10.0.2.2:80/api", BG_OUTCOME_HOST_SCHEME},
               {"unix:/run/x", BG_OUTCOME_HOST_SCHEME},
               {"VSOCK://2:1/api", BG_OUTCOME_HOST_SCHEME}};
    struct host_api api;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        enum rc rc = url_of(good[i].url, strlen(good[i].url), &api);
        CASE(good[i].url,
             rc == RC_OK && api.port == good[i].port && strcmp(api.path, good[i].path) == 0,
             "BG-%d", rc);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum rc rc = url_of(bad[i].url, strlen(bad[i].url), &api);
        CASE(bad[i].url, rc == bad[i].rc, "BG-%d", rc);
    }
    char longest[256];
    (void)snprintf(longest, sizeof longest, "vsock://2:1/%0127d", 0);
    CASE("a path of 128", url_of(longest, strlen(longest), &api) == BG_OUTCOME_HOST_URL, "taken");
    longest[strlen(longest) - 1] = '\0';
    CASE("a path of 127", url_of(longest, strlen(longest), &api) == RC_OK, "refused");
    CASE("a NUL in it", url_of("vsock://2:1/a\0b", 15, &api) == BG_OUTCOME_HOST_URL, "taken");
}

/* Whatever byte of a URL changes: refused, or another port or path of the same host. */
static void the_hosts_url_flipped(void **state)
{
    (void)state;
    static const char url[] = "vsock://2:10000/api";
    struct host_api api;
    for (size_t i = 0; i < sizeof url - 1; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            char text[sizeof url];
            memcpy(text, url, sizeof url);
            text[i] = (char)(text[i] ^ (int)(1u << bit));
            enum rc rc = url_of(text, sizeof url - 1, &api);
            bool same = rc == RC_OK && api.port == 10000 && strcmp(api.path, "/api") == 0;
            CASE(text, !same && (i >= 10 || rc == BG_OUTCOME_HOST_SCHEME), "bit %u of byte %zu",
                 bit, i);
        }
}

static void a_request(void **state)
{
    (void)state;
    struct err err = {0};
    struct bytes b;
    const struct host_api api = {.port = 1, .path = "/api"};
    assert_int_equal(
        outcome_host_request(arena, &api, "boot.error", "BG-0952 \"no\"\r\nX", &b, &err), RC_OK);
    assert_true(bytes_eq_str(b, "POST /api/Notify?json HTTP/1.1\r\nHost: host\r\n"
                                "Content-Type: application/json\r\nContent-Length: 54\r\n"
                                "Connection: close\r\n\r\n"
                                "{\"event\":\"boot.error\",\"payload\":\"BG-0952 "
                                "\\\"no\\\"\\r\\nX\"}"));
    const struct host_api none = {.port = 1};
    assert_int_equal(outcome_host_request(arena, &none, "e", "p", &b, &err), RC_OK);
    assert_memory_equal(b.p, "POST /Notify?json ", 18);
    assert_int_equal(outcome_host_request(arena, &none, "e", "\xff", &b, &err),
                     BG_OUTCOME_HOST_JSON);
}

/* --- the service manager --- */

static int receiver(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memcpy(at.sun_path, name, n + 1);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    else
        n++;
    assert_true(fd >= 0 && bind(fd, (void *)&at, (socklen_t)(sizeof at.sun_family + n)) == 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static const char *received(int fd)
{
    static char text[1024];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return n >= 0 ? text : NULL;
}

static enum rc send_state(enum notify_state state, const char *text, uint64_t ms)
{
    struct err err = {0};
    return notify_send(state, text, ms, &err);
}

static void systemd_is_told(void **state)
{
    (void)state;
    struct err err = {0};
    char abstract[64];
    (void)snprintf(abstract, sizeof abstract, "@bootgate-test-%d", (int)getpid());
    const char *const names[] = {in_folder("notify"), abstract};
    for (size_t i = 0; i < 2; i++) {
        int fd = receiver(names[i]);
        assert_int_equal(send_state(NOTIFY_READY, "allowed", 0), RC_OK);
        assert_string_equal(received(fd), "READY=1\nSTATUS=allowed");
        assert_int_equal(send_state(NOTIFY_STATUS, "at work", 1500), RC_OK);
        assert_string_equal(received(fd), "STATUS=at work\nEXTEND_TIMEOUT_USEC=1500000");
        /* What is told can't say more than a status. */
        assert_int_equal(send_state(NOTIFY_STOPPING, "denied\nREADY=1", 0), RC_OK);
        assert_string_equal(received(fd), "STOPPING=1\nSTATUS=denied?READY=1");
        char *longest = arena_printf(arena, &err, "%01000d", 0);
        assert_int_equal(send_state(NOTIFY_STATUS, longest, UINT64_MAX / 1000), RC_OK);
        assert_int_equal(strlen(received(fd)), 7 + NOTIFY_TEXT_MAX + 21 + 20);
        assert_null(received(fd));
        /* A manager that takes nothing: the queue fills, and waiting ends. */
        uint64_t t0 = clock_ms();
        int sent = 0;
        while (sent < 10000 && send_state(NOTIFY_STATUS, "more", 0) == RC_OK)
            sent++;
        assert_true(sent > 0 && sent < 10000 && clock_ms() - t0 < 60000);
        assert_int_equal(close(fd), 0);
        assert_int_equal(send_state(NOTIFY_READY, "nobody", 0), BG_NOTIFY_SEND);
    }
    char *too_long = arena_printf(arena, &err, "/%0200d", 0);
    const char *const bad[] = {"relative", "/", "@", "vsock:2:1", too_long};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", bad[i], 1), 0);
        assert_int_equal(send_state(NOTIFY_READY, "x", 0), BG_NOTIFY_ADDRESS);
    }
    assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
    assert_int_equal(send_state(NOTIFY_READY, "x", 0), RC_OK);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(send_state(NOTIFY_READY, "x", 0), RC_OK);
}

/* --- the record --- */

static void records(void **state)
{
    (void)state;
    struct err err = {0};
    struct outcome o = {.status = 1, .time = 1772496000};
    struct bytes text;
    uint32_t n = 7;
    (void)err_set(&o.why, BG_OUTCOME_STOP, "a \"b\"");
    assert_int_equal(record_make(arena, &o, 3, &text, &err), RC_OK);
    assert_true(record_failures(text, &n) && n == 3);
    json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
    assert_non_null(j);
    assert_true(json_is_false(json_object_get(j, "allowed")));
    assert_int_equal(json_integer_value(json_object_get(j, "time")), 1772496000);
    assert_string_equal(json_string_value(json_object_get(j, "code")), "BG-2272");
    assert_int_equal(json_integer_value(json_object_get(j, "status")), 1);
    assert_string_equal(json_string_value(json_object_get(j, "sentence")),
                        "BG-2272 the kernel did not end the machine: a \"b\"");
    json_decref(j);
    err_clear(&o.why);
    (void)err_set(&o.why, BG_OUTCOME_STOP, "%0319d", 0);
    assert_int_equal(record_make(arena, &o, RECORD_MAX_FAILURES, &text, &err), RC_OK);
    assert_true(text.n <= RECORD_MAX && record_failures(text, &n) && n == RECORD_MAX_FAILURES);
    const struct outcome yes = {.time = 5};
    assert_int_equal(record_make(arena, &yes, 9, &text, &err), RC_OK);
    assert_true(record_failures(text, &n) && n == 0);
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"schema\":1,\"allowed\":false}",
        "{\"schema\":0,\"allowed\":false,\"failures\":1}",
        "{\"schema\":2,\"allowed\":false,\"failures\":1}",
        "{\"schema\":1,\"allowed\":0,\"failures\":1}",
        "{\"schema\":1,\"allowed\":false,\"failures\":-1}",
        "{\"schema\":1,\"allowed\":false,\"failures\":1.5}",
        "{\"schema\":1,\"allowed\":false,\"failures\":1000001}",
        "{\"schema\":1,\"allowed\":false,\"failures\":99999999999999999999}",
        "{\"schema\":1,\"allowed\":false,\"failures\":1,\"failures\":2}",
        "{\"schema\":1,\"allowed\":false,\"failures\":1} x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CASE(bad[i], !record_failures(bytes_of_str(bad[i]), &n), "taken as %u", n);
    assert_int_equal(n, 0);
}

static uint32_t count_at(const char *dir)
{
    struct err err = {0};
    struct bytes text = BYTES_NONE;
    uint32_t n = 0;
    char *path = arena_printf(arena, &err, "%s/last.json", dir);
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(file_read(arena, path, RECORD_MAX, BG_OUTCOME_HOST_SIZE, &text, &err), RC_OK);
    assert_true(record_failures(text, &n));
    return n;
}

static void end(const struct config *c, int status)
{
    struct outcome o = {.status = status, .time = 1};
    struct outcome_to to = {.a = arena, .config = c, .quiet = true};
    if (status)
        (void)err_set(&o.why, BG_OUTCOME_STOP, "%s", "");
    outcome_end(&to, &o);
}

static void failures_are_counted(void **state)
{
    (void)state;
    struct config c = {.store = in_folder("store")};
    const char *run = in_folder("run");
    assert_int_equal(setenv("BOOTGATE_TEST_RUN", run, 1), 0);
    assert_int_equal(outcome_failures(arena), 0);
    /* Nothing is written for a machine without a configuration. */
    end(NULL, 1);
    assert_int_not_equal(access(run, F_OK), 0);
    /* A yes where nothing was counted leaves the store alone. */
    end(&c, 0);
    assert_int_not_equal(access(c.store, F_OK), 0);
    assert_int_equal(count_at(run), 0);
    for (uint32_t i = 1; i <= 3; i++) {
        end(&c, 1);
        assert_int_equal(count_at(c.store), i);
        assert_int_equal(outcome_failures(arena), i);
    }
    end(&c, 0);
    assert_int_equal(count_at(c.store), 0);
    assert_int_equal(outcome_failures(arena), 0);
    /* The store is the host's: what is no record counts as none, a link is replaced. */
    const char *last = in_folder("store/last.json"), *victim = in_folder("victim");
    char *big = calloc(1, RECORD_MAX + 100);
    assert_non_null(big);
    memset(big, ' ', RECORD_MAX + 50);
    const char *const contents[] = {"garbage", "", big,
                                    "{\"schema\":1,\"allowed\":false,\"failures\":1000001}"};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        write_text(last, contents[i]);
        end(&c, 1);
        assert_int_equal(count_at(c.store), 1);
    }
    free(big);
    write_text(last, "{\"schema\":1,\"allowed\":false,\"failures\":1000000}");
    end(&c, 1);
    assert_int_equal(count_at(c.store), RECORD_MAX_FAILURES);
    write_text(victim, "{\"schema\":1,\"allowed\":false,\"failures\":8}");
    assert_true(unlink(last) == 0 && symlink(victim, last) == 0);
    end(&c, 1);
    assert_int_equal(count_at(c.store), 1);
    assert_int_equal(read_file(arena, victim).n, 41);
    /* One that others may write to is not written to. */
    assert_int_equal(chmod(c.store, 0777), 0);
    end(&c, 1);
    assert_int_equal(count_at(c.store), 1);
    assert_int_equal(outcome_failures(arena), 2);
    assert_int_equal(unsetenv("BOOTGATE_TEST_RUN"), 0);
    assert_int_equal(outcome_failures(arena), 0);
}

static void back_off_grows_and_is_bounded(void **state)
{
    (void)state;
    static const uint32_t want[] = {10, 10, 20, 40, 80, 160, 320, 640, 900, 900};
    for (uint32_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_int_equal(outcome_back_off(i), want[i]);
    assert_int_equal(outcome_back_off(RECORD_MAX_FAILURES), 900);
    assert_int_equal(outcome_back_off(UINT32_MAX), 900);
}

/* --- the host API --- */

/* serve answers n connections, one after the other, in a process of its own; what it was sent goes
 * to the file `heard`. NULL: it takes the connection and says nothing. */
static pid_t serve(const char *path, unsigned n, const char *answer)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    (void)unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (void *)&at, sizeof at) == 0 && listen(fd, 4) == 0);
    int heard = open(in_folder("heard"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(heard >= 0);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        for (unsigned i = 0; i < n; i++) {
            char text[2048];
            int c = accept(fd, NULL, NULL);
            ssize_t got = read(c, text, sizeof text);
            if (got > 0 && write(heard, text, (size_t)got) == got && write(heard, "\n", 1) == 1 &&
                answer && write(c, answer, strlen(answer)) < 0)
                _exit(1);
            if (!answer)
                (void)!read(c, text, sizeof text);
            (void)close(c);
        }
        _exit(0);
    }
    (void)close(fd);
    (void)close(heard);
    assert_true(pid > 0);
    return pid;
}

static void stop(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static enum rc notify_host(const struct guest_config *g, uint64_t *took)
{
    struct err err = {0};
    uint64_t t0 = clock_ms();
    enum rc rc = outcome_host_notify(arena, g, "boot.error", "BG-0952 no", &err);
    *took = clock_ms() - t0;
    return rc;
}

static void the_host_is_told(void **state)
{
    (void)state;
    struct guest_config g = {.host_shared = folder, .notify_host = true};
    const char *path = in_folder("api"), *config = in_folder(".sys-config.json");
    uint64_t took;
    assert_int_equal(setenv("BOOTGATE_TEST_HOST_API", path, 1), 0);
    (void)unlink(config);
    assert_int_equal(notify_host(&g, &took), BG_FILE_OPEN);
    static const struct {
        const char *text;
        enum rc rc;
    } bad[] = {{"{\"host_api_url\":null}", BG_OUTCOME_HOST_NONE},
               {"{\"host_api_url\":3}", BG_OUTCOME_HOST_NONE},
               {"{}", BG_OUTCOME_HOST_NONE},
               {"[]", BG_OUTCOME_HOST_NONE},
               {"{", BG_JSON_SYNTAX},
               {"{\"host_api_url\":\"http://10.0.2.2/api\"}", BG_OUTCOME_HOST_SCHEME}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text(config, bad[i].text);
        assert_int_equal(notify_host(&g, &took), bad[i].rc);
    }
    write_text(config, "{\"host_api_url\":\"vsock://2:10000/api\",\"kms_urls\":[]}");
    assert_int_equal(notify_host(&g, &took), BG_OUTCOME_HOST_CONNECT);
    static const struct {
        const char *answer;
        enum rc rc;
    } answers[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RC_OK},
                   {"HTTP/1.1 500 x\r\n\r\n", BG_OUTCOME_HOST_ANSWER},
                   {"HTTP/1.1 20", BG_OUTCOME_HOST_ANSWER},
                   {"", BG_OUTCOME_HOST_ANSWER},
                   {"HTTP/2 200", BG_OUTCOME_HOST_ANSWER}};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        pid_t pid = serve(path, 1, answers[i].answer);
        assert_int_equal(notify_host(&g, &took), answers[i].rc);
        stop(pid);
    }
    struct bytes heard = read_file(arena, in_folder("heard"));
    assert_true(heard.n > 40 && memcmp(heard.p, "POST /api/Notify?json HTTP/1.1\r\n", 32) == 0);
    /* One that hangs costs two seconds, no more; and then progress is told no more. */
    pid_t pid = serve(path, 1, NULL);
    assert_int_equal(notify_host(&g, &took), BG_WATCH_DEADLINE);
    assert_true(took >= OUTCOME_HOST_MS && took < OUTCOME_HOST_MS + 30000); /* it hangs for 60 s */
    stop(pid);
    struct config c = {.guest = g};
    struct outcome_to to = {.a = arena, .config = &c, .quiet = true};
    pid = serve(path, 4, NULL);
    outcome_stage(&to, "one", 0, false);
    assert_true(read_file(arena, in_folder("heard")).n == 0 && !to.host_mute);
    outcome_stage(&to, "two", 0, true);
    assert_true(to.host_mute);
    stop(pid);
    pid = serve(path, 4, NULL);
    outcome_stage(&to, "three", 0, true);
    assert_int_equal(read_file(arena, in_folder("heard")).n, 0);
    stop(pid);
}

/* What a no tells the host, by what becomes of the machine. */
static void a_no_is_told(void **state)
{
    (void)state;
    static const struct {
        enum denied_action denied;
        bool notify;
        unsigned requests;
    } rows[] = {{DENIED_POWEROFF, true, 2},
                {DENIED_HALT, true, 1},
                {DENIED_REBOOT, true, 1},
                {DENIED_POWEROFF, false, 0}};
    write_text(in_folder(".sys-config.json"), "{\"host_api_url\":\"vsock://2:10000/api\"}");
    assert_int_equal(setenv("BOOTGATE_TEST_HOST_API", in_folder("api"), 1), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config c = {.guest = {.host_shared = folder,
                                     .notify_host = rows[i].notify,
                                     .denied = rows[i].denied}};
        pid_t pid = serve(in_folder("api"), 4, "HTTP/1.1 200 OK\r\n\r\n");
        end(&c, 1);
        stop(pid);
        struct bytes heard = read_file(arena, in_folder("heard"));
        const char *text = (const char *)arena_copy(arena, heard, &(struct err){0});
        unsigned n = 0;
        for (const char *at = text; (at = strstr(at, "POST ")); at++)
            n++;
        assert_int_equal(n, rows[i].requests);
        assert_true(n == 0 || strstr(text, "{\"event\":\"boot.error\",\"payload\":\"BG-2272 "));
        assert_int_equal(n == 2, strstr(text, "{\"event\":\"shutdown.progress\",\"payload\":"
                                              "\"powering off\"}") != NULL);
    }
    assert_int_equal(unsetenv("BOOTGATE_TEST_HOST_API"), 0);
}

/* --- the machine --- */

static void the_test_build_ends_no_machine(void **state)
{
    (void)state;
    struct err err = {0};
    fflush(stderr);
    int kept = dup(STDERR_FILENO), fd = open(in_folder("err"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    enum rc rc[3] = {outcome_stop(DENIED_POWEROFF, 5, &err), outcome_stop(DENIED_HALT, 5, &err),
                     outcome_stop(DENIED_REBOOT, 5, &err)};
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    assert_true(rc[0] == RC_OK && rc[1] == RC_OK && rc[2] == RC_OK);
    assert_true(bytes_eq_str(read_file(arena, in_folder("err")),
                             "bootgate: test build, would: power off in 0 s\n"
                             "bootgate: test build, would: halt in 0 s\n"
                             "bootgate: test build, would: reboot in 160 s\n"));
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/bootgate-outcome.XXXXXX");
    arena = arena_new(16u << 20);
    return arena && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    arena_free(arena);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_line),
        cmocka_unit_test(the_hosts_url),
        cmocka_unit_test(the_hosts_url_flipped),
        cmocka_unit_test(a_request),
        cmocka_unit_test(systemd_is_told),
        cmocka_unit_test(records),
        cmocka_unit_test(failures_are_counted),
        cmocka_unit_test(back_off_grows_and_is_bounded),
        cmocka_unit_test(the_host_is_told),
        cmocka_unit_test(a_no_is_told),
        cmocka_unit_test(the_test_build_ends_no_machine),
    };
    if (set_up(NULL) != 0)
        return 1;
    int rc = HARNESS_RUN("outcome", tests);
    return tear_down(NULL) == 0 ? rc : 1;
}
