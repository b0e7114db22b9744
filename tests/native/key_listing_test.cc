// Listings over a real index, as the HTTP server sends them.
#include "mkvcore/native/key_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mkvcore/http/server.h"
#include "mkvcore/index/leveldb_index.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_folder.h"

namespace mkv {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Serves ListKeys() and nothing else.
class Listings : public http::Handler {
 public:
  explicit Listings(const Index& index) : index_(index), server_(Options(), *this) {
    server_.Start();
  }
  ~Listings() override { Stop(); }

  bool Stop() { return server_.Stop(); }
  std::string Url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  void OnRequest(std::shared_ptr<http::Exchange> exchange) override {
    exchange->RunOnWorker([this](http::Transfer& transfer) {
      ListKeys(index_, transfer.head().path, ParseKeyListing(transfer.head().query).query,
               transfer);
    });
  }
  http::Response ServerError(int status, const std::string&, const http::RequestHead*) override {
    http::Response response;
    response.status = status;
    return response;
  }

 private:
  static http::ServerOptions Options() {
    http::ServerOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.loops = 1;
    options.stop_timeout = std::chrono::milliseconds(100);
    return options;
  }

  const Index& index_;
  http::Server server_;
};

class KeyListing : public ::testing::Test {
 protected:
  void Add(std::string_view key, std::string_view record) { batch_.Put(key, record); }
  // Consecutive keys: /n0000000, /n0000001, ...
  void AddNumbered(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::string digits = std::to_string(i);
      digits.insert(0, 7 - digits.size(), '0');
      Add("/n" + digits, "a:1,b:2,c:3");
      if (i % 10'000 == 0) Write();
    }
  }
  void Write() {
    ASSERT_TRUE(index_->Write(batch_, Index::Durability::kOrdered));
    batch_ = {};
  }

  testing::HttpResponse Ask(const std::string& target) {
    if (!batch_.empty()) Write();
    return client_.Get(listings_.Url() + target);
  }
  std::vector<std::string> Keys(const std::string& target) {
    const testing::HttpResponse response = Ask(target);
    EXPECT_EQ(response.status, 200) << response.error;
    const nlohmann::json json = nlohmann::json::parse(response.body);
    next_ = json.at("next").get<std::string>();
    return json.at("keys").get<std::vector<std::string>>();
  }

  const testing::TempFolder folder_;
  std::unique_ptr<LevelDbIndex> index_ = LevelDbIndex::Open(folder_.path() / "index");
  Batch batch_;
  Listings listings_{*index_};
  testing::HttpClient client_;
  std::string next_;  // of the last answer
};

TEST_F(KeyListing, OfNothingIsTheOriginalsText) {
  const testing::HttpResponse response = Ask("/?list");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"next":"","keys":[]})");
  EXPECT_EQ(response.Header("Content-Type"), "application/json");
}

TEST_F(KeyListing, IsInOrderOfBytesUnderAPrefix) {
  for (const char* key : {"/b", "/a/2", "/a/10", "/a0", "/a", "/\xff", "/B", "/é"}) Add(key, "x");
  EXPECT_THAT(Keys("/a?list"), ElementsAre("/a", "/a/10", "/a/2", "/a0"));
  EXPECT_THAT(Keys("/a/?list"), ElementsAre("/a/10", "/a/2"));
  EXPECT_THAT(Keys("/zzz?list"), IsEmpty());
  EXPECT_THAT(Ask("/?list").body,
              R"({"next":"","keys":["/B","/a","/a/10","/a/2","/a0","/b","/é","/\ufffd"]})");
}

TEST_F(KeyListing, ShowsLiveOrUnlinkedKeys) {
  Add("/live", "HASH0123456789abcdef0123456789abcdefa,b");
  Add("/gone", "DELETEDa,b");
  Add("/gone2", "DELETEDHASH0123456789abcdef0123456789abcdefa,b");
  EXPECT_THAT(Keys("/?list"), ElementsAre("/live"));
  EXPECT_THAT(Keys("/?unlinked"), ElementsAre("/gone", "/gone2"));
}

