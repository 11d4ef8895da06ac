#include "tests/lib/boot_log_builder.h"

#include <string.h>

#include "base/hash.h"

#define SEPARATOR   0x4u
#define TAG         0x6u
#define VERSION     0x8u
#define IPL         0xdu
#define DRIVER_CFG  0x80000001u
#define BOOT_VAR    0x80000002u
#define APPLICATION 0x80000003u
#define ACTION      0x80000007u
#define BLOB        0x80000008u
#define AUTHORITY   0x800000e0u

struct list {
    struct built_event *v;
    size_t n;
};

static struct built_event *add(struct list *l, uint32_t pcr, uint32_t type, const void *p, size_t n)
{
    struct built_event *e = &l->v[l->n++];
    *e = (struct built_event){.pcr = pcr, .type = type, .n = n};
    memcpy(e->data, p, n);
    return e;
}

void built_text(struct built_event *e, uint32_t pcr, uint32_t type, const char *text)
{
    *e = (struct built_event){.pcr = pcr, .type = type, .n = strlen(text)};
    memcpy(e->data, text, e->n);
}

static void text(struct list *l, uint32_t pcr, uint32_t type, const char *s)
{
    built_text(&l->v[l->n++], pcr, type, s);
}

static size_t put(uint8_t *at, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(v >> (8 * i));
    return width;
}

/* UEFI_VARIABLE_DATA, with a name and no data but what is given. */
static void variable(struct list *l, uint32_t pcr, uint32_t type, const char *name, uint64_t data)
{
    uint8_t b[BUILT_DATA_MAX] = {0xaa};
    size_t n = 16, length = strlen(name);
    n += put(b + n, length, 8);
    n += put(b + n, data, 8);
    for (size_t i = 0; i < length; i++)
        n += put(b + n, (uint8_t)name[i], 2);
    struct built_event *e = add(l, pcr, type, b, n + data);
    e->varies = true;
    e->digest = type == BOOT_VAR ? BUILT_OTHER : BUILT_OF_DATA;
}

static void separator(struct list *l, uint32_t pcr)
{
    (void)add(l, pcr, SEPARATOR, "\0\0\0", 4);
}

/* UEFI_IMAGE_LOAD_EVENT with a device path of one media node, or a file path node. */
static void image(struct list *l, const uint8_t *guid, const char *file)
{
    uint8_t b[BUILT_DATA_MAX] = {0};
    size_t length = strlen(file), n = 32, at;
    if (guid) {
        n += put(b + n, 0x00140304, 4);
        memcpy(b + n, guid, 16);
        n += 16;
    }
    if (length) {
        n += put(b + n, 0x0404, 2);
        n += put(b + n, 4 + 2 * (length + 1), 2);
        for (size_t i = 0; i <= length; i++)
            n += put(b + n, (uint8_t)file[i], 2);
    }
    n += put(b + n, 0x0004ff7f, 4);
    at = n - 32;
    (void)put(b + 24, at, 8);
    struct built_event *e = add(l, 4, APPLICATION, b, n);
    e->varies = true;
    e->digest = BUILT_OTHER;
}

static void tag(struct list *l, uint32_t pcr, uint32_t id, const char *name)
{
    uint8_t b[BUILT_DATA_MAX];
    size_t n = put(b, id, 4), length = strlen(name) + 1;
    n += put(b + n, length, 4);
    memcpy(b + n, name, length);
    add(l, pcr, TAG, b, n + length)->digest = BUILT_OTHER;
}

/* A section's name and its content, each told by its name in UTF-16. */
static void section(struct list *l, const char *name)
{
    uint8_t b[BUILT_DATA_MAX];
    size_t n = 0;
    for (size_t i = 0; i <= strlen(name); i++)
        n += put(b + n, (uint8_t)name[i], 2);
    add(l, 11, IPL, b, n)->digest = BUILT_OF_NAME;
    add(l, 11, IPL, b, n)->digest = BUILT_OTHER;
}

static void sections(struct list *l, const char *const *names)
{
    for (; *names; names++)
        section(l, *names);
}

static void grub(struct list *l, const char *s)
{
    add(l, 8, IPL, s, strlen(s) + 1)->digest = BUILT_OF_TEXT;
}

