#include "agent/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "agent/clock.h"
#include "agent/fetch_shut.h"
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

static size_t most(const struct fetched *f)
{
    return f->max ? f->max : LIMIT_RPC_BODY;
}

/* on_body takes a piece of the answer; returning less than it got makes curl give up. */
static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct fetched *f = ctx;
    size_t len = size * n; /* size is 1: curl(3) CURLOPT_WRITEFUNCTION */
    if (len > most(f) - f->n)
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

/* value_of: the value in a header line of that name, without the white space around it (RFC 9110
 * section 5). */
static bool value_of(struct bytes line, const char *name, struct bytes *out)
{
    size_t n = strlen(name), end = line.n;
    if (line.n <= n || line.p[n] != ':' || strncasecmp((const char *)line.p, name, n) != 0)
        return false;
    for (n++; n < end && (line.p[n] == ' ' || line.p[n] == '\t');)
        n++;
    while (end > n && line.p[end - 1] <= ' ')
        end--;
    *out = bytes_of(line.p + n, end - n);
    return true;
}

/* on_header takes one line. curl calls for every answer's lines, interim ones too: the last counts.
 */
static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct fetch_get *g = ctx;
    struct bytes line = bytes_of(data, size * n), v = BYTES_NONE;
    if (line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0) {
        fetched_free(&g->value);
        g->times = 0;
    }
    for (size_t i = 0; i < 2 && g->header[i]; i++) {
        if (!value_of(line, g->header[i], &v))
            continue;
        g->value.max = FETCH_HEADER_MAX;
        if (g->times++ == 0 && v.n <= FETCH_HEADER_MAX && v.n &&
            on_body((char *)(uintptr_t)v.p, 1, v.n, &g->value) != v.n)
            return 0;
    }
    return line.n;
}

static void curl_cleanup(CURL **c)
{
    curl_easy_cleanup(*c);
}

static void slist_cleanup(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static void multi_cleanup(CURLM **m)
{
    curl_multi_cleanup(*m);
}

/* narrow leaves curl nothing to decide: each setting is one that the environment or the peer would
 * otherwise have a say in. */
static CURLcode narrow(CURL *c, uint64_t ms)
{
    ms = ms ? ms : 1; /* 0 would be "for ever" */
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
        rc = curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)ms);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(ms < 10000 ? ms : 10000));
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)LIMIT_RPC_BODY);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_USERAGENT, "bootgate");
    return rc;
}

static CURLcode carry(CURL *c, const char *url, struct curl_slist *headers, struct fetched *out)
{
    CURLcode rc = curl_easy_setopt(c, CURLOPT_URL, url);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
    return rc;
}

static CURLcode with_header(CURL *c, struct fetch_get *g)
{
    CURLcode rc = curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_HEADERDATA, g);
    if (rc == CURLE_OK && g->body.max)
        rc = curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)g->body.max);
    return rc;
}

static CURLcode with_body(CURL *c, struct bytes body)
{
    CURLcode rc = curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)body.p);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    return rc;
}

/* headers_of: `first`, and no "Expect: 100-continue", which costs a round trip. NULL: no memory. */
static struct curl_slist *headers_of(const char *first)
{
    struct curl_slist *one = curl_slist_append(NULL, first);
    struct curl_slist *both = one ? curl_slist_append(one, "Expect:") : NULL;
    if (!both)
        curl_slist_free_all(one);
    return both;
}

/* Counted by libcurl: the first one counts. Only a run that fetches pays for it. */
static enum rc start(struct err *err)
{
    CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    return ready == CURLE_OK ? RC_OK : err_set(err, BG_FETCH_INIT, "%s", curl_easy_strerror(ready));
}

static enum rc no_memory(const char *url, struct err *err)
{
    char host[FETCH_HOST];
    fetch_url_host(url, host, sizeof host);
    return err_set(err, BG_FETCH_MEMORY, "%s", host);
}

