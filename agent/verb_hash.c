/* hash FILE: the compose hash of the exact bytes, and the app id that follows from it. */
#include "agent/file.h"
#include "agent/output.h"
#include "base/hex.h"
#include "base/limits.h"
#include "quote/dstack.h"

int verb_hash(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    struct bytes text = BYTES_NONE;
    uint8_t hash[32], app_id[20];
    char hash_hex[65], app_id_hex[41];
    if (file_read(a, cli->args[0], LIMIT_APP_COMPOSE, BG_COMPOSE_FILE_SIZE, &text, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    dstack_compose_hash(text, hash);
    dstack_app_id(hash, app_id);
    hex_encode(BYTES_OF_ARRAY(hash), hash_hex);
    hex_encode(BYTES_OF_ARRAY(app_id), app_id_hex);
    if (cli->quiet)
        return 0;
    if (cli->json)
        output_json(json_pack("{s:s, s:s}", "compose_hash", hash_hex, "app_id", app_id_hex));
    else
        printf("compose hash  %s\napp id        %s\n", hash_hex, app_id_hex);
    return output_finish(0);
}
