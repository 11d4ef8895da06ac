#include "quote/tdvf.h"

#include <stdlib.h>

#include "base/cur.h"
#include "base/hash.h"

/* The table of GUIDed entries ends 32 bytes before the image (the reset vector); each entry is its
 * data, a u16 length of the whole entry, and its GUID: so it is read from the end. */
#define AFTER_TABLE 32u
#define ENTRY_TAIL  18u
#define DESCRIPTOR  16u
#define SECTION     32u
#define EXTEND      256u
#define MEMORY_MAX  (256u << 20) /* of all sections; OVMF has some 6 MiB */
#define ADDRESS_MAX (UINT64_C(1) << 32)

/* 96b582de-1fb2-45f7-baea-a366c55a082d and e47a6535-984a-4798-865e-4685a7bf8ec2, as in memory. */
static const uint8_t guid_footer[16] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                        0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t guid_metadata[16] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
                                          0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};

/* last_entry takes the last entry off a table; its data in *out, its GUID compared. False: the
 * table does not hold one. */
static bool last_entry(struct bytes *table, const uint8_t guid[16], struct bytes *out,
                       bool *out_match)
{
    if (table->n < ENTRY_TAIL)
        return false;
    const uint8_t *tail = table->p + table->n - ENTRY_TAIL;
    size_t len = (size_t)tail[0] | (size_t)tail[1] << 8;
    if (len < ENTRY_TAIL || len > table->n)
        return false;
    *out_match = memcmp(tail + 2, guid, 16) == 0;
    *out = bytes_of(table->p + table->n - len, len - ENTRY_TAIL);
    table->n -= len;
    return true;
}

