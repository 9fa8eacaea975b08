#include "src/node/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "src/daemon/exit_codes.h"

namespace troupe::daemon {
namespace {

using node::DataDirectory;

class DataDirectoryTest : public ::testing::Test {
 protected:
  DataDirectoryTest() {
    std::string path = (std::filesystem::temp_directory_path() / "troupe-data-XXXXXX").string();
    root_ = ::mkdtemp(path.data());
  }
  ~DataDirectoryTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_;
};

TEST_F(DataDirectoryTest, ItIsMadeWithItsParents) {
  const auto directory = DataDirectory::open(root_ / "a" / "b");
  ASSERT_TRUE(directory);
  EXPECT_EQ(directory->records(), root_ / "a" / "b" / "records");
  EXPECT_TRUE(std::filesystem::is_directory(root_ / "a" / "b"));
}

TEST_F(DataDirectoryTest, ASecondUserIsToldWhoHoldsIt) {
  {
    const auto first = DataDirectory::open(root_);
    ASSERT_TRUE(first);
    const auto second = DataDirectory::open(root_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().id(), "storage.locked");
    EXPECT_THAT(second.error().message(), ::testing::HasSubstr("process " + std::to_string(::getpid())));
    EXPECT_EQ(exit_code_of(second.error()), kExitDataLocked);
  }
  EXPECT_TRUE(DataDirectory::open(root_));
}

TEST_F(DataDirectoryTest, APathThatCannotBeADirectoryIsUnusable) {
  const auto broken = DataDirectory::open("/proc/self/status/x");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().id(), "storage.unavailable");
  EXPECT_EQ(exit_code_of(broken.error()), kExitDataUnusable);
}

}  // namespace
}  // namespace troupe::daemon
