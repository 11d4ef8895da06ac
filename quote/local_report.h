/*
 * local_report: the TDREPORT that this TD's own module gives out (TDG.MR.REPORT, in Linux the ioctl
 * TDX_CMD_GET_REPORT0), taken apart and compared with a quote (DESIGN section 3): a quote of
 * another TD, or of an earlier moment, differs. Layout: Intel TDX Module ABI specification,
 * TDREPORT_STRUCT (REPORTMACSTRUCT, TEE_TCB_INFO_STRUCT, TDINFO_STRUCT).
 */
#ifndef BOOTGATE_QUOTE_LOCAL_REPORT_H
#define BOOTGATE_QUOTE_LOCAL_REPORT_H

#include "quote/quote.h"

#define LOCAL_REPORT_SIZE    1024u
#define LOCAL_REPORT_MEMBERS 17u

struct local_report {
    unsigned version;  /* of REPORTTYPE: 0, or 1 with SERVTD_HASH in use */
    struct td_body td; /* td15 is true: the report has both members, zero where not in use */
};

/*
 * local_report_parse takes raw (exactly 1024 bytes) apart: type, version, reserved bytes, and the
 * two hashes over its own parts. NOT checked: the MAC, which only the machine itself can check;
 * that is why the report must come straight from the module and never from a file in production.
 */
enum rc local_report_parse(struct bytes raw, struct local_report *out, struct err *err) MUST_CHECK;

/* struct local_difference: the members that differ, by name, in the order of the quote's body. */
struct local_difference {
    const char *member[LOCAL_REPORT_MEMBERS]; /* static: "mr_td", "rtmr3", .. */
    size_t n;
};

/*
 * local_report_compare demands that every member of the quote's body is the local one. Refused with
 * BG_LOCAL_REPORT_MOVED when nothing but RTMRs differs (an extend came in between: take both
 * again), else with BG_LOCAL_REPORT_DIFFERS; the detail names the first member that is no RTMR,
 * *diff has all. A TD 1.0 body has no room for the two TD 1.5 members: tee_tcb_svn2 is not compared
 * then, but a service TD that the quote would hide is a difference.
 * The quote may be parsed only: nothing here makes it authentic.
 */
enum rc local_report_compare(const struct local_report *local, const struct td_body *quote,
                             struct local_difference *diff, struct err *err) MUST_CHECK;

#endif
