/* image: firmware and kernel images made here: what is refused, what counts, what does not. That
 * the digests are right is tests/oracles/measure_diff.mjs' to say. */
#include "tests/lib/harness.h"

#include "base/hash.h"
#include "tests/lib/image_case.h"

struct measured {
    enum rc rc;
    uint8_t single[48], two[48], cfv[48];
    bool has_cfv;
    uint8_t witness[64];
    size_t witness_n;
};

static struct measured firmware(struct bytes image)
{
    struct measured m;
    struct tdvf t;
    struct bytes witness;
    struct err err = {0};
    struct arena *a = arena_new(1 << 16);
    memset(&m, 0, sizeof m);
    if (tdvf_read(image, &t, &err) == RC_OK && tdvf_witness(a, &t, &witness, &err) == RC_OK) {
        tdvf_mrtd(&t, TDVF_SINGLE_PASS, m.single);
        tdvf_mrtd(&t, TDVF_TWO_PASS, m.two);
        m.has_cfv = tdvf_cfv(&t, m.cfv);
        assert_true(witness.n <= sizeof m.witness);
        memcpy(m.witness, witness.p, witness.n);
        m.witness_n = witness.n;
    }
    m.rc = err.rc;
    arena_free(a);
    return m;
}

static struct measured firmware_of(const struct firmware_image *f)
{
    return firmware(BYTES_OF_ARRAY(f->b));
}

static void good_firmware(void **state)
{
    (void)state;
    struct firmware_image f;
    firmware_build(&f);
    struct measured m = firmware_of(&f);
    /* page 0x809, HOB at 0, 3 ranges: 0 + 2, 2 + 2, 7 + 4. */
    static const uint8_t witness[] = {0x89, 0x10, 0, 3, 0, 2, 2, 2, 7, 4};
    uint8_t cfv[48];
    hash_sha384(bytes_of(f.b, 0x1000), cfv);
    CASE("accepted", m.rc == RC_OK, "BG-%04d", (int)m.rc);
    CASE("the orders differ", memcmp(m.single, m.two, 48) != 0, "they do not");
    CASE("CFV", m.has_cfv && memcmp(m.cfv, cfv, 48) == 0, "differs");
    CASE("witness", m.witness_n == sizeof witness && !memcmp(m.witness, witness, sizeof witness),
         "%zu bytes", m.witness_n);
}

struct firmware_defect {
    const char *name;
    enum rc rc;
    int section; /* -1: at is an offset in the image */
    unsigned at;
    uint64_t value;
    size_t width;
};

