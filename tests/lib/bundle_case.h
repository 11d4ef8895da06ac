/*
 * bundle_case: two whole bundles that the product accepts, each as the text of its file with the
 * configuration, root and time that go with it, and the product's own run over such a text.
 */
#ifndef BOOTGATE_TESTS_BUNDLE_CASE_H
#define BOOTGATE_TESTS_BUNDLE_CASE_H

#include "agent/gate.h"
#include "tests/lib/harness.h"

struct bundle_case {
    const char *name;
    struct arena *a;
    struct bytes text; /* of the bundle file */
    struct bytes root;
    struct config config;
    uint64_t now;
    char *core; /* of the bundle as it is */
};

/*
 * bundle_case_own: everything of our own make, the image proven (require_os_image). The app's
 * contract allows whatever the boot info says, so that nothing but the product's own checks stands
 * between a mutant and a yes. Beside what is read it carries everything a bundle may carry unread.
 */
void bundle_case_own(struct bundle_case *c);
/*
 * bundle_case_real: a dstack guest's recorded quote and log with Intel's collateral; the image's
 * hash is only stated (require_os_image false), so the app's contract, of our own make, allows
 * exactly this one. False: no vectors.
 */
bool bundle_case_real(struct bundle_case *c);
void bundle_case_free(struct bundle_case *c);

/*
 * The decision core is the whole verdict as `--json` prints it, members sorted: with the time given
 * nothing in it is volatile, so nothing is left out.
 */
struct bundle_verdict {
    bool yes;
    int status; /* exit status of `check` */
    enum rc code;
    bool same; /* the core is that of the bundle as it is; only looked at when yes */
};
/* bundle_case_try: `check --bundle` on this text. */
struct bundle_verdict bundle_case_try(const struct bundle_case *c, struct bytes text);
/* bundle_case_gate: the same with a bundle already read. */
struct bundle_verdict bundle_case_gate(const struct bundle_case *c, struct bundle *b);
/*
 * bundle_case_event: a json_label for event logs (ctx: the array). "dstack": what dstack measured
 * up to system-ready; "app": runtime events behind; "acpi": the three that hash ACPI data;
 * "firmware": the rest.
 */
const char *bundle_case_event(void *ctx, const char *path, size_t i);

#endif
