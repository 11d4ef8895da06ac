#include "agent/build.h"
#include "agent/config.h"

#include <stdlib.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <tss2/tss2_tcti_swtpm.h>

static int guest_socket(const char *root, const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int n = snprintf(to.sun_path, sizeof to.sun_path, "%s/%s", root, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && n > 0 && (size_t)n < sizeof to.sun_path &&
        connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

build_guest_socket_fn *const build_guest_socket = guest_socket;
const char *const build_kind = "test";
const bool build_has_root_option = true;
build_tcti_fn *const build_tcti_init = Tss2_Tcti_Swtpm_Init;
/* swtpm stands behind two TCP ports. */
const char *const build_tpm_calls[] = {"socket",     "connect",    "sendto",      "recvfrom",
                                       "getsockopt", "setsockopt", "getsockname", "newfstatat",
                                       "bind",       NULL};
const bool build_collect_unix = true;
const bool build_boot_takes_options = true;
const char *const build_boot_config = "/usr/lib/bootgate/bootgate.json";
const uint64_t build_floor = 0;
const struct tcb_minimum build_tcb_minimum = {0, 0};
/* A folder for the last-failure record, and a socket in the file system for the host API. */
const char *const build_stand_ins[] = {"BOOTGATE_TEST_RUN", "BOOTGATE_TEST_HOST_API", NULL};
const bool build_stops_machine = false;

const char *build_stand_in(const char *name)
{
    return getenv(name);
}

const char *build_run_dir(void)
{
    return build_stand_in("BOOTGATE_TEST_RUN");
}
