/*
 * verity: what the device mapper says of the disk that the measured configuration is on, kept for
 * `boot`, whose unit may not ask it (agent/measured_table.h). Nothing is decided here, and
 * nothing is read but that table: whether it is a good one is for boot to say.
 */
#include "agent/build.h"
#include "agent/measured_table.h"
#include "agent/output.h"

int verb_verity(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    (void)a;
    if (measured_table_keep(build_boot_config, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    return output_finish(0);
}
