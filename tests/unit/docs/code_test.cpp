// What the documentation shows in C++ is compiled: by the tests of the guides, or by the test of the installed package.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/unit/sdk/snippets.h"

namespace troupe::test {
namespace {

namespace fs = std::filesystem;

/// Whole programs: tests/integration/package builds and runs them.
const std::set<std::string> kPrograms{"plugin", "embed", "testing"};

std::vector<std::string> files_below(const std::string& folder, const std::string& extension) {
  std::vector<std::string> found;
  const fs::path root(TROUPE_SOURCE_DIR);
  for (const auto& entry : fs::recursive_directory_iterator(root / folder))
    if (entry.path().extension() == extension) found.push_back(fs::relative(entry.path(), root).string());
  return found;
}

TEST(DocumentedCode, IsCompiled) {
  std::map<std::string, std::set<std::string>> compiled;
  for (const auto* folder : {"tests/unit/sdk", "tests/unit/guides"})
    for (const auto& file : files_below(folder, ".cpp"))
      for (auto& [name, code] : compiled_snippets(file)) compiled[name].insert(std::move(code));

  auto pages = files_below("docs", ".md");
  pages.push_back("README.md");
  std::size_t shown = 0;
  for (const auto& page : pages) {
    for (const auto& [name, code] : snippets_of(page)) {
      ++shown;
      EXPECT_TRUE(kPrograms.contains(name) || compiled[name].contains(code)) << page << ": " << name;
    }
  }
  EXPECT_GT(shown, kPrograms.size());
}

}  // namespace
}  // namespace troupe::test
