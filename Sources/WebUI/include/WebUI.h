#ifndef WEBUI_H
#define WEBUI_H
#include <stddef.h>

/// A file of the web console as it was when the program was built.
typedef struct {
  /// The path under which it is served, `/` for the page itself.
  const char *_Nonnull path;
  /// Not terminated by a zero.
  const unsigned char *_Nonnull bytes;
  size_t length;
} webui_file;

/// The file with this number, counted from 0; NULL behind the last one.
const webui_file *_Nullable webui_file_at(size_t index);

#endif
