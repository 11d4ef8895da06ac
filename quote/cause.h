/*
 * cause: why registers are not what was expected. Known variants of the inputs are measured again,
 * one by one, a bounded number of them; one that gives the value that is there is proven. What
 * stays open is narrowed to the inputs that can reach the differing events; it is never guessed.
 * For people: nothing decides by it. Sources: tdx facts 4 and 5, the issues named in `see`.
 */
#ifndef BOOTGATE_QUOTE_CAUSE_H
#define BOOTGATE_QUOTE_CAUSE_H

#include "quote/acpi_tables.h"
#include "quote/diff.h"
#include "quote/measurement.h"

#define CAUSES_MAX 32u

enum cause_confidence {
    CAUSE_UNKNOWN = 0, /* nothing that is known can be the cause */
    CAUSE_NARROWED,    /* only `inputs` reach what differs */
    CAUSE_STATED,      /* the file itself says otherwise than was asked for */
    CAUSE_PROVEN,      /* measured again with it, what differed is the same */
};

/* Registers as bits: 0 to 3 are RTMR0 to RTMR3. */
#define CAUSE_MRTD      (1u << 4)
#define CAUSE_MR_CONFIG (1u << 5)

struct cause {
    const char *id; /* stable, static: "page-order", "memory", "cmdline", .. */
    enum cause_confidence confidence;
    unsigned registers; /* bits */
    const char *event;  /* which event; NULL: the register as a whole */
    const char *why, *fix;
    const char *matches_if; /* the setting under which it is the same; NULL: not proven */
    const char *see;        /* an upstream issue, "owner/name#n"; NULL: none */
    unsigned inputs;        /* INPUT_ bits that are left */
    unsigned order;         /* smaller: nearer to the root, among those of one confidence */
};

struct causes {
    struct cause v[CAUSES_MAX]; /* the surest first, once causes_sort ran */
    size_t n;
    size_t tried;   /* variants that were measured */
    size_t dropped; /* causes beyond CAUSES_MAX */
};

/* struct cause_side: what a file says the registers are. */
struct cause_side {
    bool has_mrtd;
    uint8_t mrtd[48];
    bool has_mr_config;
    uint8_t mr_config_id[48];
    const struct diff_register *reg; /* four */
};

/* struct cause_settings: what a host states beside the evidence (dstack's vm_config). */
struct cause_settings {
    uint64_t memory, cpus; /* 0: not said */
    const char *qemu;      /* NULL: not said */
};

/* struct cause_image: an image and the guest that it was measured for. */
struct cause_image {
    const struct image_files *files; /* NULL: material only; kernel and command line stay as is */
    struct lite_image image;         /* for guest.memory and guest.header */
    struct measured_guest guest;
    struct cause_settings asked, stated;
    const struct acpi_tables *tables; /* of the machine that is expected; NULL: not at hand */
};

/* cause_boot: MRTD and RTMR0 to RTMR2 against an image. */
enum rc cause_boot(struct arena *a, const struct cause_image *image,
                   const struct cause_side *actual, struct causes *out, struct err *err) MUST_CHECK;
/* cause_sides: against another file of any kind, by elimination; RTMR3 by dstack's events. */
enum rc cause_sides(struct arena *a, const struct cause_side *expected,
                    const struct cause_side *actual, bool labels_alike, struct causes *out,
                    struct err *err) MUST_CHECK;
/* cause_log: registers that their own log does not lead to. */
enum rc cause_log(struct arena *a, const struct cause_side *actual, struct causes *out,
                  struct err *err) MUST_CHECK;
/* cause_compose: the compose file at hand against the logged hash and MRCONFIGID. */
enum rc cause_compose(struct arena *a, struct bytes compose, const struct cause_side *actual,
                      struct causes *out, struct err *err) MUST_CHECK;
/* cause_mr_config: MRCONFIGID against what the log says. document: mr_config, or empty. */
enum rc cause_mr_config(struct arena *a, const struct cause_side *actual, struct bytes document,
                        struct causes *out, struct err *err) MUST_CHECK;

/* causes_add keeps c (strings are borrowed: arena or static); one that says the same of another
 * register is joined. */
void causes_add(struct causes *out, struct cause c);
void causes_sort(struct causes *out);
/* causes_by_inputs: a cause that is known only by what is left of the inputs. */
enum rc causes_by_inputs(struct arena *a, struct causes *out, unsigned rtmr, const char *event,
                         const char *how, unsigned inputs, struct err *err) MUST_CHECK;
const char *cause_confidence_name(enum cause_confidence c);
/* cause_fix_of: what to do about an input, by its bit number. Static. */
const char *cause_fix_of(unsigned bit);

#endif
