#include "agent/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

#define MAX_URL 2048u

void fetched_free(struct fetched *f)
{
    free(f->p);
    *f = (struct fetched){0};
}

bool fetch_url_ok(struct bytes url)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (url.n > MAX_URL)
        return false;
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= 0x20 || url.p[i] > 0x7e)
            return false;
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(schemes[i]);
        if (url.n > n && memcmp(url.p, schemes[i], n) == 0)
            return url.p[n] != '/' && url.p[n] != '?' && url.p[n] != '#';
    }
    return false;
}

void fetch_url_host(const char *url, char *out, size_t cap)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t n = strcspn(host, "/?#");
    for (size_t i = 0; i < n; i++)
        if (host[i] == '@') {
            host += i + 1;
            n -= i + 1;
            i = (size_t)-1; /* start over behind it */
        }
    snprintf(out, cap, "%s%.*s", strncmp(url, "https:", 6) == 0 ? "https://" : "http://", (int)n,
             host);
}

/* on_body takes a piece of the answer; returning less than it got makes curl give up. */
static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct fetched *f = ctx;
    size_t len = size * n; /* size is 1: curl(3) CURLOPT_WRITEFUNCTION */
    if (len > LIMIT_RPC_BODY - f->n)
        return 0;
    if (len > f->cap - f->n) {
        size_t cap = f->cap ? f->cap : 16384;
        while (cap - f->n < len)
            cap *= 2;
        uint8_t *p = realloc(f->p, cap);
        if (!p)
            return 0;
        f->p = p;
        f->cap = cap;
    }
    if (len)
        memcpy(f->p + f->n, data, len);
    f->n += len;
    return len;
}

static void curl_cleanup(CURL **c)
{
    curl_easy_cleanup(*c);
}

static void slist_cleanup(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

/* narrow leaves curl nothing to decide: each setting is one that the environment or the peer would
 * otherwise have a say in. */
static CURLcode narrow(CURL *c, unsigned seconds)
{
    CURLcode rc = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_PROXY, "");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, NULL);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)seconds);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)(seconds < 10 ? seconds : 10));
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)LIMIT_RPC_BODY);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_USERAGENT, "bootgate");
    return rc;
}

static CURLcode carry(CURL *c, const char *url, struct bytes body, struct curl_slist *headers,
                      struct fetched *out)
{
    CURLcode rc = curl_easy_setopt(c, CURLOPT_URL, url);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)body.p);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
    return rc == CURLE_OK ? curl_easy_perform(c) : rc;
}

enum rc fetch_post(const char *url, struct bytes body, unsigned seconds, struct fetched *out,
                   struct err *err)
{
    char host[128];
    fetch_url_host(url, host, sizeof host);
    /* Counted by libcurl: the first one counts. Only a run that fetches pays for it. */
    CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK)
        return err_set(err, BG_FETCH_INIT, "%s", curl_easy_strerror(ready));
    __attribute__((cleanup(curl_cleanup))) CURL *c = curl_easy_init();
    __attribute__((cleanup(slist_cleanup))) struct curl_slist *headers = NULL;
    headers = curl_slist_append(NULL, "Content-Type: application/json");
    /* No "Expect: 100-continue": it costs a round trip. */
    struct curl_slist *both = headers ? curl_slist_append(headers, "Expect:") : NULL;
    if (!c || !both)
        return err_set(err, BG_FETCH_MEMORY, "%s", host);
    headers = both;
    AUTO_FETCHED f = {0};
    CURLcode rc = narrow(c, seconds ? seconds : 1);
    if (rc == CURLE_OK)
        rc = carry(c, url, body, headers, &f);
    if (rc == CURLE_WRITE_ERROR || rc == CURLE_FILESIZE_EXCEEDED)
        return err_set(err, BG_FETCH_TOO_LARGE, "%s: more than %u bytes", host, LIMIT_RPC_BODY);
    if (rc == CURLE_OPERATION_TIMEDOUT)
        return err_set(err, BG_FETCH_TIMEOUT, "%s: %u s", host, seconds);
    if (rc != CURLE_OK)
        return err_set(err, BG_FETCH_FAILED, "%s: %s", host, curl_easy_strerror(rc));
    long status = 0;
    (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return err_set(err, BG_FETCH_STATUS, "%s: HTTP status %ld", host, status);
    *out = f;
    f = (struct fetched){0};
    return RC_OK;
}
