#include "agent/output.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void output_prepare(void)
{
    /* A closed descriptor 0-2 would be handed to the next file opened: fill it first. */
    for (int fd; (fd = open("/dev/null", O_RDWR)) >= 0;)
        if (fd > STDERR_FILENO) {
            (void)close(fd);
            break;
        }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setlocale(LC_CTYPE, "");
}

struct style output_style(const struct cli *cli)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
    bool color = cli->color == COLOR_ALWAYS ||
                 (cli->color == COLOR_AUTO && terminal && !(no_color && *no_color));
    return (struct style){.color = color,
                          .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                          .verbose = cli->verbose};
}

/* reader_gone: standard output is a pipe or socket that nobody reads any more. The write that found
 * out may be long past, and its errno with it. */
static bool reader_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

int output_finish(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE || reader_gone())
        return status;
    fprintf(stderr, "bootgate: standard output: %s\n", errno ? strerror(errno) : "write error");
    return 70;
}

void output_json(json_t *j)
{
    AUTO_JSON owned = j;
    char *text = owned ? json_dumps(owned, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    if (text)
        printf("%s\n", text);
    else
        fputs("{\"schema\": 1, \"kind\": \"query\", \"allowed\": null, \"code\": \"BG-0101\", "
              "\"reason\": \"memory for this run is used up\"}\n",
              stdout);
    free(text);
}

int output_report(const struct cli *cli, const struct report *r)
{
    if (cli->quiet)
        return report_exit_status(r);
    if (cli->json) {
        output_json(verdict_json(r));
    } else {
        struct style st = output_style(cli);
        verdict_text(stdout, &st, r);
    }
    return output_finish(report_exit_status(r));
}

int output_error(bool json, bool quiet, const struct err *err)
{
    int status = err_exit_status(err->rc);
    if (quiet)
        return status;
    if (!json) {
        text_error(stderr, err);
        return status;
    }
    struct report r = {.kind = VERDICT_QUERY, .err = *err};
    output_json(verdict_json(&r));
    return output_finish(status);
}