static void firmware_defects(void **state)
{
    (void)state;
    static const struct firmware_defect defects[] = {
        {"no footer GUID", BG_TDVF_TABLE, -1, FW_FOOTER + 2, 0, 1},
        {"table shorter than its footer", BG_TDVF_TABLE, -1, FW_FOOTER, 17, 2},
        {"table longer than the image", BG_TDVF_TABLE, -1, FW_FOOTER, 0xffff, 2},
        {"table without the entry", BG_TDVF_TABLE, -1, FW_FOOTER, 18, 2},
        {"entry of another GUID", BG_TDVF_TABLE, -1, FW_ENTRY + 6, 0, 1},
        {"entry shorter than its tail", BG_TDVF_TABLE, -1, FW_ENTRY + 4, 17, 2},
        {"entry without an offset", BG_TDVF_TABLE, -1, FW_ENTRY + 4, 21, 2},
        {"entry longer than the table", BG_TDVF_TABLE, -1, FW_ENTRY + 4, 43, 2},
        {"offset behind the end", BG_TDVF_TABLE, -1, FW_ENTRY, 15, 4},
        {"offset before the beginning", BG_TDVF_TABLE, -1, FW_ENTRY, FW_SIZE + 1, 4},
        {"offset leads elsewhere", BG_TDVF_DESCRIPTOR, -1, FW_ENTRY, FW_SIZE - FW_META + 1, 4},
        {"signature", BG_TDVF_DESCRIPTOR, -1, FW_META, 0, 1},
        {"version 2", BG_TDVF_VERSION, -1, FW_META + 8, 2, 4},
        {"no sections", BG_TDVF_SECTIONS, -1, FW_META + 12, 0, 4},
        {"more than 64 sections", BG_TDVF_SECTIONS, -1, FW_META + 12, 65, 4},
        {"2^32 - 1 sections", BG_TDVF_SECTIONS, -1, FW_META + 12, UINT32_MAX, 4},
        {"length too small", BG_TDVF_SECTIONS, -1, FW_META + 4, 16 + 32 * FW_SECTIONS - 1, 4},
        {"address not aligned", BG_TDVF_SECTION, 2, 8, 0x810001, 8},
        {"address beyond 4 GiB", BG_TDVF_SECTION, 0, 8, 0xfffff000, 8},
        {"address near 2^64", BG_TDVF_SECTION, 2, 8, UINT64_MAX - 0xfff, 8},
        {"size not aligned", BG_TDVF_SECTION, 2, 16, 0x4001, 8},
        {"size over the limit", BG_TDVF_SECTION, 2, 16, (256u << 20) + 0x1000, 8},
        {"sum of sizes over the limit", BG_TDVF_MEMORY, 2, 16, 256u << 20, 8},
        {"memory smaller than data", BG_TDVF_SECTION, 1, 4, 0x1001, 4},
        {"extended, but half of it data", BG_TDVF_SECTION, 0, 4, 0x1000, 4},
        {"extended, but no data", BG_TDVF_SECTION, 2, 28, TDVF_MR_EXTEND, 4},
        {"extended and added later", BG_TDVF_SECTION, 0, 28, TDVF_MR_EXTEND | TDVF_PAGE_AUG, 4},
        {"data behind the image", BG_TDVF_SECTION, 0, 0, FW_SIZE - 0x1fff, 4},
        {"data offset near 2^32", BG_TDVF_SECTION, 1, 0, UINT32_MAX, 4},
        {"empty temporary memory", BG_TDVF_EMPTY_RANGE, 2, 16, 0, 8},
        {"empty TD HOB", BG_TDVF_EMPTY_RANGE, 3, 16, 0, 8},
        {"no TD HOB", BG_TDVF_TD_HOB, 3, 24, TDVF_TEMP_MEM, 4},
        {"two TD HOBs", BG_TDVF_TD_HOB, 2, 24, TDVF_TD_HOB, 4},
        {"ranges that overlap", BG_TDVF_OVERLAP, 4, 8, 0x80a000, 8},
        {"ranges that are the same", BG_TDVF_OVERLAP, 4, 8, 0x809000, 8},
    };
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        const struct firmware_defect *d = &defects[i];
        struct firmware_image f;
        firmware_build(&f);
        uint8_t *at =
            d->section < 0 ? f.b + d->at : firmware_field(&f, (unsigned)d->section, d->at);
        image_put(at, d->value, d->width);
        struct measured m = firmware_of(&f);
        CASE(d->name, m.rc == d->rc, "BG-%04d, expected BG-%04d", (int)m.rc, (int)d->rc);
    }
    struct firmware_image f;
    firmware_build(&f);
    for (size_t n = 0; n < FW_SIZE; n += n < 100 || n > FW_SIZE - 100 ? 1 : 61) {
        struct measured m = firmware(bytes_of(f.b, n));
        CASE("cut off at its end", m.rc == BG_TDVF_TABLE, "%zu bytes: BG-%04d", n, (int)m.rc);
    }
    /* The last section's entry begins within the image and ends behind it. */
    struct firmware_image g;
    firmware_build(&g);
    memmove(g.b + FW_SIZE - 40, g.b + FW_META, 16);
    image_put(g.b + FW_SIZE - 40 + 4, UINT32_MAX, 4);
    firmware_build(&f);
    memcpy(f.b + FW_SIZE - 32, g.b + FW_META, 32);
    image_put(f.b + FW_ENTRY, 32, 4);
    struct measured m = firmware_of(&f);
    CASE("sections behind the image", m.rc == BG_TDVF_SECTION, "BG-%04d", (int)m.rc);
    /* As many as may be, and one more, in a descriptor that is long enough for them. */
    for (unsigned n = TDVF_SECTIONS_MAX; n <= TDVF_SECTIONS_MAX + 1; n++) {
        firmware_build(&f);
        image_put(f.b + FW_META + 4, 16 + 32 * n, 4);
        image_put(f.b + FW_META + 12, n, 4);
        memset(f.b + FW_SECTION + 32 * FW_SECTIONS, 0, 32 * (n - FW_SECTIONS));
        m = firmware_of(&f);
        CASE("how many sections", m.rc == (n > TDVF_SECTIONS_MAX ? BG_TDVF_SECTIONS : RC_OK),
             "%u: BG-%04d", n, (int)m.rc);
    }
}

