// A page of a listing, on its way from the index to the document.
//
// It can be moved, not copied. One thread at a time.
#ifndef S3API_PROTOCOL_LIST_PAGE_H_
#define S3API_PROTOCOL_LIST_PAGE_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "s3api/protocol/list_entry.h"
#include "s3api/protocol/text_arena.h"

namespace mkv::s3 {

struct ListPage {
  std::vector<ListEntry> contents;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string last;  // the last name of the page, of either kind

  TextArena texts;  // what the entries' views are into, and:
  std::array<TextArena, 2> metadata_texts;

  std::size_t size() const { return contents.size() + common_prefixes.size(); }
};

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_LIST_PAGE_H_
