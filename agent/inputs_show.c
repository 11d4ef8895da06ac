#include "agent/inputs_show.h"

#include "quote/measurement.h"

void inputs_text(FILE *f, const char *before, unsigned inputs)
{
    const char *between = before;
    for (unsigned i = 0; i < NUM_MEASURED_INPUTS; i++) {
        if (!(inputs & 1u << i))
            continue;
        fprintf(f, "%s%s", between, measured_input_name(i));
        between = ", ";
    }
}

json_t *inputs_json(unsigned inputs)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < NUM_MEASURED_INPUTS; i++)
        if (inputs & 1u << i)
            (void)json_array_append_new(list, json_string(measured_input_name(i)));
    return list;
}