static void file(struct list *l, const char *s)
{
    add(l, 9, IPL, s, strlen(s) + 1)->digest = BUILT_OTHER;
}

static const uint8_t payload[16] = {0xf8, 0xd1, 0xc5, 0x55, 0xcd, 0x04, 0xb5, 0x46,
                                    0x8a, 0x20, 0xe5, 0x6c, 0xbb, 0x30, 0x52, 0xd0};
static const uint8_t loader[16] = {0x72, 0xf7, 0x28, 0x14, 0x4a, 0xb6, 0x1e, 0x44,
                                   0xb8, 0xc3, 0x9e, 0xbd, 0xd7, 0xf8, 0x93, 0xc7};

static void firmware(struct list *l, bool direct)
{
    static const char *const keys[] = {"SecureBoot", "PK", "KEK", "db", "dbx"};
    (void)add(l, 0, VERSION, "\0", 2);
    for (int i = 0; i < 2; i++) {
        struct built_event *e = add(l, 0, BLOB, "\0\0\x82\0\0\0\0\0\0\0\x0e\0\0\0\0\0", 16);
        e->digest = BUILT_OTHER;
        e->varies = true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        variable(l, 7, DRIVER_CFG, keys[i], i == 0);
    separator(l, 7);
    if (direct)
        image(l, loader, "kernel");
    variable(l, 1, BOOT_VAR, "BootOrder", 2);
    variable(l, 1, BOOT_VAR, "Boot0000", 60);
    text(l, 4, ACTION, "Calling EFI Application from Boot Option");
    for (uint32_t pcr = 0; pcr < 7; pcr++)
        separator(l, pcr);
}

static void kernel_stub(struct list *l)
{
    tag(l, 9, 0x8f3b22ed, "LOADED_IMAGE::LoadOptions");
    tag(l, 9, 0x8f3b22ec, "Linux initrd");
}

/* shim, and what it starts: whose key that was signed with is in PCR 7. */
static void shim(struct list *l)
{
    static const char *const lists[] = {"MokList", "MokListX", "MokListTrusted"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (i == 2)
            variable(l, 7, AUTHORITY, "SbatLevel", 32);
        add(l, 14, IPL, lists[i], strlen(lists[i]) + 1)->digest = BUILT_OTHER;
    }
    variable(l, 7, AUTHORITY, "MokListRT", 64);
    image(l, NULL, "\\EFI\\BOOT\\grubx64.efi");
}

static bool has(const char *path, const char *part)
{
    return strstr(path, part) != NULL;
}

static void stub_252(struct list *l, bool inner)
{
    static const char *const names[] = {".linux", ".osrel", ".cmdline", ".initrd", NULL};
    sections(l, names);
    if (inner)
        image(l, payload, "");
}

/* systemd-boot, and a stub that loads the kernel without the firmware's LoadImage. */
static void systemd_258(struct list *l, bool profile)
{
    static const char *const names[] = {".linux", ".osrel", ".cmdline", ".initrd", ".ucode",
                                        ".uname", ".sbat",  ".pcrpkey", NULL};
    tag(l, 1, 0xd5cb7cbc, "smbios:type1");
    tag(l, 5, 0xf5bc582a, "loader.conf");
    image(l, NULL, "\\EFI\\Linux\\image.efi");
    if (profile)
        section(l, ".profile");
    sections(l, names);
}

size_t built_events(const char *path, struct built_event out[static BUILT_EVENTS_MAX])
{
    struct list l = {out, 0};
    bool direct = strcmp(path, "qemu-kernel") == 0, signed_grub = strcmp(path, "shim-grub") == 0;
    firmware(&l, direct);
    if (!direct)
        image(&l, NULL, "\\EFI\\BOOT\\BOOTX64.EFI");
    if (has(path, "shim"))
        shim(&l);
    if (has(path, "uki"))
        stub_252(&l, !has(path, "shim"));
    if (has(path, "systemd"))
        systemd_258(&l, has(path, "profile"));
    if (has(path, "grub")) {
        grub(&l, "grub_cmd: set timeout=0");
        grub(&l, "grub_cmd: search --no-floppy --file --set=root /vmlinuz");
        file(&l, "(hd0)/vmlinuz");
        grub(&l, "grub_cmd: linuxefi /vmlinuz console=ttyS0 quiet panic=-1");
        file(&l, "/vmlinuz");
        for (int i = 0; signed_grub && i < 2; i++) /* shim was asked about it */
            image(&l, NULL, "");
        grub(&l, "kernel_cmdline: /vmlinuz console=ttyS0 quiet panic=-1");
        grub(&l, "grub_cmd: initrdefi /initrd.img");
        file(&l, "/initrd.img");
        grub(&l, "grub_cmd: boot");
    }
    if (has(path, "grub-2.12")) /* firmware loads the kernel */
        image(&l, NULL, "");
    if (!has(path, "grub") || has(path, "grub-2.12"))
        kernel_stub(&l);
    text(&l, 5, ACTION, "Exit Boot Services Invocation");
    text(&l, 5, ACTION, "Exit Boot Services Returned with Success");
    return l.n;
}

/* --- the log --- */

static void bytes(struct built_log *t, enum built_byte kind, unsigned pcr, const void *p, size_t n)
{
    memcpy(t->b + t->n, p, n);
    memset(t->kind + t->n, (int)kind, n);
    memset(t->pcr_of + t->n, (int)pcr, n);
    t->n += n;
}

static void number(struct built_log *t, enum built_byte kind, unsigned pcr, uint64_t v, size_t n)
{
    uint8_t b[8];
    (void)put(b, v, n);
    bytes(t, kind, pcr, b, n);
}

static struct bytes digested(const struct built_event *e, size_t i,
                             uint8_t seed[static BUILT_DATA_MAX])
{
    const uint8_t *colon = memchr(e->data, ':', e->n);
    size_t from = colon ? (size_t)(colon - e->data) + 2 : 0;
    if (e->digest == BUILT_OF_NAME) {
        for (size_t k = 0; k < e->n / 2; k++)
            seed[k] = e->data[2 * k];
        return bytes_of(seed, e->n / 2);
    }
    (void)put(seed, 0x5eed0000 + i, 8);
    return e->digest == BUILT_OF_DATA   ? bytes_of(e->data, e->n)
           : e->digest == BUILT_OF_TEXT ? bytes_of(e->data + from, e->n - from - 1)
                                        : bytes_of(seed, 8);
}

void built_encode(const struct built_event *v, size_t n, struct built_log *out)
{
    static const uint8_t spec[] =
        "Spec ID Event03\0\0\0\0\0\0\2\0\2\2\0\0\0\x0b\0\x20\0\x0c\0\x30\0";
    struct built_log *t = out;
    t->n = 0;
    number(t, BUILT_HEADER, 0xff, 0, 4);
    number(t, BUILT_HEADER, 0xff, 3, 4);
    for (size_t i = 0; i < 20; i++)
        number(t, BUILT_HEADER, 0xff, 0, 1);
    number(t, BUILT_HEADER, 0xff, sizeof spec, 4);
    bytes(t, BUILT_HEADER, 0xff, spec, sizeof spec);
    for (size_t i = 0; i < n; i++) {
        const struct built_event *e = &v[i];
        uint8_t seed[BUILT_DATA_MAX], digest[SHA384_LEN];
        struct bytes of = digested(e, i, seed);
        number(t, BUILT_PCR, e->pcr, e->pcr, 4);
        number(t, BUILT_TYPE, e->pcr, e->type, 4);
        number(t, BUILT_FRAME, e->pcr, 2, 4);
        number(t, BUILT_FRAME, e->pcr, 0x000b, 2);
        hash_sha256(of, digest);
        bytes(t, BUILT_SHA256, e->pcr, digest, SHA256_LEN);
        number(t, BUILT_FRAME, e->pcr, 0x000c, 2);
        hash_sha384(of, digest);
        bytes(t, BUILT_SHA384, e->pcr, digest, SHA384_LEN);
        number(t, BUILT_FRAME, e->pcr, e->n, 4);
        bytes(t, e->digest == BUILT_OTHER ? BUILT_FREE_DATA : BUILT_DATA, e->pcr, e->data, e->n);
    }
}
