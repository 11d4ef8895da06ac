#include "quote/boot_events.h"

bool boot_digest_is_of_data(uint32_t type)
{
    static const uint32_t types[] = {
        BOOT_EV_SEPARATOR,
        BOOT_EV_EFI_ACTION,
        0x5u,        /* EV_ACTION */
        0x8u,        /* EV_S_CRTM_VERSION */
        0x80000001u, /* EV_EFI_VARIABLE_DRIVER_CONFIG */
        0x80000006u, /* EV_EFI_GPT_EVENT */
        0x8000000cu, /* EV_EFI_VARIABLE_BOOT2 */
        0x800000e0u, /* EV_EFI_VARIABLE_AUTHORITY */
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i] == type)
            return true;
    return false;
}

void boot_note(struct bytes text, char out[static BOOT_NOTE_MAX])
{
    size_t n = text.n < BOOT_NOTE_MAX - 1 ? text.n : BOOT_NOTE_MAX - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = text.p[i] >= 0x20 && text.p[i] <= 0x7e ? (char)text.p[i] : '?';
    memset(out + n, 0, BOOT_NOTE_MAX - n);
}

/* narrow: UTF-16 as ASCII, up to its NUL. */
static void narrow(struct bytes text, char out[static BOOT_NOTE_MAX])
{
    struct cur c = cur_of(text);
    uint8_t ascii[BOOT_NOTE_MAX - 1];
    size_t n = 0;
    while (n < sizeof ascii && cur_left(&c) >= 2) {
        unsigned u = cur_u16le(&c);
        if (u == 0)
            break;
        ascii[n++] = u < 0x80 ? (uint8_t)u : (uint8_t)'?';
    }
    boot_note(bytes_of(ascii, n), out);
}

#define NODE_MEDIA  4u
#define MEDIA_GUID  3u
#define MEDIA_FILE  4u
#define NODE_HEADER 4u

void boot_image_read(struct bytes data, struct boot_image *out)
{
    /* 55c5d1f8-04cd-46b5-8a20-e56cbb3052d0 and 1428f772-b64a-441e-b8c3-9ebdd7f893c7 */
    static const uint8_t payload[16] = {0xf8, 0xd1, 0xc5, 0x55, 0xcd, 0x04, 0xb5, 0x46,
                                        0x8a, 0x20, 0xe5, 0x6c, 0xbb, 0x30, 0x52, 0xd0};
    static const uint8_t loader[16] = {0x72, 0xf7, 0x28, 0x14, 0x4a, 0xb6, 0x1e, 0x44,
                                       0xb8, 0xc3, 0x9e, 0xbd, 0xd7, 0xf8, 0x93, 0xc7};
    struct cur c = cur_of(data);
    memset(out, 0, sizeof *out);
    cur_take(&c, 24); /* where it is, its length, its link-time address */
    uint64_t n = cur_u64le(&c);
    if (c.bad || n != cur_left(&c))
        return;
    while (cur_left(&c) >= NODE_HEADER) {
        unsigned type = cur_u8(&c), subtype = cur_u8(&c), length = cur_u16le(&c);
        struct bytes body = cur_take(&c, length < NODE_HEADER ? SIZE_MAX : length - NODE_HEADER);
        if (type != NODE_MEDIA)
            continue;
        if (subtype == MEDIA_GUID && bytes_eq(body, BYTES_OF_ARRAY(payload)))
            out->stub_payload = true;
        if (subtype == MEDIA_GUID && bytes_eq(body, BYTES_OF_ARRAY(loader)))
            out->qemu_loader = true;
        if (subtype == MEDIA_FILE)
            narrow(body, out->path);
    }
}

struct bytes boot_text(struct bytes data)
{
    if (data.n && data.p[data.n - 1] == 0)
        data.n--;
    return data;
}

struct bytes boot_word(struct bytes *words)
{
    size_t from = 0, to;
    while (from < words->n && words->p[from] == ' ')
        from++;
    for (to = from; to < words->n && words->p[to] != ' '; to++)
        ;
    struct bytes word = to > from ? bytes_of(words->p + from, to - from) : BYTES_NONE;
    *words = to < words->n ? bytes_of(words->p + to, words->n - to) : BYTES_NONE;
    return word;
}

bool boot_shim_read(struct bytes data)
{
    static const char *const names[] = {"MokList",    "MokListX",       "MokSBState",
                                        "MokDBState", "MokListTrusted", "MokPolicy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_eq_str(boot_text(data), names[i]))
            return true;
    return false;
}

bool boot_section_read(struct bytes data, struct boot_section *out)
{
    static const char *const names[] = {
        ".profile", ".linux",   ".osrel", ".cmdline", ".initrd", ".ucode",   ".splash",
        ".dtb",     ".dtbauto", ".hwids", ".uname",   ".sbat",   ".pcrpkey", ".efifw",
    };
    struct cur c = cur_of(data);
    out->n = 0;
    while (out->n < BOOT_SECTION_MAX && cur_left(&c) >= 2) {
        unsigned u = cur_u16le(&c);
        if (u >= 0x80)
            return false;
        out->name[out->n++] = (uint8_t)u;
    }
    if (!cur_done(&c) || !out->n || out->name[out->n - 1] != 0)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_eq_str(bytes_of(out->name, out->n - 1), names[i])) {
            out->profile = i == 0;
            return true;
        }
    return false;
}

enum boot_grub boot_grub_read(struct bytes data, struct bytes *text)
{
    static const struct {
        const char *prefix;
        enum boot_grub kind;
    } kinds[] = {{"grub_cmd: ", BOOT_GRUB_COMMAND}, {"kernel_cmdline: ", BOOT_GRUB_CMDLINE}};
    struct bytes t = boot_text(data);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct cur c = cur_of(t);
        struct bytes prefix = bytes_of_str(kinds[i].prefix);
        if (!bytes_eq(cur_take(&c, prefix.n), prefix))
            continue;
        *text = cur_rest(&c);
        return kinds[i].kind;
    }
    return BOOT_GRUB_NONE;
}
