#define _GNU_SOURCE
#include "agent/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/watch.h"
#include "base/hex.h"
#include "policy/near/base58.h"

#define BEACON     "beacon.json"
#define NEAR       "near.json"
#define FLOOR      "floor.json"
#define COLLATERAL "collateral.json"

/* --- files --- */

/* whole reads what fits into max bytes; false: errno, or EFBIG when there is more. */
static bool whole(struct arena *a, int fd, size_t max, struct bytes *out, struct err *err)
{
    struct stat st;
    size_t n = 0;
    if (fstat(fd, &st) != 0)
        return false;
    errno = !S_ISREG(st.st_mode) ? ENOTSUP : (uint64_t)st.st_size > max ? EFBIG : 0;
    if (errno)
        return false;
    uint8_t *p = arena_alloc(a, max < (uint64_t)st.st_size ? max : (size_t)st.st_size, err);
    while (p && n < (size_t)st.st_size) {
        ssize_t got = read(fd, p + n, (size_t)st.st_size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *out = bytes_of(p, n);
    return p != NULL;
}

static enum rc load(struct arena *a, int dir, const char *name, size_t max, struct bytes *out,
                    struct err *why, struct err *err)
{
    AUTO_CLOSE fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return RC_OK;
    if (fd < 0 || !whole(a, fd, max, out, err)) {
        err_clear(why);
        (void)err_set(why, BG_STORE_READ, "%s: %s", name, strerror(errno));
    }
    return err->rc;
}

static int open_dir(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

enum store_kind store_kind_of(const struct config *c)
{
    return c->chain.source == CHAIN_NEAR ? STORE_NEAR : STORE_BEACON;
}

static const char *light_name(enum store_kind kind)
{
    return kind == STORE_NEAR ? NEAR : BEACON;
}

enum rc store_load(struct arena *a, const char *dir, enum store_kind kind, struct store_files *out,
                   struct err *why, struct err *err)
{
    *out = (struct store_files){BYTES_NONE, BYTES_NONE, BYTES_NONE};
    AUTO_CLOSE fd = open_dir(dir);
    if (fd < 0 && errno != ENOENT)
        (void)err_set(why, BG_STORE_DIRECTORY, "%s: %s", dir, strerror(errno));
    if (fd < 0)
        return RC_OK;
    TRY(load(a, fd, COLLATERAL, STORE_COLLATERAL_MAX, &out->collateral, why, err));
    TRY(load(a, fd, light_name(kind), STORE_LIGHT_MAX, &out->light, why, err));
    return load(a, fd, FLOOR, STORE_FLOOR_MAX, &out->floor, why, err);
}

enum rc store_get(struct arena *a, const char *dir, const char *name, size_t max, struct bytes *out,
                  struct err *why, struct err *err)
{
    *out = BYTES_NONE;
    AUTO_CLOSE fd = open_dir(dir);
    return fd < 0 ? RC_OK : load(a, fd, name, max, out, why, err);
}

/* replace: renameat(2) puts a new file in the place of whatever has the name, a link too. */
static enum rc replace(int dir, const char *name, struct bytes text, struct err *err)
{
    char temporary[32];
    snprintf(temporary, sizeof temporary, "%s.new", name);
    (void)unlinkat(dir, temporary, 0); /* of a run that was cut short */
    AUTO_CLOSE fd =
        openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && file_write_all(fd, text) && fsync(fd) == 0 &&
        renameat(dir, temporary, dir, name) == 0 && fsync(dir) == 0)
        return RC_OK;
    int why = errno;
    if (fd >= 0)
        (void)unlinkat(dir, temporary, 0);
    return err_set(err, BG_STORE_WRITE, "%s: %s", name, strerror(why));
}

/* open_to_write: the directory, made when only it is missing, nobody else's to write, and locked.
 */
static enum rc open_to_write(const char *dir, int *out_fd, struct err *err)
{
    struct stat st;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(err, BG_STORE_MAKE, "%s: %s", dir, strerror(errno));
    AUTO_CLOSE fd = open_dir(dir);
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_set(err, BG_STORE_OPEN, "%s: %s", dir, strerror(errno));
    /* Who may write there may put a link in the place of a file at any time. */
    if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, BG_STORE_OPEN_TO_OTHERS, "%s: mode %o", dir, st.st_mode & 07777);
    /* Two at a time would put each other's half of a file in place. Gone with fd. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(err, BG_STORE_BUSY, "%s", dir);
    *out_fd = watch_take_fd(&fd);
    return RC_OK;
}

enum rc store_save(const char *dir, enum store_kind kind, const struct store_files *files,
                   struct err *err)
{
    AUTO_CLOSE fd = -1;
    if (!files->light.n && !files->floor.n && !files->collateral.n)
        return RC_OK;
    TRY(open_to_write(dir, &fd, err));
    if (files->collateral.n)
        TRY(replace(fd, COLLATERAL, files->collateral, err));
    if (files->light.n)
        TRY(replace(fd, light_name(kind), files->light, err));
    return files->floor.n ? replace(fd, FLOOR, files->floor, err) : RC_OK;
}

enum rc store_put(const char *dir, const char *name, struct bytes text, struct err *err)
{
    AUTO_CLOSE fd = -1;
    TRY(open_to_write(dir, &fd, err));
    return replace(fd, name, text, err);
}

/* --- contents --- */

bool store_floor_read(struct bytes text, const uint8_t genesis[static 32], struct store_floor *out,
                      struct err *why)
{
    static const char *const keys[] = {"genesis_validators_root", "slot", "checkpoint_slot"};
    AUTO_JSON j = NULL;
    const char *bad = NULL;
    uint8_t root[32];
    struct store_floor f = {0};
    if (json_read(text, STORE_FLOOR_MAX, &j, why) != RC_OK)
        return false;
    bool ok = json_only_keys(j, keys, sizeof keys / sizeof *keys, &bad) &&
              json_hex(j, keys[0], true, root, 32) && json_u64(j, keys[1], INT64_MAX, &f.slot) &&
              (!json_object_get(j, keys[2]) || json_u64(j, keys[2], INT64_MAX, &f.checkpoint));
    if (!ok)
        (void)err_set(why, BG_STORE_FLOOR, "%s", bad ? bad : "");
    else if (memcmp(root, genesis, sizeof root) != 0)
        (void)err_set(why, BG_STORE_FLOOR_FOREIGN, "%s", "");
    if (why->rc == RC_OK)
        *out = f;
    return why->rc == RC_OK;
}

static enum rc dump(struct arena *a, const json_t *j, size_t max, struct bytes *out,
                    struct err *err)
{
    char *text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;
    if (!text)
        return err_set(err, BG_STORE_DUMP, "%s", "");
    enum rc rc = strlen(text) <= max ? arena_keep(a, bytes_of_str(text), out, err) : RC_OK;
    free(text);
    return rc;
}

enum rc store_floor_make(struct arena *a, const uint8_t genesis[static 32],
                         const struct store_floor *floor, struct bytes *out, struct err *err)
{
    char root[2 * 32 + 1];
    hex_encode(bytes_of(genesis, 32), root);
    AUTO_JSON j =
        json_pack("{s:s, s:I}", "genesis_validators_root", root, "slot", (json_int_t)floor->slot);
    if (j && floor->checkpoint)
        (void)json_object_set_new(j, "checkpoint_slot",
                                  json_integer((json_int_t)floor->checkpoint));
    return dump(a, j, STORE_FLOOR_MAX, out, err);
}

bool store_near_floor_read(struct bytes text, const struct near_source *s, uint64_t *out_height,
                           struct err *why)
{
    static const char *const keys[] = {"network_id", "contract_id", "height"};
    AUTO_JSON j = NULL;
    const char *bad = NULL;
    struct bytes network, contract;
    uint64_t height;
    if (json_read(text, STORE_FLOOR_MAX, &j, why) != RC_OK)
        return false;
    if (!json_only_keys(j, keys, 3, &bad) || !json_str(j, keys[0], &network) ||
        !json_str(j, keys[1], &contract) || !json_u64(j, keys[2], INT64_MAX, &height))
        (void)err_set(why, BG_STORE_NEAR_FLOOR, "%s", bad ? bad : "");
    else if (!bytes_eq_str(network, s->network_id) || !bytes_eq(contract, s->client.contract_id))
        (void)err_set(why, BG_STORE_NEAR_FLOOR_FOREIGN, "%s", "");
    else
        *out_height = height;
    return why->rc == RC_OK;
}

enum rc store_near_floor_make(struct arena *a, const struct near_source *s, uint64_t height,
                              struct bytes *out, struct err *err)
{
    struct bytes id = s->client.contract_id;
    AUTO_JSON j = json_pack("{s:s, s:o, s:I}", "network_id", s->network_id, "contract_id",
                            json_stringn((const char *)id.p, id.n), "height", (json_int_t)height);
    return dump(a, j, STORE_FLOOR_MAX, out, err);
}

/*
 * read_kept: a bundle of `keys` (the second names the answers) and nothing else, into *kept, which
 * is the caller's to free. All of it or nothing: what can't be read to its end is not ours.
 */
static bool read_kept(struct arena *a, struct bytes text, const char *name, const char *const *keys,
                      size_t num_keys, enum rc other, struct bundle *kept, struct err *why)
{
    AUTO_JSON j = NULL;
    const char *bad = NULL;
    if (json_read(text, STORE_LIGHT_MAX, &j, why) != RC_OK)
        return false;
    if (!json_only_keys(j, keys, num_keys, &bad) ||
        json_array_size(json_object_get(j, keys[1])) > STORE_ENTRIES) {
        (void)err_set(why, other, "%s", bad ? bad : "too many answers");
        return false;
    }
    return bundle_init(kept, why) == RC_OK && bundle_add_text(a, kept, text, name, why) == RC_OK;
}

bool store_answers_read(struct arena *a, struct bytes text, struct bundle *b, struct err *why)
{
    static const char *const keys[] = {"schema", "beacon", "committee_keys"};
    AUTO_BUNDLE kept = {0};
    if (!read_kept(a, text, BEACON, keys, 3, BG_STORE_ANSWERS, &kept, why))
        return false;
    if (json_array_extend(b->beacon, kept.beacon) != 0 ||
        json_array_extend(b->committee_keys, kept.committee_keys) != 0)
        (void)err_set(why, BG_STORE_MERGE, "%s", BEACON);
    return why->rc == RC_OK;
}

bool store_near_answers_read(struct arena *a, struct bytes text, struct bundle *b, struct err *why)
{
    static const char *const keys[] = {"schema", "rpc"};
    AUTO_BUNDLE kept = {0};
    if (!read_kept(a, text, NEAR, keys, 2, BG_STORE_NEAR_ANSWERS, &kept, why))
        return false;
    if (json_array_extend(b->rpc, kept.rpc) != 0)
        (void)err_set(why, BG_STORE_NEAR_MERGE, "%s", NEAR);
    return why->rc == RC_OK;
}

/* near_entry: the answer, as if it had been asked for after the block that is kept before it. */
static json_t *near_entry(const struct near_kept_answer *k)
{
    char after[BASE58_MAX_TEXT];
    json_t *result = json_deep_copy(k->answer.result);
    if (k->producers)
        return json_pack("{s:s, s:o, s:o}", "method", k->answer.method, "params",
                         json_deep_copy(k->answer.params), "result", result);
    base58_write(BYTES_OF_ARRAY(k->after), after);
    return json_pack("{s:s, s:{s:s}, s:o}", "method", k->answer.method, "params", "last_block_hash",
                     after, "result", result);
}

enum rc store_near_answers_make(struct arena *a, const struct near_kept *kept, struct bytes *out,
                                struct err *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < kept->n; i++)
        (void)json_array_append_new(list, near_entry(&kept->v[i]));
    AUTO_JSON j = json_pack("{s:i, s:o}", "schema", 1, "rpc", list);
    *out = BYTES_NONE;
    if (j && (json_array_size(list) != kept->n || kept->n > STORE_ENTRIES))
        return RC_OK; /* too many to keep */
    return dump(a, j, STORE_LIGHT_MAX, out, err);
}

enum rc store_answers_make(struct arena *a, const json_t *entries, const json_t *hints,
                           struct bytes *out, struct err *err)
{
    AUTO_JSON j =
        json_pack("{s:i, s:O, s:O}", "schema", 1, "beacon", entries, "committee_keys", hints);
    *out = BYTES_NONE;
    return dump(a, j, STORE_LIGHT_MAX, out, err);
}
