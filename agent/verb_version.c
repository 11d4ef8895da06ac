/* version: what this is, and the libraries it runs with. */
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "agent/build.h"
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
        output_json(json_pack("{s:s, s:s, s:s, s:s, s:s}", "version", BOOTGATE_VERSION, "build",
                              build_kind, "openssl", crypto, "curl", curl->version, "jansson",
                              jansson_version_str()));
    else
        printf("bootgate %s (%s build)\nOpenSSL %s, libcurl %s, jansson %s\n", BOOTGATE_VERSION,
               build_kind, crypto, curl->version, jansson_version_str());
    return output_finish(0);
}
