#define _GNU_SOURCE
#include "agent/guest/boot_files.h"

#include <fcntl.h>

#include "agent/guest/place.h"
#include "agent/watch.h"
#include "base/cur.h"
#include "base/limits.h"

/* --- CCEL --- */

#define TABLE_SIZE 56u
#define TYPE_TDX   2u /* UEFI 2.10, table 38.2: CC type */

enum rc ccel_table(struct bytes table, uint64_t *out_area, struct err *err)
{
    uint8_t sum = 0;
    struct cur c = cur_of(table);
    for (size_t i = 0; i < table.n; i++)
        sum = (uint8_t)(sum + table.p[i]);
    struct bytes signature = cur_take(&c, 4);
    uint32_t length = cur_u32le(&c);
    cur_take(&c, 28); /* revision to creator revision; the checksum is in `sum` */
    unsigned type = cur_u8(&c), subtype = cur_u8(&c);
    cur_take(&c, 2);
    uint64_t area = cur_u64le(&c);
    cur_take(&c, 8); /* where it is: the kernel reads it for us */
    if (!cur_done(&c) || length != TABLE_SIZE)
        return err_set(err, BG_CCEL_TABLE_SIZE, "%zu bytes, the table says %u", table.n,
                       (unsigned)length);
    if (!bytes_eq_str(signature, "CCEL") || sum != 0)
        return err_set(err, BG_CCEL_TABLE_SUM, "they add up to 0x%02x", sum);
    if (type != TYPE_TDX || subtype != 0)
        return err_set(err, BG_CCEL_TABLE_TYPE, "type %u, subtype %u", type, subtype);
    if (area == 0 || area > LIMIT_EVENT_LOG)
        return err_set(err, BG_CCEL_TABLE_AREA, "%llu bytes, at most %u", (unsigned long long)area,
                       LIMIT_EVENT_LOG);
    *out_area = area;
    return RC_OK;
}

enum rc ccel_collect(struct arena *a, const char *root, struct bytes *out, struct err *err)
{
    struct bytes table = BYTES_NONE, area = BYTES_NONE;
    uint64_t announced = 0;
    TRY(place_read(a, root, CCEL_TABLE, 4096, &table, err));
    TRY(ccel_table(table, &announced, err));
    TRY(place_read(a, root, CCEL_DATA, LIMIT_EVENT_LOG, &area, err));
    if (area.n != announced)
        return err_set(err, BG_CCEL_AREA_SIZE, "%zu bytes, the table says %llu", area.n,
                       (unsigned long long)announced);
    *out = area;
    return RC_OK;
}

/* --- runtime log --- */

static bool blank(struct bytes line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
            return false;
    return true;
}

static enum rc is_object(struct bytes line, size_t number, struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    if (json_read(line, line.n, &j, &why) == RC_OK && json_is_object(j))
        return RC_OK;
    return err_set(err, BG_RUNTIME_LOG_LINE, "line %zu: %s", number,
                   j ? "not an object" : why.detail);
}

enum rc runtime_log_array(struct arena *a, struct bytes lines, struct bytes *out, struct err *err)
{
    /* Each line's end becomes a comma or the closing bracket. */
    uint8_t *p = arena_alloc(a, lines.n + 2, err);
    size_t n = 0, number = 0;
    if (!p)
        return err->rc;
    if (lines.n == 0 || lines.p[lines.n - 1] != '\n')
        return err_set(err, BG_RUNTIME_LOG_TORN, "%zu bytes", lines.n);
    for (size_t at = 0; at < lines.n;) {
        const uint8_t *end = memchr(lines.p + at, '\n', lines.n - at);
        struct bytes line = bytes_of(lines.p + at, (size_t)(end - lines.p) - at);
        at += line.n + 1;
        number++;
        if (blank(line))
            continue;
        TRY(is_object(line, number, err));
        p[n] = n ? ',' : '[';
        memcpy(p + n + 1, line.p, line.n);
        n += line.n + 1;
    }
    if (n == 0)
        return err_set(err, BG_RUNTIME_LOG_NONE, "%zu lines", number);
    p[n++] = ']';
    *out = bytes_of(p, n);
    return RC_OK;
}

enum rc runtime_log_collect(struct arena *a, const char *root, const char *path, struct bytes *out,
                            struct err *err)
{
    struct bytes lines = BYTES_NONE;
    TRY(place_read(a, root, path, LIMIT_EVENT_LOG - 2, &lines, err));
    return runtime_log_array(a, lines, out, err);
}

/* --- host-shared files --- */

enum rc vm_config_of(struct arena *a, struct bytes sys_config, struct bytes *out, struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    struct bytes text = BYTES_NONE;
    if (json_read(sys_config, LIMIT_SYS_CONFIG, &j, &why) != RC_OK)
        return err_set(err, BG_SYS_CONFIG_JSON, "%s", why.detail);
    if (!json_str(j, "vm_config", &text) || text.n == 0 || text.n > LIMIT_VM_CONFIG)
        return err_set(err, BG_SYS_CONFIG_VM, "%zu bytes, 1 to %u are possible", text.n,
                       LIMIT_VM_CONFIG);
    return arena_keep(a, text, out, err);
}

static bool is_text(struct bytes b)
{
    AUTO_JSON j = json_stringn((const char *)b.p, b.n);
    return j && !memchr(b.p, 0, b.n);
}

enum rc host_share_collect(struct arena *a, const char *root, const char *dir,
                           struct bytes *out_vm_config, struct bytes *out_app_compose,
                           struct err *err)
{
    struct bytes sys_config = BYTES_NONE, compose = BYTES_NONE;
    char *path = arena_printf(a, err, "%s/.sys-config.json", dir);
    char *compose_path = arena_printf(a, err, "%s/app-compose.json", dir);
    if (!path || !compose_path)
        return err->rc;
    TRY(place_read(a, root, path, LIMIT_SYS_CONFIG, &sys_config, err));
    TRY(vm_config_of(a, sys_config, out_vm_config, err));
    TRY(place_read(a, root, compose_path, LIMIT_GUEST_COMPOSE, &compose, err));
    if (!is_text(compose))
        return err_set(err, BG_GUEST_COMPOSE_TEXT, "%zu bytes", compose.n);
    *out_app_compose = compose;
    return RC_OK;
}

enum rc instance_info_collect(struct arena *a, const char *root, const char *dir, struct bytes *out,
                              struct err *err)
{
    struct err why = {0};
    struct bytes text = BYTES_NONE;
    char *path = arena_printf(a, err, "%s/.instance_info", dir);
    *out = BYTES_NONE;
    if (!path)
        return err->rc;
    enum rc rc = place_read(a, root, path, LIMIT_INSTANCE_INFO, &text, &why);
    if (rc == BG_GUEST_FILE_ABSENT)
        return RC_OK;
    if (rc != RC_OK) {
        *err = why;
        return rc;
    }
    if (!is_text(text))
        return err_set(err, BG_GUEST_INSTANCE_TEXT, "%zu bytes", text.n);
    *out = text;
    return RC_OK;
}
