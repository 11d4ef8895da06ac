/*
 * lite_measure: the events that OVMF (TDVF), QEMU's direct boot and the kernel's EFI stub extend,
 * from image material. Digests of RTMR events: TCG PFP 10.4; the TD HOB: UEFI PI 1.7 volume 3,
 * section 5, as QEMU fills it for TDX guests.
 */
#include "base/cur.h"
#include "base/hash.h"
#include "quote/lite.h"

#define PAGE           0x1000u
#define LOW_END        0x80000000u  /* with high memory, RAM below 4 GiB ends here (q35) */
#define HIGH_START     0x100000000u /* and goes on here */
#define SPLIT_MEMORY   0xb0000000u  /* from this size on, RAM is split */
#define HOB_HEAD       56u
#define HOB_RESOURCE   48u
#define HOB_MAX        (HOB_HEAD + HOB_RESOURCE * (2 * LITE_HOB_RANGES + 2))
#define RAM_ACCEPTED   0u /* EFI_RESOURCE_SYSTEM_MEMORY */
#define RAM_UNACCEPTED 7u /* EFI_RESOURCE_MEMORY_UNACCEPTED */

struct range {
    uint64_t start, end; /* bytes */
};

struct hob {
    uint8_t b[HOB_MAX];
    size_t n;
};

static enum rc bad_witness(const char *what, struct err *err)
{
    return err_set(err, BG_LITE_WITNESS, "%s", what);
}

/* Unsigned LEB128, shortest form, below 2^32 (pages of any TDX guest). */
static bool varint(struct cur *c, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t b = cur_u8(c);
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            if (c->bad || (b == 0 && shift) || v > UINT32_MAX)
                return false;
            *out = v;
            return true;
        }
    }
    return false;
}

/*
 * The witness: base page, TD HOB page - base, count, then (start - base, pages) by start. dstack
 * writes them sorted, not empty, not overlapping, the first at the base; nothing else is taken.
 */
static enum rc read_witness(struct bytes witness, uint64_t memory, uint64_t *out_hob,
                            struct range *out, size_t *out_n, struct err *err)
{
    struct cur c = cur_of(witness);
    uint64_t base, hob, n, end = 0;
    if (!varint(&c, &base) || !varint(&c, &hob) || !varint(&c, &n))
        return bad_witness("cut off", err);
    if (n == 0 || n > LITE_HOB_RANGES)
        return bad_witness("no ranges, or too many", err);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t start, pages;
        if (!varint(&c, &start) || !varint(&c, &pages))
            return bad_witness("cut off", err);
        if (pages == 0 || (i == 0 && start != 0) || start < end)
            return bad_witness("ranges are empty, unsorted or overlap", err);
        end = start + pages;
        out[i] = (struct range){(base + start) * PAGE, (base + end) * PAGE};
    }
    if (!cur_done(&c))
        return bad_witness("bytes behind it", err);
    if (hob >= end || out[n - 1].end >= memory || out[n - 1].end >= LOW_END)
        return bad_witness("outside the memory below 2 GiB", err);
    *out_hob = (base + hob) * PAGE;
    *out_n = (size_t)n;
    return RC_OK;
}

static void put(struct hob *h, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        h->b[h->n++] = (uint8_t)(v >> (8 * i));
}

/* EFI_HOB_RESOURCE_DESCRIPTOR; attributes: present, initialized, tested. */
static void put_resource(struct hob *h, uint32_t type, uint64_t start, uint64_t end)
{
    put(h, 3, 2);
    put(h, HOB_RESOURCE, 2);
    put(h, 0, 4);
    put(h, 0, 8); /* owner GUID */
    put(h, 0, 8);
    put(h, type, 4);
    put(h, 7, 4);
    put(h, start, 8);
    put(h, end - start, 8);
}

/*
 * The list that the VMM hands to TDVF: EFI_HOB_HANDOFF_INFO_TABLE, then one resource per range in
 * order of address. The digest covers it without its end marker; the pointer in the head counts
 * the marker's 8 bytes.
 */
enum rc lite_td_hob(const struct lite_image *im, uint64_t memory, uint8_t out[static 48],
                    struct err *err)
{
    struct range acc[LITE_HOB_RANGES];
    size_t n = 0;
    uint64_t base = 0, pos = 0;
    TRY(read_witness(im->td_hob, memory, &base, acc, &n, err));
    struct hob h = {.n = HOB_HEAD};
    for (size_t i = 0; i < n; i++) {
        if (pos < acc[i].start)
            put_resource(&h, RAM_UNACCEPTED, pos, acc[i].start);
        put_resource(&h, RAM_ACCEPTED, acc[i].start, acc[i].end);
        pos = acc[i].end;
    }
    if (memory >= SPLIT_MEMORY) {
        put_resource(&h, RAM_UNACCEPTED, pos, LOW_END);
        put_resource(&h, RAM_UNACCEPTED, HIGH_START, HIGH_START + (memory - LOW_END));
    } else {
        put_resource(&h, RAM_UNACCEPTED, pos, memory);
    }
    struct hob head = {.n = 0};
    put(&head, 1, 2);
    put(&head, HOB_HEAD, 2);
    put(&head, 0, 4);
    put(&head, 9, 4); /* version */
    head.n = 48;      /* boot mode and four addresses: zero */
    put(&head, base + h.n + 8, 8);
    memcpy(h.b, head.b, HOB_HEAD);
    hash_sha384(bytes_of(h.b, h.n), out);
    return RC_OK;
}

