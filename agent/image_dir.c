#include "agent/image_dir.h"

#include <errno.h>
#include <unistd.h>

#include "agent/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"

#define SUMS     "sha256sum.txt"
#define DIGEST   "digest.txt"
#define METADATA "metadata.json"
#define MATERIAL "measurement.tdx.cbor"

enum part { PART_METADATA, PART_FIRMWARE, PART_KERNEL, PART_INITRD, PART_MATERIAL, NUM_PARTS };

struct seen { /* a file that was read */
    const char *name;
    uint8_t sha256[32];
};

struct reader {
    struct arena *a;
    const char *path;
    struct seen seen[NUM_PARTS];
    bool has_sums;
    struct bytes sums;
};

static char *path_of(const struct reader *r, const char *name, struct err *err)
{
    return arena_printf(r->a, err, "%s/%s", r->path, name);
}

static enum rc read_part(struct reader *r, enum part part, const char *name, struct arena *into,
                         size_t max, struct bytes *out, struct err *err)
{
    const char *path = path_of(r, name, err);
    if (!path)
        return err->rc;
    TRY(file_read(into, path, max, BG_IMAGE_FILE_SIZE, out, err));
    r->seen[part].name = name;
    hash_sha256(*out, r->seen[part].sha256);
    return RC_OK;
}

/* member: a name of a file in the folder itself: metadata.json leads nowhere else. */
static enum rc member(struct reader *r, const json_t *j, const char *key, const char **out,
                      struct err *err)
{
    struct bytes name;
    if (!json_str(j, key, &name) || name.n == 0 || memchr(name.p, '/', name.n) ||
        bytes_eq_str(name, ".") || bytes_eq_str(name, ".."))
        return err_set(err, BG_IMAGE_MEMBER, "%s/" METADATA ": %s", r->path, key);
    *out = arena_printf(r->a, err, "%.*s", (int)name.n, (const char *)name.p);
    return *out ? RC_OK : err->rc;
}

/* read_initrd: its digest and size are all that is needed, so it does not stay. */
static enum rc read_initrd(struct reader *r, const char *name, struct image_files *out,
                           struct err *err)
{
    struct arena *own = arena_new(LIMIT_INITRD + 4096);
    struct bytes text = BYTES_NONE;
    if (!own)
        return err_set(err, BG_IMAGE_MEMORY, "%s", name);
    enum rc rc = read_part(r, PART_INITRD, name, own, LIMIT_INITRD, &text, err);
    if (rc == RC_OK) {
        out->initrd_size = text.n;
        hash_sha384(text, out->initrd_sha384);
    }
    arena_free(own);
    return rc;
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0 || errno != ENOENT;
}

static enum rc read_optional(struct reader *r, const char *name, bool *out_there, struct bytes *out,
                             struct err *err)
{
    const char *path = path_of(r, name, err);
    if (!path)
        return err->rc;
    if (!there(path))
        return RC_OK;
    *out_there = true;
    return file_read(r->a, path, LIMIT_IMAGE_LIST, BG_IMAGE_LIST_SIZE, out, err);
}

