/* Measured configuration: what mounts, verity tables and command lines say; what is refused here.
 */
#define _GNU_SOURCE
#include "tests/lib/harness.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/measured.h"
#include "agent/measured_table.h"

#define H64 "1111111111111111111111111111111111111111111111111111111111111111"
#define O64 "2222222222222222222222222222222222222222222222222222222222222222"

static void the_mount_of_a_file_is_found_by_its_number(void **state)
{
    (void)state;
    /* Shapes of proc_pid_mountinfo(5): optional fields, none, a path with an escaped space. */
    struct bytes text = bytes_of_str("1 1 0:2 / / rw - rootfs rootfs rw,size=100k\n"
                                     "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:3 - ext3 "
                                     "/dev/root rw,errors=continue\n"
                                     "361 36 254:0 / /usr\\040x ro,relatime - erofs /dev/dm-0 ro\n"
                                     "40 36 0:9 / /broken rw\n");
    struct mount_seen m;
    assert_true(measured_mount(text, 1, &m));
    assert_string_equal(m.type, "rootfs");
    assert_true(measured_mount(text, 36, &m));
    assert_string_equal(m.type, "ext3");
    assert_string_equal(m.options, "rw,noatime");
    assert_true(measured_mount(text, 361, &m));
    assert_string_equal(m.type, "erofs");
    assert_string_equal(m.options, "ro,relatime");
    assert_false(measured_mount(text, 3, &m));
    assert_false(measured_mount(text, 40, &m));
    assert_false(measured_mount(BYTES_NONE, 1, &m));
    /* A NUL would end the text early. */
    static const char nul[] = "36 35 98:0 / / \0rw - ramfs none rw\n";
    assert_false(measured_mount(bytes_of(nul, sizeof nul - 1), 36, &m));
}

