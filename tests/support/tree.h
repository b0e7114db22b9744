// Where the tree and the program under test lie. Known to one file alone, so that all others
// compile to the same in every clone, and ccache finds them.
#ifndef TESTS_SUPPORT_TREE_H_
#define TESTS_SUPPORT_TREE_H_

#include <string>

namespace mkv::testing {

// A file of the source tree, by its path below the root.
std::string SourceFile(const std::string& path);

// The program `mkv` of this build.
std::string ProgramUnderTest();

}  // namespace mkv::testing

#endif  // TESTS_SUPPORT_TREE_H_
