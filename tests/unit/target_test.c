/* Targets: what each writes and refuses, and that a failure takes back what was written. */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/target.h"

#define KEY "0123456789abcdef0123456789abcdef"

static char dir[] = "/dev/shm/bootgate-target.XXXXXX";

static const char *in_dir(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", dir, name);
    return p;
}

static struct secret *key_of(size_t n)
{
    struct err err = {0};
    struct secret *s = secret_new(n, &err);
    assert_non_null(s);
    for (size_t i = 0; i < n; i++)
        secret_data(s)[i] = (uint8_t)KEY[i % 32];
    return s;
}

static enum rc give_n(const struct target_config *t, size_t n, size_t key_n, unsigned ms)
{
    struct secret *key = key_of(key_n);
    struct watch w = {.deadline_ms = clock_ms() + ms, .signal_fd = -1};
    struct err err = {0};
    enum rc rc = targets_write(t, n, key, &w, &err);
    assert_int_equal(rc, err.rc);
    secret_free(key);
    return rc;
}

static enum rc give(const struct target_config *t)
{
    return give_n(t, 1, 32, 120000);
}

static struct target_config file_at(const char *path)
{
    return (struct target_config){.type = TARGET_FILE, .path = path};
}

static bool has_key(const char *path, size_t n)
{
    char text[70000];
    int fd = open(path, O_RDONLY);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text) : -1;
    bool same = got == (ssize_t)n;
    for (size_t i = 0; same && i < n; i++)
        same = text[i] == KEY[i % 32];
    if (fd >= 0)
        close(fd);
    return same;
}

static void a_file_has_the_key_and_mode_0400(void **state)
{
    (void)state;
    struct stat st;
    struct target_config t = file_at(in_dir("key"));
    assert_int_equal(give(&t), RC_OK);
    assert_true(has_key(t.path, 32));
    assert_int_equal(stat(t.path, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0400);
    assert_int_equal(st.st_nlink, 1);
    unlink(t.path);
}

static void a_name_that_is_taken_is_never_replaced(void **state)
{
    (void)state;
    struct target_config t = file_at(in_dir("key"));
    int fd = open(t.path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(give(&t), BG_TARGET_FILE_NAME);
    assert_true(has_key(t.path, 0)); /* untouched */
    unlink(t.path);
    assert_int_equal(symlink(in_dir("elsewhere"), t.path), 0);
    assert_int_equal(give(&t), BG_TARGET_FILE_NAME);
    assert_false(file_exists(in_dir("elsewhere")));
    unlink(t.path);
    assert_int_equal(mkdir(t.path, 0700), 0);
    assert_int_equal(give(&t), BG_TARGET_FILE_NAME);
    rmdir(t.path);
}

static void a_directory_that_others_reach_is_refused(void **state)
{
    (void)state;
    struct target_config t = file_at(in_dir("key"));
    static const mode_t modes[] = {0755, 0701, 0710, 0777, 01777, 0500};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(dir, modes[i]), 0);
        CASE("mode", give(&t) == BG_TARGET_DIR_MODE, "%o", (unsigned)modes[i]);
    }
    assert_int_equal(chmod(dir, 0700), 0);
    t.path = in_dir("no/key");
    assert_int_equal(give(&t), BG_TARGET_DIR_OPEN);
    assert_int_equal(mkdir(in_dir("real"), 0700), 0);
    assert_int_equal(symlink("real", in_dir("link")), 0);
    t.path = in_dir("link/key");
    assert_int_equal(give(&t), BG_TARGET_DIR_OPEN);
    assert_int_equal(mkdir(in_dir("real/deep"), 0700), 0);
    t.path = in_dir("link/deep/key"); /* a link further up */
    assert_int_equal(give(&t), BG_TARGET_DIR_OPEN);
    rmdir(in_dir("real/deep"));
    rmdir(in_dir("real"));
    unlink(in_dir("link"));
    t.path = "/key";
    assert_int_equal(give(&t), BG_TARGET_PATH);
}

static void a_disk_is_no_place_for_a_key(void **state)
{
    (void)state;
    char disk[] = "/var/tmp/bootgate-target.XXXXXX", path[64];
    assert_non_null(mkdtemp(disk));
    snprintf(path, sizeof path, "%s/key", disk);
    struct target_config t = file_at(path);
    assert_int_equal(give(&t), BG_TARGET_NOT_MEMORY);
    rmdir(disk);
}

static long search_key(const char *name)
{
    return syscall(SYS_keyctl, (long)KEYCTL_SEARCH, (long)KEY_SPEC_SESSION_KEYRING, "user", name,
                   0L);
}

static bool no_keyrings(void)
{
    return syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0;
}

