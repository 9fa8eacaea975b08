#include "src/daemon/actor_libraries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "src/daemon/exit_codes.h"
#include "src/daemon/registry.h"

namespace troupe::daemon {
namespace {

using ::testing::HasSubstr;

std::filesystem::path library(const std::string& name) {
  return std::filesystem::path(TEST_LIBRARIES) / ("test_" + name + ".so");
}

/// "code: message", or "taken".
std::string outcome(const std::filesystem::path& path, Registry& registry) {
  const auto loaded = load_actor_library(path, registry);
  if (loaded) return "taken";
  EXPECT_EQ(exit_code_of(loaded.error()), kExitUsage);
  return loaded.error().id() + ": " + loaded.error().message();
}
std::string outcome(const std::string& name) {
  Registry registry;
  auto text = outcome(library(name), registry);
  if (text != "taken") {
    EXPECT_TRUE(registry.all().empty());
  }
  return text;
}

TEST(ActorLibraries, SeveralAreTakenTogether) {
  Settings settings;
  settings.demo = true;
  settings.actor_libraries = {library("first"), library("second")};
  const auto registry = make_registry(settings);
  ASSERT_TRUE(registry) << registry.error().message();
  ASSERT_NE((*registry)->find("first"), nullptr);
  EXPECT_NE((*registry)->find("second"), nullptr);
  EXPECT_NE((*registry)->find("counter"), nullptr);
  EXPECT_THAT((*registry)->find("first")->actions, ::testing::Contains("ping"));
}

TEST(ActorLibraries, AMissingFileIsNamed) {
  EXPECT_THAT(outcome("nowhere"), ::testing::AllOf(HasSubstr("plugin.not_found"), HasSubstr("test_nowhere.so")));
}

TEST(ActorLibraries, AFileThatIsNoLibraryIsRefused) {
  std::string name = (std::filesystem::temp_directory_path() / "troupe-no-library-XXXXXX").string();
  ::close(::mkstemp(name.data()));
  const std::filesystem::path path = name;
  std::ofstream(path) << "plain text, and more of it than an ELF header has bytes: ........................";
  Registry registry;
  EXPECT_THAT(outcome(path, registry), HasSubstr("plugin.not_loadable"));
  std::filesystem::remove(path);
}

TEST(ActorLibraries, ALibraryWithoutAnEntryPointIsRefused) {
  EXPECT_THAT(outcome("without_entry"), HasSubstr("plugin.no_entry_point"));
}

TEST(ActorLibraries, ALibraryOfAnotherCompilerIsRefusedAndTheDifferenceNamed) {
  EXPECT_THAT(outcome("other_compiler"), ::testing::AllOf(HasSubstr("plugin.abi_mismatch"),
                                                          HasSubstr("it was built with compiler=gcc-1, this daemon "
                                                                    "with compiler=gcc-")));
}

TEST(ActorLibraries, OtherSizesOfTheTypesAreRefused) {
  EXPECT_THAT(outcome("other_layout"), ::testing::AllOf(HasSubstr("plugin.abi_mismatch"), HasSubstr("sizes")));
}

TEST(ActorLibraries, AnotherFormatOfTheEntryPointIsRefused) {
  EXPECT_THAT(outcome("other_format"), ::testing::AllOf(HasSubstr("plugin.abi_mismatch"), HasSubstr("format 2")));
}

TEST(ActorLibraries, WhatItsCodeThrowsRefusesTheLibrary) {
  EXPECT_THAT(outcome("throwing"),
              ::testing::AllOf(HasSubstr("plugin.registration_failed"), HasSubstr("no such table")));
}

TEST(ActorLibraries, ALibraryWithoutActorsIsRefused) { EXPECT_THAT(outcome("empty"), HasSubstr("plugin.no_actors")); }

TEST(ActorLibraries, ANameTwiceInOneLibraryIsRefused) {
  EXPECT_THAT(outcome("repeated"), ::testing::AllOf(HasSubstr("plugin.duplicate_actor"), HasSubstr("`twice`")));
}

TEST(ActorLibraries, ANameThatIsTakenIsRefusedAndTheRegistryStaysAsItWas) {
  Registry registry;
  EXPECT_EQ(outcome(library("first"), registry), "taken");
  const auto before = registry.find("first");
  EXPECT_THAT(outcome(library("first"), registry), HasSubstr("plugin.duplicate_actor"));
  EXPECT_EQ(registry.find("first"), before);
  EXPECT_EQ(registry.all().size(), 1u);
}

TEST(AbiDifference, NamesTheFirstLineThatDiffers) {
  EXPECT_EQ(abi_difference("a=1\nb=2\n", "a=1\nb=2\n"), "");
  EXPECT_EQ(abi_difference("a=1\nb=2\n", "a=1\nb=3\nc=4\n"), "it was built with b=2, this daemon with b=3");
  EXPECT_EQ(abi_difference("a=1\n", "a=1\nb=3\n"), "it was built with nothing, this daemon with b=3");
  EXPECT_EQ(abi_difference("a=1\nb=3\n", "a=1\n"), "it was built with b=3, this daemon with nothing");
}

}  // namespace
}  // namespace troupe::daemon
