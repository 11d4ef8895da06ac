/*
 * fetch_shut: HTTP from a process that can open no file: CA certificates are read before, names are
 * another process's work (names.h), and libcurl gets both as bytes.
 */
#ifndef BOOTGATE_AGENT_FETCH_SHUT_H
#define BOOTGATE_AGENT_FETCH_SHUT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* fetch_shut_in: from here on fetch.h works without opening a file: to be called before
 * sandbox_enter; the certificates are in the arena. That there are no CA certificates is an error
 * only once an https URL is asked. */
enum rc fetch_shut_in(struct arena *a, struct err *err) MUST_CHECK;

/* For fetch.c. One URL: what libcurl is to be told about its host; to be freed after the transfer,
 * NULL: nothing. */
struct fetch_host {
    struct curl_slist *resolve;
};
/* fetch_shut_hosts finds the addresses of n URLs, all at the same time, within `ms`; err[i] says
 * which can't be asked. Without fetch_shut_in all is libcurl's work, and nothing is done here. */
void fetch_shut_hosts(const char *const *url, size_t n, uint64_t ms, struct fetch_host *out,
                      struct err *err);
void fetch_shut_free(struct fetch_host *h);
/* fetch_shut_apply tells a handle. */
CURLcode fetch_shut_apply(CURL *c, const struct fetch_host *h);

#endif
