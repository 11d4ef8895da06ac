#include "quote/cause_cmdline.h"

#include "base/hash.h"

#define INITRD " initrd=initrd"

/* Words that are added or left out by hand, most often. */
static const char *const common[] = {"quiet",
                                     "debug",
                                     "ro",
                                     "rw",
                                     "console=ttyS0",
                                     "console=hvc0",
                                     "console=tty0",
                                     "nokaslr",
                                     "panic=1",
                                     "panic=-1",
                                     "loglevel=7",
                                     "earlyprintk=serial",
                                     "net.ifnames=0",
                                     "random.trust_cpu=on",
                                     "tsc=reliable",
                                     "no-kvmclock",
                                     "systemd.log_level=debug"};
#define NUM_COMMON (sizeof common / sizeof *common)

/* What is put around the whole. */
static const struct {
    const char *before, *after, *what;
} around[] = {
    {"", "", "without \" initrd=initrd\" behind it"},
    {"", " " INITRD, "with a trailing space before what QEMU appends"},
    {"", INITRD " ", "with a trailing space"},
    {"", "\n" INITRD, "with a trailing newline"},
    {"", INITRD "\n", "with a newline behind \" initrd=initrd\""},
    {"", "\r\n" INITRD, "with a trailing CR LF"},
    {" ", INITRD, "with a leading space"},
    {"", INITRD INITRD, "with \" initrd=initrd\" twice"},
    {"\"", "\"" INITRD, "in double quotes"},
    {"'", "'" INITRD, "in single quotes"},
};
#define NUM_AROUND (sizeof around / sizeof *around)

static void digest_of(struct arena *a, struct cmdline_edit *e, struct err *err)
{
    uint8_t *wide = arena_array(a, e->text.n + 1, 2, err);
    if (!wide)
        return;
    for (size_t i = 0; i < e->text.n; i++)
        wide[2 * i] = e->text.p[i];
    hash_sha384(bytes_of(wide, 2 * (e->text.n + 1)), e->digest);
}

static size_t split(struct bytes t, struct bytes words[CMDLINE_WORDS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < t.n && n < CMDLINE_WORDS_MAX;) {
        size_t start = i;
        while (i < t.n && t.p[i] != ' ')
            i++;
        if (i > start)
            words[n++] = bytes_of(t.p + start, i - start);
        while (i < t.n && t.p[i] == ' ')
            i++;
    }
    return n;
}

/* joined puts words together with single spaces, but for `without`, and `a` and `a + 1` swapped. */
static const char *joined(struct arena *a, const struct bytes *words, size_t n, size_t without,
                          size_t swap, struct err *err)
{
    size_t total = 1;
    for (size_t i = 0; i < n; i++)
        total += words[i].n + 1;
    char *text = arena_alloc(a, total, err);
    size_t at = 0;
    for (size_t i = 0; text && i < n; i++) {
        size_t k = i == swap ? i + 1 : i == swap + 1 && swap < n ? i - 1 : i;
        if (k == without)
            continue;
        if (at)
            text[at++] = ' ';
        memcpy(text + at, words[k].p, words[k].n);
        at += words[k].n;
    }
    return text;
}

static enum rc put(struct arena *a, struct cmdline_edit *e, const char *what, const char *text,
                   struct err *err)
{
    if (!what || !text)
        return err->rc;
    e->what = what;
    e->text = bytes_of_str(text);
    digest_of(a, e, err);
    return err->rc;
}

static const char *plain(struct arena *a, struct bytes t, struct err *err)
{
    return arena_printf(a, err, "%.*s", (int)t.n, (const char *)t.p);
}

static bool has_word(const struct bytes *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (bytes_eq_str(words[i], word))
            return true;
    return false;
}

enum rc cmdline_edit_at(struct arena *a, struct bytes cmdline, size_t i, struct cmdline_edit *out,
                        bool *out_more, struct err *err)
{
    struct cmdline_edit e = {.what = ""};
    struct bytes words[CMDLINE_WORDS_MAX];
    size_t n = split(cmdline, words);
    const char *text;
    *out_more = true;
    *out = e;
    if (i < NUM_AROUND) {
        text = plain(a, cmdline, err);
        text =
            text ? arena_printf(a, err, "%s%s%s", around[i].before, text, around[i].after) : NULL;
        TRY(put(a, &e, around[i].what, text, err));
    } else if ((i -= NUM_AROUND) == 0) {
        text = joined(a, words, n, n, n, err);
        text = text ? arena_printf(a, err, "%s" INITRD, text) : NULL;
        TRY(put(a, &e, "with its white space cleaned up", text, err));
    } else if ((i -= 1) < n) {
        text = joined(a, words, n, i, n, err);
        text = text ? arena_printf(a, err, "%s" INITRD, text) : NULL;
        TRY(put(a, &e,
                arena_printf(a, err, "without \"%.*s\"", (int)words[i].n, (const char *)words[i].p),
                text, err));
    } else if ((i -= n) + 1 < n) {
        text = joined(a, words, n, n, i, err);
        text = text ? arena_printf(a, err, "%s" INITRD, text) : NULL;
        TRY(put(a, &e,
                arena_printf(a, err, "with \"%.*s\" and \"%.*s\" in the other order",
                             (int)words[i].n, (const char *)words[i].p, (int)words[i + 1].n,
                             (const char *)words[i + 1].p),
                text, err));
    } else if ((i -= n ? n - 1 : 0) < 2 * NUM_COMMON) {
        const char *word = common[i / 2];
        bool first = i % 2;
        if (has_word(words, n, word))
            return RC_OK;
        text = plain(a, cmdline, err);
        text = text ? arena_printf(a, err, "%s%s%s%s%s" INITRD, first ? word : "", first ? " " : "",
                                   text, first ? "" : " ", first ? "" : word)
                    : NULL;
        TRY(put(a, &e,
                arena_printf(a, err, "with \"%s\" at its %s", word, first ? "beginning" : "end"),
                text, err));
    } else {
        *out_more = false;
        return RC_OK;
    }
    *out = e;
    return RC_OK;
}
