#include "table.h"

#include <cstdio>

namespace bench {

void print_head(const std::string& title) {
  std::printf("\n%-44s %16s %16s %8s  %s\n", title.c_str(), "troupe", "yardstick", "ratio", "goal");
  std::printf("%s\n", std::string(104, '-').c_str());
}

void print_row(const std::string& what, const std::string& ours, const std::string& yardstick,
               std::optional<double> ratio, const std::string& goal) {
  char text[32] = "";
  if (ratio) std::snprintf(text, sizeof text, "%.2f", *ratio);
  std::printf("%-44s %16s %16s %8s  %s\n", what.c_str(), ours.c_str(), yardstick.c_str(), text, goal.c_str());
  std::fflush(stdout);
}

namespace {
std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}
}  // namespace

std::string format_rate(double per_second) { return format("%.0f /s", per_second); }
std::string format_us(double microseconds) { return format("%.0f us", microseconds); }
std::string format_bytes(double bytes) {
  return bytes < 65'536 ? format("%.0f B", bytes) : format("%.1f MiB", bytes / 1048576);
}

}  // namespace bench