static void the_keyring_has_the_key_for_a_while(void **state)
{
    (void)state;
    struct target_config t = {.type = TARGET_KEYRING, .name = "bootgate:test", .timeout_s = 3600};
    char text[64] = {0};
    if (no_keyrings()) {
        case_skip(1, "this kernel gives us no keyring");
        return;
    }
    assert_int_equal(give(&t), RC_OK);
    long id = search_key(t.name);
    assert_true(id > 0);
    assert_int_equal(syscall(SYS_keyctl, (long)KEYCTL_READ, id, text, sizeof text), 32);
    assert_memory_equal(text, KEY, 32);
    assert_int_equal(give(&t), BG_TARGET_KEY_NAME);
    /* One for a second: it may be gone before this looks for it, and is gone in the end. */
    struct target_config brief = {.type = TARGET_KEYRING, .name = "bootgate:brief", .timeout_s = 1};
    assert_int_equal(give(&brief), RC_OK);
    for (unsigned i = 0; search_key(brief.name) > 0 && i < 3000; i++)
        usleep(20000);
    assert_int_equal(search_key(brief.name), -1);
    assert_int_equal(syscall(SYS_keyctl, (long)KEYCTL_READ, id, text, sizeof text), 32);
}

static void a_command_reads_the_key_from_its_input(void **state)
{
    (void)state;
    char out[128], of[160];
    snprintf(out, sizeof out, "%s", in_dir("out"));
    snprintf(of, sizeof of, "of=%s", out);
    const char *const dd[] = {"/bin/dd", of, "status=none", NULL},
                      *const fails[] = {"/bin/grep", "-q", "no such text", NULL},
                      *const none[] = {"/nonexistent/command", NULL},
                      *const early[] = {"/bin/true", NULL},
                      *const waits[] = {"/bin/sleep", "60", NULL},
                      *const shell[] = {"/bin/echo", "$(touch x)", ";", "touch x", NULL};
    struct target_config t = {.type = TARGET_EXEC, .argv = dd};
    assert_int_equal(give_n(&t, 1, 65536, 120000), RC_OK);
    assert_true(has_key(out, 65536));
    unlink(out);
    t.argv = fails;
    assert_int_equal(give(&t), BG_TARGET_EXEC_STATUS);
    t.argv = none;
    assert_int_equal(give(&t), BG_TARGET_EXEC_START);
    t.argv = shell; /* which reads nothing: it may have ended before the key was written */
    enum rc said = give(&t);
    assert_true(said == RC_OK || said == BG_TARGET_EXEC_UNREAD);
    assert_false(file_exists("x"));
    t.argv = waits;
    uint64_t start = clock_ms();
    assert_int_equal(give_n(&t, 1, 32, 300), BG_WATCH_DEADLINE);
    assert_true(clock_ms() - start < 50000); /* the command would take a minute */
    t.argv = early;
    enum rc rc = give_n(&t, 1, 65536 * 2, 120000); /* more than a pipe holds */
    assert_int_equal(rc, BG_TARGET_EXEC_UNREAD);
}

/* A command has its standard streams, no environment, no blocked signals, and nothing else. By
 * exec: a shell blocks signals of its own while it waits. */
static void a_command_inherits_nothing(void **state)
{
    (void)state;
    const char *const argv[] = {
        "/bin/sh", "-c",
        "cat >/dev/null; test -z \"$BOOTGATE_LEAK\" && test ! -e /proc/$$/fd/57 && "
        "exec grep -q '^SigBlk:.0*$' /proc/self/status",
        NULL};
    struct target_config t = {.type = TARGET_EXEC, .argv = argv};
    int fd = open("/dev/null", O_RDONLY);
    assert_true(fd >= 0 && dup2(fd, 57) == 57); /* dup2(2) takes the close-on-exec flag away */
    assert_int_equal(setenv("BOOTGATE_LEAK", "1", 1), 0);
    assert_int_equal(give(&t), RC_OK);
    close(57);
    close(fd);
    assert_int_equal(unsetenv("BOOTGATE_LEAK"), 0);
}

/* client connects once the socket is there, as another user when asked to; reads `want` bytes. */
static pid_t client(const char *path, uid_t uid, size_t want)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (uid) { /* the directory would stop a stranger: open it for him */
        while (chmod(path, 0777) != 0)
            usleep(2000);
        if (chmod(dir, 0777) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(3);
    }
    for (unsigned i = 0; connect(fd, (struct sockaddr *)&at, sizeof at) != 0; i++) {
        if (i == 30000)
            _exit(4);
        usleep(2000);
    }
    char text[65536];
    size_t n = 0;
    ssize_t got = 1;
    while (n < want && (got = read(fd, text + n, want - n)) > 0)
        n += (size_t)got;
    if (uid)
        _exit(n == 0 ? 0 : 5);
    bool same = n == want;
    for (size_t i = 0; same && i < n; i++)
        same = text[i] == KEY[i % 32];
    /* The rest: the end of the file, when everything was wanted. */
    if (same && want >= 32)
        same = read(fd, text, 1) == 0;
    _exit(same ? 0 : 1);
}

