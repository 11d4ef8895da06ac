/* authenticode: the PE image hash. Headers without checksum and signature directory, then the
 * sections in the order of the file, then as many bytes from where the sum of all these lengths
 * points to as leave room for the signature (PE/COFF 8.0 appendix A, steps 1 to 17). */
#include "base/hash.h"
#include "quote/bzimage.h"

#define SECTIONS_MAX    96u /* the Windows loader's own limit */
#define SECTION_HEADER  40u
#define DIRECTORY_CERTS 4u

struct pe {
    struct bytes file;
    size_t optional, certs; /* offsets: optional header; certificate directory entry */
    size_t headers;         /* SizeOfHeaders */
    size_t section_table;
    size_t num_sections;
    bool has_certs; /* the optional header has that entry */
    uint32_t cert_size;
};

struct part {
    size_t offset, size;
};

static bool u16_at(struct bytes f, size_t at, uint32_t *out)
{
    if (at > f.n || f.n - at < 2)
        return false;
    *out = (uint32_t)f.p[at] | (uint32_t)f.p[at + 1] << 8;
    return true;
}

static bool u32_at(struct bytes f, size_t at, uint32_t *out)
{
    uint32_t lo, hi;
    if (!u16_at(f, at, &lo) || !u16_at(f, at + 2, &hi))
        return false;
    *out = lo | hi << 16;
    return true;
}

/* read_headers: PE/COFF specification, "MS-DOS Stub" to "Optional Header Data Directories". */
static bool read_headers(struct bytes f, struct pe *out)
{
    uint32_t mz, lfanew = 0, signature, magic, size, sections, optional_size, directories;
    struct pe p = {.file = f};
    /* Without "MZ" the file begins with the PE signature. */
    if (!u16_at(f, 0, &mz) || (mz == 0x5a4d && !u32_at(f, 0x3c, &lfanew)) ||
        !u32_at(f, lfanew, &signature) || signature != 0x4550)
        return false;
    size_t coff = (size_t)lfanew + 4;
    p.optional = coff + 20;
    if (!u16_at(f, coff + 2, &sections) || !u16_at(f, coff + 16, &optional_size) ||
        !u16_at(f, p.optional, &magic) || !u32_at(f, p.optional + 60, &size))
        return false;
    if (magic != 0x10b && magic != 0x20b)
        return false;
    size_t first = p.optional + (magic == 0x20b ? 112 : 96);
    p.certs = first + DIRECTORY_CERTS * 8;
    if (!u32_at(f, first - 4, &directories))
        return false;
    p.has_certs = directories > DIRECTORY_CERTS;
    if (p.has_certs && !u32_at(f, p.certs + 4, &p.cert_size))
        return false;
    p.headers = size;
    p.section_table = p.optional + optional_size;
    p.num_sections = sections;
    if (p.headers > f.n || (p.has_certs ? p.certs + 8 : p.optional + 68) > p.headers)
        return false;
    *out = p;
    return true;
}

static void insert(struct part *v, size_t n, struct part p)
{
    for (; n > 0 && v[n - 1].offset > p.offset; n--)
        v[n] = v[n - 1];
    v[n] = p;
}

/* read_sections: those with data, by their place in the file, each within it. */
static bool read_sections(const struct pe *p, struct part *out, size_t *out_n)
{
    size_t n = 0;
    if (p->num_sections > SECTIONS_MAX)
        return false;
    for (size_t i = 0; i < p->num_sections; i++) {
        size_t at = p->section_table + i * SECTION_HEADER;
        uint32_t size, offset;
        if (!u32_at(p->file, at + 16, &size) || !u32_at(p->file, at + 20, &offset))
            return false;
        if (size == 0)
            continue;
        if (offset > p->file.n || size > p->file.n - offset)
            return false;
        insert(out, n++, (struct part){offset, size});
    }
    *out_n = n;
    return true;
}

enum rc authenticode_sha384(struct bytes f, uint8_t out[static 48], struct err *err)
{
    struct pe p = {0};
    struct part sections[SECTIONS_MAX] = {{0}};
    size_t n = 0, sum;
    if (!read_headers(f, &p) || !read_sections(&p, sections, &n))
        return err_set(err, BG_PE_FORMAT, "%zu bytes", f.n);
    sum = p.headers;
    for (size_t i = 0; i < n; i++)
        sum += sections[i].size; /* at most 96 sections below 4 GiB each */
    /* Data behind all sections, up to the signature. Sections that overlap may add up to more than
     * the file: then there is none. */
    if (f.n > sum && f.n - sum < p.cert_size)
        return err_set(err, BG_PE_CERTIFICATES, "%u bytes, %zu are left", p.cert_size, f.n - sum);
    size_t extra = f.n > sum ? f.n - sum - p.cert_size : 0, checksum = p.optional + 64;
    struct hash_run *h = hash_sha384_begin();
    hash_feed(h, bytes_of(f.p, checksum));
    size_t at = checksum + 4;
    if (p.has_certs) {
        hash_feed(h, bytes_of(f.p + at, p.certs - at));
        at = p.certs + 8;
    }
    hash_feed(h, bytes_of(f.p + at, p.headers - at));
    for (size_t i = 0; i < n; i++)
        hash_feed(h, bytes_of(f.p + sections[i].offset, sections[i].size));
    if (extra)
        hash_feed(h, bytes_of(f.p + sum, extra));
    hash_end(h, out);
    return RC_OK;
}
