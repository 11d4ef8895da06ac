/* chain [FILE]: ask the contract about a boot info, given or from evidence; list what it read. */
#include "agent/file.h"
#include "agent/session.h"

static enum rc ask_about_file(struct session *s, const char *path)
{
    struct err *err = &s->report.err;
    struct bytes text = BYTES_NONE;
    AUTO_JSON j = NULL;
    struct boot_info *bi = ARENA_NEW(s->a, struct boot_info, err);
    if (!bi)
        return err->rc;
    if (s->bundle.has_evidence)
        return err_set(err, BG_CHAIN_TWO_SUBJECTS, "--boot-info %s", path);
    TRY(file_read(s->a, path, LIMIT_FILE, BG_BOOT_INFO_FILE_SIZE, &text, err));
    TRY(file_json(text, path, BG_BOOT_INFO_JSON, &j, err));
    TRY(boot_info_read(s->a, j, bi, err));
    return gate_ask(s->a, &s->input, bi, &s->report);
}

int verb_chain(struct arena *a, const struct cli *cli)
{
    struct session s;
    if (session_open(&s, a, cli, GATE_ASK, VERDICT_QUERY, true) == RC_OK)
        (void)!(cli->boot_info ? ask_about_file(&s, cli->boot_info)
                               : gate_run(a, &s.input, &s.report));
    return session_close(&s);
}