/* does_not_matter: bits of the metadata that nothing measured follows from. */
static bool does_not_matter(size_t at)
{
    if (at >= FW_META + 4 && at < FW_META + 8)
        return true; /* length: any that holds the sections */
    if (at < FW_SECTION)
        return false;
    size_t s = (at - FW_SECTION) / 32, field = (at - FW_SECTION) % 32;
    if (s >= 2 && field < 4)
        return true; /* where data of no length would be */
    if (s >= 2 && field < 8)
        return true; /* data of memory that is not filled from the image by TDVF's rules */
    if (s == 0 && field >= 24 && field < 28)
        return true;    /* BFV or a type that nobody defined: both are added and extended alike */
    return field >= 28; /* attribute bits that are not defined */
}

static void firmware_mutants(void **state)
{
    (void)state;
    struct firmware_image f;
    firmware_build(&f);
    struct measured good = firmware_of(&f);
    size_t refused = 0, other = 0, same = 0;
    for (size_t at = FW_META; at < FW_SECTION + 32 * FW_SECTIONS; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            firmware_build(&f);
            f.b[at] ^= (uint8_t)(1u << bit);
            struct measured m = firmware_of(&f);
            /* The metadata lies in the BFV, which is extended: MRTD always differs. What it says
             * is looked at alone, so the bytes are put right again for the digest. */
            struct tdvf t;
            struct err err = {0};
            if (m.rc != RC_OK) {
                refused++;
                case_pass();
                continue;
            }
            assert_int_equal(tdvf_read(BYTES_OF_ARRAY(f.b), &t, &err), RC_OK);
            f.b[at] ^= (uint8_t)(1u << bit);
            tdvf_mrtd(&t, TDVF_SINGLE_PASS, m.single);
            tdvf_mrtd(&t, TDVF_TWO_PASS, m.two);
            m.has_cfv = tdvf_cfv(&t, m.cfv);
            bool differs = memcmp(&m, &good, sizeof m) != 0;
            differs ? other++ : same++;
            CASE("a changed bit counts", differs || does_not_matter(at), "offset 0x%zx bit %u",
                 at - FW_META, bit);
        }
    CASE("most are refused or differ", refused > 500 && other > 100 && same < 500,
         "refused %zu, other %zu, same %zu", refused, other, same);
}

static const struct bzimage_load usual = {.memory = UINT64_C(2) << 30,
                                          .initrd_size = 1000,
                                          .acpi_data = BZIMAGE_ACPI_DATA,
                                          .header = BZIMAGE_PATCHED};

static enum rc kernel(const struct kernel_image *k, size_t n, const struct bzimage_load *load,
                      uint8_t out[static 48])
{
    struct err err = {0};
    struct arena *a = arena_new(1 << 16);
    enum rc rc = bzimage_measure(a, bytes_of(k->b, n), load, out, &err);
    arena_free(a);
    return rc;
}

