#include "quote/boot_log.h"

#include <stdio.h>

#include "base/hash.h"
#include "quote/evlog.h"

/* PCR 0 to 7 are closed by firmware before it hands over (section 3.3.4). */
#define FIRMWARE_PCRS 8u
#define PCR_SECTIONS  11u
#define PCR_SHIM      14u
/* Code that runs before the kernel: firmware, option ROMs, images. */
#define PCRS_BEFORE (1u << 0 | 1u << 2 | 1u << 4)

struct boot_log_ok {
    struct boot_log_facts facts;
};

/* struct walk: what was seen so far. */
struct walk {
    struct boot_log_facts *f;
    size_t size;                        /* of a digest */
    unsigned separators[FIRMWARE_PCRS]; /* how many */
    uint32_t used;                      /* PCRs from 8 on with events */
    bool exited;                        /* ExitBootServices returned with success */
    bool stub_payload, qemu_loader;     /* of the last image */
    size_t image;                       /* covers index of the last image, SIZE_MAX: none */
    bool second;                        /* it came after what shim measures of itself */
    struct boot_section section;        /* announced, its content is to come; or n is 0 */
    bool profile, inner;        /* the UKI has variants; what it started was measured by itself */
    unsigned cmdlines, initrds; /* what the kernel's stub measured */
    unsigned grub_cmdlines;
    struct bytes grub_kernel; /* first word of the command line */
    struct bytes grub_initrd; /* words behind the last initrd command */
    struct bytes file;        /* GRUB's, being looked for */
    const char *file_what;
    bool file_found;
};

const char *boot_path_name(enum boot_path p)
{
    static const char *const names[] = {
        [BOOT_PATH_NONE] = "none",         [BOOT_PATH_UKI] = "uki",
        [BOOT_PATH_EFI_STUB] = "efi-stub", [BOOT_PATH_QEMU_KERNEL] = "qemu-kernel",
        [BOOT_PATH_GRUB] = "grub",
    };
    return names[p];
}

const struct boot_log_facts *boot_log_facts_of(const struct boot_log_ok *ok)
{
    return &ok->facts;
}

static enum rc cover(struct walk *w, const char *what, unsigned pcr, size_t event, struct err *err)
{
    struct boot_log_facts *f = w->f;
    if (f->n == BOOT_LOG_COVERS_MAX)
        return err_set(err, BG_BOOT_LOG_STAGES, "more than %u", BOOT_LOG_COVERS_MAX);
    f->covers[f->n++] = (struct boot_cover){.what = what, .pcr = pcr, .event = event};
    return RC_OK;
}

static enum rc unknown(const struct tcg_record *r, size_t event, struct err *err)
{
    return err_set(err, BG_BOOT_LOG_PATH, "event %zu, PCR %u, type 0x%x", event, (unsigned)r->index,
                   (unsigned)r->type);
}

/* --- digests over the data --- */

static bool digest_fits(const struct walk *w, const struct tcg_record *r, struct bytes data)
{
    uint8_t digest[SHA384_LEN];
    struct bytes given = w->size == SHA256_LEN ? r->sha256 : r->sha384;
    if (w->size == SHA256_LEN)
        hash_sha256(data, digest);
    else
        hash_sha384(data, digest);
    return bytes_eq(given, bytes_of(digest, w->size));
}

static enum rc digest_is_of(const struct walk *w, const struct tcg_record *r, struct bytes data,
                            size_t event, struct err *err)
{
    if (!digest_fits(w, r, data))
        return err_set(err, BG_BOOT_LOG_DATA, "event %zu, PCR %u, type 0x%x", event,
                       (unsigned)r->index, (unsigned)r->type);
    return RC_OK;
}

/* --- events --- */

static enum rc separator(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    static const uint8_t none[4] = {0}, also[4] = {0xff, 0xff, 0xff, 0xff};
    if (r->index >= FIRMWARE_PCRS)
        return unknown(r, event, err);
    if (!bytes_eq(r->data, BYTES_OF_ARRAY(none)) && !bytes_eq(r->data, BYTES_OF_ARRAY(also)))
        return err_set(err, BG_BOOT_LOG_SEPARATOR_VALUE, "event %zu, PCR %u, %zu bytes", event,
                       (unsigned)r->index, r->data.n);
    if (w->separators[r->index]++)
        return err_set(err, BG_BOOT_LOG_SEPARATOR_TWICE, "event %zu, PCR %u", event,
                       (unsigned)r->index);
    return RC_OK;
}

