/* version: what this is, and the libraries it runs with. */
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "agent/build.h"
#include "agent/config.h"
#include "agent/output.h"

#ifndef BOOTGATE_VERSION
#define BOOTGATE_VERSION "unknown"
#endif

int verb_version(struct arena *a, const struct cli *cli)
{
    (void)a;
    const char *crypto = OpenSSL_version(OPENSSL_VERSION_STRING);
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    if (cli->quiet)
        return 0;
    if (cli->json)
        output_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:I, s:I}}", "version",
                              BOOTGATE_VERSION, "build", build_kind, "openssl", crypto, "curl",
                              curl->version, "jansson", jansson_version_str(), "boot",
                              "min_tcb_date", (json_int_t)build_tcb_minimum.date,
                              "min_tcb_evaluation", (json_int_t)build_tcb_minimum.evaluation));
    else
        printf("bootgate %s (%s build)\nOpenSSL %s, libcurl %s, jansson %s\n"
               "boot: TCB evaluation data number %u or later, where its configuration has none\n",
               BOOTGATE_VERSION, build_kind, crypto, curl->version, jansson_version_str(),
               (unsigned)build_tcb_minimum.evaluation);
    return output_finish(0);
}
