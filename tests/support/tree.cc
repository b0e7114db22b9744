#include "tests/support/tree.h"

namespace mkv::testing {

std::string SourceFile(const std::string& path) { return MKV_SOURCE_DIR "/" + path; }

std::string ProgramUnderTest() { return MKV_BINARY; }

}  // namespace mkv::testing