/* UEFI_VARIABLE_DATA of an absent variable: GUID, name length, data length 0, UTF-16 name. */
static void variable_digest(const uint8_t guid[16], const char *name, uint8_t out[48])
{
    uint8_t b[16 + 8 + 8 + 2 * 16] = {0};
    size_t len = strlen(name);
    memcpy(b, guid, 16);
    b[16] = (uint8_t)len;
    for (size_t i = 0; i < len && i < 16; i++)
        b[32 + 2 * i] = (uint8_t)name[i];
    hash_sha384(bytes_of(b, 32 + 2 * len), out);
}

/* UEFI 2.10: EFI_GLOBAL_VARIABLE 8be4df61-93ca-11d2-aa0d-00e098032b8c (3.3), and
 * EFI_IMAGE_SECURITY_DATABASE_GUID d719b2cb-3d3a-4596-a3bc-dad00e67656f (32.6.1), as in memory. */
static const uint8_t guid_global[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                        0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
static const uint8_t guid_security[16] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                          0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f};

/* The configuration volume (CFV) of dstack's OVMF: an empty variable store (tdx facts 4.6). */
static const uint8_t cfv[48] = {
    0x34, 0x4b, 0xc5, 0x1c, 0x98, 0x0b, 0xa6, 0x21, 0xaa, 0xa0, 0x0d, 0xa3, 0xed, 0x74, 0x36, 0xf7,
    0xd6, 0xe5, 0x49, 0x19, 0x7d, 0xfe, 0x69, 0x95, 0x15, 0xdf, 0xa2, 0xc6, 0x58, 0x3d, 0x95, 0xe6,
    0x41, 0x2a, 0xf2, 0x1c, 0x09, 0x7d, 0x47, 0x31, 0x55, 0x87, 0x5f, 0xfd, 0x56, 0x1d, 0x67, 0x90};
/* Boot0000: the entry of OVMF's UiApp, before edk2-stable202505 (tdx facts 4.6). */
static const uint8_t boot0000[48] = {
    0x23, 0xad, 0xa0, 0x7f, 0x52, 0x61, 0xf1, 0x2f, 0x34, 0xa0, 0xbd, 0x8e, 0x46, 0x76, 0x09, 0x62,
    0xd6, 0xb4, 0xd5, 0x76, 0xa4, 0x16, 0xf1, 0xfe, 0xa1, 0xc6, 0x4b, 0xc6, 0x56, 0xb1, 0xd2, 0x8e,
    0xac, 0xf7, 0x04, 0x7a, 0xe6, 0xe9, 0x67, 0xc5, 0x8f, 0xd2, 0xa9, 0x8b, 0xfa, 0x74, 0xc2, 0x98};

struct list {
    struct lite_event *v;
    size_t n;
};

static uint8_t *add(struct list *l, unsigned rtmr, const char *what)
{
    struct lite_event *e = &l->v[l->n++];
    e->rtmr = rtmr;
    e->what = what;
    return e->digest;
}

static void add_digest(struct list *l, unsigned rtmr, const char *what, const uint8_t digest[48])
{
    memcpy(add(l, rtmr, what), digest, 48);
}

static void add_data(struct list *l, unsigned rtmr, const char *what, struct bytes data)
{
    hash_sha384(data, add(l, rtmr, what));
}

static enum rc expect_rtmr0(const struct lite_image *im, uint64_t memory, const uint8_t acpi[3][48],
                            struct list *l, struct err *err)
{
    static const uint8_t zero[4] = {0};
    TRY(lite_td_hob(im, memory, add(l, 0, "td-hob"), err));
    add_digest(l, 0, "configuration volume", im->has_cfv ? im->cfv : cfv);
    variable_digest(guid_global, "SecureBoot", add(l, 0, "variable SecureBoot"));
    variable_digest(guid_global, "PK", add(l, 0, "variable PK"));
    variable_digest(guid_global, "KEK", add(l, 0, "variable KEK"));
    variable_digest(guid_security, "db", add(l, 0, "variable db"));
    variable_digest(guid_security, "dbx", add(l, 0, "variable dbx"));
    add_data(l, 0, "separator", bytes_of(zero, 4));
    add_digest(l, 0, "acpi-loader", acpi[0]);
    add_digest(l, 0, "acpi-rsdp", acpi[1]);
    add_digest(l, 0, "acpi-tables", acpi[2]);
    add_data(l, 0, "variable BootOrder", bytes_of(zero, 2));
    add_digest(l, 0, "variable Boot0000", boot0000);
    return RC_OK;
}

enum rc lite_expect(const struct lite_image *image, uint64_t memory, const uint8_t acpi[3][48],
                    struct lite_event out[LITE_EVENTS], struct err *err)
{
    static const uint8_t zero[4] = {0};
    struct lite_event v[LITE_EVENTS];
    struct list l = {v, 0};
    TRY(expect_rtmr0(image, memory, acpi, &l, err));
    add_digest(&l, 1, "kernel", image->kernel);
    add_data(&l, 1, "boot option called", bytes_of_str("Calling EFI Application from Boot Option"));
    add_data(&l, 1, "separator", bytes_of(zero, 4));
    add_data(&l, 1, "exit boot services", bytes_of_str("Exit Boot Services Invocation"));
    add_data(&l, 1, "boot services left", bytes_of_str("Exit Boot Services Returned with Success"));
    add_digest(&l, 2, "command line", image->cmdline);
    add_digest(&l, 2, "initrd", image->initrd);
    memcpy(out, v, sizeof v);
    return RC_OK;
}
