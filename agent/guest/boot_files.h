/*
 * boot_files: what firmware, dstack and its host left for us in files, in the forms that evidence
 * has. The parts that need no file are pure, for their tests.
 */
#ifndef BOOTGATE_AGENT_GUEST_BOOT_FILES_H
#define BOOTGATE_AGENT_GUEST_BOOT_FILES_H

#include "base/json.h"

#define CCEL_TABLE "/sys/firmware/acpi/tables/CCEL"
#define CCEL_DATA  "/sys/firmware/acpi/tables/data/CCEL"

/* ccel_table: the ACPI table CCEL (UEFI 2.10, 38.4.1): size and kind of the log area. */
enum rc ccel_table(struct bytes table, uint64_t *out_area, struct err *err) MUST_CHECK;
/* ccel_collect: the log area that the table announces, whole. */
enum rc ccel_collect(struct arena *a, const char *root, struct bytes *out,
                     struct err *err) MUST_CHECK;

/* runtime_log_array: dstack's log, a JSON object a line, as a JSON array's text. A last line
 * without an end is being written: BG_RUNTIME_LOG_TORN. */
enum rc runtime_log_array(struct arena *a, struct bytes lines, struct bytes *out,
                          struct err *err) MUST_CHECK;
enum rc runtime_log_collect(struct arena *a, const char *root, const char *path, struct bytes *out,
                            struct err *err) MUST_CHECK;

/* vm_config_of: the text of member vm_config of dstack's .sys-config.json. */
enum rc vm_config_of(struct arena *a, struct bytes sys_config, struct bytes *out,
                     struct err *err) MUST_CHECK;
/* host_share_collect: vm_config and the exact bytes of app-compose.json from the directory. */
enum rc host_share_collect(struct arena *a, const char *root, const char *dir,
                           struct bytes *out_vm_config, struct bytes *out_app_compose,
                           struct err *err) MUST_CHECK;
/* instance_info_collect: the exact bytes of .instance_info; empty: there is none. */
enum rc instance_info_collect(struct arena *a, const char *root, const char *dir, struct bytes *out,
                              struct err *err) MUST_CHECK;

#endif
