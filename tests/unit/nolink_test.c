/* A path without links: what this opens, and why it does not, held against the kernel's own
 * openat2(RESOLVE_NO_SYMLINKS). */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/nolink.h"

/* struct seen: an open file by what it is, or why there is none. */
struct seen {
    int why;
    dev_t dev;
    ino_t ino;
    int flags;
};

static struct seen see(int fd)
{
    struct seen s = {.why = fd < 0 ? errno : 0};
    struct stat st = {0};
    if (fd >= 0) {
        assert_int_equal(fstat(fd, &st), 0);
        /* O_PATH | O_NOFOLLOW gives the kernel's caller the link itself: never here. */
        if (S_ISLNK(st.st_mode)) {
            assert_int_equal(close(fd), 0);
            return (struct seen){.why = ELOOP};
        }
        s.dev = st.st_dev;
        s.ino = st.st_ino;
        s.flags = fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH | O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(close(fd), 0);
    }
    return s;
}

static struct seen kernel(int dir, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return see((int)syscall(SYS_openat2, dir, path, &how, sizeof how));
}

static int setup(void **state)
{
    static char dir[32];
    strcpy(dir, "/tmp/bootgate-nolink.XXXXXX");
    if (!mkdtemp(dir) || chdir(dir) != 0)
        return -1;
    int fd = open("file", O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || close(fd) != 0 || mkdir("d", 0700) != 0 || mkdir("d/e", 0700) != 0 ||
        mkdir("shut", 0) != 0 || symlink("file", "to-file") != 0 || symlink("d", "to-d") != 0 ||
        symlink("nowhere", "to-nothing") != 0 || symlink("round", "round") != 0 ||
        symlink("../../file", "d/e/up") != 0 || link("file", "d/e/f") != 0 ||
        symlink("/", "d/root") != 0 || mkfifo("fifo", 0600) != 0)
        return -1;
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {
        "d/e/up",  "d/e/f", "d/root",     "d/e",   "d",    "shut",
        "to-file", "to-d",  "to-nothing", "round", "fifo", "file",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)remove(names[i]);
    return chdir("/") == 0 ? rmdir(*state) : -1;
}

static void it_opens_what_the_kernel_would(void **state)
{
    static const char *const paths[] = {"file",
                                        "./file",
                                        "d",
                                        "d/",
                                        "d/e",
                                        "d//e///f",
                                        "d/e/f",
                                        "d/e/f/",
                                        "d/e/f/x",
                                        "d/../file",
                                        "..",
                                        ".",
                                        "",
                                        "nothing",
                                        "d/nothing",
                                        "nothing/d",
                                        "to-file",
                                        "to-file/",
                                        "to-d",
                                        "to-d/",
                                        "to-d/e",
                                        "to-d/e/f",
                                        "d/e/up",
                                        "d/root",
                                        "d/root/",
                                        "d/root/dev",
                                        "round",
                                        "round/x",
                                        "to-nothing",
                                        "to-nothing/x",
                                        "file/",
                                        "file/x",
                                        "fifo",
                                        "fifo/x",
                                        "shut",
                                        "shut/x",
                                        "/",
                                        "//",
                                        "/dev/null",
                                        "/dev/../dev/null",
                                        "/proc/self",
                                        "/proc/self/exe",
                                        "/proc/self/fd/0",
                                        "/proc/thread-self/cwd/file"};
    static const int flags[] = {O_RDONLY | O_NONBLOCK,
                                O_RDONLY | O_NONBLOCK | O_NOFOLLOW,
                                O_PATH,
                                O_PATH | O_DIRECTORY,
                                O_RDONLY | O_DIRECTORY,
                                O_PATH | O_NOFOLLOW,
                                O_RDWR | O_NONBLOCK};
    (void)state;
    struct seen probe = kernel(AT_FDCWD, ".", O_PATH);
    if (probe.why == ENOSYS || probe.why == EPERM) {
        case_skip(sizeof paths / sizeof *paths, "this kernel has no openat2");
        return;
    }
    size_t links = 0;
    int d = open("d", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(d >= 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
            for (int from = 0; from < 2; from++) {
                int dir = from ? d : AT_FDCWD;
                struct seen want = kernel(dir, paths[i], flags[k]);
                struct seen have = see(nolink_open(dir, paths[i], flags[k]));
                char name[128];
                snprintf(name, sizeof name, "%s, flags %o%s", paths[i], (unsigned)flags[k],
                         from ? ", below d" : "");
                links += have.why == ELOOP;
                CASE(name,
                     have.why == want.why && have.dev == want.dev && have.ino == want.ino &&
                         have.flags == want.flags,
                     "%s, the kernel says %s", strerror(have.why), strerror(want.why));
            }
    assert_true(links > 100);
    assert_int_equal(close(d), 0);
}

static void a_name_has_an_end(void **state)
{
    (void)state;
    char path[2 * 256 + 8];
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(nolink_open(AT_FDCWD, path, O_RDONLY), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    path[255] = '\0';
    assert_int_equal(nolink_open(AT_FDCWD, path, O_RDONLY), -1);
    assert_int_equal(errno, ENOENT);
    path[255] = '/';
    path[300] = '\0';
    assert_int_equal(nolink_open(AT_FDCWD, path, O_RDONLY), -1);
    assert_int_equal(errno, ENOENT);
}

static void no_descriptor_is_left(void **state)
{
    (void)state;
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(close(before), 0);
    (void)nolink_open(AT_FDCWD, "d/e/up/x", O_RDONLY);
    (void)nolink_open(AT_FDCWD, "/proc/self/fd/0", O_PATH);
    (void)nolink_open(AT_FDCWD, "to-file", O_PATH);
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(after, before);
    assert_int_equal(close(after), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_opens_what_the_kernel_would, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(no_descriptor_is_left, setup, teardown),
    };
    return HARNESS_RUN("nolink", tests);
}