static void kernel_defects(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum rc rc;
        unsigned at;
        uint64_t value;
        size_t width;
    } defects[] = {
        {"boot sector's mark", BG_BZIMAGE_FORMAT, 0x1fe, 0, 2},
        {"header's mark", BG_BZIMAGE_FORMAT, 0x202, 0, 1},
        {"protocol 2.01", BG_BZIMAGE_OLD, 0x206, 0x201, 2},
        {"protocol 0", BG_BZIMAGE_OLD, 0x206, 0, 2},
        {"loaded low", BG_BZIMAGE_OLD, 0x211, 0, 1},
        {"PE header behind the end", BG_PE_FORMAT, 0x3c, KERNEL_SIZE - 3, 4},
        {"PE header at 2^32 - 1", BG_PE_FORMAT, 0x3c, UINT32_MAX, 4},
        {"no MZ, and no PE at 0", BG_PE_FORMAT, 0, 0, 2},
        {"PE signature", BG_PE_FORMAT, KERNEL_PE, 0, 1},
        {"optional header's kind", BG_PE_FORMAT, KERNEL_OPTIONAL, 0x107, 2},
        {"headers end before the directory", BG_PE_FORMAT, KERNEL_OPTIONAL + 60,
         KERNEL_OPTIONAL + 112 + 39, 4},
        {"headers larger than the file", BG_PE_FORMAT, KERNEL_OPTIONAL + 60, KERNEL_SIZE + 1, 4},
        {"97 sections", BG_PE_FORMAT, KERNEL_PE + 6, 97, 2},
        {"section table behind the end", BG_PE_FORMAT, KERNEL_PE + 20, 0xffff, 2},
        {"section begins behind the end", BG_PE_FORMAT, KERNEL_TABLE + 20, KERNEL_SIZE + 1, 4},
        {"section ends behind the end", BG_PE_FORMAT, KERNEL_TABLE + 16, 0xc01, 4},
        {"section of 2^32 - 1 bytes", BG_PE_FORMAT, KERNEL_TABLE + 16, UINT32_MAX, 4},
    };
    struct kernel_image k;
    uint8_t digest[48];
    kernel_build(&k);
    CASE("accepted", kernel(&k, KERNEL_SIZE, &usual, digest) == RC_OK, "refused");
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        kernel_build(&k);
        image_put(k.b + defects[i].at, defects[i].value, defects[i].width);
        enum rc rc = kernel(&k, KERNEL_SIZE, &usual, digest);
        CASE(defects[i].name, rc == defects[i].rc, "BG-%04d, expected BG-%04d", (int)rc,
             (int)defects[i].rc);
    }
    kernel_build(&k);
    for (size_t n = 0; n < KERNEL_SIZE; n += 97) {
        enum rc rc = kernel(&k, n, &usual, digest);
        CASE("cut off", rc == (n < 0x1000 ? BG_BZIMAGE_FORMAT : BG_PE_FORMAT), "%zu: BG-%04d", n,
             (int)rc);
    }
    /* As many as may be, and one more, each of one byte. */
    for (unsigned n = 96; n <= 97; n++) {
        kernel_build(&k);
        image_put(k.b + KERNEL_PE + 6, n, 2);
        image_put(k.b + KERNEL_PE + 20, 0x800 - KERNEL_OPTIONAL, 2);
        memset(k.b + 0x800, 0, (size_t)40 * n);
        for (unsigned i = 0; i < n; i++) {
            image_put(k.b + 0x800 + 40 * i + 16, 1, 4);
            image_put(k.b + 0x800 + 40 * i + 20, 0x400, 4);
        }
        enum rc rc = kernel(&k, KERNEL_SIZE, &usual, digest);
        CASE("how many sections", rc == (n > 96 ? BG_PE_FORMAT : RC_OK), "%u: BG-%04d", n, (int)rc);
    }
    kernel_build(&k);
    /* A signature that is larger than what is left: shorter sections, 0x100 bytes behind them. */
    image_put(k.b + KERNEL_TABLE + 16, 0xb00, 4);
    image_put(k.b + KERNEL_OPTIONAL + 112 + 36, 0x100, 4);
    CASE("signature that fits", kernel(&k, KERNEL_SIZE, &usual, digest) == RC_OK, "refused");
    image_put(k.b + KERNEL_OPTIONAL + 112 + 36, 0x101, 4);
    enum rc rc = kernel(&k, KERNEL_SIZE, &usual, digest);
    CASE("signature that does not", rc == BG_PE_CERTIFICATES, "BG-%04d", (int)rc);
}

