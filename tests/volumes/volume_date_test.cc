#include "mkvcore/volumes/volume_date.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <string>

namespace mkv {
namespace {

TEST(VolumeDate, IsReadAsLibcurlReadsIt) {
  for (const std::string text : {"Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 24 May 2013 00:00:00 GMT",
                                 "Thu, 29 Feb 2024 23:59:59 GMT", "Wed, 31 Dec 2025 12:34:56 GMT",
                                 "Tue, 01 Mar 2050 01:02:03 GMT",
                                 // Other forms.
                                 "Friday, 24-May-13 00:00:00 GMT", "Fri May 24 00:00:00 2013",
                                 "Fri, 24 May 2013 02:00:00 +0200"}) {
    EXPECT_EQ(ParseVolumeDate(text), curl_getdate(text.c_str(), nullptr)) << text;
  }
  EXPECT_EQ(ParseVolumeDate("Fri, 24 May 2013 00:00:00 GMT"), 1369353600);
}

TEST(VolumeDate, ThatIsNoneIsNotTakenForOne) {
  for (const std::string text :
       {"", "GMT", "Thu, 30 Feb 2024 00:00:00 GMT", "Thu, 29 Foo 2024 00:00:00 GMT",
        "Thu, 29 Feb 2024 24:00:00 GMT", "Thu, 29 Feb 2024 00:60:00 GMT",
        "Thu, -9 Feb 2024 00:00:00 GMT", "Thu, 29 anF 2024 00:00:00 GMT"}) {
    const std::time_t curl = curl_getdate(text.c_str(), nullptr);
    EXPECT_EQ(ParseVolumeDate(text), curl < 0 ? std::nullopt : std::optional(curl)) << text;
  }
}

}  // namespace
}  // namespace mkv
