#include "agent/fetch_shut.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/fetch.h"
#include "agent/file.h"
#include "agent/names.h"

#define CA_MAX    (4u << 20)
#define MAX_KNOWN 64u

/* One process, one state: it is set once, before the process is confined. */
static struct {
    bool in;
    struct bytes ca; /* PEM; empty: there is none */
    struct names names;
    size_t num_known; /* names that have an answer; they keep it for the run */
    struct known {
        char name[NAMES_LEN];
        struct name_answer answer;
    } known[MAX_KNOWN];
} shut;

/* Debian and its like; Fedora and its like; Yocto's and Alpine's. */
static const char *const ca_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

static void read_ca(struct arena *a)
{
    struct err none = {0};
    for (size_t i = 0; i < sizeof ca_files / sizeof *ca_files && !shut.ca.n; i++)
        if (file_read(a, ca_files[i], CA_MAX, BG_FETCH_CA_SIZE, &shut.ca, &none) != RC_OK)
            shut.ca = BYTES_NONE;
}

enum rc fetch_shut_in(struct arena *a, struct err *err)
{
    CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT); /* reads openssl.cnf */
    if (ready != CURLE_OK)
        return err_set(err, BG_FETCH_SHUT_INIT, "%s", curl_easy_strerror(ready));
    tzset(); /* reads /etc/localtime; gmtime(3) would, later */
    read_ca(a);
    TRY(names_start(&shut.names, err));
    shut.in = true;
    return RC_OK;
}

/* --- URLs --- */

static void url_cleanup(CURLU **u)
{
    curl_url_cleanup(*u);
}

static void text_cleanup(char **s)
{
    curl_free(*s);
}

/* struct place: what of a URL libcurl would connect to. */
struct place {
    char host[NAMES_LEN];
    unsigned long port;
    bool https, literal; /* literal: the host is an address */
};

static bool is_address(const char *host)
{
    uint8_t a[16];
    return host[0] == '[' || inet_pton(AF_INET, host, a) == 1;
}

static bool place_of(const char *url, struct place *out)
{
    __attribute__((cleanup(url_cleanup))) CURLU *u = curl_url();
    __attribute__((cleanup(text_cleanup))) char *host = NULL;
    __attribute__((cleanup(text_cleanup))) char *port = NULL;
    if (!u || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        strlen(host) >= sizeof out->host)
        return false;
    *out = (struct place){.port = strtoul(port, NULL, 10), .literal = is_address(host)};
    out->https = strncmp(url, "https:", 6) == 0;
    memcpy(out->host, host, strlen(host) + 1);
    return true;
}

/* --- names --- */

static const struct name_answer *known(const char *name)
{
    for (size_t i = 0; i < shut.num_known; i++)
        if (strcmp(shut.known[i].name, name) == 0)
            return &shut.known[i].answer;
    return NULL;
}

static void learn(const char *name, const struct name_answer *a)
{
    if (a->n == 0 || known(name))
        return; /* a name that is not known now may be later: the network may be coming up */
    struct known *k = &shut.known[shut.num_known < MAX_KNOWN ? shut.num_known++ : MAX_KNOWN - 1];
    memset(k, 0, sizeof *k);
    memcpy(k->name, name, strlen(name));
    k->answer = *a;
}

static void ask(const struct place *p, const bool *ok, size_t n, uint64_t ms)
{
    const char *name[NAMES_AT_ONCE];
    struct name_answer answer[NAMES_AT_ONCE];
    size_t m = 0;
    for (size_t i = 0; i < n && m < NAMES_AT_ONCE; i++)
        if (ok[i] && !p[i].literal && !known(p[i].host))
            name[m++] = p[i].host;
    if (m == 0)
        return;
    names_ask(&shut.names, name, m, ms, answer);
    for (size_t i = 0; i < m; i++)
        learn(name[i], &answer[i]);
}

/* list_of: HOST:PORT:ADDRESS,ADDRESS.. (curl(3) CURLOPT_RESOLVE). */
static struct curl_slist *list_of(const struct place *p, const struct name_answer *a)
{
    char text[NAMES_LEN + 16 + NAMES_ADDRS * (INET6_ADDRSTRLEN + 3)], addr[INET6_ADDRSTRLEN];
    int n = snprintf(text, sizeof text, "%s:%lu:", p->host, p->port);
    for (size_t i = 0; i < a->n; i++) {
        bool six = a->v[i].len == 16;
        if (!inet_ntop(six ? AF_INET6 : AF_INET, a->v[i].v, addr, sizeof addr))
            return NULL;
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s%s%s", i ? "," : "", six ? "[" : "",
                      addr, six ? "]" : "");
    }
    return curl_slist_append(NULL, text);
}

static enum rc host_of(const char *url, const struct place *p, bool ok, struct fetch_host *out,
                       struct err *err)
{
    char host[FETCH_HOST];
    fetch_url_host(url, host, sizeof host);
    if (!ok)
        return err_set(err, BG_FETCH_HOST_PART, "%s", host);
    if (p->https && !shut.ca.n)
        return err_set(err, BG_FETCH_NO_CA, "%s", host);
    if (p->literal)
        return RC_OK;
    const struct name_answer *a = known(p->host);
    if (!a)
        return err_set(err, BG_FETCH_NAME, "%s", host);
    out->resolve = list_of(p, a);
    return out->resolve ? RC_OK : err_set(err, BG_FETCH_NAME_MEMORY, "%s", host);
}

void fetch_shut_hosts(const char *const *url, size_t n, uint64_t ms, struct fetch_host *out,
                      struct err *err)
{
    struct place p[FETCH_GETS];
    bool ok[FETCH_GETS];
    memset(out, 0, n * sizeof *out);
    if (!shut.in || n > FETCH_GETS)
        return;
    for (size_t i = 0; i < n; i++)
        ok[i] = place_of(url[i], &p[i]);
    ask(p, ok, n, ms);
    for (size_t i = 0; i < n; i++)
        (void)!host_of(url[i], &p[i], ok[i], &out[i], &err[i]);
}

void fetch_shut_free(struct fetch_host *h)
{
    curl_slist_free_all(h->resolve);
    h->resolve = NULL;
}

CURLcode fetch_shut_apply(CURL *c, const struct fetch_host *h)
{
    if (!shut.in)
        return CURLE_OK;
    /* An empty blob is not "none": without certificates nothing is trusted, and nothing is read. */
    struct curl_blob ca = {(void *)(uintptr_t)shut.ca.p, shut.ca.n, CURL_BLOB_NOCOPY};
    CURLcode rc = curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    if (rc == CURLE_OK && shut.ca.n)
        rc = curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
    if (rc == CURLE_OK && h->resolve)
        rc = curl_easy_setopt(c, CURLOPT_RESOLVE, h->resolve);
    return rc;
}
