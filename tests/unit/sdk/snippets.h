#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Compares the code that the documentation shows with the code that is compiled here.
namespace troupe::test {

inline std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// Without the indentation that all lines share.
inline std::string dedent(const std::vector<std::string>& lines) {
  std::size_t margin = std::string::npos;
  for (const auto& line : lines)
    if (!line.empty()) margin = std::min(margin, line.find_first_not_of(' '));
  std::string text;
  for (const auto& line : lines) text += (line.empty() ? "" : line.substr(margin)) + "\n";
  return text;
}

/// The code between `// snippet: name` and `// end` in a file of the source tree, by name.
inline std::map<std::string, std::string> compiled_snippets(const std::string& source) {
  std::map<std::string, std::string> snippets;
  std::optional<std::string> name;
  std::vector<std::string> body;
  for (const auto& line : lines_of(TROUPE_SOURCE_DIR "/" + source)) {
    const auto text = line.substr(std::min(line.size(), line.find_first_not_of(' ')));
    if (text.starts_with("// snippet: ")) {
      name = text.substr(12);
      body.clear();
    } else if (text == "// end" && name) {
      snippets[*name] = dedent(body);
      name.reset();
    } else if (name) {
      body.push_back(line);
    }
  }
  return snippets;
}

/// C++ blocks by the name in the comment before them.
inline std::map<std::string, std::string> snippets_of(const std::string& page) {
  std::map<std::string, std::string> snippets;
  std::string before, name, body;
  bool inside = false;
  for (const auto& line : lines_of(TROUPE_SOURCE_DIR "/" + page)) {
    if (inside && line == "```") {
      snippets[name] = body;
      inside = false;
    } else if (inside) {
      body += line + "\n";
    } else if (line == "```cpp") {
      const std::string prefix = "<!-- snippet: ", suffix = " -->";
      const bool named = before.starts_with(prefix) && before.ends_with(suffix);
      name = named ? before.substr(prefix.size(), before.size() - prefix.size() - suffix.size()) : "unnamed";
      body.clear();
      inside = true;
    }
    before = line;
  }
  return snippets;
}

}  // namespace troupe::test