static int ended(pid_t pid)
{
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

static void one_client_of_the_socket_gets_the_key(void **state)
{
    (void)state;
    struct target_config t = {.type = TARGET_UNIX, .path = in_dir("sock")};
    pid_t pid = client(t.path, 0, 32);
    assert_int_equal(give(&t), RC_OK);
    assert_int_equal(ended(pid), 0);
    assert_false(file_exists(t.path));
    pid = client(t.path, 0, 65536);
    assert_int_equal(give_n(&t, 1, 65536, 120000), RC_OK);
    assert_int_equal(ended(pid), 0);
    /* Who goes away with half of it. */
    pid = client(t.path, 0, 5);
    assert_int_equal(give(&t), BG_TARGET_UNIX_UNREAD);
    assert_int_equal(ended(pid), 0);
    assert_false(file_exists(t.path));
    assert_int_equal(give_n(&t, 1, 32, 200), BG_WATCH_DEADLINE);
    assert_false(file_exists(t.path));
    t.path =
        in_dir("a-name-that-together-with-the-path-of-the-directory-is-longer-than-an-address-of-"
               "unix-can-be");
    assert_int_equal(give(&t), BG_TARGET_UNIX_PATH);
}

static void a_stranger_at_the_socket_gets_nothing(void **state)
{
    (void)state;
    struct target_config t = {.type = TARGET_UNIX, .path = in_dir("sock")};
    if (geteuid() != 0) {
        case_skip(1, "only root can act as another user");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) { /* first the stranger, then who may have it */
        int refused = ended(client(t.path, 65534, 32));
        _exit(refused != 0 ? 1 : ended(client(t.path, 0, 32)) != 0 ? 2 : 0);
    }
    assert_int_equal(give_n(&t, 1, 32, 120000), RC_OK);
    assert_int_equal(ended(pid), 0);
    assert_int_equal(chmod(dir, 0700), 0);
}

static void a_failure_takes_the_others_back(void **state)
{
    (void)state;
    const char *const fails[] = {"/bin/grep", "-q", "no such text", NULL};
    struct target_config v[] = {{.type = TARGET_EXEC, .argv = fails},
                                file_at(in_dir("first")),
                                {.type = TARGET_KEYRING, .name = "bootgate:taken", .timeout_s = 60},
                                file_at(in_dir("second"))};
    bool keys = !no_keyrings();
    if (!keys)
        v[2] = file_at(in_dir("third"));
    assert_int_equal(give_n(v, 4, 32, 120000), BG_TARGET_EXEC_STATUS);
    assert_false(file_exists(v[1].path) || file_exists(v[3].path));
    if (keys)
        assert_int_equal(search_key(v[2].name), -1);
    /* The second file can't be made: the first one goes, the command is never started. */
    int fd = open(v[3].path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    close(fd);
    assert_int_equal(give_n(v, 4, 32, 120000), BG_TARGET_FILE_NAME);
    assert_false(file_exists(v[1].path));
    assert_true(file_exists(v[3].path)); /* it was not ours */
    unlink(v[3].path);
    assert_int_equal(give_n(v, 0, 32, 120000), BG_TARGET_COUNT);
    struct target_config none = {0};
    assert_int_equal(give(&none), BG_TARGET_TYPE);
}

/* In a child: watch_open changes the process for good. */
static int signalled(void)
{
    struct watch w;
    struct err err = {0};
    struct secret *key = key_of(32);
    struct target_config v[] = {file_at(in_dir("key")),
                                {.type = TARGET_UNIX, .path = in_dir("sock")}};
    if (watch_open(&w, clock_ms() + 120000, &err) != RC_OK || raise(SIGTERM) != 0)
        return 1;
    return targets_write(v, 2, key, &w, &err) == BG_WATCH_SIGNAL && !file_exists(v[0].path) &&
                   !file_exists(v[1].path)
               ? 0
               : 2;
}

static void a_signal_ends_the_waiting_and_takes_back(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(signalled());
    assert_int_equal(ended(pid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_the_key_and_mode_0400),
        cmocka_unit_test(a_name_that_is_taken_is_never_replaced),
        cmocka_unit_test(a_directory_that_others_reach_is_refused),
        cmocka_unit_test(a_disk_is_no_place_for_a_key),
        cmocka_unit_test(the_keyring_has_the_key_for_a_while),
        cmocka_unit_test(a_command_reads_the_key_from_its_input),
        cmocka_unit_test(a_command_inherits_nothing),
        cmocka_unit_test(one_client_of_the_socket_gets_the_key),
        cmocka_unit_test(a_stranger_at_the_socket_gets_nothing),
        cmocka_unit_test(a_failure_takes_the_others_back),
        cmocka_unit_test(a_signal_ends_the_waiting_and_takes_back),
    };
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(dir))
        return 1;
    int rc = HARNESS_RUN("target", tests);
    rmdir(dir);
    return rc;
}
