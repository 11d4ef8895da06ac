#define _GNU_SOURCE
#include "agent/guest/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/build.h"
#include "agent/child.h"
#include "agent/guest/own_copy.h"
#include "agent/guest/own_log.h"
#include "agent/guest/place.h"
#include "base/hex.h"
#include "base/limits.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define NVIDIA      "0x10de" /* pci.ids */

/* struct job: what the child is to do. */
struct job {
    struct arena *a;
    const struct config *config;
    struct td_device device;
};

/* --- in the child --- */

/* make: folders of the measured image's own file systems, as dstack makes them. That one could not
 * be made is told where it is opened. */
static bool make(void *ctx)
{
    static const struct {
        const char *path;
        mode_t mode;
    } dirs[] = {{"run/bootgate", 0700}, {"run/log", 0755}, {"run/log/dstack", 0755}};
    struct job *j = ctx;
    const char *root = j->config->guest.root;
    AUTO_CLOSE at = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        (void)mkdirat(at, dirs[i].path, dirs[i].mode);
    if (root && build_guest_socket)
        j->device.socket = build_guest_socket(root, "tdx_guest.sock");
    return true;
}

static bool is_nvidia(int dir, const char *name)
{
    char path[300], vendor[8] = {0};
    if (name[0] == '.' || snprintf(path, sizeof path, "%s/vendor", name) >= (int)sizeof path)
        return false;
    AUTO_CLOSE fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, vendor, sizeof vendor - 1) > 0 &&
           strncmp(vendor, NVIDIA, sizeof NVIDIA - 1) == 0;
}

static void close_dir(DIR *const *d)
{
    if (*d)
        (void)closedir(*d);
}

/* has_gpu: any function of that maker; where there is no PCI there is none. */
static bool has_gpu(const char *root)
{
    AUTO_CLOSE fd = place_open(root, PCI_DEVICES, O_RDONLY | O_DIRECTORY);
    __attribute__((cleanup(close_dir))) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return false;
    (void)watch_take_fd(&fd);
    for (struct dirent *e; (e = readdir(dir));)
        if (is_nvidia(dirfd(dir), e->d_name))
            return true;
    return false;
}

/* alone: dstack's setup would read the host's files a second time, after we measured them, and add
 * events behind ours that a verifier, who takes the first, does not look at. */
static enum rc alone(const char *root, struct err *err)
{
    static const char *const setups[] = {"/usr/bin/dstack-util", "/bin/dstack-util"};
    for (size_t i = 0; i < sizeof setups / sizeof *setups; i++) {
        AUTO_CLOSE fd = place_open(root, setups[i], O_PATH);
        if (fd >= 0)
            return err_set(err, BG_OWN_DSTACK, "%s", setups[i]);
    }
    return RC_OK;
}

/* enforceable: what dstack's setup would see to before it asks for keys, nobody does here. */
static enum rc enforceable(const struct job *j, const struct app_plan *plan, struct err *err)
{
    if (plan->requirements)
        return err_set(err, BG_OWN_REQUIREMENTS, "%s", "requirements");
    if (plan->attests_gpu && has_gpu(j->config->guest.root))
        return err_set(err, BG_OWN_GPU, "%s", PCI_DEVICES);
    return RC_OK;
}

static enum rc read_info(struct job *j, struct bytes *out, struct err *err)
{
    struct err why = {0};
    enum rc rc = place_read(j->a, j->config->guest.root, OWN_COPY "/.instance_info",
                            LIMIT_INSTANCE_INFO, out, &why);
    if (rc == BG_GUEST_FILE_ABSENT)
        return RC_OK;
    if (rc != RC_OK)
        *err = why;
    return rc;
}

static enum rc make_plan(struct job *j, struct app_plan *out, struct err *err)
{
    const struct guest_config *c = &j->config->guest;
    uint8_t seed[APP_PLAN_SEED];
    struct app_plan_input in = {.gpu = APP_EMITS_NOT, .no_binding = true};
    in.gpu_policy = c->gpu_policy == APP_EMITS_NOT ? APP_EMITS_NOT : APP_EMITS;
    TRY(place_read(j->a, c->root, OWN_COPY "/app-compose.json", LIMIT_GUEST_COMPOSE,
                   &in.app_compose, err));
    TRY(read_info(j, &in.instance_info, err));
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return err_set(err, BG_OWN_RANDOM, "%s", strerror(errno));
    in.seed = BYTES_OF_ARRAY(seed); /* taken where dstack takes one of its own */
    TRY(app_plan_make(j->a, &in, out, err));
    if (out->log_unknown)
        return err_set(err, BG_OWN_UNKNOWN, "%s", out->log_unknown);
    return enforceable(j, out, err);
}

/* say: for later stages, as dstack's guest tells its host. */
static enum rc say(struct job *j, const struct app_plan *p, struct err *err)
{
    const char *app_id = hex_str(j->a, BYTES_OF_ARRAY(p->app_id), err);
    const char *seed = hex_str(j->a, p->seed, err);
    const char *instance =
        hex_str(j->a, bytes_of(p->instance_id, p->has_instance_id ? 20 : 0), err);
    char *text = app_id && seed && instance
                     ? arena_printf(j->a, err,
                                    "{\"instance_id_seed\":\"%s\",\"instance_id\":\"%s\","
                                    "\"app_id\":\"%s\"}\n",
                                    seed, instance, app_id)
                     : NULL;
    return text ? own_put(j->config->guest.root, "measured.json", bytes_of_str(text), err)
                : err->rc;
}

static enum rc measure(struct job *j, struct err *err)
{
    const struct guest_config *c = &j->config->guest;
    struct app_plan plan;
    TRY(alone(c->root, err));
    TRY(own_copy(j->a, c->root, c->host_shared, err));
    TRY(make_plan(j, &plan, err));
    TRY(say(j, &plan, err));
    return own_log_write(&j->device, &plan, err);
}

static bool run(void *ctx)
{
    struct err err = {0};
    (void)!measure(ctx, &err);
    return child_write_err(0, &err);
}

/* --- in the parent --- */

enum rc own_run(struct arena *a, const struct config *c, const struct watch *w, struct err *err)
{
    const char *root = c->guest.root ? c->guest.root : "";
    struct job j = {a, c, {.root = c->guest.root, .socket = -1}};
    struct sandbox_path paths[] = {{arena_printf(a, err, "%s%s", root, OWN_DIR), true},
                                   {arena_printf(a, err, "%s%s", root, OWN_LOGS), true},
                                   {arena_printf(a, err, "%s%s", root, TD_MEASUREMENTS), true}};
    struct child child = {.what = "the app's measuring",
                          .role = SANDBOX_COLLECT,
                          .run = run,
                          .before = make,
                          .ctx = &j,
                          .paths = paths,
                          .num_paths = sizeof paths / sizeof *paths,
                          .n = 1,
                          .cap = {CHILD_ERR_MAX},
                          .stdout_flow = -1};
    struct bytes said[CHILD_FLOWS];
    struct err why = {0};
    for (size_t i = 0; i < child.num_paths; i++)
        if (!paths[i].path)
            return err->rc;
    TRY(child_run(a, &child, w, said, err));
    if (!child_read_err(said[0], &why))
        return err_set(err, BG_OWN_FLOW, "%zu bytes", said[0].n);
    *err = why;
    return err->rc;
}
