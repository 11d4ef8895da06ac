/*
 * fetch: one HTTP POST, by libcurl, kept as narrow as it goes: http and https only, no redirects,
 * no proxy or netrc from the environment, no compressed answers, a cap on size and time.
 */
#ifndef BOOTGATE_AGENT_FETCH_H
#define BOOTGATE_AGENT_FETCH_H

#include "base/bytes.h"
#include "base/err.h"

struct fetched {
    uint8_t *p;
    size_t n, cap;
};

void fetched_free(struct fetched *f);
#define AUTO_FETCHED __attribute__((cleanup(fetched_free))) struct fetched

/* fetch_post sends a JSON body; within `seconds` in all. Details name the host, never the path. */
enum rc fetch_post(const char *url, struct bytes body, unsigned seconds, struct fetched *out,
                   struct err *err) MUST_CHECK;
/* fetch_url_ok: an http or https URL with a host, printable ASCII, not over 2048 characters. */
bool fetch_url_ok(struct bytes url) MUST_CHECK;
/* fetch_url_host: the URL without path, query and user info: keys often stand there. */
void fetch_url_host(const char *url, char *out, size_t cap);

#endif