TEST_F(KeyListing, HidesWhatIsTheGatewaysOwn) {
  Add("/.mkv/bucket/photos", "a,b");
  Add("/.mkvery", "a,b");
  Add("meta/x", "anything");
  Add("pending/x", "anything");
  EXPECT_THAT(Keys("/?list"), ElementsAre("/.mkvery"));
  EXPECT_THAT(Keys("/.mkv/?list"), IsEmpty());
}

TEST_F(KeyListing, IsReadPageByPage) {
  AddNumbered(5);
  EXPECT_THAT(Keys("/n?list&limit=2"), ElementsAre("/n0000000", "/n0000001"));
  EXPECT_EQ(next_, "/n0000002");
  EXPECT_THAT(Keys("/n?list&limit=2&start=" + next_), ElementsAre("/n0000002", "/n0000003"));
  EXPECT_THAT(Keys("/n?list&limit=2&start=" + next_), ElementsAre("/n0000004"));
  EXPECT_EQ(next_, "");
}

TEST_F(KeyListing, WithALimitOfExactlyAllKeysHasNoNext) {
  AddNumbered(3);
  EXPECT_EQ(Keys("/?list&limit=3").size(), 3U);
  EXPECT_EQ(next_, "");
  EXPECT_EQ(Keys("/?list&limit=-1").size(), 3U) << "as the original: no limit";
}

TEST_F(KeyListing, DoesNotLeaveItsPrefixBecauseOfItsStart) {
  for (const char* key : {"/a/1", "/b/1", "/b/2", "/c/1"}) Add(key, "x");
  EXPECT_THAT(Keys("/b/?list&start=/a"), ElementsAre("/b/1", "/b/2"));
  EXPECT_THAT(Keys("/b/?list&start=/b/2"), ElementsAre("/b/2"));
  EXPECT_THAT(Keys("/b/?list&start=/c"), IsEmpty());
}

TEST_F(KeyListing, TooLongForOnePieceIsSentInSeveral) {
  AddNumbered(50'000);
  const std::vector<std::string> keys = Keys("/?list");
  ASSERT_EQ(keys.size(), 50'000U);
  EXPECT_EQ(keys.back(), "/n0049999");
  EXPECT_EQ(Ask("/?list").Header("Transfer-Encoding"), "chunked");
}

TEST_F(KeyListing, OfMoreThanAMillionKeysIsRefusedWithoutALimit) {
  // The original notices when it has one more than a million and finds another.
  AddNumbered(kMaxListedKeys + 2);
  EXPECT_EQ(Ask("/?list").status, 413);
  EXPECT_EQ(Keys("/n0?list").size(), 1'000'000U);
  EXPECT_EQ(Keys("/?list&limit=1").size(), 1U);
  EXPECT_EQ(next_, "/n0000001");
}

// Has no end, and no key that is unlinked.
class EndlessIndex : public Index {
 public:
  std::optional<std::string> Get(std::string_view) const override { return std::nullopt; }
  std::unique_ptr<Iterator> NewIterator() const override { return std::make_unique<Live>(seeks_); }
  std::optional<Stamp> Write(const Batch&, Durability) override { return std::nullopt; }
  bool MayStall() const override { return false; }
  void Sync() override {}

  void AwaitAWalk() const {
    while (seeks_ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  class Live : public Iterator {
   public:
    explicit Live(std::atomic<int>& seeks) : seeks_(seeks) {}
    bool Valid() const override { return true; }
    void Seek(std::string_view) override { ++seeks_; }
    void Next() override {}
    std::string_view key() const override { return "/key"; }
    std::string_view value() const override { return "a:1"; }
    void Check() const override {}

   private:
    std::atomic<int>& seeks_;
  };
  mutable std::atomic<int> seeks_ = 0;
};

TEST(EndlessKeyListing, EndsWithItsServer) {
  const EndlessIndex index;
  Listings listings(index);
  std::thread client([url = listings.Url()] { testing::HttpClient().Get(url + "/?unlinked"); });
  index.AwaitAWalk();
  EXPECT_FALSE(listings.Stop()) << "it was under way";
  client.join();
}

}  // namespace
}  // namespace mkv
