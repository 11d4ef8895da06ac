/*
 * boot_log_tool: the boot event logs that the unit tests are made of.
 *   boot_log_tool make PATH        writes one to standard output (a seed for tests/fuzz)
 *   boot_log_tool like PATH LOG    is a real log what the builder makes of such a boot? Event by
 *                                  event: PCR, type, and the data wherever no address, variable or
 *                                  path is in it. Prints what differs; the variables of PCR 1 and 7
 *                                  and their number are firmware's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quote/evlog.h"
#include "quote/tcg_log.h"
#include "tests/lib/boot_log_builder.h"

static struct built_event made[BUILT_EVENTS_MAX];

static bool of_firmware(uint32_t pcr, uint32_t type)
{
    return (pcr == 0 || pcr == 1 || pcr == 7) && type != 4;
}

static bool same(const struct built_event *e, const struct tcg_record *r)
{
    return e->pcr == r->index && e->type == r->type &&
           (e->varies || bytes_eq(bytes_of(e->data, e->n), r->data));
}

static int like(const char *path, struct bytes log)
{
    struct err err = {0};
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(log);
    size_t n = built_events(path, made), at = 0, held = 0;
    if (tcg_log_header(&c, &algs, &err) != RC_OK)
        return 1;
    while (!tcg_log_at_end(&c)) {
        struct tcg_record r;
        if (tcg_log_record(&c, &algs, log.n - cur_left(&c), &r, &err) != RC_OK)
            return 1;
        if (r.type == EV_NO_ACTION || of_firmware(r.index, r.type))
            continue;
        while (at < n && of_firmware(made[at].pcr, made[at].type))
            at++;
        if (at == n || !same(&made[at], &r)) {
            printf("event of PCR %u, type 0x%x, is not what the builder makes\n", r.index, r.type);
            return 1;
        }
        at++;
        held++;
    }
    printf("%zu events as the builder makes them\n", held);
    return at == n ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct built_log built;
    static uint8_t log[1 << 20];
    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        built_encode(made, built_events(argv[2], made), &built);
        return fwrite(built.b, 1, built.n, stdout) == built.n ? 0 : 1;
    }
    if (argc != 4 || strcmp(argv[1], "like") != 0) {
        fprintf(stderr, "usage: boot_log_tool make PATH | like PATH LOG\n");
        return 2;
    }
    FILE *f = fopen(argv[3], "rb");
    size_t n = f ? fread(log, 1, sizeof log, f) : 0;
    if (f)
        (void)fclose(f);
    return like(argv[2], bytes_of(log, n));
}
