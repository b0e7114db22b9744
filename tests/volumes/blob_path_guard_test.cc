#include "mkvcore/volumes/blob_path_guard.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace mkv {
namespace {

TEST(BlobPathGuard, PathsOfBlobsAndSidecarsPass) {
  for (const char* path : {"/5d/41/aGVsbG8=", "/fc/5e/a+b/c=", "/5d/41/aGVsbG8=.0005f3a1b2c3d4e5",
                           "/5d/41/aGVsbG8=.meta", "/5d/41/a~/b", "/5d/41/~", "/5d/41/..a"}) {
    EXPECT_NO_THROW(RequireBlobPath(path)) << path;
  }
}

TEST(BlobPathGuard, WhatNginxCouldTakeForAFolderIsRefused) {
  for (const char* path : {"", "/", "/5d/", "/5d/41/", "/5d/41//", "5d/41/x", "/5d/?x", "/5d/#x",
                           "/5d/41/%2e", "/5d/41%2F", "/5d/41/x/..", "/5d/41/.", "/5d/../x",
                           "/5d/./x", "/5d/41/a b", "/5d/41/a\r\nHost: x", "/5d/41/caf\xc3\xa9"}) {
    EXPECT_THROW(RequireBlobPath(path), std::invalid_argument) << path;
  }
}

}  // namespace
}  // namespace mkv