static enum rc image(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    if (r->index != 0 && r->index != 2 && r->index != 4)
        return unknown(r, event, err);
    if (r->index != 4)
        return RC_OK;
    TRY(cover(w, "image", 4, event, err));
    struct boot_image i;
    boot_image_read(r->data, &i);
    w->image = w->f->n - 1;
    w->second = true;
    w->inner = w->used >> PCR_SECTIONS & 1u;
    w->stub_payload = i.stub_payload;
    w->qemu_loader = i.qemu_loader;
    memcpy(w->f->covers[w->image].note, i.path, sizeof i.path);
    return RC_OK;
}

/* grub: a command, as PCR 8 has it: "grub_cmd: linux /vmlinuz quiet". */
static enum rc grub_command(struct walk *w, const struct tcg_record *r, size_t event,
                            struct err *err)
{
    struct bytes text = BYTES_NONE, words;
    enum boot_grub kind = boot_grub_read(r->data, &text);
    if (kind == BOOT_GRUB_NONE)
        return unknown(r, event, err);
    TRY(digest_is_of(w, r, text, event, err));
    if (kind == BOOT_GRUB_CMDLINE) {
        w->grub_cmdlines++;
        w->grub_kernel = boot_word(&text);
        return cover(w, "command line", 8, event, err);
    }
    words = text;
    struct bytes name = boot_word(&words);
    if (bytes_eq_str(name, "initrd") || bytes_eq_str(name, "initrdefi"))
        w->grub_initrd = words;
    return RC_OK;
}

static enum rc tagged(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    struct cur c = cur_of(r->data);
    uint32_t id = cur_u32le(&c);
    cur_take(&c, cur_u32le(&c));
    if (!cur_done(&c) || (id != BOOT_TAG_CMDLINE && id != BOOT_TAG_INITRD))
        return unknown(r, event, err);
    bool cmdline = id == BOOT_TAG_CMDLINE;
    if (cmdline ? w->cmdlines++ : w->initrds++)
        return err_set(err, BG_BOOT_LOG_TWICE, "event %zu: %s", event,
                       cmdline ? "command line" : "initrd");
    return cover(w, cmdline ? "command line" : "initrd", 9, event, err);
}

/* section: systemd-stub's account of the PE it runs from, a name and then the content. Nothing else
 * goes into a PCR that need not be in the set. */
static enum rc section(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    struct boot_section s = {0};
    if (r->type != BOOT_EV_IPL || !boot_section_read(r->data, &s))
        return unknown(r, event, err);
    if (w->section.n) {
        bool same = bytes_eq(bytes_of(s.name, s.n), bytes_of(w->section.name, w->section.n));
        w->section.n = 0;
        return same ? RC_OK
                    : err_set(err, BG_BOOT_LOG_SECTIONS, "event %zu: %s", event, (char *)s.name);
    }
    TRY(digest_is_of(w, r, bytes_of(s.name, s.n), event, err));
    w->section = s;
    w->profile |= s.profile;
    return RC_OK;
}

/* loader: PCR 8 to 15, which firmware leaves to what it starts. */
static enum rc loader(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    bool first = !(w->used >> r->index & 1u);
    if (!w->separators[4])
        return err_set(err, BG_BOOT_LOG_EARLY, "event %zu, PCR %u", event, (unsigned)r->index);
    if (r->type != BOOT_EV_IPL && r->type != BOOT_EV_EVENT_TAG)
        return unknown(r, event, err);
    w->used |= 1u << r->index;
    switch (r->index) {
    case 8:
        return r->type == BOOT_EV_IPL ? grub_command(w, r, event, err) : unknown(r, event, err);
    case 9: /* GRUB's files are looked up when its commands are known */
        return r->type == BOOT_EV_IPL ? RC_OK : tagged(w, r, event, err);
    case PCR_SECTIONS:
        TRY(section(w, r, event, err));
        return first ? cover(w, "stub sections", r->index, event, err) : RC_OK;
    case PCR_SHIM:
        if (r->type != BOOT_EV_IPL || !boot_shim_read(r->data))
            return unknown(r, event, err);
        w->second = false;
        return first ? cover(w, "shim's keys", r->index, event, err) : RC_OK;
    case 12:
    case 13:
        return first ? cover(w, "loader input", r->index, event, err) : RC_OK;
    default:
        return unknown(r, event, err);
    }
}

