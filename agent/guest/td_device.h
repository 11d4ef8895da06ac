/*
 * td_device: what the TDX module says of this TD itself, by the kernel's /dev/tdx_guest
 * (linux/tdx-guest.h, from 6.2 on), and its runtime measurement registers (RTMRs) by sysfs (from
 * 6.16 on, Documentation/ABI/testing/sysfs-devices-virtual-misc-tdx_guest).
 */
#ifndef BOOTGATE_AGENT_GUEST_TD_DEVICE_H
#define BOOTGATE_AGENT_GUEST_TD_DEVICE_H

#include "base/arena.h"
#include "quote/local_report.h"

#define TD_DEVICE       "/dev/tdx_guest"
#define TD_MEASUREMENTS "/sys/devices/virtual/misc/tdx_guest/measurements"

/* struct td_device: socket is what the test build asks in place of the device; -1: the device. */
struct td_device {
    const char *root; /* NULL: / */
    int socket;
};

/* td_device_report: a TDREPORT with that report data, by TDX_CMD_GET_REPORT0. */
enum rc td_device_report(const struct td_device *d, const uint8_t report_data[static 64],
                         uint8_t out[static LOCAL_REPORT_SIZE], struct err *err) MUST_CHECK;
/*
 * td_device_registers: the RTMRs that sysfs shows, where it does, are those of the TDREPORT.
 * BG_RTMR_MOVED: one was extended in between; take both again.
 */
enum rc td_device_registers(struct arena *a, const char *root,
                            const uint8_t report[static LOCAL_REPORT_SIZE],
                            struct err *err) MUST_CHECK;
/*
 * td_device_extend extends RTMR2 or RTMR3 by a digest: by sysfs, or where that has none by the
 * ioctl of out-of-tree drivers (TDX_CMD_EXTEND_RTMR).
 */
enum rc td_device_extend(const char *root, unsigned rtmr, const uint8_t digest[static 48],
                         struct err *err) MUST_CHECK;

#endif
