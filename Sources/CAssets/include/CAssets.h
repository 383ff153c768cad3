#pragma once
#include <stddef.h>
/// A file of a page.
struct asset {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};
/// The files of Sources/Console/Assets, and how many.
const struct asset *assets_of_console(size_t *count);
/// The files of Sources/Centre/Assets, and how many.
const struct asset *assets_of_centre(size_t *count);