static enum rc firmware(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    switch (r->type) {
    case BOOT_EV_SEPARATOR:
        return separator(w, r, event, err);
    case BOOT_EV_EFI_APPLICATION:
    case BOOT_EV_EFI_BOOT_DRIVER:
    case BOOT_EV_EFI_RUNTIME_DRIVER:
        return image(w, r, event, err);
    case BOOT_EV_EFI_ACTION:
        if (r->index == 5 && bytes_eq_str(r->data, BOOT_EXITED))
            w->exited = true;
        return RC_OK;
    default: /* another way to boot measures its code as a type of its own */
        return r->index == 4 ? unknown(r, event, err) : RC_OK;
    }
}

static enum rc one(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    if (w->exited)
        return err_set(err, BG_BOOT_LOG_LATE, "event %zu, PCR %u", event, (unsigned)r->index);
    if (boot_digest_is_of_data(r->type))
        TRY(digest_is_of(w, r, r->data, event, err));
    return r->index < FIRMWARE_PCRS ? firmware(w, r, event, err) : loader(w, r, event, err);
}

/* each_record walks the log, which tcg_pcr_replay has found to be whole. */
static enum rc each_record(struct bytes log, struct walk *w,
                           enum rc (*fn)(struct walk *, const struct tcg_record *, size_t,
                                         struct err *),
                           struct err *err)
{
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(log);
    TRY(tcg_log_header(&c, &algs, err));
    for (size_t event = 1; !tcg_log_at_end(&c); event++) {
        struct tcg_record r;
        TRY(tcg_log_record(&c, &algs, log.n - cur_left(&c), &r, err));
        if (r.type != EV_NO_ACTION)
            TRY(fn(w, &r, event, err));
    }
    return RC_OK;
}

/* --- what it amounts to --- */

/* grub_file: did GRUB measure a file of that name? */
static enum rc grub_file(struct walk *w, const struct tcg_record *r, size_t event, struct err *err)
{
    if (r->index != 9 || r->type != BOOT_EV_IPL || !bytes_eq(boot_text(r->data), w->file))
        return RC_OK;
    if (w->file_found)
        return RC_OK; /* read again */
    w->file_found = true;
    TRY(cover(w, w->file_what, 9, event, err));
    boot_note(w->file, w->f->covers[w->f->n - 1].note);
    return RC_OK;
}

static enum rc look_for(struct bytes log, struct walk *w, const char *what, struct bytes name,
                        struct err *err)
{
    w->file = name;
    w->file_what = what;
    w->file_found = false;
    return name.n ? each_record(log, w, grub_file, err) : RC_OK;
}

static enum rc no_kernel(const char *why, struct err *err)
{
    return err_set(err, BG_BOOT_LOG_NO_KERNEL, "%s", why);
}

static enum rc no_cmdline(const char *why, struct err *err)
{
    return err_set(err, BG_BOOT_LOG_NO_CMDLINE, "%s", why);
}

static enum rc no_initrd(const char *why, struct err *err)
{
    return err_set(err, BG_BOOT_LOG_NO_INITRD, "%s", why);
}

/* loaders: who ran before the kernel was measured by whoever started it. */
static enum rc loaders(const struct walk *w, struct err *err)
{
    if (w->section.n)
        return err_set(err, BG_BOOT_LOG_SECTION_ALONE, "%s", (char *)w->section.name);
    if (w->used >> PCR_SHIM & 1u && !w->second)
        return err_set(err, BG_BOOT_LOG_NO_SECOND, "%s", "no image in PCR 4 after shim's keys");
    if (w->used >> 8 & 1u && w->image == SIZE_MAX)
        return err_set(err, BG_BOOT_LOG_NO_GRUB, "%s", "no image in PCR 4");
    return RC_OK;
}

static enum rc by_grub(struct bytes log, struct walk *w, struct err *err)
{
    struct bytes words = w->grub_initrd;
    if (w->grub_cmdlines != 1)
        return no_cmdline("GRUB measured none, or several", err);
    TRY(look_for(log, w, "kernel", w->grub_kernel, err));
    if (!w->file_found)
        return no_kernel("GRUB measured no file with the name on its command line", err);
    struct bytes name = boot_word(&words);
    do { /* each of them: several make one initrd */
        TRY(look_for(log, w, "initrd", name, err));
        if (!w->file_found)
            return no_initrd("GRUB measured no file with the name behind its initrd command", err);
    } while ((name = boot_word(&words)).n);
    w->f->path = BOOT_PATH_GRUB;
    w->f->needed = PCRS_BEFORE | 1u << 8 | 1u << 9;
    return RC_OK;
}

