/*
 * fetch: HTTP by libcurl, kept as narrow as it goes: http and https only, no redirects, no proxy or
 * netrc from the environment, no compressed answers, a cap on size and time, status 200 or nothing.
 */
#ifndef BOOTGATE_AGENT_FETCH_H
#define BOOTGATE_AGENT_FETCH_H

#include "base/bytes.h"
#include "base/err.h"

#define FETCH_HOST 128u /* room for what fetch_url_host writes */
#define FETCH_GETS 8u   /* at once */
/* bytes of a header's value that is asked for: a certificate chain with each byte escaped */
#define FETCH_HEADER_MAX (32u << 10)

struct fetched {
    uint8_t *p;
    size_t n, cap;
    size_t max; /* bytes that are taken; 0: LIMIT_RPC_BODY */
};

void fetched_free(struct fetched *f);
#define AUTO_FETCHED __attribute__((cleanup(fetched_free))) struct fetched

/* fetch_post sends a JSON body; within `ms` in all. Details name the host, never the path. */
enum rc fetch_post(const char *url, struct bytes body, uint64_t ms, struct fetched *out,
                   struct err *err) MUST_CHECK;

/* What an answer is, by its Content-Type. */
enum fetch_kind { FETCH_OTHER = 0, FETCH_JSON, FETCH_BYTES };

struct fetch_get {
    const char *url;
    struct bytes post;     /* a body to send; empty: GET */
    const char *header[2]; /* names of one header of the answer that is wanted; NULL: none */
    /* from here on: the answer */
    bool done;
    struct err why; /* RC_OK: there is one */
    enum fetch_kind kind;
    struct fetched body; /* the caller's to free; its max is the caller's to set */
    /* The value of the header, whichever name it came by; the caller's to free. times: how often it
     * was there; value is the first's, and empty where that is longer than FETCH_HEADER_MAX. */
    struct fetched value;
    unsigned times;
};

/*
 * fetch_get asks for at most FETCH_GETS URLs at the same time, each within `ms`. accept: the header
 * that says what is wanted or sent, one of those below. RC_OK says only that it could ask: v[i].why
 * is how each went.
 */
enum rc fetch_get(struct fetch_get *v, size_t n, const char *accept, uint64_t ms,
                  struct err *err) MUST_CHECK;
#define FETCH_ACCEPT_SSZ  "Accept: application/octet-stream;q=1.0,application/json;q=0.9"
#define FETCH_ACCEPT_JSON "Accept: application/json"
#define FETCH_ACCEPT_ANY  "Accept: */*"
#define FETCH_SENDS_JSON  "Content-Type: application/json" /* for what has a body to send */
/* fetch_url_ok: an http or https URL with a host, printable ASCII, not over 2048 characters. */
bool fetch_url_ok(struct bytes url) MUST_CHECK;
/* fetch_url_host: the URL without path, query and user info: keys often stand there. */
void fetch_url_host(const char *url, char *out, size_t cap);

#endif