/* judge: how a transfer ended; only status 200 is an answer. */
static enum rc judge(CURL *c, CURLcode rc, const char *url, size_t max, uint64_t ms,
                     struct err *err)
{
    char host[FETCH_HOST];
    long status = 0;
    fetch_url_host(url, host, sizeof host);
    if (rc == CURLE_WRITE_ERROR || rc == CURLE_FILESIZE_EXCEEDED)
        return err_set(err, BG_FETCH_TOO_LARGE, "%s: more than %zu bytes", host, max);
    if (rc == CURLE_OPERATION_TIMEDOUT)
        return err_set(err, BG_FETCH_TIMEOUT, "%s: no answer in %llu.%llu s", host,
                       (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000 / 100));
    if (rc != CURLE_OK)
        return err_set(err, BG_FETCH_FAILED, "%s: %s", host, curl_easy_strerror(rc));
    (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return err_set(err, BG_FETCH_STATUS, "%s: HTTP status %ld", host, status);
    return RC_OK;
}

#define AUTO_HOST __attribute__((cleanup(fetch_shut_free))) struct fetch_host

/* find_hosts: the time for names is part of the time for all. */
static void find_hosts(const struct fetch_get *v, size_t n, uint64_t *ms, struct fetch_host *out,
                       struct err *err)
{
    const char *url[FETCH_GETS];
    uint64_t start_ms = clock_ms();
    for (size_t i = 0; i < n; i++)
        url[i] = v[i].url;
    fetch_shut_hosts(url, n, *ms, out, err);
    uint64_t used = clock_ms() - start_ms;
    *ms = used < *ms ? *ms - used : 1;
}

static enum rc find_host(const char *url, uint64_t *ms, struct fetch_host *out, struct err *err)
{
    const struct fetch_get one = {.url = url};
    find_hosts(&one, 1, ms, out, err);
    return err->rc;
}

enum rc fetch_post(const char *url, struct bytes body, uint64_t ms, struct fetched *out,
                   struct err *err)
{
    TRY(start(err));
    __attribute__((cleanup(curl_cleanup))) CURL *c = curl_easy_init();
    __attribute__((cleanup(slist_cleanup))) struct curl_slist *headers =
        headers_of(FETCH_SENDS_JSON);
    if (!c || !headers)
        return no_memory(url, err);
    AUTO_FETCHED f = {0};
    AUTO_HOST host = {0};
    uint64_t left = ms;
    TRY(find_host(url, &left, &host, err));
    CURLcode rc = narrow(c, left);
    if (rc == CURLE_OK)
        rc = fetch_shut_apply(c, &host);
    if (rc == CURLE_OK)
        rc = carry(c, url, headers, &f);
    if (rc == CURLE_OK)
        rc = with_body(c, body);
    if (rc == CURLE_OK)
        rc = curl_easy_perform(c);
    TRY(judge(c, rc, url, most(&f), ms, err));
    *out = f;
    f = (struct fetched){0};
    return RC_OK;
}

/* kind_of: by the media type alone; its parameters say nothing that we use. */
static enum fetch_kind kind_of(CURL *c)
{
    const char *type = NULL;
    if (curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || !type)
        return FETCH_OTHER;
    size_t n = strcspn(type, "; \t");
    if (n == 16 && strncasecmp(type, "application/json", n) == 0)
        return FETCH_JSON;
    if (n == 24 && strncasecmp(type, "application/octet-stream", n) == 0)
        return FETCH_BYTES;
    return FETCH_OTHER;
}

/* run waits until every transfer has ended; each has a time limit of its own. */
static CURLMcode run(CURLM *m)
{
    int running = 1;
    CURLMcode rc = CURLM_OK;
    while (rc == CURLM_OK && running) {
        rc = curl_multi_perform(m, &running);
        if (rc == CURLM_OK && running)
            rc = curl_multi_poll(m, NULL, 0, 1000, NULL);
    }
    return rc;
}

static void finish(CURLM *m, CURL *const *c, struct fetch_get *v, size_t n, uint64_t ms)
{
    int left = 0;
    for (CURLMsg *msg; (msg = curl_multi_info_read(m, &left));) {
        size_t i = 0;
        while (i < n && c[i] != msg->easy_handle)
            i++;
        if (msg->msg != CURLMSG_DONE || i == n)
            continue;
        v[i].done = true;
        if (judge(c[i], msg->data.result, v[i].url, most(&v[i].body), ms, &v[i].why) == RC_OK)
            v[i].kind = kind_of(c[i]);
        else
            fetched_free(&v[i].body);
    }
}

struct gets {
    CURL *c[FETCH_GETS];
    struct fetch_host host[FETCH_GETS];
    struct curl_slist *headers;
};

static enum rc get_all(CURLM *m, struct gets *g, struct fetch_get *v, size_t n, uint64_t ms,
                       struct err *err)
{
    struct err why[FETCH_GETS] = {0};
    CURL **c = g->c;
    find_hosts(v, n, &ms, g->host, why);
    for (size_t i = 0; i < n; i++) {
        v[i].done = why[i].rc != RC_OK;
        if (v[i].done) {
            v[i].why = why[i];
            continue;
        }
        c[i] = curl_easy_init();
        if (!c[i] || narrow(c[i], ms) != CURLE_OK ||
            fetch_shut_apply(c[i], &g->host[i]) != CURLE_OK ||
            carry(c[i], v[i].url, g->headers, &v[i].body) != CURLE_OK ||
            with_header(c[i], &v[i]) != CURLE_OK ||
            (v[i].post.n && with_body(c[i], v[i].post) != CURLE_OK) ||
            curl_multi_add_handle(m, c[i]) != CURLM_OK)
            return no_memory(v[i].url, err);
    }
    CURLMcode rc = run(m);
    finish(m, c, v, n, ms);
    for (size_t i = 0; i < n; i++)
        if (!v[i].done)
            return err_set(err, BG_FETCH_MULTI, "%s", curl_multi_strerror(rc));
    return RC_OK;
}

enum rc fetch_get(struct fetch_get *v, size_t n, const char *accept, uint64_t ms, struct err *err)
{
    if (n > FETCH_GETS)
        n = FETCH_GETS;
    TRY(start(err));
    __attribute__((cleanup(multi_cleanup))) CURLM *m = curl_multi_init();
    __attribute__((cleanup(slist_cleanup))) struct curl_slist *headers = headers_of(accept);
    struct gets g = {.headers = headers};
    if (!m || !headers)
        return no_memory(n ? v[0].url : "", err);
    enum rc rc = get_all(m, &g, v, n, ms, err);
    for (size_t i = 0; i < n; i++) {
        if (g.c[i])
            (void)curl_multi_remove_handle(m, g.c[i]);
        curl_easy_cleanup(g.c[i]);
        fetch_shut_free(&g.host[i]);
    }
    return rc;
}