static enum rc read_files(struct reader *r, struct image_dir *d, struct err *err)
{
    struct bytes text = BYTES_NONE, version;
    const char *bios = NULL, *kernel = NULL, *initrd = NULL, *metadata = path_of(r, METADATA, err);
    AUTO_JSON j = NULL;
    if (!metadata)
        return err->rc;
    TRY(read_part(r, PART_METADATA, METADATA, r->a, LIMIT_IMAGE_LIST, &text, err));
    TRY(file_json(text, metadata, BG_IMAGE_METADATA, &j, err));
    TRY(member(r, j, "bios", &bios, err));
    TRY(member(r, j, "kernel", &kernel, err));
    TRY(member(r, j, "initrd", &initrd, err));
    struct bytes cmdline, layout;
    if (!json_str(j, "cmdline", &cmdline))
        return err_set(err, BG_IMAGE_NO_CMDLINE, "%s", metadata);
    if (json_object_get(j, "ovmf_variant") &&
        (!json_str(j, "ovmf_variant", &layout) || !measured_layout_read(layout, &d->layout)))
        return err_set(err, BG_IMAGE_LAYOUT, "%s: ovmf_variant", metadata);
    TRY(arena_keep(r->a, cmdline, &d->files.cmdline, err));
    if (json_str(j, "version", &version)) {
        d->version = arena_printf(r->a, err, "%.*s", (int)version.n, (const char *)version.p);
        if (!d->version)
            return err->rc;
    }
    TRY(read_part(r, PART_FIRMWARE, bios, r->a, LIMIT_FIRMWARE, &d->files.firmware, err));
    TRY(read_part(r, PART_KERNEL, kernel, r->a, LIMIT_KERNEL, &d->files.kernel, err));
    TRY(read_initrd(r, initrd, &d->files, err));
    TRY(read_optional(r, MATERIAL, &d->has_material, &d->material, err));
    if (d->has_material) {
        r->seen[PART_MATERIAL].name = MATERIAL;
        hash_sha256(d->material, r->seen[PART_MATERIAL].sha256);
    }
    return RC_OK;
}

/* check_line: "HASH  NAME" as sha256sum(1) writes it. A file that was read has that hash. */
static enum rc check_line(const struct reader *r, struct bytes line, struct err *err)
{
    uint8_t hash[32];
    struct bytes name;
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
        line.n--;
    if (line.n == 0)
        return RC_OK;
    if (line.n < 67 || !hex_decode(bytes_of(line.p, 64), hash, 32) || line.p[64] != ' ')
        return err_set(err, BG_IMAGE_LIST_LINE, "%s/" SUMS, r->path);
    name = bytes_of(line.p + 66, line.n - 66);
    for (size_t i = 0; i < NUM_PARTS; i++)
        if (r->seen[i].name && bytes_eq_str(name, r->seen[i].name) &&
            memcmp(hash, r->seen[i].sha256, 32) != 0)
            return err_set(err, BG_IMAGE_CHECKSUM, "%s/%s", r->path, r->seen[i].name);
    return RC_OK;
}

static enum rc check_sums(const struct reader *r, struct err *err)
{
    struct bytes left = r->sums;
    while (left.n) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end ? (size_t)(end - left.p) : left.n;
        TRY(check_line(r, bytes_of(left.p, n), err));
        n += end != NULL;
        left = bytes_of(left.p + n, left.n - n);
    }
    return RC_OK;
}

/* read_hash: os_image_hash is the hash of the list; digest.txt repeats it. */
static enum rc read_hash(struct reader *r, struct image_dir *d, struct err *err)
{
    bool has_digest = false;
    struct bytes text = BYTES_NONE;
    uint8_t stated[32];
    TRY(read_optional(r, SUMS, &r->has_sums, &r->sums, err));
    TRY(read_optional(r, DIGEST, &has_digest, &text, err));
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (has_digest && !hex_decode(text, stated, sizeof stated))
        return err_set(err, BG_IMAGE_DIGEST_FORMAT, "%s/" DIGEST, r->path);
    if (r->has_sums) {
        TRY(check_sums(r, err));
        hash_sha256(r->sums, d->os_image_hash);
        if (has_digest && memcmp(stated, d->os_image_hash, 32) != 0)
            return err_set(err, BG_IMAGE_DIGEST, "%s", r->path);
    } else if (has_digest) {
        memcpy(d->os_image_hash, stated, 32);
    }
    d->has_hash = r->has_sums || has_digest;
    d->hash_from = r->has_sums ? SUMS : has_digest ? DIGEST : NULL;
    return RC_OK;
}

enum rc image_dir_read(struct arena *a, const char *path, struct image_dir *out, struct err *err)
{
    struct reader r = {.a = a, .path = path};
    struct image_dir d = {0};
    TRY(read_files(&r, &d, err));
    TRY(read_hash(&r, &d, err));
    *out = d;
    return RC_OK;
}