static void initrd_limits(void **state)
{
    (void)state;
    struct kernel_image k;
    uint8_t digest[48];
    static const struct {
        const char *name;
        uint64_t memory, size;
        uint16_t protocol, flags;
        enum rc rc;
    } rows[] = {
        {"none needs no memory", 0, 0, 0x20f, 0x7f, RC_OK},
        {"no memory", 0, 1, 0x20f, 0x7f, BG_BZIMAGE_MEMORY},
        {"just ACPI's", 0x28000, 1, 0x20f, 0x7f, BG_BZIMAGE_MEMORY},
        {"two bytes more", 0x28002, 1, 0x20f, 0x7f, BG_BZIMAGE_INITRD},
        {"three bytes more", 0x28003, 1, 0x20f, 0x7f, RC_OK},
        {"fills 2 GiB", 0x80000000, 0x80000000 - 0x28000 - 2, 0x20f, 0x7f, RC_OK},
        {"one byte more", 0x80000000, 0x80000000 - 0x28000 - 1, 0x20f, 0x7f, BG_BZIMAGE_INITRD},
        {"fills what is below 2.75 GiB", 0xaffff000, 0xaffff000 - 0x28000 - 2, 0x20f, 0x7f, RC_OK},
        {"above, 2 GiB are low", 0xb0000000, 0x80000000, 0x20f, 0x7f, BG_BZIMAGE_INITRD},
        {"the kernel's own limit", 0x80000000, 0x7ffd7ffe, 0x20f, 0x3f, RC_OK},
        {"protocol 2.02 has one of its own", 0x80000000, 0x37ffffff, 0x202, 0, BG_BZIMAGE_INITRD},
        {"just below that", 0x80000000, 0x37fffffe, 0x202, 0, RC_OK},
        {"larger than 32 bits", UINT64_C(1) << 40, UINT64_C(5) << 30, 0x20f, 0x7f,
         BG_BZIMAGE_INITRD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kernel_build(&k);
        image_put(k.b + 0x206, rows[i].protocol, 2);
        image_put(k.b + 0x236, rows[i].flags, 2);
        struct bzimage_load l = usual;
        l.memory = rows[i].memory;
        l.initrd_size = rows[i].size;
        enum rc rc = kernel(&k, KERNEL_SIZE, &l, digest);
        CASE(rows[i].name, rc == rows[i].rc, "BG-%04d, expected BG-%04d", (int)rc, (int)rows[i].rc);
    }
    kernel_build(&k);
    image_put(k.b + 0x22c, 900, 4);
    image_put(k.b + 0x236, 0x3f, 2);
    CASE("the kernel's limit counts", kernel(&k, KERNEL_SIZE, &usual, digest) == BG_BZIMAGE_INITRD,
         "accepted");
}

/* Every byte counts but the two fields that a signer changes; and what QEMU overwrites. */
static void kernel_mutants(void **state)
{
    (void)state;
    struct kernel_image k;
    struct bzimage_load as_is = usual;
    uint8_t good[48], good_as_is[48], got[48];
    as_is.header = BZIMAGE_AS_IS;
    kernel_build(&k);
    assert_int_equal(kernel(&k, KERNEL_SIZE, &usual, good), RC_OK);
    assert_int_equal(kernel(&k, KERNEL_SIZE, &as_is, good_as_is), RC_OK);
    CASE("the patch shows", memcmp(good, good_as_is, 48) != 0, "it does not");
    for (size_t at = 0; at < KERNEL_SIZE; at += at < 0x400 ? 1 : 37) {
        bool signer = (at >= KERNEL_OPTIONAL + 64 && at < KERNEL_OPTIONAL + 68) ||
                      (at >= KERNEL_OPTIONAL + 112 + 32 && at < KERNEL_OPTIONAL + 112 + 40);
        /* type_of_loader, ramdisk_image and ramdisk_size, heap_end_ptr, cmd_line_ptr */
        bool overwritten =
            at == 0x210 || (at >= 0x218 && at < 0x220) || (at >= 0x224 && at < 0x22c);
        kernel_build(&k);
        k.b[at] ^= 0x40;
        bool differs = kernel(&k, KERNEL_SIZE, &usual, got) != RC_OK || memcmp(got, good, 48) != 0;
        CASE("a changed byte counts", differs != (signer || overwritten), "patched, 0x%zx", at);
        differs = kernel(&k, KERNEL_SIZE, &as_is, got) != RC_OK || memcmp(got, good_as_is, 48) != 0;
        CASE("a changed byte counts", differs != signer, "as is, 0x%zx", at);
    }
}

static void command_lines(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16);
    static const uint8_t bad[] = {0, '\n', '\t', 0x1f, 0x7f, 0x80, 0xff};
    uint8_t digest[48], want[48];
    struct err err = {0};
    /* "a initrd=initrd" and its end, two bytes each, little-endian */
    static const char wide[] = "a\0 \0i\0n\0i\0t\0r\0d\0=\0i\0n\0i\0t\0r\0d\0\0";
    assert_int_equal(image_cmdline(a, bytes_of_str("a"), digest, &err), RC_OK);
    hash_sha384(bytes_of(wide, sizeof wide), want);
    CASE("digest", memcmp(digest, want, 48) == 0, "differs");
    for (size_t i = 0; i < sizeof bad; i++) {
        err_clear(&err);
        enum rc rc = image_cmdline(a, bytes_of(bad + i, 1), digest, &err);
        CASE("not printable", rc == BG_IMAGE_CMDLINE, "0x%02x: BG-%04d", bad[i], (int)rc);
    }
    arena_free(a);
}

static void material_limits(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    static const uint8_t witness[4096];
    struct lite_image im = {.ovmf = "pre202505", .td_hob = bytes_of(witness, 4096 - 512)};
    struct bytes cbor;
    struct err err = {0};
    CASE("largest", lite_write(a, &im, &cbor, &err) == RC_OK, "BG-%04d", (int)err.rc);
    struct lite_image again;
    CASE("is read again", lite_parse(cbor, &again, &err) == RC_OK, "BG-%04d", (int)err.rc);
    im.td_hob.n++;
    CASE("one more", lite_write(a, &im, &cbor, &err) == BG_IMAGE_WITNESS, "BG-%04d", (int)err.rc);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_firmware),    cmocka_unit_test(firmware_defects),
        cmocka_unit_test(firmware_mutants), cmocka_unit_test(kernel_defects),
        cmocka_unit_test(initrd_limits),    cmocka_unit_test(kernel_mutants),
        cmocka_unit_test(command_lines),    cmocka_unit_test(material_limits),
    };
    return HARNESS_RUN("image", tests);
}