static bool find_metadata(struct bytes image, size_t *out_offset)
{
    struct bytes table, entry;
    bool match;
    if (image.n < AFTER_TABLE)
        return false;
    table = bytes_of(image.p, image.n - AFTER_TABLE);
    if (!last_entry(&table, guid_footer, &entry, &match) || !match)
        return false;
    /* The footer's length is that of the whole table, itself included. */
    table = entry;
    while (last_entry(&table, guid_metadata, &entry, &match)) {
        if (!match)
            continue;
        if (entry.n < 4)
            return false;
        const uint8_t *p = entry.p + entry.n - 4;
        size_t from_end =
            (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
        if (from_end < DESCRIPTOR || from_end > image.n)
            return false;
        *out_offset = image.n - from_end;
        return true;
    }
    return false;
}

static bool section_ok(const struct tdvf *t, const struct tdvf_section *s)
{
    bool extends = s->attributes & TDVF_MR_EXTEND, augments = s->attributes & TDVF_PAGE_AUG;
    if (s->address % TDVF_PAGE || s->memory_size % TDVF_PAGE || s->memory_size < s->raw_size)
        return false;
    if (s->memory_size > MEMORY_MAX || s->address > ADDRESS_MAX - s->memory_size)
        return false;
    if (s->raw_size && (s->data_offset > t->image.n || s->raw_size > t->image.n - s->data_offset))
        return false;
    /* What is extended is in the image, whole; a page that is added later cannot be extended. */
    return !extends || (!augments && s->raw_size == s->memory_size);
}

enum rc tdvf_read(struct bytes image, struct tdvf *out, struct err *err)
{
    struct tdvf t = {.image = image};
    size_t at = 0;
    if (!find_metadata(image, &at))
        return err_set(err, BG_TDVF_TABLE, "%zu bytes", image.n);
    struct cur c = cur_of(bytes_of(image.p + at, image.n - at));
    struct bytes signature = cur_take(&c, 4);
    uint32_t length = cur_u32le(&c), version = cur_u32le(&c), n = cur_u32le(&c);
    if (c.bad || !bytes_eq_str(signature, "TDVF"))
        return err_set(err, BG_TDVF_DESCRIPTOR, "at offset %zu", at);
    if (version != 1)
        return err_set(err, BG_TDVF_VERSION, "version %u", version);
    if (n == 0 || n > TDVF_SECTIONS_MAX || length < DESCRIPTOR + SECTION * n)
        return err_set(err, BG_TDVF_SECTIONS, "%u sections in %u bytes", n, length);
    uint64_t memory = 0;
    for (; t.n < n; t.n++) {
        struct tdvf_section *s = &t.sections[t.n];
        s->data_offset = cur_u32le(&c);
        s->raw_size = cur_u32le(&c);
        s->address = cur_u64le(&c);
        s->memory_size = cur_u64le(&c);
        s->type = cur_u32le(&c);
        s->attributes = cur_u32le(&c);
        if (c.bad || !section_ok(&t, s))
            return err_set(err, BG_TDVF_SECTION, "section %zu", t.n);
        memory += s->memory_size;
    }
    if (memory > MEMORY_MAX)
        return err_set(err, BG_TDVF_MEMORY, "%llu bytes", (unsigned long long)memory);
    *out = t;
    return RC_OK;
}

static void put_gpa(uint8_t block[static 128], uint64_t gpa)
{
    for (size_t i = 0; i < 8; i++)
        block[16 + i] = (uint8_t)(gpa >> (8 * i));
}

static void page_add(struct hash_run *h, const struct tdvf_section *s, uint64_t page)
{
    uint8_t block[128] = "MEM.PAGE.ADD";
    if (s->attributes & TDVF_PAGE_AUG)
        return;
    put_gpa(block, s->address + page * TDVF_PAGE);
    hash_feed(h, BYTES_OF_ARRAY(block));
}

static void page_extend(struct hash_run *h, const struct tdvf *t, const struct tdvf_section *s,
                        uint64_t page)
{
    if (!(s->attributes & TDVF_MR_EXTEND))
        return;
    for (uint64_t at = page * TDVF_PAGE; at < (page + 1) * TDVF_PAGE; at += EXTEND) {
        uint8_t block[128] = "MR.EXTEND";
        put_gpa(block, s->address + at);
        hash_feed(h, BYTES_OF_ARRAY(block));
        hash_feed(h, bytes_of(t->image.p + s->data_offset + at, EXTEND));
    }
}

void tdvf_mrtd(const struct tdvf *t, enum tdvf_order order, uint8_t out[static 48])
{
    struct hash_run *h = hash_sha384_begin();
    for (size_t i = 0; i < t->n; i++) {
        const struct tdvf_section *s = &t->sections[i];
        uint64_t pages = s->memory_size / TDVF_PAGE;
        for (uint64_t p = 0; p < pages; p++) {
            page_add(h, s, p);
            if (order == TDVF_SINGLE_PASS)
                page_extend(h, t, s, p);
        }
        for (uint64_t p = 0; order == TDVF_TWO_PASS && p < pages; p++)
            page_extend(h, t, s, p);
    }
    hash_end(h, out);
}

bool tdvf_cfv(const struct tdvf *t, uint8_t out[static 48])
{
    for (size_t i = 0; i < t->n; i++) {
        const struct tdvf_section *s = &t->sections[i];
        if (s->type == TDVF_CFV && s->raw_size) {
            hash_sha384(bytes_of(t->image.p + s->data_offset, s->raw_size), out);
            return true;
        }
    }
    return false;
}

struct range {
    uint64_t page, pages;
};

static int by_page(const void *a, const void *b)
{
    uint64_t x = ((const struct range *)a)->page, y = ((const struct range *)b)->page;
    return x < y ? -1 : x > y;
}

/* put_varint: unsigned LEB128. */
static size_t put_varint(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    do {
        p[n] = (uint8_t)(v & 0x7f);
        v >>= 7;
        if (v)
            p[n] |= 0x80;
        n++;
    } while (v);
    return n;
}

enum rc tdvf_witness(struct arena *a, const struct tdvf *t, struct bytes *out, struct err *err)
{
    struct range r[TDVF_SECTIONS_MAX] = {{0}};
    size_t n = 0, hobs = 0, used = 0;
    uint64_t hob = 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct tdvf_section *s = &t->sections[i];
        if (s->type != TDVF_TD_HOB && s->type != TDVF_TEMP_MEM)
            continue;
        if (s->memory_size == 0)
            return err_set(err, BG_TDVF_EMPTY_RANGE, "section %zu", i);
        r[n++] = (struct range){s->address / TDVF_PAGE, s->memory_size / TDVF_PAGE};
        if (s->type == TDVF_TD_HOB) {
            hob = s->address / TDVF_PAGE;
            hobs++;
        }
    }
    if (hobs != 1)
        return err_set(err, BG_TDVF_TD_HOB, "%zu of them", hobs);
    qsort(r, n, sizeof *r, by_page);
    for (size_t i = 1; i < n; i++)
        if (r[i].page < r[i - 1].page + r[i - 1].pages)
            return err_set(err, BG_TDVF_OVERLAP, "at page %llu", (unsigned long long)r[i].page);
    uint8_t *p = arena_array(a, 3 + 2 * n, 10, err);
    if (!p)
        return err->rc;
    used += put_varint(p + used, r[0].page);
    used += put_varint(p + used, hob - r[0].page);
    used += put_varint(p + used, n);
    for (size_t i = 0; i < n; i++) {
        used += put_varint(p + used, r[i].page - r[0].page);
        used += put_varint(p + used, r[i].pages);
    }
    *out = bytes_of(p, used);
    return RC_OK;
}