static void a_kept_table_is_of_its_device_and_whole(void **state)
{
    (void)state;
    struct bytes got;
    dev_t dev = makedev(254, 1);
    assert_true(measured_table_read(bytes_of_str("254:1 1 8:17 8:18 x\n"), dev, &got));
    assert_true(bytes_eq_str(got, "1 8:17 8:18 x"));
    static const char *const bad[] = {
        "254:1 1 8:17 8:18 x",
        "254:1 1 8:17\n254:1 8:18\n",
        "254:11 1 8:17\n",
        "254:0 1 8:17\n",
        "54:1 1 8:17\n",
        "254:1\n",
        "254:1 \n",
        "\n254:1 1 8:17\n",
        " 254:1 1 8:17\n",
        "254:1 1 8:17\n254:1 1 8:18",
        "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(measured_table_read(bytes_of_str(bad[i]), dev, &got));
    assert_false(measured_table_read(BYTES_NONE, dev, &got));
}

static void a_verity_table_gives_its_root_hash(void **state)
{
    (void)state;
    struct bytes hash;
    /* Kernel, Documentation/admin-guide/device-mapper/verity.rst. */
    assert_true(measured_verity_hash(
        bytes_of_str("1 8:17 8:18 4096 4096 262144 1 sha256 " H64 " abcd"), &hash));
    assert_true(bytes_eq_str(hash, H64));
    assert_true(measured_verity_hash(
        bytes_of_str("1 8:17 8:18 4096 4096 262144 1 sha256 " H64 " - 1 restart_on_corruption"),
        &hash));
    assert_false(measured_verity_hash(
        bytes_of_str("1 8:17 8:18 4096 4096 262144 1 sha256 " H64 " - 1 ignore_corruption"),
        &hash));
    assert_false(measured_verity_hash(
        bytes_of_str("1 8:17 8:18 4096 4096 262144 1 sha256 " H64 " - 1 check_at_most_once"),
        &hash));
    assert_false(measured_verity_hash(bytes_of_str("1 8:17 8:18 4096 4096 262144 1 sha256 " H64
                                                   " - 2 restart_on_corruption check_at_most_once"),
                                      &hash));
    assert_false(measured_verity_hash(bytes_of_str("1 8:17 8:18 4096 4096 1 1 sha256"), &hash));
    assert_false(measured_verity_hash(bytes_of_str("0 1 linear 8:1 0 a b c short"), &hash));
    assert_false(measured_verity_hash(BYTES_NONE, &hash));
}

static void the_root_hash_must_stand_on_the_command_line(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool ok;
    } v[] = {
        {"quiet roothash=" H64 " ro\n", true},
        {"usrhash=" H64, true},
        {"console=ttyS0 dstack.rootfs_hash=" H64 " dstack.rootfs_size=1", true},
        {"dstack.rootfs_hash=" O64, false},
        {"dstack.rootfs_hash=" H64 " dstack.rootfs_hash=" O64, false},
        {"rootfs_hash=" H64, false},
        {"roothash=" H64 " usrhash=" O64, true},
        {"roothash=" O64, false},
        {"xroothash=" H64, false},
        {"roothash=" H64 "0", false},
        {"roothash=", false},
        {"", false},
        /* Twice: which one counted is somebody else's choice. */
        {"roothash=" O64 " roothash=" H64, false},
        {"roothash=" H64 " roothash=" H64, false},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        CASE(v[i].line, measured_on_cmdline(bytes_of_str(v[i].line), bytes_of_str(H64)) == v[i].ok,
             "not %d", v[i].ok);
    CASE("no hash", !measured_on_cmdline(bytes_of_str("roothash="), BYTES_NONE), "accepted");
}

static enum rc measured(const char *path)
{
    struct arena *a = arena_new(1 << 22);
    struct err err = {0};
    struct bytes b = BYTES_NONE;
    enum rc rc = measured_read(a, path, &b, &err);
    arena_free(a);
    return rc;
}

static void places_that_nothing_measured_are_refused(void **state)
{
    (void)state;
    char plain[] = "/tmp/bootgate-measured.XXXXXX", memory[] = "/dev/shm/bootgate-measured.XXXXXX";
    char link_path[64];
    int fd = mkstemp(plain), shm = mkstemp(memory);
    assert_true(fd >= 0 && shm >= 0);
    snprintf(link_path, sizeof link_path, "%s.link", plain);
    assert_int_equal(symlink(plain, link_path), 0);
    assert_int_equal(measured(plain), BG_MEASURED_FILE_SYSTEM);
    assert_int_equal(measured(memory), BG_MEASURED_FILE_SYSTEM);
    assert_int_equal(measured(link_path), BG_MEASURED_OPEN);
    assert_int_equal(measured("/proc/uptime"), BG_MEASURED_FILE_SYSTEM);
    assert_int_equal(measured("/dev/null"), BG_MEASURED_PLACE);
    assert_int_equal(measured("/tmp"), BG_MEASURED_PLACE);
    assert_int_equal(measured("/nonexistent/bootgate.json"), BG_MEASURED_OPEN);
    unlink(link_path);
    unlink(plain);
    unlink(memory);
    close(fd);
    close(shm);
}

/* in_mount: a file system of our own, in a child, since it changes what the process sees. */
static int in_mount(const char *type, bool read_only, enum rc want, const char *dir)
{
    char path[64];
    snprintf(path, sizeof path, "%s/config", dir);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(type, dir, type, 0, NULL) != 0)
        return 2;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    bool written = fd >= 0 && write(fd, "{}", 2) == 2 && close(fd) == 0;
    if (!written || (read_only && mount(type, dir, type, MS_REMOUNT | MS_RDONLY, NULL) != 0))
        return 3;
    return measured(path) == want ? 0 : 1;
}

static void by_the_type_of_the_file_system(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool read_only;
        enum rc want;
    } v[] = {
        {"ramfs", false, RC_OK},
        {"tmpfs", false, BG_MEASURED_FILE_SYSTEM},
        /* By its type, not for want of a dm-verity table: whoever made it read-only filled it. */
        {"tmpfs", true, BG_MEASURED_FILE_SYSTEM},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        char dir[] = "/tmp/bootgate-measured.XXXXXX";
        int status = 0;
        assert_non_null(mkdtemp(dir));
        pid_t pid = fork();
        if (pid == 0)
            _exit(in_mount(v[i].type, v[i].read_only, v[i].want, dir));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        rmdir(dir);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
            case_skip(1, "no right to mount");
        else
            CASE(v[i].type, status == 0, "read-only %d: status 0x%x", v[i].read_only,
                 (unsigned)status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mount_of_a_file_is_found_by_its_number),
        cmocka_unit_test(a_kept_table_is_of_its_device_and_whole),
        cmocka_unit_test(a_verity_table_gives_its_root_hash),
        cmocka_unit_test(the_root_hash_must_stand_on_the_command_line),
        cmocka_unit_test(by_the_type_of_the_file_system),
        cmocka_unit_test(places_that_nothing_measured_are_refused),
    };
    return HARNESS_RUN("measured", tests);
}
