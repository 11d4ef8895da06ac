/*
 * seal: provision. A seed, new or given, is sealed under the configured policy and the boot PCRs as
 * they are; with --wrap a secret is wrapped under the key that the seed gives. Nothing that exists
 * is replaced. unseal: does the policy hold? The seed goes to a file target, or nowhere. Neither
 * extends a PCR.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent/output.h"
#include "agent/release.h"
#include "agent/wrap.h"
#include "base/hex.h"

_Static_assert(KDF_SEED == TPM_SEED_LEN, "one seed");

/* create_new writes a file that must not be there yet, and what names it, to disk. */
static enum rc create_new(const char *path, struct bytes b, struct err *err)
{
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, BG_SEAL_CREATE, "%s: %s", path, strerror(errno));
    bool whole = write(fd, b.p, b.n) == (ssize_t)b.n && fsync(fd) == 0;
    int why = errno;
    if (whole) {
        char *slash = strdup(path), *end = slash ? strrchr(slash, '/') : NULL;
        if (end)
            end[end == slash ? 1 : 0] = '\0';
        AUTO_CLOSE dir = end ? open(slash, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        whole = dir >= 0 && fsync(dir) == 0;
        why = errno;
        free(slash);
    }
    if (whole)
        return RC_OK;
    (void)unlink(path);
    return err_set(err, BG_SEAL_WRITE, "%s: %s", path, strerror(why));
}

static enum rc must_be_new(const char *path, struct err *err)
{
    if (path && (access(path, F_OK) == 0 || errno != ENOENT))
        return err_set(err, BG_SEAL_EXISTS, "%s", path);
    return RC_OK;
}

static enum rc make_seed(struct release *r, struct err *err)
{
    if (r->cli->seed)
        return secret_file_read(r->cli->seed, KDF_SEED, KDF_SEED, BG_SEAL_SEED, &r->seed, err);
    r->seed = secret_new(KDF_SEED, err);
    if (!r->seed)
        return err->rc;
    if (getrandom(secret_data(r->seed), KDF_SEED, 0) != (ssize_t)KDF_SEED)
        return err_set(err, BG_SEAL_RANDOM, "%s", strerror(errno));
    return RC_OK;
}

/* wrap makes release.wrapped of the file --wrap. The app id must be known: the key is its. */
static enum rc wrap(struct release *r, struct bytes *out, struct err *err)
{
    const struct release_config *c = r->config.release;
    if (!c->wrapped || !r->config.has_app_id)
        return err_set(err, BG_SEAL_WRAP, "%s is missing",
                       c->wrapped ? "policy.app_id" : "release.wrapped");
    struct kdf_identity id = release_identity(&r->config, r->config.app_id);
    AUTO_SECRET plain = NULL;
    AUTO_SECRET share = NULL;
    AUTO_SECRET key = NULL;
    TRY(secret_file_read(r->cli->wrap, 1, WRAP_SECRET_MAX, BG_SEAL_SECRET, &plain, err));
    if (c->second_share)
        TRY(kdf_share_read(c->second_share, &share, err));
    TRY(kdf_key(r->seed, share, &id, &key, err));
    return wrap_seal(r->a, key, &id, plain, out, err);
}

static enum rc run_seal(struct release *r, struct arena *a, const struct cli *cli, struct err *err)
{
    uint8_t blob[TPM_BLOB_MAX];
    size_t n = 0;
    uint64_t version = 0;
    struct bytes file = BYTES_NONE;
    TRY(release_begin(r, a, cli, false, err));
    const struct release_config *c = r->config.release;
    TRY(must_be_new(c->blob, err));
    TRY(must_be_new(cli->wrap ? c->wrapped : NULL, err));
    TRY(release_tpm(r, err));
    TRY(release_boot_log(r, err));
    TRY(make_seed(r, err));
    if (c->tpm.floor_index) {
        floor_first(&r->config, &r->floor);
        TRY(floor_key(&r->config, r->seed, &r->floor_key, err));
    }
    if (cli->wrap)
        TRY(wrap(r, &file, err));
    if (cli->given & OPT_RAISE)
        TRY(tpm_version_raise(r->tpm, &version, err));
    TRY(tpm_seal(r->tpm, r->seed, blob, &n, err));
    if (cli->wrap)
        TRY(create_new(c->wrapped, file, err));
    enum rc rc = create_new(c->blob, bytes_of(blob, n), err);
    if (rc == RC_OK && r->floor_key) {
        /* Last: a floor that is left without its seed would be in the next one's way. */
        rc = tpm_floor_define(r->tpm, r->floor_key, &r->floor, &r->floor, err);
        if (rc != RC_OK)
            (void)unlink(c->blob);
    }
    if (rc != RC_OK && cli->wrap)
        (void)unlink(c->wrapped);
    return rc;
}

static enum rc run_unseal(struct release *r, struct arena *a, const struct cli *cli,
                          struct err *err)
{
    TRY(release_begin(r, a, cli, false, err));
    TRY(release_tpm(r, err));
    TRY(release_unseal(r, err));
    if (!cli->target)
        return RC_OK;
    struct target_config t = {.type = TARGET_FILE, .path = cli->target};
    return targets_write(&t, 1, r->seed, &r->watch, err);
}

static int finish(struct release *r, const struct cli *cli, const char *done, struct err *err)
{
    char name[2 * TPM_NAME_LEN + 1];
    hex_encode(BYTES_OF_ARRAY(r->facts.srk_name), name);
    release_end(r);
    if (err->rc != RC_OK)
        return output_error(cli->json, cli->quiet, err);
    if (cli->quiet)
        return 0;
    const char *blob = r->config.release->blob;
    if (cli->json)
        output_json(json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:s?}", "schema", 1, "done", done,
                              "blob", blob, "srk_name", name, "srk_pinned",
                              (int)r->facts.srk_pinned, "srk_attested", (int)r->facts.srk_attested,
                              "boot_log", r->seen.boot_log));
    else
        printf("%s: %s\nstorage key: %s%s\n%s%s%s", done, blob, name,
               r->facts.srk_attested ? " (attested)"
               : r->facts.srk_pinned ? ""
                                     : " (unpinned: set release.tpm.srk_name to it)",
               r->seen.boot_log ? "boot PCRs cover: " : "",
               r->seen.boot_log ? r->seen.boot_log : "", r->seen.boot_log ? "\n" : "");
    return output_finish(0);
}

int verb_seal(struct arena *a, const struct cli *cli)
{
    struct release r = {0};
    struct err err = {0};
    (void)!run_seal(&r, a, cli, &err); /* err holds the result */
    return finish(&r, cli, "sealed", &err);
}

int verb_unseal(struct arena *a, const struct cli *cli)
{
    struct release r = {0};
    struct err err = {0};
    (void)!run_unseal(&r, a, cli, &err); /* err holds the result */
    return finish(&r, cli, "unsealed", &err);
}
