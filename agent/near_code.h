/*
 * near_code: a tripwire for changed contracts. NEAR proves an account's state, not yet its code
 * (facts/near.md 3): at least two nodes of different hosts must name a code hash that the
 * configuration lists, and a single one that names another trips it. It shows an upgrade that
 * honest nodes tell about, not one that all of them hide, so it is only asked live and proves
 * nothing: offline it is unknown.
 */
#ifndef BOOTGATE_AGENT_NEAR_CODE_H
#define BOOTGATE_AGENT_NEAR_CODE_H

#include "agent/driver.h"
#include "agent/node.h"

#define NEAR_CODES          2u /* the KMS contract's, the app contract's */
#define NEAR_CODE_PROVIDERS 2u

/* struct near_code: of one contract. */
struct near_code {
    const char *role; /* "kms", "app"; static */
    struct bytes account;
    size_t said, agreed; /* hosts that named a hash; one of the list */
    bool seen, other;    /* other: a host named one that is not in the list */
    uint8_t hash[32];    /* seen: `other`'s, else of the first host that named one */
};

/* near_code_providers: the first URL of each host; a port, a path or another spelling of the name
 * makes no other one. Borrowed. */
size_t near_code_providers(const struct url_list *urls, const char *out[static LIMIT_URLS]);

/*
 * near_code_check asks about the contracts of the question, and appends a check near.code_hash for
 * each: pass, fail when a host names another code, else unknown, which is a fail where the
 * configuration requires the hash. app: the app's account; empty: the question is about a KMS.
 */
enum rc near_code_check(struct arena *a, const struct driver *d, const struct near_head *head,
                        struct bytes app, struct turn *turn,
                        struct near_code out[static NEAR_CODES], size_t *out_n,
                        struct checks *checks, struct err *err) MUST_CHECK;

#endif
