#include "engine/serverless/sse_parser.h"

#include <utility>

namespace troupe {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::optional<std::vector<SseEvent>> SseParser::feed(BytesView piece) {
  std::vector<SseEvent> events;
  for (const char c : as_text(piece)) {
    if (c == '\n' && after_cr_) {
      after_cr_ = false;
      continue;
    }
    after_cr_ = c == '\r';
    if (c == '\n' || c == '\r') {
      take_line(line_, events);
      line_.clear();
      continue;
    }
    if (line_.size() + data_.size() + name_.size() >= kEventBytesMax) return std::nullopt;
    line_ += c;
  }
  return events;
}

void SseParser::take_line(std::string_view line, std::vector<SseEvent>& out) {
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) {
    if (!data_.empty()) {
      data_.pop_back();
      out.push_back({name_.empty() ? "message" : name_, std::move(data_)});
    }
    name_.clear();
    data_.clear();
    return;
  }
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    data_.append(value).push_back('\n');
  }
}

}  // namespace troupe