static enum rc by_stub(struct walk *w, struct err *err)
{
    if (w->image == SIZE_MAX)
        return no_kernel("no image in PCR 4", err);
    if (w->cmdlines != 1)
        return no_cmdline("no event of the kernel's in PCR 9", err);
    if (w->initrds != 1)
        return no_initrd("no event of the kernel's in PCR 9", err);
    w->f->covers[w->image].what = "kernel";
    w->f->path = w->stub_payload || w->used >> PCR_SECTIONS & 1u ? BOOT_PATH_UKI
                 : w->qemu_loader                                ? BOOT_PATH_QEMU_KERNEL
                                                                 : BOOT_PATH_EFI_STUB;
    w->f->needed = PCRS_BEFORE | 1u << 9;
    if (w->profile && !w->inner) /* which of the PE's kernels ran, PCR 4 does not say */
        w->f->needed |= 1u << PCR_SECTIONS;
    return RC_OK;
}

/* closed: firmware had ended measuring when it handed over. */
static enum rc closed(const struct walk *w, struct err *err)
{
    for (unsigned i = 0; i < FIRMWARE_PCRS; i++)
        if (!w->separators[i] && (w->f->set | PCRS_BEFORE) >> i & 1u)
            return err_set(err, BG_BOOT_LOG_NO_SEPARATOR, "PCR %u", i);
    if (!w->exited)
        return err_set(err, BG_BOOT_LOG_NO_EXIT, "%s", "the last event is not its success");
    return RC_OK;
}

/* left_out: what the log has in that PCR, each kind once. */
static void left_out(const struct boot_log_facts *f, unsigned pcr, char *out, size_t cap)
{
    const char *last = NULL;
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < f->n && n < cap; i++) {
        if (f->covers[i].pcr != pcr || (last && strcmp(last, f->covers[i].what) == 0))
            continue;
        n += (size_t)snprintf(out + n, cap - n, "%s%s", last ? ", " : "", f->covers[i].what);
        last = f->covers[i].what;
    }
}

void boot_log_set_text(uint32_t set, char out[static BOOT_LOG_SET_TEXT])
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < TCG_PCRS; i++)
        if (set >> i & 1u)
            n += (size_t)snprintf(out + n, BOOT_LOG_SET_TEXT - n, "%s%u", n ? "," : "", i);
}

/* in_set: all that is needed is there. The detail says what would be left out. */
static enum rc in_set(const struct boot_log_facts *f, struct err *err)
{
    uint32_t out = f->needed & ~f->set;
    char least[BOOT_LOG_SET_TEXT], what[128];
    unsigned pcr = 0;
    if (!out)
        return RC_OK;
    while (!(out >> pcr & 1u))
        pcr++;
    left_out(f, pcr, what, sizeof what);
    boot_log_set_text(f->needed, least);
    return err_set(err, BG_BOOT_LOG_LEFT_OUT, "PCR %u: %s; the least set for this boot is %s", pcr,
                   what, least);
}

static enum rc judge(struct bytes log, struct boot_log_facts *f, struct err *err)
{
    struct walk w = {.f = f, .size = f->pcrs.size, .image = SIZE_MAX};
    TRY(cover(&w, "firmware", 0, 0, err));
    TRY(cover(&w, "option ROMs", 2, 0, err));
    TRY(each_record(log, &w, one, err));
    TRY(closed(&w, err));
    TRY(loaders(&w, err));
    TRY(w.used >> 8 & 1u ? by_grub(log, &w, err) : by_stub(&w, err));
    f->needed |= w.used & ~(1u << PCR_SECTIONS);
    return in_set(f, err);
}

enum rc boot_log_cover(struct bytes log, uint16_t bank, uint32_t set, struct boot_log_facts *out,
                       struct err *err)
{
    struct boot_log_facts f = {.set = set};
    TRY(tcg_pcr_replay(log, bank, &f.pcrs, err));
    TRY(judge(log, &f, err));
    *out = f;
    return RC_OK;
}

enum rc boot_log_judge(struct arena *a, struct bytes log, uint16_t bank, uint32_t set,
                       const uint8_t tpm[TCG_PCRS][48], const struct boot_log_ok **out,
                       struct err *err)
{
    struct boot_log_ok *ok = ARENA_NEW(a, struct boot_log_ok, err);
    if (!ok)
        return err->rc;
    ok->facts.set = set;
    TRY(tcg_pcr_replay(log, bank, &ok->facts.pcrs, err));
    TRY(tcg_pcr_match(&ok->facts.pcrs, set, tpm, err));
    TRY(judge(log, &ok->facts, err));
    *out = ok;
    return RC_OK;
}
