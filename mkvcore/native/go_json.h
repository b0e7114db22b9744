// JSON strings exactly as Go's encoding/json writes them, which is what the original answers with.
//
// Beside what JSON demands, `<`, `>`, `&`, U+2028 and U+2029 are escaped, and every byte that is
// not valid UTF-8 becomes `\ufffd` (https://pkg.go.dev/encoding/json#Marshal).
#ifndef MKVCORE_NATIVE_GO_JSON_H_
#define MKVCORE_NATIVE_GO_JSON_H_

#include <string>
#include <string_view>

namespace mkv {

// Appends `text` to `json` as a string with its quotes.
void AppendGoJsonString(std::string_view text, std::string* json);

}  // namespace mkv

#endif  // MKVCORE_NATIVE_GO_JSON_H_
