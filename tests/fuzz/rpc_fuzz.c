/* Fuzzes a node's answer to two calls: only answers to these are recorded, and at most as many. */
#include <stdlib.h>

#include "agent/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    bool single = true;
    AUTO_JSON calls = json_loads("[{\"method\":\"m0\",\"params\":[]},{\"method\":\"m1\","
                                 "\"params\":[1]}]",
                                 0, NULL);
    AUTO_JSON entries = json_array();
    enum rc rc = rpc_collect(bytes_of(data, size), calls, entries, &single, &err);
    if ((rc == RC_OK) != (json_array_size(entries) > 0))
        abort();
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *e = json_array_get(entries, i);
        const char *method = json_string_value(json_object_get(e, "method"));
        if (json_object_size(e) != 3 || !method || method[0] != 'm' ||
            json_is_null(json_object_get(e, "result")))
            abort();
    }
    return 0;
}
